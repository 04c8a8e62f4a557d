"""A nil return: a period with nothing to report counts as in with zero, not as missing."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flows.cli.status import status
from flows.cli.terminal import status_text
from flows.drain import drain
from flows.governance.verify import verify
from flows.land import deliver
from flows.notify import send_outbox
from flows.officers.alerts import list_alerts
from flows.officers.decisions import DecisionError, withdraw
from flows.officers.nil import nil_return
from flows.publish import publish
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
WORD = {"reason": "The collection was on strike all quarter.", "by": "A. Rowntree"}
PERIOD = "FY2009-Q1"
DUE = {"partner": "council", "dataset": "household_waste", "period": PERIOD}


def figure(settings: Settings) -> tuple[Any, ...]:
    """Status and numerator of NI 191 (residual waste) for the quarter."""
    with open_warehouse(settings.home) as connection:
        (row,) = ledger.rows(
            connection,
            "SELECT status, numerator FROM warehouse.merged.value WHERE indicator = 'NI191' "
            f"AND period = '{PERIOD}' AND breakdown = 'all' AND area_code = '{settings.partnership.area_code}'",
        )
    return row["status"], row["numerator"]


def is_due(settings: Settings) -> bool:
    return any(DUE.items() <= row.items() for row in status(settings)["due"])


def test_a_nil_return_is_a_zero_and_nothing_is_owed_any_more(at: At) -> None:
    settings = at("2009-10-20")
    assert is_due(settings)
    delivery_id = nil_return(settings, KEY, PERIOD, **WORD)
    (row,) = status(settings)["deliveries"]
    assert (row["delivery_id"], row["state"], row["decision"]) == (delivery_id, "merged", "nil")
    assert (row["rows_received"], row["rows_accepted"]) == (0, 0)
    assert not is_due(settings)
    assert figure(settings) == ("ok", 0)
    assert "nil return" in status_text(status(settings))
    assert verify(settings)["problems"] == []
    assert verify(settings)["archived"] == 1


def test_its_receipt_says_what_it_means_and_it_settles_what_was_asked(at: At, tmp_path: Path) -> None:
    deliver(at("2009-10-19T10:00"), waste(tmp_path, header=HEADER.replace("destination", "destinations")), KEY)
    drain(at("2009-10-19T10:00"))
    settings = at("2009-10-20T10:00")
    delivery_id = nil_return(settings, KEY, PERIOD, **WORD)
    send_outbox(settings)
    assert list_alerts(settings) == []
    mail = (settings.home / "outbox" / f"{delivery_id}.1.resolved.eml").read_text()
    assert "Resolved: Council household waste, Apr-Jun 2009: nil return" in mail
    assert "its figures show zero, not a missing partner" in " ".join(mail.split())
    assert "strike" not in mail, "a person's own words are kept, not passed on"


def test_a_file_that_comes_after_all_takes_its_place(at: At, tmp_path: Path) -> None:
    settings = at("2009-10-20")
    nil_return(settings, KEY, PERIOD, **WORD)
    deliver(settings, waste(tmp_path), KEY)
    drain(settings)
    assert [row["state"] for row in status(settings)["deliveries"]] == ["superseded", "merged"]
    assert figure(settings) == ("ok", Decimal("4000.5"))


def test_withdrawn_it_is_missing_again(at: At) -> None:
    settings = at("2009-10-20")
    delivery_id = nil_return(settings, KEY, PERIOD, **WORD)
    withdraw(settings, delivery_id, reason="Wrong quarter.", by="A. Rowntree")
    assert figure(settings) == ("missing", None)
    assert is_due(settings)


def test_the_publication_says_that_it_rests_on_a_nil_return(at: At) -> None:
    settings = at("2009-10-20")
    nil_return(settings, KEY, PERIOD, **WORD)
    publish(settings, "laa-2008-11", "FY2009-Q2")
    with open_warehouse(settings.home) as connection:
        connection.execute(f"ATTACH '{settings.published}/current/exchange.duckdb' AS released (READ_ONLY)")
        said = connection.execute(
            "SELECT sentence FROM released.performance.data_quality WHERE decision = 'nil'"
        ).fetchall()
    assert said == [("Nil return of 20 October 2009: the partner says there was nothing to report.",)]


@pytest.mark.parametrize(
    ("key", "period", "says"),
    [
        ("council/no_such", PERIOD, "There is no dataset"),
        ("police/street_crime", "2009-09", "published data"),
        (KEY, "someday", "someday"),
        (KEY, "2009-09", "is no quarter"),
        (KEY, "FY2009-Q3", "is not over"),
        (KEY, "FY2001-Q1", "covers from"),
    ],
)
def test_what_cannot_be_nil_is_said(at: At, key: str, period: str, says: str) -> None:
    with pytest.raises(DecisionError, match=says):
        nil_return(at("2009-10-20"), key, period, **WORD)


def test_it_takes_no_standing_files_place(at: At, tmp_path: Path) -> None:
    settings = at("2009-10-20")
    deliver(settings, waste(tmp_path), KEY)
    drain(settings)
    with pytest.raises(DecisionError, match="withdraw it first"):
        nil_return(settings, KEY, PERIOD, **WORD)
    assert len(status(settings)["deliveries"]) == 1
