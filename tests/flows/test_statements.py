"""Words and money as they arrive: the agreed rules on them, and the same returns for any partner by files alone."""

import csv
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.drain import drain
from flows.land import deliver
from flows.publish import publish
from flows.settings import Settings
from schemas.partnership import REPOSITORY
from tests.definitions import copy_definitions
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
WRITTEN = REPOSITORY / "flows" / "demo" / "statements"
HEADERS = ["Reference", "Framework", "Kind", "Indicator", "Priority", "Text", "Owner", "Due", "State"]


def commentary(folder: Path, *rows: list[str]) -> Path:
    path = folder / "council_commentary_FY2009-Q1.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])
    return path


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Mr Sampleton of the events company has been written to.", "CCM-015"),
        ("Ask Cllr. Placeholder.", "CCM-015"),
        ("Write to someone@council.example about it.", "CCM-016"),
        ("Ring 020 7946 0000.", "CCM-016"),
        ("x" * 1001, "CCM-014"),
        ("The Metropolitan Police and Mrs. no one.", None),
        ("=1+1 is a sum; <script>alert(1)</script> is text.", None),
        ("x" * 1000, None),
    ],
)
def test_no_person_is_named_and_nobody_reads_a_novel(at: At, tmp_path: Path, text: str, rule: str | None) -> None:
    settings = at("2009-07-20")
    sound = ["C1", "laa-2008-11", "commentary", "NI16", "", "Fewer burglaries.", "", "", ""]
    deliver(settings, commentary(tmp_path, sound, ["C2", *sound[1:5], text, "", "", ""]), "council/commentary")
    (row,) = drain(settings)
    assert row["state"] == "merged"
    assert row["rows_quarantined"] == (0 if rule is None else 1)
    with open_warehouse(settings.home) as connection:
        results = ledger.rows(
            connection, "SELECT rule_id FROM warehouse.ledger.rule_result WHERE outcome = 'failed'"
        )
    assert [result["rule_id"] for result in results] == ([] if rule is None else [rule])


def test_shares_that_do_not_add_up_turn_the_whole_return_away(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    path = budget(settings, tmp_path, "council", "council_grant_budget_FY2009-Q1.csv")
    path.write_text(path.read_text(encoding="utf-8").replace(",60,", ",50,"), encoding="utf-8")
    deliver(settings, path, "council/grant_budget")
    (row,) = drain(settings)
    assert row["decision"] == "rejected"


def budget(settings: Settings, folder: Path, partner: str, name: str) -> Path:
    """The demo's budget under the contract's headers, as another partner would send its own."""
    contract = settings.partnership.contracts[f"{partner}/{'grant_budget' if partner == 'council' else 'budget'}"]
    with (WRITTEN / "council_grant_budget_FY2009-Q1.csv").open(encoding="utf-8", newline="") as file:
        names, *rows = list(csv.reader(file))
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[contract.header_of(one) for one in names], *rows])
    return path


def test_any_partner_states_its_own_budget_by_files_alone(at: At, tmp_path: Path) -> None:
    """The reciprocal arrangement: contract, standard and agreement of the council's return, in the police's name."""
    root = copy_definitions(tmp_path / "partnership")
    for folder in ("schemas/contracts", "expectations"):
        source = root / folder / "council" / "grant_budget.yaml"
        target = root / folder / "police" / "budget.yaml"
        text = source.read_text(encoding="utf-8").replace("council.grant_budget", "police.budget")
        text = text.replace("- name: grant_budget", "- name: budget").replace("CGB-", "PBU-")
        target.write_text(text, encoding="utf-8")
    agreement = (root / "schemas/agreements/council-budgets.yaml").read_text(encoding="utf-8")
    agreement = agreement.replace("council/grant_budget", "police/budget").replace("[council]", "[police]")
    agreement = agreement.replace("id: council-budgets", "id: police-budget").replace(
        "party: council", "party: police"
    )
    (root / "schemas/agreements/police-budget.yaml").write_text(agreement, encoding="utf-8")

    settings = at("2009-07-20", root)
    path = budget(settings, tmp_path, "police", "police_budget_FY2009-Q1.csv")
    lines = path.read_text(encoding="utf-8").replace(",council,", ",police,")
    path.write_text(lines, encoding="utf-8")
    deliver(settings, path, "police/budget")
    council = budget(settings, tmp_path, "council", "council_grant_budget_FY2009-Q1.csv")
    deliver(settings, council, "council/grant_budget")
    assert {row["state"] for row in drain(settings)} == {"merged"}
    publish(settings, "laa-2008-11", "FY2009-Q1")
    with duckdb.connect(settings.published / "current" / "exchange.duckdb", read_only=True) as file:
        owners = file.execute(
            "SELECT partner, owner_partner, count(DISTINCT line), sum(budget) "
            "FROM performance.spend GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        assert owners == [("council", "council", 9, 23_420_000), ("police", "police", 9, 23_420_000)]
        whole = file.execute("SELECT sum(budget) FROM performance.priority_spend").fetchall()
        assert whole == [(46_840_000,)]
