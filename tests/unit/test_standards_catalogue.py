"""The agreed standards as a catalogue: complete, in plain words, and safe to show."""

import re
from collections import Counter
from pathlib import Path

import pytest

from schemas.codelist import Codelist, load_codelist
from schemas.contract import Contract, load_contract
from schemas.kinds import coverage, kinds_of
from schemas.last import lasts_in
from schemas.standard import Rule, Standard, check_standard, load_standard

ROOT = Path(__file__).resolve().parents[2]
STANDARDS = sorted((ROOT / "expectations").glob("*/*.yaml"))
ROW_COUNT = "expect_table_row_count_to_be_between"
# A rule of one of these types puts values of the rows into its result. A query's rows stay in DuckDB: see engine.py.
SHOWS_VALUES = re.compile(r"distinct_values|most_common|_quantile_|_(max|min)_to_be")
# Judged as a whole, with no row to point at.
WHOLE = "table_row_count|unique_value_count|column_sum|column_mean|column_to_reach"
JARGON = re.compile(
    r"\b(null|regex|column values?|expectations?|boolean|string|schema|lsoa|codelist)\b", re.IGNORECASE
)


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _standard(path: Path) -> Standard:
    return load_standard(path, ROOT)[0]


def _contract(path: Path) -> Contract:
    return load_contract(ROOT / "schemas" / "contracts" / f"{_key(path)}.yaml", ROOT)[0]


def _codelists() -> dict[str, Codelist]:
    folder = ROOT / "schemas" / "codelists"
    return {path.stem: load_codelist(path, ROOT)[0] for path in sorted(folder.glob("*.csv"))}


def _rules() -> list[Rule]:
    return [rule for path in STANDARDS for rule in _standard(path).rules]


every_standard = pytest.mark.parametrize("path", STANDARDS, ids=_key)
every_rule = pytest.mark.parametrize("rule", _rules(), ids=lambda rule: str(rule.id))


def test_every_contract_has_a_standard_and_every_standard_a_contract() -> None:
    contracts = sorted((ROOT / "schemas" / "contracts").glob("*/*.yaml"))
    assert [_key(path) for path in STANDARDS] == [_key(path) for path in contracts]


def test_every_standard_compares_with_the_delivery_before() -> None:
    """Volume, sums and parts left out: told, never held against the file, because a change can be true."""
    for path in STANDARDS:
        compared = [rule for rule in _standard(path).rules if list(lasts_in(rule.kwargs))]
        assert compared, path
        assert {rule.severity for rule in compared} == {"info"}


def test_no_two_rules_have_the_same_id() -> None:
    repeated = [rule_id for rule_id, count in Counter(rule.id for rule in _rules()).items() if count > 1]
    assert not repeated


@every_standard
def test_a_standard_names_only_columns_placeholders_and_codelists_that_exist(path: Path) -> None:
    standard, source = load_standard(path, ROOT)
    check_standard(standard, source, _contract(path), _codelists())


@every_standard
def test_the_rules_of_a_standard_share_a_prefix(path: Path) -> None:
    assert len({rule.id.partition("-")[0] for rule in _standard(path).rules}) == 1


@every_standard
def test_an_empty_extract_never_passes_unseen(path: Path) -> None:
    """Critical, unless the file covers more than our area and may hold nothing of it."""
    counts = [rule for rule in _standard(path).rules if rule.type == ROW_COUNT and rule.kwargs["min_value"] == 1]
    whole_country = bool(_contract(path).scope.any)
    assert [rule.severity for rule in counts] == ["info" if whole_country else "critical"]


@every_standard
def test_what_cannot_be_read_as_its_type_is_set_aside(path: Path) -> None:
    typed = any(column.logical_type != "string" for column in _contract(path).columns)
    uncast = [
        rule.severity
        for rule in _standard(path).rules
        if rule.type == "expect_column_values_to_be_null" and rule.columns == ("_uncast",)
    ]
    assert uncast == (["warning"] if typed else [])


