"""The ledger: a delivery's state, the audit row that says who moved it, and the message that tells of it.

The three are written in one transaction, so that after a crash at any point they agree. Moves that the state
machine (models/ledger/states.yaml) does not list raise.
"""

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from warehouse.connection import Connection, literal, transaction
from warehouse.tables import create_tables

MODELS = Path(__file__).parent / "models" / "ledger"
SCHEMA_VERSION = 2
PARTNERS_WORDS = {"file_name", "claim", "slot", "reason"}  # columns of a delivery that may quote its file


class IllegalMoveError(Exception):
    """A delivery was to be moved to a state that its present state does not lead to."""


class NewerHomeError(Exception):
    """The home was made by a newer exchange than this one."""


class OlderHomeError(Exception):
    """The home was made by an older exchange: an upgrade is a replay into a new one."""


@dataclass(frozen=True)
class Actor:
    """Who acts: the operating system's account, and the run it acts in."""

    name: str
    run_id: str


@dataclass(frozen=True)
class Message:
    """Something to tell: ``kind`` says which letter; the payload holds ids, counts and sentences.

    A message that names its ``step`` is written once for its subject, however often it is posted.
    """

    kind: str
    partner: str | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    step: str | None = None


@functools.cache
def _machine() -> dict[str, Any]:
    machine: dict[str, Any] = yaml.safe_load((MODELS / "states.yaml").read_text(encoding="utf-8"))
    return machine


def live_states() -> tuple[str, ...]:
    """The states in which a delivery counts: it stands until a newer one is accepted in its place."""
    return tuple(_machine()["live"])


def prepare(connection: Connection, at: datetime) -> None:
    """Make the ledger's tables in a new home, all or none; check the version of an old one. Opens a transaction.

    Raises:
        NewerHomeError: a newer exchange made this home.
        OlderHomeError: an older one did.
    """
    if not is_prepared(connection):
        with transaction(connection):
            create_tables(connection, MODELS / "tables.yaml", replace=False)
            connection.execute("INSERT INTO warehouse.ledger.home VALUES (?, ?)", [SCHEMA_VERSION, _naive(at)])
    version = connection.execute("SELECT max(schema_version) FROM warehouse.ledger.home").fetchall()[0][0]
    if version > SCHEMA_VERSION:
        raise NewerHomeError(
            f"this home was made by a newer exchange (version {version}, this is {SCHEMA_VERSION}): "
            "upgrade the program"
        )
    if version < SCHEMA_VERSION:
        raise OlderHomeError(
            f"this home was made by an older exchange (version {version}, this is {SCHEMA_VERSION}): "
            "rebuild it into a new one with: exchange replay --home NEW"
        )


