# ruff: noqa: E501 (each mistake is one line of a table)
"""A mistake in a definition file is told with the file, the key and the fix.

Each case spoils one file of a copy of the shipped partnership: what stands there, what is written instead, and
then the key that must be named, what is said to be wrong, and what is said to be the way out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.loading import DefinitionError, read_csv, read_yaml
from schemas.partnership import load_partnership
from schemas.references import read_measures

PARTNER = "schemas/partners/police.yaml"
AGREEMENT = "schemas/agreements/police-recorded-crime.yaml"
CONTRACT = "schemas/contracts/police/street_crime.yaml"
STANDARD = "expectations/police/street_crime.yaml"
PLACE = "schemas/geography/partnership.yaml"
AREAS = "schemas/geography/areas.csv"
BEST_FIT = "schemas/geography/best_fit.csv"
DEPRIVATION = "schemas/geography/deprivation.csv"
LSOAS = "schemas/geography/lsoas.csv"
POPULATION = "schemas/geography/population.csv"
WORST = "schemas/geography/worst_neighbourhoods.csv"
CODES = "schemas/codelists/yes_no.csv"
FRAMEWORK = "schemas/frameworks/laa-2008-11/framework.yaml"
HEALTH = "schemas/frameworks/laa-2008-11/indicators/health.yaml"
TODAY = "schemas/frameworks/local-outcomes-2026/framework.yaml"
INDICATORS = "schemas/frameworks/laa-2008-11/indicators/crime.yaml"

MISTAKES = [
    # The YAML itself
    (PARTNER, "kind: police", "kind: police\nkind: police", "kind", "stands twice (line 5)", "keep one"),
    (PARTNER, "    name: Robin", "\tname: Robin", "line 8", "indented with a tab", "use spaces"),
    (PARTNER, "kind: police", "kind: [police", "line 5", "is not valid YAML", "check the indentation"),
    (PARTNER, "kind: police", "kind: 'police", "line", "is not valid YAML", "quotes"),
    (PARTNER, "kind: police", "---\nkind: police", "line 4", "is not valid YAML", "check"),
    (PARTNER, "kind: police", "kind: !!python/name:os.system p", "kind", "carries the tag", "take the tag out"),
    (PARTNER, "kind: police", "kind: &a [*a]", "", "refers to itself", "write it out"),
    (PARTNER, "kind: police", "<<: {kind: police}", "", "merges another mapping", "write the keys out"),
    (PARTNER, "kind: police", "[a, b]: police", "", "has a key that is not text", "one word"),
    # Keys and kinds of values
    (PARTNER, "    email: sam.whitlock@police.example\n", "", "officers.deputy.email", "is missing", "an e-mail"),
    (PARTNER, "role_mailbox:", "role_malbox:", "role_malbox", "is not a key", "did you mean 'role_mailbox'?"),
    (PARTNER, "  deputy:", "  deputee:", "officers.deputee", "is not a key", "did you mean 'deputy'?"),
    (PARTNER, "kind:", "colour: red\nkind:", "colour", "is not a key", "take it out, or use one of: caldicott_guardian, inbox, note"),
    (PARTNER, "kind: police", "kind: {a: b}", "kind", "is a set of keys, where text should stand", "write text"),
    (PARTNER, "kind: police", "kind: 12", "kind", "is 12, where text", "put it in quotes"),
    (PARTNER, "kind: police", "kind: true", "kind", "is true, where text", "put it in quotes"),
    (PARTNER, "kind: police", "kind:", "kind", "is empty", "write text"),
    (PARTNER, "kind: police", "kind: ''", "kind", "is empty", "what kind of agency"),
    (PARTNER, "email: sam.whitlock@", "email: sam at ", "officers.deputy.email", "is 'sam at police.ex", "an e-mail"),
    (PARTNER, "away_until: null", "away_until: 2009-02-30", "officers.away_until", "is not a date", "2008-04-01"),
    (PARTNER, "away_until: null", "away_until: 20090227", "officers.away_until", "is 20090227", "quotes"),
    (PARTNER, "away_until: null", "away_until: next week", "officers.away_until", "is not a date", "2008-04-01"),
    (PARTNER, "id: police", "id: polis", "id", "is 'polis'", "write police, as the file is called"),
    (PLACE, "  name: Exchange operator\n", "", "operator.name", "is missing", "the person's name"),
    (PLACE, "code: E09000013", "code: E09000031", "area.code", "names the area", "did you mean"),
    (PLACE, "code: E12000007", "code: E12000009", "comparators[E12000009].code", "names the area", "E12000007"),
    # Agreements
    (AGREEMENT, "suppression_n: 5", "suppression_n: -1", "suppression_n", "is -1", "write 0 or more"),
    (AGREEMENT, "suppression_n: 5", "suppression_n: 500", "suppression_n", "is 500", "write 100 or less"),
    (AGREEMENT, "suppression_n: 5", "suppression_n: 4.5", "suppression_n", "is 4.5", "whole number"),
    (AGREEMENT, "stage: live", "stage: lives", "stage", "is 'lives'", "did you mean 'live'?"),
    (AGREEMENT, "stage: live", "stage: signed", "stage", "is 'signed'", "write one of: test, live"),
    (AGREEMENT, "[restricted, public]", "[restricted, publik]", "audiences[1]", "'publik'", "'public'"),
    (AGREEMENT, "[restricted, public]", "restricted", "audiences", "where a list", "write a list"),
    (AGREEMENT, "[restricted, public]", "[]", "audiences", "is an empty list", "who may see"),
    (AGREEMENT, "[restricted, public]", "[public, public]", "audiences[1]", "repeats 'public'", "leave out"),
    (AGREEMENT, "{end_of_following_period: true}", "{day: 3}", "due_rule.day", "is not a key", "'days'"),
    (AGREEMENT, "{end_of_following_period: true}", "{days: soon}", "due_rule.days", "is 'soon'", "whole number"),
    (AGREEMENT, "{end_of_following_period: true}", "30", "due_rule", "is 30", "a set of keys"),
    (AGREEMENT, "offence_code", "offence_cod", "datasets.police/recorded_crime", "'offence_cod'", "'offence_code'"),
    (AGREEMENT, "police/recorded_crime:", "police/recorded:", "datasets.police/recorded", "dataset", "did you mean"),
    (AGREEMENT, "police/recorded_crime:", "recorded:", "datasets.recorded", "is 'recorded'", "partner/dataset"),
    (AGREEMENT, "end: 2011-03-31", "end: 2007-03-31", "end", "before start (2008-04-01)", "on or after 2008-04-01"),
    (AGREEMENT, "start: 2008-04-01", "start: 01/04/2008", "start", "is not a date", "2008-04-01"),
    (AGREEMENT, "parties: [police]", "parties: [polis]", "parties", "names the partner 'polis'", "'police'"),
    (AGREEMENT, "parties: [police]", "parties: [health]", "parties", "lacks police", "add it"),
    (AGREEMENT, "cdrp]", "cdr]", "layers", "names the layer or role 'cdr'", "did you mean 'cdrp'?"),
    # Contracts
    (CONTRACT, "kind: month", "kind: monthly", "customProperties[period].value.kind", "'monthly'", "'month'"),
    (CONTRACT, "test: in_lsoa", "test: in_lsoas", "[scope].value.any[lsoa_code].test", "'in_lsoas'", "'in_lsoa'"),
    (CONTRACT, "{column: lsoa_code,", "{column: lsoa_cod,", "[scope].value.any", "'lsoa_cod'", "'lsoa_code'"),
    (CONTRACT, "property: supersede_by", "property: supersedes", "[supersedes].property", "'supersedes'", "supersede_by"),
    (CONTRACT, "property: copies_unless_blank\n    value: crime_id", "property: supersede_by\n    value: [month]", "customProperties[supersede_by]", "stands twice", "keep one"),
    (CONTRACT, "property: period\n    value: {kind: month, column: month, format: yyyy-MM, file_name: true}", "property: cadence\n    value: month", "customProperties[period]", "is missing", "which kind of period"),
    (CONTRACT, "column: month, format: yyyy-MM, file_name: true", "evidence: month", "customProperties[period]", "no way to read the period", "file_name: true"),
    (CONTRACT, "column: month, format: yyyy-MM, file_name: true", "column: month, evidence: context", "[period].value.evidence", "is not a date", "a date column"),
    (CONTRACT, "value: crime_id", "value: crime_ref", "[copies_unless_blank].value", "'crime_ref'", "did you mean"),
    (CONTRACT, "classification: public", "classification: open", "[crime_id].classification", "'open'", "public, internal"),
    (CONTRACT, "required: false", "required: no", "[crime_id].required", "is 'no'", "write true or false"),
    (CONTRACT, "        required: false\n", "", "properties[crime_id].required", "is missing", "every row"),
    (CONTRACT, "physicalName: Month", "physicalName: CRIME ID", "[month]", "has the header 'CRIME ID'", "of its own"),
    (CONTRACT, "name: month\n", "name: crime_id\n", "properties[crime_id]", "stands twice", "a name of its own"),
    (CONTRACT, "format: yyyy-MM}\n     ", "format: mm/yy}\n     ", "logicalTypeOptions.format", "'mm/yy'", "yyyy-MM-dd"),
    (CONTRACT, "physicalType: DOUBLE", "physicalType: FLOAT8", "[longitude].physicalType", "'FLOAT8'", "DuckDB type"),
    (CONTRACT, "physicalType: DOUBLE", "physicalType: VARCHAR", "[longitude].physicalType", "VARCHAR", "DOUBLE"),
    (CONTRACT, "value: crime_types", "value: crime_type", "[crime_type]", "names the codelist", "'crime_types'"),
    (CONTRACT, "id: police.street_crime", "id: police.crime", "id", "is 'police.crime'", "police.street_crime"),
    (CONTRACT, "- name: street_crime", "- name: crime", "schema", "not this file's one dataset", "street_crime"),
    (CONTRACT, "v3.1.0", "v3.0.2", "apiVersion", "is 'v3.0.2'", "write v3.1.0"),
    (CONTRACT, "version: 1.0.0", "version: 1", "version", "is 1, where text", "put it in quotes"),
    # Standards
    (STANDARD, "severity: info", "severity: fatal", "expectations[PSC-001].severity", "'fatal'", "critical, warning"),
    (STANDARD, "severity: info", "sevrity: info", "expectations[PSC-001].sevrity", "is not a key", "'severity'"),
    (STANDARD, "{column: month}", "{column: mont}", "expectations[PSC-003].kwargs", "'mont'", "did you mean 'month'?"),
    (STANDARD, "id: PSC-001", "id: PSC-002", "expectations[PSC-002]", "has an id also used in", "an id of its own"),
    (STANDARD, "id: PSC-001", "id: PSC-1", "expectations[PSC-1].meta.id", "is 'PSC-1'", "three digits"),
    (STANDARD, "codelist:crime_types", "codelist:crime_type", ".kwargs", "names the codelist", "'crime_types'"),
    (STANDARD, "{codelist:crime_types}", "{perod_start}", ".kwargs", "names the placeholder", "period_start"),
    (STANDARD, "name: police.street_crime", "name: police.crime", "name", "is 'police.crime'", "police.street_crime"),
    (STANDARD, "count_to_be_between", "count_to_equal", "expectations", "no rule on the number of rows", "min_value: 1"),
    # Codelists and geography
    (CODES, "code,label", "code;label", "line 1", "the header is 'code;label'", "write code,label"),
    (CODES, "N,", "Y,", "line 3", "repeats the code 'Y'", "keep one"),
    (CODES, "N,No", "N,", "line 3", "no code or no label", "write both"),
    (CODES, "Y,", "Y,Y,Y,", "line 2", "has 4 values", "double quotes"),
    (CODES, "N,No", 'N,"No', "line 3", "unexpected end", "quotes"),
    ("schemas/codelists/personal_fields.csv", "^names?$", "^names?(", "line 3", "regular expression", "correct"),
    (AREAS, ",ward,", ",wards,", "line 5", "names the area type 'wards'", "'ward'"),
    (AREAS, "E05000250,", "E05000251,", "line 6", "repeats the code E05000251", "keep one"),
    (AREAS, ",E12000007,", ",E12000077,", "line 4", "names the parent area", "E12000007"),
    (LSOAS, ",2001,", ",2002,", "line 2", "names the vintage '2002'", "did you mean"),
    (LSOAS, "E05000250", "E05009999", "line 2", "not in areas.csv", "add it there"),
    (LSOAS, "E01001852,", "E01001851,", "line 3", "repeats E01001851", "keep one"),
    (POPULATION, "172000", "172,000", "line 90", "has 10 values", "double quotes"),
    (POPULATION, "172000", "-1", "line 90", "has '-1'", "write digits"),
    (POPULATION, "172000", "NaN", "line 90", "has 'NaN'", "write digits"),
    (POPULATION, "E09000013,2008", "E09000013,08", "line 90", "has the year '08'", "four digits"),
    (POPULATION, "E09000013,2008", "E09000014,2008", "line 90", "not in areas.csv", "add it there"),
    (POPULATION, "E09000013,2010", "E09000013,2009", "line 92", "repeats an area, year", "keep one"),
    (POPULATION, ",female,16,59", ",women,16,59", "", "names the sex 'women'", "write one of"),
    (POPULATION, ",female,16,59", ",female,16-59,", "", "has the age '16-59'", "whole years"),
    (POPULATION, "before the 2011 Census,persons,0,", "before the 2011 Census,persons,1,", "", "in other parts of sex", "every part"),
    (AREAS, ",E09000013,2002", ",E09000013,old", "line 5", "has the vintage 'old'", "give wards a year"),
    (BEST_FIT, "E01032788,E01001936", "E01032788,E01009999", "line 2", "names the area or neighbourhood", "E0100"),
    (BEST_FIT, "exact: the older neighbourhood was split", "", "line 2", "no method", "how the fit was made"),
    (BEST_FIT, "E01032789,", "E01032788,", "line 3", "repeats E01032788", "keep one"),
    (DEPRIVATION, "E01001851,2019,4", "E01001851,2019,6", "line 2", "names the fifth '6'", "write one of"),
    (DEPRIVATION, "E01001852,", "E01001851,", "line 3", "repeats E01001851", "keep one"),
    (DEPRIVATION, ",1651,", ",many,", "line 2", "has 'many' for persons", "write digits"),
    (PLACE, "E09000007, E09000019", "E09000008, E09000019", "comparators[neighbours].members", "names the area", "did you mean"),
    (PLACE, "E09000007, E09000019", "E12000007, E09000019", "comparators[neighbours].members", "stands by itself", "take it out"),
    (PLACE, "code: neighbours", "code: E09000007", "comparators[E09000007].code", "an area, and has members", "word of its own"),
    (HEALTH, "breakdowns: [intent]", "breakdowns: [deprivation]", "indicators[NI70].breakdowns", "shares out age_0_17", "out"),
    (TODAY, "name: Housing supply\n", "name: Housing supply\n    no_indicator: None.\n", "priorities[housing-supply].no_indicator", "there is one", "take it out"),
    (FRAMEWORK, "calendar: quarter", "calendar: quarter\nwards: 2003", "wards", "names the vintage of wards '2003'", "2002"),
    (WORST, "E01001860", "E01009999", "line 2", "not in lsoas.csv", "add it there"),
    # Frameworks
    (FRAMEWORK, "id: laa-2008-11", "id: laa", "id", "is 'laa'", "write laa-2008-11"),
    (FRAMEWORK, "reports_to: lpsb", "reports_to: lspb", "layers[cdrp].reports_to", "names the layer", "'lpsb'"),
    (FRAMEWORK, "priorities: [crime]", "priorities: [crimes]", "layers[cdrp].priorities", "'crimes'", "'crime'"),
    (FRAMEWORK, "id: housing,", "id: crime,", "priorities[crime]", "stands twice", "an id of its own"),
    (FRAMEWORK, "successor: local-outcomes-2026", "successor: loca", "successor", "names the framework 'loca'", "write one of"),
    (FRAMEWORK, "ends: 2011-03-31", "ends: 2001-03-31", "ends", "before starts", "a later day"),
    (INDICATORS, "priority: crime", "priority: crimes", "indicators[NI15].priority", "'crimes'", "'crime'"),
    (INDICATORS, "layer: cdrp", "layer: cdpr", "indicators[NI15].layer", "'cdpr'", "'cdrp'"),
    (INDICATORS, "lead_partner: police", "lead_partner: polis", "indicators[NI15].lead_partner", "'polis'", "'police'"),
    (INDICATORS, "id: NI16", "id: NI15", "indicators[NI15]", "stands twice", "an id of its own"),
    (INDICATORS, "kind: rate", "kind: ratio", "indicators[NI15].formula.kind", "is 'ratio'", "did you mean 'rate'?"),
    (INDICATORS, "kind: rate", "kind: count", "indicators[NI15].formula.denominator", "is not used", "take it out"),
    (INDICATORS, "measure: serious_violent_crime", "measure: violence", ".numerator[police/recorded_crime].measure", "names the measure 'violence'", "write one of"),
    (INDICATORS, "dataset: police/recorded_crime", "dataset: police/crime", ".dataset", "names the dataset", "did you mean"),
    (INDICATORS, "population: all_ages", "population: all_age", ".population", "'all_age'", "'all_ages'"),
    (INDICATORS, "{population: all_ages}", "{population: all_ages, measure: a}", ".denominator[0]", "not one part", "alone"),
    (INDICATORS, "FY2009: 1.00", "FY09: 1.00", "indicators[NI15].targets.FY09", "is not a period", "like 2018-01"),
    (INDICATORS, "placeholder}", "later}", "indicators[NI15].targets.FY2010", "is 'later'", "a number, or placeholder"),
    (INDICATORS, "period: FY2008", "period: 2008/09", "indicators[NI15].baseline.period", "is not a period", "like"),
    (INDICATORS, "polarity: low", "polarity: lower", "indicators[NI15].polarity", "is 'lower'", "did you mean 'low'?"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "key_path", "problem", "fix"), MISTAKES)
def test_a_mistake_is_told_with_file_key_and_fix(
    folder: Path,
    spoil: Callable[[str, str, str], None],
    file: str,
    old: str,
    new: str,
    key_path: str,
    problem: str,
    fix: str,
) -> None:
    spoil(file, old, new)
    with pytest.raises(DefinitionError) as caught:
        load_partnership(folder)
    error = caught.value
    assert error.file == file
    assert key_path in error.key_path
    assert problem in error.problem
    assert fix in error.fix
    assert "\n" not in str(error)


def test_the_copy_is_sound_before_it_is_spoilt(folder: Path) -> None:
    assert load_partnership(folder).id == "hammersmith-and-fulham"


def test_an_error_is_one_sentence_and_a_fix() -> None:
    error = DefinitionError("schemas/partners/police.yaml", "officers.deputy.email", "is missing", "add it")
    assert str(error) == "schemas/partners/police.yaml: officers.deputy.email: is missing. Fix: add it."


def test_a_folder_that_is_no_partnership_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"there is no such folder .* exchange init"):
        load_partnership(tmp_path)
    (tmp_path / "schemas").mkdir()
    with pytest.raises(DefinitionError, match=r"schemas/geography/partnership\.yaml: the file is missing"):
        load_partnership(tmp_path)


def test_a_dataset_without_a_standard_is_refused(folder: Path) -> None:
    standard = folder / STANDARD
    content = standard.read_bytes()
    standard.unlink()
    try:
        with pytest.raises(DefinitionError, match=r"street_crime\.yaml: id: police/street_crime has no standard"):
            load_partnership(folder)
    finally:
        standard.write_bytes(content)


@pytest.mark.parametrize(
    "file",
    [
        *(
            "schemas/partners/fire.yml",
            "schemas/contracts/arson.yaml",
            "schemas/frameworks/new/indicators/crime.yaml",
        ),
        *("schemas/geography/wards.csv", "expectations/fire.yaml", "expectations/fire/arson.YML"),
    ],
)
def test_a_file_that_nothing_would_read_is_told(folder: Path, file: str) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    try:
        with pytest.raises(DefinitionError, match="stands where nothing reads it") as caught:
            load_partnership(folder)
        assert caught.value.file == file
    finally:
        path.unlink()


def test_the_list_of_personal_fields_may_not_be_missing(folder: Path) -> None:
    path = folder / "schemas/codelists/personal_fields.csv"
    content = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(DefinitionError, match=r"personal_fields\.csv: the file is missing"):
            load_partnership(folder)
    finally:
        path.write_bytes(content)


def test_a_file_that_is_not_utf8_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "police.yaml"
    path.write_bytes(b"id: police\nname: Caf\xe9\n")
    with pytest.raises(DefinitionError, match=r"police\.yaml: line 2: is not UTF-8 text"):
        read_yaml(path, tmp_path, "partner")


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "a word\n"])
def test_a_file_without_keys_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "police.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"police\.yaml: holds no keys"):
        read_yaml(path, tmp_path, "partner")


def test_codes_stay_the_text_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "states.yaml"
    text = "owner: no\nnote: 0123\nwrites: 12:30\ndescription: 2008-04-01\ngrain: 1_000\nschema: 'true'\n"
    path.write_text(text, encoding="utf-8")
    content = read_yaml(path, tmp_path, "model").content
    assert list(content.values()) == ["no", "0123", "12:30", "2008-04-01", "1_000", "true"]


def test_a_measure_is_made_up_of_measures_that_are_there_and_never_of_itself(tmp_path: Path) -> None:
    about = "owner: Police\ngrain: one row\nreads: [accepted]\ncolumns: as always\nmeasures:\n  all: {unit: count, description: All, parts: [one, two]}\n  one: {unit: count, description: One}\n"
    model = tmp_path / "crime.sql"
    described = model.with_suffix(".yaml")
    described.write_text(about, encoding="utf-8")
    with pytest.raises(
        DefinitionError, match=r"measures\.all\.parts: names the measure 'two', which does not exist"
    ):
        read_measures(model, tmp_path, ())
    described.write_text(about + "  two: {unit: count, description: Two, parts: [one, all]}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"measures\.all\.parts: is in the end made up of all itself"):
        read_measures(model, tmp_path, ())


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("\ufeffcode,label\r\nA,Ä\r\n".encode())
    assert read_csv(path, tmp_path, ("code", "label")).content == [{"code": "A", "label": "Ä"}]


def test_every_definition_file_has_its_fingerprint(folder: Path) -> None:
    patterns = ("schemas/*/**/*.yaml", "schemas/*/*.csv", "schemas/*/*.geojson", "expectations/*/*.yaml")
    files = [path for pattern in patterns for path in folder.glob(pattern)]
    assert load_partnership(folder).fingerprints == {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
