"""Agreements that lapse: the governance contact hears 90 and 30 days before, once each, however often anybody looks."""

import json
from collections.abc import Callable
from typing import Any

from flows.governance.lapsing import remind_of_reviews
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
AGREEMENT = "council-waste"


def reminded(settings: Settings) -> list[dict[str, Any]]:
    """What was newly written of one agreement."""
    ids = [id for id in remind_of_reviews(settings) if id.startswith(f"agreement-{AGREEMENT}.")]
    if not ids:
        return []
    with open_warehouse(settings.home) as connection:
        found = ledger.rows(
            connection, "SELECT payload FROM warehouse.ledger.outbox WHERE list_contains($1, message_id)", [ids]
        )
    return [json.loads(row["payload"]) for row in found]


def test_before_a_review_two_letters_go_out(at: At) -> None:
    agreement = at("2009-01-01").partnership.agreement(AGREEMENT)
    assert agreement is not None
    assert agreement.review_date.isoformat() == "2009-03-31"
    assert reminded(at("2008-12-30")) == [], "91 days before"
    (first,) = reminded(at("2008-12-31"))
    assert (first["what"], first["days_left"], first["to"]) == ("review", 90, ["governance_contact"])
    assert reminded(at("2008-12-31")) == reminded(at("2009-02-28")) == [], "31 days before, and said already"
    (second,) = reminded(at("2009-03-01"))
    assert (second["what"], second["days_left"], second["day"]) == ("review", 30, "2009-03-31")
    assert reminded(at("2009-03-31")) == []


def test_before_the_last_day_too_and_a_sweep_that_comes_late_says_how_long_is_left(at: At) -> None:
    (late,) = reminded(at("2011-01-20"))
    assert (late["what"], late["days_left"]) == ("end", 70)
    (last,) = reminded(at("2011-03-30"))
    assert (last["what"], last["days_left"]) == ("end", 1)
    assert reminded(at("2011-04-01")) == [], "what has ended is not in force"
