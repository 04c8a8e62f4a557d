"""What the ledger is asked, and what it answers: rules, confirmations, messages, sweeps, the audit, twins."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from warehouse import ledger
from warehouse.connection import Connection
from warehouse.ledger import Actor, IllegalMoveError, Message

NOON = datetime(2009, 7, 20, 12, tzinfo=UTC)
LATER = datetime(2009, 7, 21, 12, tzinfo=UTC)
ACTOR = Actor("dana", "run-1")


@pytest.fixture
def empty() -> Iterator[Connection]:
    """A warehouse in which nothing has arrived."""
    with duckdb.connect(":memory:") as opened:
        opened.execute("ATTACH ':memory:' AS warehouse")
        yield opened


@pytest.fixture
def connection(empty: Connection) -> Connection:
    ledger.prepare(empty, NOON)
    return empty


def add(connection: Connection, id: str, sequence: int = 1, **more: Any) -> dict[str, Any]:
    delivery = {
        "delivery_id": id,
        "sequence": sequence,
        "partner": "police",
        "dataset": "crime",
        "period": "2018-01",
        "sha256": "a",
        "state": "received",
        "received_at": NOON,
        **more,
    }
    ledger.add(connection, delivery, actor=ACTOR, at=NOON)
    return delivery


def move(connection: Connection, id: str, state: str, **more: Any) -> None:
    ledger.move(connection, id, state, actor=ACTOR, at=more.pop("at", NOON), **more)


def rule(id: str, outcome: str = "failed", severity: str = "warning", failed: int = 2) -> dict[str, Any]:
    words = {"characteristic": "validity", "sentence": "{count} rows.", "remedy": "Mend them."}
    counts = {"outcome": outcome, "checked": 10, "failed": failed, "first_rows": [1, 2]}
    return {"rule_id": id, "severity": severity, **words, **counts}


def test_where_nothing_arrived_every_question_has_an_answer(empty: Connection) -> None:
    assert not ledger.is_prepared(empty)
    assert ledger.deliveries(empty) == []
    assert ledger.sweeps(empty) == {}
    assert ledger.audited(empty, "x") == []
    assert ledger.audit_rows(empty) == []
    assert ledger.moves_of_run(empty, "run-1", 0) == []
    assert ledger.failed_rules(empty, ["one"]) == []
    assert (
        ledger.confirmed_rules(empty, {"partner": "p", "dataset": "d", "period": "x"}, NOON.date()) == frozenset()
    )


def test_a_home_is_prepared_once(connection: Connection) -> None:
    ledger.prepare(connection, LATER)
    made = connection.execute(
        "SELECT schema_version, * EXCLUDE (schema_version) FROM warehouse.ledger.home"
    ).fetchall()
    assert made == [(ledger.SCHEMA_VERSION, NOON.replace(tzinfo=None))]


def test_a_delivery_that_is_not_there_cannot_move(connection: Connection) -> None:
    with pytest.raises(KeyError, match="nobody"):
        move(connection, "nobody", "accepted")


def test_a_move_changes_what_it_says_and_tells_why_in_the_audit_alone(connection: Connection) -> None:
    add(connection, "one")
    move(
        connection,
        "one",
        "rejected",
        changes={"reason": "ZXCANARY", "decided_at": LATER},
        because={"by": "A. Officer"},
    )
    (row,) = ledger.deliveries(connection)
    assert (row["state"], row["reason"], row["decided_at"]) == ("rejected", "ZXCANARY", LATER)
    first, last = ledger.audit_rows(connection)
    assert (first["event"], first["subject"], first["sequence"]) == ("delivery.received", "one", 1)
    assert last["details"] == {"state": "rejected", "decided_at": str(LATER), "by": "A. Officer"}
    assert (last["actor"], last["run_id"], last["occurred_at"], last["sequence"]) == ("dana", "run-1", NOON, 2)
    assert ledger.next_states("rejected") == ("received", "erased", "expired")
    with pytest.raises(IllegalMoveError, match="one is rejected and cannot become merged"):
        move(connection, "one", "merged")


def test_how_the_rules_went(connection: Connection) -> None:
    for id in ("one", "two"):
        add(connection, id)
    ledger.record_rules(connection, "one", [])
    ledger.record_rules(
        connection, "one", [rule("R-1"), rule("R-2", severity="critical", failed=7), rule("R-3", "passed")]
    )
    ledger.record_rules(connection, "two", [rule("R-9")])
    assert ledger.failed_severities(connection, "one") == {"R-1": "warning", "R-2": "critical"}
    assert ledger.failed_rows(connection, "one", "R-2") == 7
    assert ledger.failed_rows(connection, "one", "R-8") == 0
    assert ledger.failed_rules(connection, []) == []
    assert [(row["delivery_id"], row["rule_id"]) for row in ledger.failed_rules(connection, ["one", "two"])] == [
        ("one", "R-1"),
        ("one", "R-2"),
        ("two", "R-9"),
    ]
    assert ledger.rows(connection, "SELECT first_rows FROM warehouse.ledger.rule_result LIMIT 1") == [
        {"first_rows": [1, 2]}
    ]
    ledger.forget_rules(connection, "one")
    assert ledger.failed_severities(connection, "one") == {}
    assert ledger.failed_severities(connection, "two") == {"R-9": "warning"}


def test_a_confirmation_holds_up_to_its_last_day_for_its_own_slot(connection: Connection) -> None:
    delivery = add(connection, "one") | {"slot": "force"}
    ledger.remember_confirmation(
        connection, delivery, "R-1", reason="So it is.", until=date(2009, 8, 1), by="A. Officer", at=NOON
    )
    assert ledger.confirmed_rules(connection, delivery, date(2009, 8, 1)) == {("R-1", "force")}
    assert ledger.confirmed_rules(connection, delivery, date(2009, 8, 2)) == frozenset()
    assert ledger.confirmed_rules(connection, delivery | {"period": "2018-02"}, date(2009, 8, 1)) == frozenset()


def test_messages_are_numbered_and_a_step_is_told_once(connection: Connection) -> None:
    add(connection, "one")
    move(
        connection,
        "one",
        "accepted",
        messages=[Message("receipt", "police", {"n": 1}), Message("alert", "police")],
    )
    assert ledger.post(connection, Message("operator", None), "one", NOON) == ["one.3.operator"]
    stepped = Message("escalation", "police", {}, "2")
    assert ledger.post(connection, stepped, "one", NOON) == ["one.2.escalation"]
    assert ledger.post(connection, stepped, "one", LATER) == []
    found = ledger.rows(connection, "SELECT * FROM warehouse.ledger.outbox ORDER BY message_id")
    assert [row["message_id"] for row in found] == [
        "one.1.receipt",
        "one.2.alert",
        "one.2.escalation",
        "one.3.operator",
    ]
    assert {(row["state"], row["attempts"], row["created_at"]) for row in found} == {("waiting", 0, NOON)}
    assert json.loads(found[0]["payload"]) == {"n": 1}
    assert ledger.has_message(connection, "one", "operator")
    assert not ledger.has_message(connection, "one", "digest")
    assert not ledger.has_message(connection, "two", "operator")


def test_what_could_not_be_tried_waits_on(connection: Connection) -> None:
    for id in ("one", "two"):
        ledger.post(connection, Message("operator", None), id, NOON)
    ledger.note_unsent(connection, ["one.1.operator"], "TimeoutError")
    found = ledger.rows(
        connection, "SELECT state, attempts, last_error FROM warehouse.ledger.outbox ORDER BY message_id"
    )
    assert [tuple(row.values()) for row in found] == [("waiting", 1, "TimeoutError"), ("waiting", 0, None)]


def test_partners_words_are_taken_out_of_messages(connection: Connection) -> None:
    for id, payload in (
        ("one", {"reason": "ZXCANARY"}),
        ("one", {"problem": "ZXCANARY"}),
        ("one", {"n": 1}),
        ("two", {"reason": "kept"}),
    ):
        ledger.post(connection, Message("alert", "police", payload), id, NOON)
    ledger.forget_words(connection, "one", "It was erased.")
    found = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox ORDER BY message_id")
    assert [json.loads(row["payload"]) for row in found] == [
        {"reason": "It was erased."},
        {"problem": "It was erased."},
        {"n": 1},
        {"reason": "kept"},
    ]


def test_what_people_said_of_a_delivery_leaves_confirmations_and_replies_too(connection: Connection) -> None:
    for id in ("one", "two"):
        delivery = add(connection, id) | {"slot": None}
        ledger.remember_confirmation(
            connection, delivery, "R-1", reason="ZXCANARY", until=date(2009, 8, 1), by="A. Officer", at=NOON
        )
        connection.execute(
            "INSERT INTO warehouse.ledger.reply BY NAME SELECT 'c' AS claim, ? AS delivery_id, 'ZXCANARY' AS reason",
            [id],
        )
    ledger.forget_words(connection, "one", "It was erased.")
    for table in ("confirmation", "reply"):
        found = ledger.rows(connection, f"SELECT delivery_id, reason FROM warehouse.ledger.{table} ORDER BY ALL")
        assert [tuple(row.values()) for row in found] == [("one", "It was erased."), ("two", "ZXCANARY")]


def test_a_sweep_is_noted_by_its_parts(connection: Connection) -> None:
    ledger.record_sweep(connection, "send", NOON)
    ledger.record_sweep(connection, "collect", NOON)
    ledger.record_sweep(connection, "send", LATER)
    assert ledger.sweeps(connection) == {"collect": NOON, "send": LATER}


def test_the_audit_is_asked_by_event_and_by_run(connection: Connection) -> None:
    for number, event in enumerate(("a.one", "a.two", "b.one"), 1):
        actor = Actor("dana", f"run-{number % 2}")
        ledger.audit(connection, event, f"s{number}", {"n": number}, actor=actor, at=NOON)
    assert ledger.audited(connection, "a.two") == [{"n": 2}]
    assert [row["details"] for row in ledger.audit_rows(connection, "a.%")] == [{"n": 1}, {"n": 2}]
    assert [row["sequence"] for row in ledger.moves_of_run(connection, "run-1", 0)] == [1, 3]
    assert [row["sequence"] for row in ledger.moves_of_run(connection, "run-1", 1)] == [3]
    assert ledger.count_audit(connection) == 3


def test_the_chain_and_its_receipts_are_held_against_each_other(connection: Connection) -> None:
    for number in range(3):
        ledger.audit(connection, "a", "s", {"n": number}, actor=ACTOR, at=NOON)
    chained = ledger.chain(connection)
    assert ledger.broken_links(chained) == []
    assert ledger.broken_links(chained[1:]) == [2]
    assert ledger.broken_links([chained[0], chained[2]]) == [3]
    receipts = [{"sequence": row[0], "hash": row[-1]} for row in chained]
    assert ledger.unanchored(chained, receipts) == []
    assert ledger.unanchored(chained[:2], receipts) == [3], "a row was taken from the end"
    assert ledger.unanchored(chained, receipts[:2]) == [3]
    assert ledger.unanchored(chained, [*receipts, receipts[1]]) == [2]
    assert ledger.unanchored(chained, [receipts[0], {**receipts[1], "hash": "other"}, receipts[2]]) == [2]


def test_the_state_that_the_audit_last_told(connection: Connection) -> None:
    for id in ("one", "two"):
        add(connection, id)
    move(connection, "one", "accepted")
    ledger.audit(connection, "delivery.off_record", "one", {"of_record": False}, actor=ACTOR, at=NOON)
    assert ledger.last_told(connection) == {"one": "accepted", "two": "received"}


def test_a_twin_is_the_same_bytes_that_stand_with_nothing_undecided_since(connection: Connection) -> None:
    first = add(connection, "one", 1)
    again = add(connection, "two", 2)
    assert ledger.standing_twin(connection, again) is None, "the first is not decided"
    move(connection, "one", "accepted")
    assert ledger.standing_twin(connection, again) == "one"
    assert ledger.standing_twin(connection, again | {"sha256": "b"}) is None
    assert ledger.standing_twin(connection, again | {"period": "2018-02"}) is None
    assert ledger.standing_twin(connection, first) == "one"
    other = add(connection, "three", 3, sha256="b")
    assert ledger.standing_twin(connection, again | {"sequence": 4}) is None, "a correction back: B is undecided"
    move(connection, "three", "accepted")
    assert ledger.standing_twin(connection, again | {"sequence": 4}) is None, "B stands"
    assert ledger.standing_twin(connection, other | {"sequence": 4}) == "three"
    assert ledger.standing_twin(connection, again) == "one", "what came after it does not matter"


def test_what_stands_in_another_slot_is_no_correction(connection: Connection) -> None:
    add(connection, "one", 1)
    move(connection, "one", "accepted", changes={"slot": "north"})
    add(connection, "two", 2, sha256="b")
    move(connection, "two", "accepted", changes={"slot": "south"})
    assert ledger.standing_twin(connection, add(connection, "three", 3)) == "one"


def test_arrivals_are_numbered_from_one(connection: Connection) -> None:
    assert ledger.next_sequence(connection) == 1
    add(connection, "one", 7)
    assert ledger.next_sequence(connection) == 8


def test_moments_with_another_clock_are_kept_in_utc(connection: Connection) -> None:
    from zoneinfo import ZoneInfo

    add(connection, "one", received_at=datetime(2009, 10, 25, 1, 30, fold=1, tzinfo=ZoneInfo("Europe/London")))
    add(connection, "two", received_at=datetime(2009, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London")))
    add(connection, "three", received_at=NOON.replace(tzinfo=None))
    found = {row["delivery_id"]: row["received_at"] for row in ledger.deliveries(connection)}
    assert found.pop("three") == NOON
    assert found == {
        "one": datetime(2009, 10, 25, 1, 30, tzinfo=UTC),
        "two": datetime(2009, 10, 25, 0, 30, tzinfo=UTC),
    }
