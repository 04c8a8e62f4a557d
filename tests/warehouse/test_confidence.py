"""What a reader may make of a figure: how its extract did, what was checked before, what a person answers for."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

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
)
from warehouse import ledger
from warehouse.publication import PUBLIC, RESTRICTED, build_publication, publication_frames
from warehouse.release import audience_folder, write_release

Q1 = "FY2008-Q1"
BECAUSE = "One school closed in May."


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    made = small_partnership()
    add_indicator(made)
    add_figures(made, {(Q1, ALL): (20, None)})
    made.execute("UPDATE reference.agreement SET audiences = ['restricted', 'public']")
    return made


def rule(id: str, characteristic: str, outcome: str, checked: int, failed: int) -> dict[str, Any]:
    return {
        "rule_id": id,
        "severity": "warning",
        "characteristic": characteristic,
        "sentence": "Odd numbers: 2.",
        "remedy": "Look.",
        "outcome": outcome,
        "checked": checked,
        "failed": failed,
        "first_rows": [],
    }


def say(connection: duckdb.DuckDBPyConnection, delivery_id: str, checks: str, hour: int) -> None:
    connection.execute(
        "INSERT INTO warehouse.ledger.reply BY NAME SELECT ? AS claim, 'police' AS partner, ? AS delivery_id, "
        "? AS checks, CAST(? AS TIMESTAMP) AS answered_at",
        [f"claim-{hour}", delivery_id, checks, f"2009-07-15 {hour:02}:00:00"],
    )


def confirmed(connection: duckdb.DuckDBPyConnection, *, rows: tuple[int, int, int] = (40, 40, 0)) -> str:
    """A delivery of which one rule failed, and another was confirmed; its sender spoke of checks twice."""
    delivery_id = add_delivery(connection, Q1, rows=rows)
    ledger.record_rules(
        connection,
        delivery_id,
        [
            rule("I1-001", "validity", "failed", 40, 2),
            rule("I1-002", "validity", "passed", 40, 0),
            rule("I1-003", "completeness", "confirmed", 40, 2),
        ],
    )
    slot = {**dict.fromkeys(("partner", "dataset", "period", "slot")), "delivery_id": delivery_id}
    slot |= ledger.rows(connection, "SELECT partner, dataset, period, slot FROM warehouse.ledger.delivery")[0]
    for hour, reason in ((9, "Said too soon."), (10, BECAUSE)):
        ledger.remember_confirmation(
            connection,
            slot,
            "I1-003",
            reason=reason,
            until=date(2009, 12, 31),
            by="An Officer",
            at=datetime.fromisoformat(f"2009-07-15T{hour:02}:00:00+00:00"),
        )
    say(connection, delivery_id, "e", 9)
    say(connection, delivery_id, "c", 10)
    return delivery_id


def told(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    return ledger.rows(connection, query)[0]


def test_an_extracts_shares_and_the_checks_made_before_stand_in_data_quality(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    confirmed(connection)
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    row = told(connection, "SELECT * FROM performance.data_quality WHERE delivery_id IS NOT NULL")
    assert (row["validity"], row["completeness"], row["accuracy"]) == (97.5, 100.0, None)
    assert row["checks"] == "c", "what was said last"


def test_a_share_that_would_tell_how_few_rows_there_are_is_not_told(connection: duckdb.DuckDBPyConnection) -> None:
    confirmed(connection, rows=(3, 3, 0))
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    row = told(connection, "SELECT * FROM performance.data_quality WHERE delivery_id IS NOT NULL")
    assert (row["validity"], row["completeness"]) == (None, None)


def test_what_was_confirmed_is_published_with_its_reason_and_last_day(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    confirmed(connection)
    build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    row = told(connection, "SELECT * FROM performance.rule_result WHERE outcome = 'confirmed'")
    assert (row["rule_id"], row["confirmed_because"], row["confirmed_until"]) == (
        "I1-003",
        BECAUSE,
        date(2009, 12, 31),
    )
    failed = told(connection, "SELECT * FROM performance.rule_result WHERE outcome = 'failed'")
    assert (failed["rule_id"], failed["confirmed_until"]) == ("I1-001", None)


def test_a_persons_own_words_are_for_the_partnerships_bodies_alone(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    confirmed(connection)
    made = build_publication(connection, FRAMEWORK, parse_period(Q1), NOW)
    said = {
        audience: publication_frames(connection, "board", audience)["provenance"]["confirmed"].iloc[0]
        for audience in (RESTRICTED, PUBLIC)
    }
    assert said[RESTRICTED] == f"Odd numbers: 2. {BECAUSE} Taken as true until 31 December 2009."
    assert said[PUBLIC] == "Odd numbers: 2. Taken as true until 31 December 2009."
    write_release(connection, made, tmp_path / "made", None, {})
    kept = {}
    for audience in (RESTRICTED, PUBLIC):
        file = audience_folder(tmp_path / "made", audience) / "exchange.duckdb"
        with duckdb.connect(str(file), read_only=True) as opened:
            kept[audience] = opened.execute(
                "SELECT confirmed_because FROM performance.rule_result WHERE outcome = 'confirmed'"
            ).fetchall()
    assert kept == {RESTRICTED: [(BECAUSE,)], PUBLIC: [(None,)]}