def is_prepared(connection: Connection) -> bool:
    """True when the attached warehouse holds a ledger (a new home has none until something arrives)."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = 'warehouse' AND schema_name = 'ledger' AND table_name = 'delivery'"
    ).fetchall()
    return bool(found[0][0])


def add(
    connection: Connection,
    delivery: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
    messages: Iterable[Message] = (),
    because: Mapping[str, Any] | None = None,
) -> None:
    """Write a new delivery in its first state, with its audit row and messages. Call within a transaction.

    ``because`` goes into the audit row alone, as with ``move``.

    Raises:
        IllegalMoveError: the state is not one a delivery may start in.
    """
    if delivery["state"] not in _machine()["start"]:
        raise IllegalMoveError(f"a delivery cannot start as {delivery['state']}")
    columns = ", ".join(delivery)
    marks = ", ".join("?" for _ in delivery)
    connection.execute(
        f"INSERT INTO warehouse.ledger.delivery ({columns}) VALUES ({marks})",
        [_naive(value) if isinstance(value, datetime) else value for value in delivery.values()],
    )
    _audit_delivery(connection, delivery["delivery_id"], delivery, actor, at, because or {})
    _post(connection, delivery["delivery_id"], messages, at)


def move(
    connection: Connection,
    delivery_id: str,
    state: str,
    *,
    actor: Actor,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    messages: Iterable[Message] = (),
    because: Mapping[str, Any] | None = None,
) -> None:
    """Move a delivery to another state, with its audit row and messages. Call within a transaction.

    ``because`` goes into the audit row alone: whose word the move rests on, and why.

    Raises:
        IllegalMoveError: the state machine has no such move.
        KeyError: no such delivery.
    """
    found = connection.execute(
        "SELECT state FROM warehouse.ledger.delivery WHERE delivery_id = ?", [delivery_id]
    ).fetchall()
    if not found:
        raise KeyError(delivery_id)
    if state not in _machine()["moves"][found[0][0]]:
        raise IllegalMoveError(f"{delivery_id} is {found[0][0]} and cannot become {state}")
    change(connection, delivery_id, {"state": state, **(changes or {})})
    _audit_delivery(connection, delivery_id, {"state": state, **(changes or {})}, actor, at, because or {})
    _post(connection, delivery_id, messages, at)


def change(connection: Connection, delivery_id: str, changes: Mapping[str, Any]) -> None:
    """Set columns of a delivery. A change of state goes through ``move``."""
    settings = ", ".join(f"{column} = ?" for column in changes)
    values = [_naive(value) if isinstance(value, datetime) else value for value in changes.values()]
    connection.execute(
        f"UPDATE warehouse.ledger.delivery SET {settings} WHERE delivery_id = ?", [*values, delivery_id]
    )


def record_rules(connection: Connection, delivery_id: str, results: Iterable[Mapping[str, Any]]) -> None:
    """Write how each rule of the standard went for a delivery."""
    columns = ("rule_id", "severity", "characteristic", "sentence", "remedy", "outcome", "checked", "failed")
    rows = [[delivery_id, *(result[column] for column in columns), result["first_rows"]] for result in results]
    if rows:
        # One statement for all rules: a row at a time costs a plan each.
        marks = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
        connection.execute(
            f"INSERT INTO warehouse.ledger.rule_result VALUES {marks}", [value for row in rows for value in row]
        )


def next_states(state: str) -> tuple[str, ...]:
    """The states a delivery in this one may move to."""
    return tuple(_machine()["moves"][state])


def failed_severities(connection: Connection, delivery_id: str) -> dict[str, str]:
    """The rules a delivery failed, each with its severity."""
    found = connection.execute(
        "SELECT rule_id, severity FROM warehouse.ledger.rule_result WHERE delivery_id = ? AND outcome = 'failed'",
        [delivery_id],
    ).fetchall()
    return dict(found)


def failed_rows(connection: Connection, delivery_id: str, rule_id: str) -> int:
    """How many rows of a delivery failed a rule."""
    found = connection.execute(
        "SELECT failed FROM warehouse.ledger.rule_result WHERE delivery_id = ? AND rule_id = ?",
        [delivery_id, rule_id],
    ).fetchall()
    return int(found[0][0]) if found else 0


def forget_rules(connection: Connection, delivery_id: str) -> None:
    """Take out how the rules went, before a delivery is judged anew."""
    connection.execute("DELETE FROM warehouse.ledger.rule_result WHERE delivery_id = ?", [delivery_id])


def remember_confirmation(
    connection: Connection,
    delivery: Mapping[str, Any],
    rule_id: str,
    *,
    reason: str,
    until: date,
    by: str,
    at: datetime,
) -> None:
    """Write that what a rule found in a delivery's slot is true."""
    slot = [delivery[key] for key in ("partner", "dataset", "period", "slot")]
    connection.execute(
        "INSERT INTO warehouse.ledger.confirmation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*slot, rule_id, delivery["delivery_id"], reason, until, by, _naive(at)],
    )


