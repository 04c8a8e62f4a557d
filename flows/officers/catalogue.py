"""The catalogue of rules: every agreed standard in plain words, as plain values."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.examples import rule_examples
from schemas.kinds import KINDS, coverage, kinds_of
from schemas.partnership import Partnership
from schemas.standard import Rule


def catalogue(partnership: Partnership) -> list[dict[str, Any]]:
    """Every rule of every dataset, in the order of the standards."""
    return [
        {
            "dataset": standard.key,
            "rule_id": rule.id,
            "severity": rule.severity,
            "characteristic": rule.characteristic,
            "sentence": rule.sentence,
            "remedy": rule.remedy,
            "reason": rule.reason,
            "columns": list(rule.columns),
            "kinds": [kind for kind in KINDS if kind in kinds_of(rule)],
            "tolerance": rule.tolerance,
            "owner": standard.owner,
            "version": standard.version,
            "agreed_on": standard.agreed_on.isoformat(),
            **dict(zip(("passes", "fails"), _examples(partnership, standard.key, rule), strict=True)),
        }
        for standard in partnership.standards.values()
        for rule in standard.rules
    ]


def covered(partnership: Partnership) -> list[dict[str, Any]]:
    """How many rules of each kind each dataset has, and why it has none where it has none."""
    return [
        {
            "dataset": standard.key,
            "rules": coverage(standard),
            "without": dict(standard.without),
        }
        for standard in partnership.standards.values()
    ]


def _examples(partnership: Partnership, key: str, rule: Rule) -> tuple[str, str]:
    return rule_examples(rule, partnership.contracts[key], partnership.codelists)


def catalogue_text(rules: Iterable[Mapping[str, Any]]) -> str:
    """The catalogue as it is read: a heading for each dataset, then its rules and why each exists."""
    lines: list[str] = []
    dataset = None
    for rule in rules:
        if rule["dataset"] != dataset:
            dataset = rule["dataset"]
            lines += ["", f"{dataset}, version {rule['version']}, agreed by the {rule['owner']}"]
        sentence = rule["sentence"].replace("{count}", "n")
        lines += [
            f"  {rule['rule_id']}  {rule['severity']}, {rule['characteristic']}",
            f"    {sentence}",
            f"    Why: {rule['reason']}",
        ]
    return "\n".join(lines).strip()
