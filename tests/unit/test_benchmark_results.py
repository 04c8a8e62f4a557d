"""benchmarks/results.md keeps what a run did not measure, and says which ratio got a fifth worse."""

from benchmarks.results import got_worse, recorded_ratios, with_section, with_sizes

HEAD = "# The whole job, beside its peers\n\nWhat is compared."


def table(rows: int, ratio: float) -> str:
    return (
        f"### {rows:,} rows, 1.0 MB\n\n| what | seconds (median) | times the script |\n|---|--:|--:|\n"
        f"| exchange | 1.00 | 0.9 | 1.1 | 300 | {ratio:.2f} |\n| script | 0.50 | 0.5 | 0.5 | 100 | 1.00 |\n"
    )


def test_a_size_that_was_not_run_keeps_its_last_figures() -> None:
    both = with_sizes("", HEAD, {10_000: table(10_000, 4.0), 1_000_000: table(1_000_000, 3.0)})
    again = with_sizes(both, HEAD, {10_000: table(10_000, 2.0)})
    assert recorded_ratios(again) == {
        ("10,000", "exchange"): 2.0,
        ("10,000", "script"): 1.0,
        ("1,000,000", "exchange"): 3.0,
        ("1,000,000", "script"): 1.0,
    }
    assert again.index("### 10,000 rows") < again.index("### 1,000,000 rows")
    assert with_sizes(both, HEAD, {}) == both


def test_what_another_benchmark_printed_stands_under_its_heading_once() -> None:
    text = with_sizes("", HEAD, {10_000: table(10_000, 4.0)})
    for printed in ("month 1", "month 2"):
        text = with_section(text, "History", printed)
    text = with_sizes(with_section(text, "Replay", "equal"), HEAD, {10_000: table(10_000, 3.0)})
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## History", "## Replay"]
    assert "month 1" not in text
    assert "```\nmonth 2\n```" in text


def test_a_ratio_a_fifth_worse_than_the_last_recorded_is_told() -> None:
    before = with_sizes("", HEAD, {10_000: table(10_000, 4.0), 1_000_000: table(1_000_000, 3.0)})
    now = with_sizes("", HEAD, {10_000: table(10_000, 4.79), 1_000_000: table(1_000_000, 3.61)})
    assert got_worse(before, now) == ["exchange at 1,000,000 rows was 3.00 times the script and is 3.61"]
    assert got_worse("", now) == []