@every_standard
def test_every_required_column_must_be_filled_and_no_other(path: Path) -> None:
    """A rule with a tolerance only tells; the contract's `required` is the rule without one."""
    filled = {
        column
        for rule in _standard(path).rules
        if rule.type == "expect_column_values_to_not_be_null" and "mostly" not in rule.kwargs
        for column in rule.columns
    }
    assert filled == {column.name for column in _contract(path).columns if column.required}


@every_standard
def test_every_codelist_of_the_contract_is_checked(path: Path) -> None:
    checked = {
        (column, str(rule.kwargs["value_set"]))
        for rule in _standard(path).rules
        if rule.type == "expect_column_values_to_be_in_set"
        for column in rule.columns
    }
    for column in _contract(path).columns:
        if column.codelist and column.logical_type == "string":
            assert (column.name, f"{{codelist:{column.codelist}}}") in checked


@every_standard
def test_identical_rows_are_judged_only_where_the_contract_calls_them_copies(path: Path) -> None:
    judged = [rule for rule in _standard(path).rules if rule.columns == ("_copy",)]
    assert len(judged) == (_contract(path).copies_unless_blank is not None)


@every_standard
def test_a_standard_guards_at_least_four_characteristics_of_good_data(path: Path) -> None:
    assert len({rule.characteristic for rule in _standard(path).rules}) >= 4


@every_standard
def test_a_standard_has_rules_of_every_kind_or_says_why_it_has_none(path: Path) -> None:
    """File, record, across records, reference, last period, timeliness, relevance: a hole is named with its reason."""
    standard = _standard(path)
    assert {kind for kind, rules in coverage(standard).items() if not rules} == set(standard.without)


def test_the_kind_of_a_rule_follows_from_what_it_looks_at() -> None:
    kinds = {rule.id: kinds_of(rule) for rule in _rules()}
    assert kinds["PRC-001"] == {"file"}
    assert kinds["PRC-012"] == {"record"}
    assert kinds["PRC-004"] == {"across_records"}
    assert kinds["CGB-016"] == {"across_records"}
    assert kinds["PRC-007"] == kinds["PRC-018"] == {"reference"}
    assert kinds["PRC-020"] == {"last_period"}
    assert kinds["PRC-024"] == {"file", "timeliness"}
    assert kinds["PRC-013"] == {"reference", "relevance"}


def test_the_catalogue_guards_all_six_characteristics() -> None:
    assert {rule.characteristic for rule in _rules()} == {
        "accuracy",
        "validity",
        "reliability",
        "timeliness",
        "relevance",
        "completeness",
    }


@every_rule
def test_a_rule_speaks_plain_words_in_whole_sentences(rule: Rule) -> None:
    for text in (rule.sentence, rule.remedy, rule.reason):
        assert text.endswith("."), text
        assert text[0].isupper(), text
        assert not JARGON.search(text), text
        assert "  " not in text
    assert len(rule.sentence) <= 120


@every_rule
def test_braces_in_a_sentence_hold_the_count_and_nothing_else(rule: Rule) -> None:
    assert not re.search(r"[{}]", rule.sentence.replace("{count}", "12", 1))
    assert "{" not in rule.remedy + rule.reason


@every_rule
def test_a_rule_of_whole_columns_or_tables_gives_no_count_of_rows(rule: Rule) -> None:
    counts_rows = not re.search(WHOLE, rule.type)
    assert ("{count}" in rule.sentence) == counts_rows


@every_rule
def test_a_rule_without_rows_to_point_at_never_claims_to_set_rows_aside(rule: Rule) -> None:
    if re.search(WHOLE, rule.type) or "mostly" in rule.kwargs:
        assert rule.severity in {"critical", "info"}


@every_rule
def test_no_rule_puts_values_of_rows_into_its_result(rule: Rule) -> None:
    """A query of its own gives the places of rows and nothing of what stands in them."""
    assert not SHOWS_VALUES.search(rule.type)
    query = str(rule.kwargs.get("unexpected_rows_query", "SELECT _row FROM {batch} "))
    assert query.startswith("SELECT _row FROM {batch} ")


