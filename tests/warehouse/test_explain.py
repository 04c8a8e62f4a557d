"""A published figure explained from the published file alone: what it says, and what it must not say."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    add_delivery,
    add_figures,
    add_indicator,
    small_partnership,
    ward,
)
from warehouse.explain import _noun, explain
from warehouse.explanation import Explanation
from warehouse.publication import build_publication
from warehouse.reference import MODELS
from warehouse.release import write_release
from warehouse.tables import fill

Q1, Q2, Q3 = "FY2008-Q1", "FY2008-Q2", "FY2008-Q3"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four indicators: NI16 a rate, NI114 withheld, NI195 by tranche, NI70 by category and with a comparator."""
    connection = small_partnership()
    add_indicator(
        connection, "NI16", name="Serious acquisitive crime rate", kind="rate", over="population", multiplier=1000,
        decimals=2, targets={"FY2008": 30},
    )  # fmt: skip
    add_figures(
        connection,
        {
            (Q1, ALL): (1330, 172000),
            (Q2, ALL): (1280, 172000),
            (Q3, ALL): None,
            (Q1, ward("W1")): (1330, 10000),
            (Q2, ("C1", "all", "all")): (50000, 7000000),
        },
        "NI16",
        multiplier=1000,
        shared=True,
    )
    add_indicator(connection, "NI114", name="Permanent exclusions", dataset="exclusions", partner="health")
    add_figures(connection, {(Q1, ALL): (20, None), (Q2, ALL): (3, None), (Q3, ALL): (17, None)}, "NI114")
    add_indicator(
        connection, "NI195", calendar="tranche", kind="percent", over="measure", multiplier=100, threshold=0
    )
    term = (FRAMEWORK, "NI195", "numerator", "police", "data_ni195", "b_minus", None, 0.5)
    fill(connection, MODELS / "tables.yaml", "term", [term])
    add_figures(
        connection,
        {("FY2008-T1", ALL): (22, 300), ("FY2008-T2", ALL): (21, 320)},
        "NI195",
        multiplier=100,
    )
    add_delivery(connection, Q1, dataset="data_ni16", sequence=1)
    add_delivery(connection, Q2, dataset="data_ni16", sequence=2, decision="accepted_with_exceptions")
    add_delivery(connection, Q2, dataset="exclusions", partner="health", rows=(3, 3, 0), sequence=3)
    folder = tmp_path_factory.mktemp("published")
    publication = build_publication(
        connection, FRAMEWORK, parse_period(Q3), NOW, due_on=lambda key, period: period.end + timedelta(days=21)
    )
    write_release(connection, publication, folder, None, {})
    return folder / "exchange.duckdb"


def test_a_figure_is_explained_with_its_numbers(file: Path) -> None:
    told = explain(file, "NI16", Q2)
    assert told.name == "Serious acquisitive crime rate"
    assert told.formula == "1,280 offences / 172,000 people x 1,000 = 7.44"
    assert told.ytd_formula == "2,610 offences / 172,000 people x 1,000 = 15.17"
    assert (told.target, told.ytd_target, told.rag) == (30.0, 15.0, "Green")
    assert told.definition == "What is counted."
    assert told.data_quality == "with exceptions"
    assert [each.delivery_id for each in told.deliveries] == [
        "police-data_ni16-FY2008-Q1-00000001",
        "police-data_ni16-FY2008-Q2-00000002",
    ]
    second = told.deliveries[1]
    assert (second.feeds, second.rows_accepted, second.rows_quarantined) == ("value", 28, 2)
    assert second.agreement_id == "i1-agreement"
    assert second.rules_failed[0].sentence == "2 rows have an offence code that is not in the list."
    assert told.publication_id.startswith(f"{FRAMEWORK}-{Q3}-")
    assert told.models_sha256


def test_the_text_reads_from_figure_to_file(file: Path) -> None:
    text = explain(file, "NI16", Q2).to_text()
    assert text.splitlines()[:2] == [
        "NI16 Serious acquisitive crime rate, Quarter 2 2008/09 (July to September 2008), Littleborough",
        "  7.44 number (low is good)",
    ]
    for part in (
        "Formula      1,280 offences / 172,000 people x 1,000 = 7.44",
        "Year to date 2,610 offences / 172,000 people x 1,000 = 15.17",
        "Target       15 (of 30 for the year)",
        "rows counted 28, set aside 2, of elsewhere 0; agreement i1-agreement",
        "PRC-004 (warning): 2 rows have an offence code that is not in the list.",
        "received 15 July 2009",  # 23:30 UTC on the 14th is the 15th in London
        "(provisional, 20 October 2009)",
    ):
        assert part in text, part


def test_weights_stand_in_the_formula(file: Path) -> None:
    told = explain(file, "NI195", "FY2008-T1")
    assert told.formula == "22 (offences + 0.5 x b minus) / 300 cases x 100 = 7.3"
    pooled = explain(file, "NI195", "FY2008-T2")
    assert pooled.ytd_formula == "43 (offences + 0.5 x b minus) / 620 cases x 100 = 6.9"


