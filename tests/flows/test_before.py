"""What the delivery before held: a part that is left out, or a number that jumps, is told and changes no decision."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.drain import drain
from flows.land import deliver
from flows.receiving.check import check
from flows.settings import Settings
from schemas.last import Last, last_of
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from tests.flows.waste import KEY, waste
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]


def quarter(folder: Path, period: str, *months: str, tonnes: int = 100) -> Path:
    """A quarter's file with a load of residual waste in each month."""
    rows = [f"{month},kerbside_residual,household,residual,efw,{tonnes}.000," for month in months]
    return waste(folder, *rows, name=f"waste_{period}.csv")


def told(settings: Settings, delivery_id: str) -> list[str]:
    """What the rules that compare with the delivery before found, of all they found."""
    with open_warehouse(settings.home) as connection:
        rows = connection.execute(
            "SELECT sentence FROM warehouse.ledger.rule_result WHERE delivery_id = ? AND outcome = 'failed' "
            "AND sentence LIKE '%the quarter before%' ORDER BY rule_id",
            [delivery_id],
        ).fetchall()
    return [sentence for (sentence,) in rows]


def test_a_missing_month_and_a_jump_are_told_beside_the_quarter_before(at: At, tmp_path: Path) -> None:
    deliver(at("2008-07-20"), quarter(tmp_path, "FY2008-Q1", "2008-04", "2008-05", "2008-06"), KEY)
    (first,) = drain(at("2008-07-20"))
    assert told(at("2008-07-20"), first["delivery_id"]) == []  # nothing came before
    deliver(at("2008-10-20"), quarter(tmp_path, "FY2008-Q2", "2008-07", "2008-08", tonnes=500), KEY)
    (second,) = drain(at("2008-10-20"))
    assert second["decision"] == first["decision"] == "accepted"
    assert told(at("2008-10-20"), second["delivery_id"]) == [
        "Fewer months are in the file than in that of the quarter before.",
        "The waste of the quarter changed by about a third or more since the quarter before.",
    ]


def test_two_quarters_that_came_together_are_compared_as_if_one_came_after_the_other(
    at: At, tmp_path: Path
) -> None:
    settings = at("2008-10-20")
    deliver(settings, quarter(tmp_path, "FY2008-Q1", "2008-04", "2008-05", "2008-06"), KEY)
    deliver(settings, quarter(tmp_path, "FY2008-Q2", "2008-07", "2008-08"), KEY)
    _, second = drain(settings)
    assert (
        told(settings, second["delivery_id"])[0]
        == "Fewer months are in the file than in that of the quarter before."
    )


def test_a_later_quarter_is_no_quarter_before(at: At, tmp_path: Path) -> None:
    deliver(at("2008-10-20"), quarter(tmp_path, "FY2008-Q2", "2008-07", "2008-08", "2008-09"), KEY)
    drain(at("2008-10-20"))
    deliver(at("2008-10-21"), quarter(tmp_path, "FY2008-Q1", "2008-04"), KEY)
    (late,) = drain(at("2008-10-21"))
    assert told(at("2008-10-21"), late["delivery_id"]) == []


def test_a_check_before_sending_says_the_same(at: At, tmp_path: Path) -> None:
    deliver(at("2008-07-20"), quarter(tmp_path, "FY2008-Q1", "2008-04", "2008-05", "2008-06"), KEY)
    drain(at("2008-07-20"))
    verdict = check(at("2008-10-20"), quarter(tmp_path, "FY2008-Q2", "2008-07"), KEY)
    sentences = [rule["sentence"] for rule in verdict.failed_rules]
    assert "Fewer months are in the file than in that of the quarter before." in sentences


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{last:rows}", Last("rows", None, None)),
        ("{last:rows * 0.5}", Last("rows", None, 0.5)),
        ("{last:distinct(ward_code)}", Last("distinct", "ward_code", None)),
        ("{last:sum(tonnes) * 2}", Last("sum", "tonnes", 2)),
        ("{period_start}", None),
        (7, None),
    ],
)
def test_what_a_rule_may_ask_of_the_delivery_before(text: object, found: Last | None) -> None:
    assert last_of(text) == found


@pytest.mark.parametrize("text", ["{last:median(tonnes)}", "{last:rows(month)}", "{last:sum}", "{last:rows + 1}"])
def test_a_question_that_is_none_is_refused_with_the_fix(tmp_path: Path, text: str) -> None:
    path = copy_definitions(tmp_path) / "expectations" / f"{KEY}.yaml"
    asked = "'{last:distinct(month)}'"
    said = path.read_text(encoding="utf-8")
    assert asked in said
    path.write_text(said.replace(asked, f"'{text}'"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="last:rows"):
        load_partnership(tmp_path)