@every_rule
def test_a_pair_of_dates_or_numbers_is_judged_only_when_both_are_there(rule: Rule) -> None:
    if "column_A" in rule.kwargs:
        assert rule.kwargs["ignore_row_if"] == "either_value_is_missing"
        assert "value_pairs_set" in rule.kwargs or rule.kwargs["or_equal"] is True


@every_rule
def test_a_key_is_judged_apart_from_exact_copies(rule: Rule) -> None:
    """Of exact copies the first is kept; without `_copy` in the key, GX would set aside every one of them."""
    if rule.type == "expect_compound_columns_to_be_unique":
        assert rule.kwargs["column_list"][-1] == "_copy"
    assert rule.type != "expect_column_values_to_be_unique"


@every_rule
def test_a_regular_expression_is_one_duckdb_can_run(rule: Rule) -> None:
    """RE2 has no look-around and no back-references."""
    if "regex" in rule.kwargs:
        re.compile(rule.kwargs["regex"])
        assert not re.search(r"\(\?[=!<]|\\[1-9]", rule.kwargs["regex"])


def _regex(rule_type: str, key: str, column: str) -> re.Pattern[str]:
    (found,) = [
        rule.kwargs["regex"]
        for rule in _standard(ROOT / "expectations" / f"{key}.yaml").rules
        if rule.type == rule_type and rule.columns == (column,)
    ]
    return re.compile(found)


@pytest.mark.parametrize("key", ["health/smoking_quits", "health/injury_admissions"])
def test_a_full_postcode_from_health_fails_the_delivery_and_a_district_does_not(key: str) -> None:
    full = _regex("expect_column_values_to_not_match_regex", key, "outward_postcode")
    for text in ("W6 9ZZ", "w69zz", "SW6 1ZZ", "NW10 0ZZ", "EC1A 1BB", " W12 8ZZ "):
        assert full.search(text)
    for text in ("W6", "W12", "SW6", "NW10", "EC1A", "W1T"):
        assert not full.search(text)


@pytest.mark.parametrize(
    ("key", "column", "identifier"),
    [
        ("schools/attendance_sessions", "upn", "upn"),
        ("schools/attendance_sessions", "laestab", "laestab"),
        ("schools/exclusions", "laestab", "laestab"),
        ("council/housing_completions", "uprn", "uprn"),
        ("health/injury_admissions", "outward_postcode", "outward_code"),
        ("health/smoking_quits", "outward_postcode", "outward_code"),
        ("health/published_indicators", "area_code", "gss_code"),
        ("police/recorded_crime", "offence_code", "home_office_offence_code"),
    ],
)
def test_an_identifier_is_judged_as_what_it_is(key: str, column: str, identifier: str) -> None:
    rules = _standard(ROOT / "expectations" / f"{key}.yaml").rules
    kind = f"expect_column_values_to_be_valid_{identifier}"
    assert [rule.columns for rule in rules if rule.type == kind] == [(column,)]


@pytest.mark.parametrize(
    "text", ["W19", "W190", "V03.1", "S720", "T510", "X99", "X990", "Y09", "Y34", "W19X", "T79.9"]
)
def test_an_injury_and_its_external_cause_are_both_causes(text: str) -> None:
    form = _regex("expect_column_values_to_match_regex", "health/injury_admissions", "cause_code")
    assert form.search(text)
    assert text[:2] in {code for code, _ in _codelists()["injury_causes"]}


@pytest.mark.parametrize("text", ["J45", "F10.2", "T80", "Y40", "Y831", "W1", "w19", "W19.12X"])
def test_another_illness_is_no_injury(text: str) -> None:
    form = _regex("expect_column_values_to_match_regex", "health/injury_admissions", "cause_code")
    assert not form.search(text)


def test_critical_rules_are_few_and_each_turns_the_whole_file_away() -> None:
    """A wrong file, a full postcode or personal number, no rows: nothing else costs a partner the delivery."""
    for rule in _rules():
        if rule.severity == "critical" and rule.type != ROW_COUNT:
            assert rule.remedy.endswith("The file was not used.")