def test_a_confidential_figure_says_why_and_no_number(file: Path) -> None:
    told = explain(file, "NI114", Q2)
    assert told.suppressed
    assert told.shown_value == told.shown_ytd == "[c]"
    assert told.formula == "[c] offences = [c]"
    assert (
        told.reason == "Withheld to protect people: a number below 5 stands in it or could be worked out from it."
    )
    numbers = (told.numerator, told.value, told.lower, told.upper, told.ytd, told.forecast, told.rag)
    assert numbers == (None,) * 7
    assert [(each.rows_received, each.rows_accepted) for each in told.deliveries] == [(None, None)]
    assert "rows counted [c]" in told.to_text()


def test_a_year_to_date_that_is_confidential_alone_says_so(file: Path) -> None:
    told = explain(file, "NI114", Q3)
    assert (told.suppressed, told.shown_value, told.shown_ytd) == (False, "17.0", "[c]")
    assert told.reason is not None
    assert "Year to date [c]" in told.to_text()


def test_a_missing_figure_names_the_extract_that_is_not_in(file: Path) -> None:
    told = explain(file, "NI16", Q3)
    assert (told.shown_value, told.status) == ("[x]", "missing")
    assert [(each.partner, each.dataset, each.period) for each in told.awaited] == [("police", "Data of NI16", Q3)]
    assert (
        "Waiting for police: Data of NI16, FY2008-Q3. Not received; it was due on 21 January 2009."
        in told.to_text()
    )


def test_areas_are_found_by_code_or_name(file: Path) -> None:
    by_code, by_name = (explain(file, "NI16", Q1, area=area) for area in ("W1", "ward 1"))
    assert by_code == by_name
    assert by_code.formula == "1,330 offences / 10,000 people x 1,000 = 133.00"
    assert explain(file, "NI16", Q2, area="Country").value == pytest.approx(50000 / 7000)


def test_names_are_read_kindly(file: Path) -> None:
    assert explain(file, "ni 16", "fy2008-q2") == explain(file, "NI16", Q2)


@pytest.mark.parametrize(
    ("indicator", "period", "area", "framework", "says"),
    [
        ("NI61", Q2, None, None, r"no indicator 'NI61'\. Did you mean NI16 \(Serious acquisitive crime rate\)"),
        ("exclusions", Q2, None, None, r"Did you mean NI114 \(Permanent exclusions\)\?"),
        ("XYZ", Q2, None, None, r"There are: NI114, NI16, NI195\."),
        ("NI16", "FY2009-Q1", None, None, r"no figure for 'FY2009-Q1'\. It has: FY2008-Q1, FY2008-Q2, FY2008-Q3\."),
        ("NI195", Q2, None, None, r"It has: FY2008-T1, FY2008-T2\."),
        ("NI16", Q1, "Ward 9", None, r"NI16 has no figure for the area 'Ward 9'\. Did you mean Ward 1 \(W1\)\?"),
        ("NI16", Q1, None, "little", r"There is no framework 'little'\. .*little-agreement"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_said_with_what_was_perhaps_meant(
    file: Path, indicator: str, period: str, area: str | None, framework: str | None, says: str
) -> None:
    with pytest.raises(LookupError, match=says):
        explain(file, indicator, period, area=area, framework=framework)


def test_before_the_first_publication_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="exchange publish"):
        explain(tmp_path / "exchange.duckdb", "NI16", Q1)


def test_an_indicator_of_two_frameworks_must_be_told_apart(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "exchange.duckdb"
    copy.write_bytes(file.read_bytes())
    with duckdb.connect() as editor:
        editor.execute(f"ATTACH '{copy}' AS file")
        for table in ("reference.indicator", "performance.indicator"):
            editor.execute(f"INSERT INTO file.{table} SELECT * REPLACE ('other' AS framework) FROM file.{table}")
    with pytest.raises(LookupError, match="add --framework little-agreement or other"):
        explain(copy, "NI16", Q1)
    assert explain(copy, "NI16", Q1, framework="other").framework == "other"


@pytest.fixture(params=[("NI16", Q2), ("NI114", Q2), ("NI16", Q3)], ids=["shown", "confidential", "missing"])
def told(request: pytest.FixtureRequest, file: Path) -> Explanation:
    return explain(file, *request.param)


def test_it_travels_as_json(told: Explanation) -> None:
    again = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert again["indicator"] == told.indicator
    assert len(again["deliveries"]) == len(told.deliveries)


def test_published_data_that_nobody_owes_are_awaited_all_the_same(tmp_path: Path) -> None:
    connection = small_partnership()
    add_indicator(connection, "NI1", cadence=None)
    add_indicator(connection, "NI2", kind="rate", over="population")
    add_figures(connection, {(Q1, ALL): None}, "NI1")
    add_figures(connection, {(Q1, ALL): None}, "NI2")
    add_delivery(connection, Q1, dataset="data_ni2")
    publication = build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    write_release(connection, publication, tmp_path / "made", None, {})
    file = tmp_path / "made" / "exchange.duckdb"
    text = explain(file, "NI1", Q1).to_text()
    assert "Waiting for police: Data of NI1, FY2008-Q1. No file has come from which it can be counted." in text
    assert explain(file, "NI2", Q1).reason == "There is no population to set it against."


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("all_ages", "people"),
        ("age_0_17", "people aged 0 to 17"),
        ("age_16_plus", "people aged 16 and over"),
        ("females_15_17", "women aged 15 to 17"),
        ("dwellings", "dwellings"),
    ],
)
def test_a_population_is_named_as_people_say_it(group: str, said: str) -> None:
    assert _noun({"population_group": group}) == said