def confirmed_rules(
    connection: Connection, delivery: Mapping[str, Any], day: date
) -> frozenset[tuple[str, str | None]]:
    """The rules confirmed for a delivery's period that hold on that day, each with the slot it was said of."""
    if not is_prepared(connection):
        return frozenset()
    found = connection.execute(
        "SELECT rule_id, slot FROM warehouse.ledger.confirmation "
        "WHERE partner = ? AND dataset = ? AND period = ? AND until >= ?",
        [delivery["partner"], delivery["dataset"], delivery["period"], day],
    ).fetchall()
    return frozenset((rule_id, slot) for rule_id, slot in found)


def post(connection: Connection, message: Message, subject: str, at: datetime) -> list[str]:
    """Put one message that belongs to no change of state into the outbox; returns its id, or none if it is there."""
    return _post(connection, subject, [message], at)


def has_message(connection: Connection, subject: str, kind: str) -> bool:
    """True when a message of that kind was already written about the subject."""
    found = connection.execute(
        "SELECT count(*) FROM warehouse.ledger.outbox WHERE delivery_id = ? AND kind = ?", [subject, kind]
    ).fetchall()
    return bool(found[0][0])


def _post(connection: Connection, subject: str, messages: Iterable[Message], at: datetime) -> list[str]:
    posted = []
    for message in messages:
        message_id = _message_id(connection, subject, message)
        if message_id is None:
            continue
        connection.execute(
            "INSERT INTO warehouse.ledger.outbox "
            "(message_id, delivery_id, partner, kind, payload, state, attempts, created_at) "
            "VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?)",
            [
                message_id,
                subject,
                message.partner,
                message.kind,
                json.dumps(message.payload, sort_keys=True, default=str),
                _naive(at),
            ],
        )
        posted.append(message_id)
    return posted


def _message_id(connection: Connection, subject: str, message: Message) -> str | None:
    """Subject, number (or step) and kind; None for a step that was told of already."""
    if message.step is None:
        before = connection.execute(
            "SELECT count(*) FROM warehouse.ledger.outbox WHERE delivery_id = ?", [subject]
        ).fetchall()[0][0]
        return f"{subject}.{before + 1}.{message.kind}"
    message_id = f"{subject}.{message.step}.{message.kind}"
    known = connection.execute(
        "SELECT count(*) FROM warehouse.ledger.outbox WHERE message_id = ?", [message_id]
    ).fetchall()[0][0]
    return None if known else message_id


def note_unsent(connection: Connection, message_ids: Iterable[str], problem: str) -> None:
    """Note that messages could not be tried, since nothing leaves; they wait on."""
    connection.execute(
        "UPDATE warehouse.ledger.outbox SET attempts = attempts + 1, last_error = ? "
        "WHERE message_id IN (SELECT unnest(?))",
        [problem, sorted(message_ids)],
    )


def record_sweep(connection: Connection, part: str, at: datetime) -> None:
    """Note that a part of the sweep ran to its end."""
    connection.execute("DELETE FROM warehouse.ledger.sweep WHERE part = ?", [part])
    connection.execute("INSERT INTO warehouse.ledger.sweep VALUES (?, ?)", [part, _naive(at)])


def sweeps(connection: Connection) -> dict[str, datetime]:
    """When each part of the sweep last ran to its end."""
    if not is_prepared(connection):
        return {}
    found = rows(connection, "SELECT part, ran_at FROM warehouse.ledger.sweep ORDER BY part")
    return {row["part"]: row["ran_at"] for row in found}


