"""The catalogue of rules says what is agreed, whole."""

from flows.officers.catalogue import catalogue, catalogue_text
from schemas.partnership import load_partnership


def test_every_rule_stands_in_the_catalogue_with_its_owner_and_reason() -> None:
    partnership = load_partnership()
    rules = catalogue(partnership)
    agreed = [rule.id for standard in partnership.standards.values() for rule in standard.rules]
    assert [rule["rule_id"] for rule in rules] == agreed
    assert all(rule["owner"] and rule["reason"] and rule["sentence"] for rule in rules)
    (tolerant,) = [rule for rule in rules if rule["rule_id"] == "PRC-007"]
    assert (tolerant["dataset"], tolerant["tolerance"]) == ("police/recorded_crime", 0.5)


def test_the_catalogue_is_read_by_dataset() -> None:
    partnership = load_partnership()
    text = catalogue_text(catalogue(partnership))
    assert "police/recorded_crime, version 1.0.0, agreed by the Borough data quality group" in text
    assert "{count}" not in text