def audit(
    connection: Connection,
    event: str,
    subject: str,
    details: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Append an audit row, chained to the one before by its hash."""
    # No ORDER BY ... LIMIT 1: DuckDB 1.5.5 can answer it with the row before the last where rows were deleted once.
    last, previous = connection.execute(
        "SELECT coalesce(max(sequence), 0), coalesce(arg_max(hash, sequence), '') FROM warehouse.ledger.audit"
    ).fetchall()[0]
    sequence = last + 1
    text = json.dumps(details, sort_keys=True, default=str)
    row = [sequence, _naive(at), actor.name, actor.run_id, event, subject, text, previous]
    connection.execute(
        "INSERT INTO warehouse.ledger.audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*row, chain_hash(row)]
    )


def audited(connection: Connection, event: str) -> list[dict[str, Any]]:
    """The details of every audit row of one event, in order; none before the first delivery."""
    there = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'warehouse' AND table_name = 'audit'"
    ).fetchall()[0][0]
    if not there:
        return []
    rows = connection.execute(
        f"SELECT details FROM warehouse.ledger.audit WHERE event = '{literal(event)}' ORDER BY sequence"
    ).fetchall()
    return [json.loads(details) for (details,) in rows]


def chain_hash(row: list[Any]) -> str:
    """The hash an audit row carries: SHA-256 over its own fields and the hash of the row before."""
    fields = [value.isoformat() if isinstance(value, datetime) else value for value in row]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def audit_rows(connection: Connection, events: str = "%") -> list[dict[str, Any]]:
    """The audit's rows in order, of events like a pattern; ``details`` as a mapping."""
    # Literals here and in `last_told`: the first bound value makes DuckDB import pandas, and `verify` only looks.
    if not is_prepared(connection):
        return []
    found = rows(
        connection,
        "SELECT sequence, occurred_at, actor, run_id, event, subject, details, hash FROM warehouse.ledger.audit "
        f"WHERE event LIKE '{literal(events)}' ORDER BY sequence",
    )
    return [row | {"details": json.loads(row["details"])} for row in found]


def chain(connection: Connection) -> list[list[Any]]:
    """Every audit row as it was hashed, in the order of its number: its fields, the hash before, its own hash."""
    return [
        list(row)
        for row in connection.execute(
            "SELECT sequence, occurred_at, actor, run_id, event, subject, details, previous_hash, hash "
            "FROM warehouse.ledger.audit ORDER BY sequence, hash"
        ).fetchall()
    ]


def broken_links(chained: Iterable[list[Any]]) -> list[int]:
    """The numbers of audit rows that do not follow from the row before them."""
    broken, previous, expected = [], "", 1
    for *fields, digest in chained:
        if fields[0] != expected or fields[7] != previous or chain_hash(list(fields)) != digest:
            broken.append(fields[0])
        previous, expected = digest, fields[0] + 1
    return broken


def unanchored(chained: Iterable[list[Any]], receipts: Iterable[Mapping[str, Any]]) -> list[int]:
    """The numbers of receipts that are no row of the audit, or not the same, and of rows without a receipt."""
    held: dict[int, str] = {}
    twice = []
    for receipt in receipts:
        twice += [receipt["sequence"]] if receipt["sequence"] in held else []
        held[receipt["sequence"]] = receipt["hash"]
    kept = {row[0]: row[-1] for row in chained}
    return sorted(
        {*twice, *(number for number in held.keys() | kept.keys() if held.get(number) != kept.get(number))}
    )


def last_told(connection: Connection, before: int | None = None) -> dict[str, str]:
    """The state of each delivery as the audit last told it, or as it had told it before a row of that number."""
    earlier = "" if before is None else f"AND sequence < {before:d} "
    found = connection.execute(
        "SELECT subject, arg_max((details->>'state'), sequence) FROM warehouse.ledger.audit "
        f"WHERE event LIKE 'delivery.%' AND (details->>'state') IS NOT NULL {earlier}GROUP BY subject"
    ).fetchall()
    return dict(found)


def moves_of_run(connection: Connection, run_id: str, after: int) -> list[dict[str, Any]]:
    """What a run wrote into the audit after row ``after``, in order."""
    if not is_prepared(connection):
        return []
    return rows(
        connection,
        "SELECT sequence, occurred_at, event, subject, details, hash FROM warehouse.ledger.audit "
        "WHERE run_id = ? AND sequence > ? ORDER BY sequence",
        [run_id, after],
    )


def failed_rules(connection: Connection, delivery_ids: Iterable[str]) -> list[dict[str, Any]]:
    """The outcomes of the rules that failed for these deliveries."""
    wanted = list(delivery_ids)
    if not wanted or not is_prepared(connection):
        return []
    marks = ", ".join("?" for _ in wanted)
    return rows(
        connection,
        "SELECT delivery_id, rule_id, severity, failed, checked FROM warehouse.ledger.rule_result "
        f"WHERE outcome = 'failed' AND delivery_id IN ({marks}) ORDER BY delivery_id, rule_id",
        wanted,
    )


def _audit_delivery(
    connection: Connection,
    delivery_id: str,
    details: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    because: Mapping[str, Any],
) -> None:
    # A file's name, its slot and a quoted header are the partner's own words: they stay in the delivery row, where
    # they can be erased, out of the chain, where nothing can.
    told = {key: value for key, value in details.items() if key not in PARTNERS_WORDS} | dict(because)
    audit(connection, f"delivery.{details['state']}", delivery_id, told, actor=actor, at=at)


def forget_words(connection: Connection, delivery_id: str, instead: str) -> None:
    """Take what people said in their own words out of the messages, confirmations and replies about a delivery."""
    for table in ("confirmation", "reply"):
        connection.execute(
            f"UPDATE warehouse.ledger.{table} SET reason = ? WHERE delivery_id = ? AND reason IS NOT NULL",
            [instead, delivery_id],
        )
    connection.execute(
        "UPDATE warehouse.ledger.outbox SET payload = json_merge_patch(payload, ?) WHERE delivery_id = ? "
        "AND json_exists(payload, '$.reason')",
        [json.dumps({"reason": instead}), delivery_id],
    )
    connection.execute(
        "UPDATE warehouse.ledger.outbox SET payload = json_merge_patch(payload, ?) WHERE delivery_id = ? "
        "AND json_exists(payload, '$.problem')",
        [json.dumps({"problem": instead}), delivery_id],
    )


def deliveries(connection: Connection, where: str = "true", *values: Any) -> list[dict[str, Any]]:
    """Deliveries as plain dicts, in order of arrival. ``where`` is SQL of ours, values are bound."""
    if not is_prepared(connection):
        return []
    return rows(
        connection, f"SELECT * FROM warehouse.ledger.delivery WHERE {where} ORDER BY sequence", list(values)
    )


def rows(connection: Connection, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
    """A small result as dicts; timestamps come back in UTC."""
    cursor = connection.execute(query, values) if values else connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [
        {
            name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor.fetchall()
    ]


def standing_twin(connection: Connection, delivery: Mapping[str, Any]) -> str | None:
    """The live delivery of the same bytes, if it is the newest of its slot and nothing undecided came since.

    A, B, A again is a correction back to A, not a duplicate.
    """
    where = "partner = ? AND dataset = ? AND period = ?"
    key = [delivery["partner"], delivery["dataset"], delivery["period"]]
    live = ", ".join(f"'{state}'" for state in live_states())
    twins = deliveries(connection, f"{where} AND sha256 = ? AND state IN ({live})", *key, delivery["sha256"])
    if not twins:
        return None
    twin = twins[-1]
    since = deliveries(
        connection,
        f"{where} AND sequence > ? AND sequence < ? AND (state = 'received' OR "
        f"(state IN ({live}) AND slot IS NOT DISTINCT FROM ?))",
        *key,
        twin["sequence"],
        delivery["sequence"],
        twin["slot"],
    )
    return None if since else str(twin["delivery_id"])


def next_sequence(connection: Connection) -> int:
    """The next arrival's number."""
    last = connection.execute("SELECT max(sequence) FROM warehouse.ledger.delivery").fetchall()[0][0]
    return int(last or 0) + 1


def _naive(moment: datetime | date) -> datetime | date:
    """UTC without the marker, as the ledger stores moments."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    return moment


def count_audit(connection: Connection) -> int:
    """How many audit rows there are."""
    return int(connection.execute("SELECT count(*) FROM warehouse.ledger.audit").fetchall()[0][0])
