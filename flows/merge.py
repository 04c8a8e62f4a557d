"""Merge: an accepted delivery's contribution to the warehouse, in place of the one it supersedes.

Contributions are drawn outside the warehouse; the lock is held only to commit them, retire what they supersede,
and recompute the values whose window they touch.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flows.files import make_private
from flows.officers.messages import in_trial, on_fault
from flows.releases.readiness import note_ready, note_restated
from flows.settings import Settings, today
from schemas.periods import parse_period
from warehouse import ledger
from warehouse.connection import Connection, literal, open_memory, open_warehouse, transaction
from warehouse.contributions import ContributionError, contribute, contribute_nothing
from warehouse.reference import create_reference
from warehouse.values import Moved, create_merged, earliest_moved, recompute, remember, what_moved

RESTATED = "figures.restated"  # the audit event


@dataclass(frozen=True)
class Merged:
    """A delivery that now counts, and those it took the place of."""

    delivery_id: str
    superseded: tuple[str, ...]


def merge_accepted(settings: Settings) -> list[Merged]:
    """Merge every accepted delivery, in order of arrival, in one commit. What came in trial is set aside instead."""
    with open_warehouse(settings.home) as connection:
        accepted = ledger.deliveries(connection, "state IN ('accepted', 'accepted_with_exceptions')")
    trials = [delivery for delivery in accepted if in_trial(settings, delivery)]
    if trials:
        _set_aside(settings, trials)
    waiting = [delivery for delivery in accepted if delivery not in trials]
    if not waiting:
        return []
    folder = make_private(settings.staging / "contributions")
    try:
        with open_memory() as working:
            create_reference(working, settings.partnership, last=today(settings))
            drawn, faults = _draw(settings, working, waiting, folder)
            with open_warehouse(settings.home, writable=True, working=working) as connection:
                create_merged(connection)
                with transaction(connection):
                    _tell_operator(settings, connection, waiting, faults)
                    merged = _commit(settings, connection, waiting, drawn)
                    note_ready(settings, connection)
                    return merged
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_aside(settings: Settings, trials: list[dict[str, Any]]) -> None:
    """Withdraw what came while its agreement is in trial: it was judged in full, and counts nowhere, ever."""
    with open_warehouse(settings.home, writable=True) as connection, transaction(connection):
        for delivery in trials:
            ledger.move(
                connection,
                delivery["delivery_id"],
                "withdrawn",
                actor=settings.actor,
                at=settings.now(),
                because={"trial": delivery["agreement_id"]},
            )


def _draw(
    settings: Settings, working: Connection, waiting: list[dict[str, Any]], folder: Path
) -> tuple[dict[str, Path], dict[str, str]]:
    """Each delivery's contribution as a Parquet file of its own, and why some could not be drawn."""
    drawn, faults = {}, {}
    for delivery in waiting:
        contract = settings.partnership.contracts[f"{delivery['partner']}/{delivery['dataset']}"]
        path = folder / f"{delivery['delivery_id']}.parquet"
        if delivery["decision"] == "nil":
            contribute_nothing(working, path)
            drawn[delivery["delivery_id"]] = path
            continue
        accepted = settings.accepted(contract.partner, contract.dataset, delivery["delivery_id"])
        period = parse_period(delivery["period"])
        try:
            contribute(working, settings.partnership, contract, accepted, period, path)
            drawn[delivery["delivery_id"]] = path
        except ContributionError as error:
            faults[delivery["delivery_id"]] = str(error)
    return drawn, faults


def _tell_operator(
    settings: Settings, connection: Connection, waiting: list[dict[str, Any]], faults: dict[str, str]
) -> None:
    """A model that fails is ours to mend: its deliveries stay accepted, the others are merged. Told once."""
    for delivery in waiting:
        delivery_id = delivery["delivery_id"]
        if delivery_id in faults and not ledger.has_message(connection, delivery_id, "operator"):
            ledger.post(connection, on_fault(settings, delivery, faults[delivery_id]), delivery_id, settings.now())


def _commit(
    settings: Settings,
    connection: Connection,
    waiting: list[dict[str, Any]],
    drawn: dict[str, Path],
) -> list[Merged]:
    moment = settings.now()
    done: list[Merged] = []
    touched: list[str] = []
    ready = [delivery for delivery in waiting if delivery["delivery_id"] in drawn]
    if not ready:
        return []
    remember(connection)
    for delivery in ready:
        delivery_id = delivery["delivery_id"]
        # A crash between two runs can leave rows of the same delivery: they are the same rows, so once is enough.
        connection.execute("DELETE FROM warehouse.merged.contribution WHERE delivery_id = ?", [delivery_id])
        connection.execute(
            "INSERT INTO warehouse.merged.contribution SELECT ?, ?, ?, * FROM "
            f"read_parquet('{literal(str(drawn[delivery_id]))}')",
            [delivery_id, delivery["partner"], delivery["dataset"]],
        )
        ledger.move(
            connection, delivery_id, "merged", actor=settings.actor, at=moment, changes={"merged_at": moment}
        )
        retired = _retire(settings, connection, delivery)
        touched += [delivery_id, *retired]
        done.append(Merged(delivery_id, tuple(retired)))
    first, last = _window(connection, touched)
    recompute(
        connection,
        datasets={f"{delivery['partner']}/{delivery['dataset']}" for delivery in ready},
        first=first,
        last=last,
        today=today(settings),
    )
    record_what_moved(settings, connection, [one.delivery_id for one in done])
    return done


def record_what_moved(settings: Settings, connection: Connection, delivery_ids: list[str]) -> None:
    """One audit row: which figures that had been there were restated since ``remember``, and by how much.

    Published periods that show a figure which moved, or is new, are owed a publication.
    """
    note_restated(settings, connection, earliest_moved(connection))
    restated = [asdict(moved) for moved in what_moved(connection) if moved.restated]
    if restated:
        ledger.audit(
            connection,
            RESTATED,
            delivery_ids[-1],
            {"deliveries": delivery_ids, "figures": restated},
            actor=settings.actor,
            at=settings.now(),
        )


def restated_by(settings: Settings, delivery_ids: Iterable[str]) -> list[Moved]:
    """The figures that the merges of these deliveries restated, in the order they did."""
    wanted = set(delivery_ids)
    with open_warehouse(settings.home) as connection:
        rows = ledger.audited(connection, RESTATED)
    return [
        Moved(**figure) for details in rows if wanted & set(details["deliveries"]) for figure in details["figures"]
    ]


def _retire(settings: Settings, connection: Connection, delivery: dict[str, Any]) -> list[str]:
    """Supersede the slot's older live deliveries; an older one that was merged late gives way itself."""
    others = ledger.deliveries(
        connection,
        "partner = ? AND dataset = ? AND period = ? AND delivery_id <> ? "
        "AND (slot IS NOT DISTINCT FROM ? OR decision = 'nil') "  # nothing at all was said of every slot
        "AND (state = 'merged' OR of_record)",
        delivery["partner"],
        delivery["dataset"],
        delivery["period"],
        delivery["delivery_id"],
        delivery["slot"],
    )
    retired = []
    for other in others:
        older, newer = sorted((other, delivery), key=lambda one: one["sequence"])
        if older["of_record"]:  # its rows went long ago; now its figures give way too
            given_way = {"of_record": False, "superseded_by": newer["delivery_id"]}
            ledger.change(connection, older["delivery_id"], given_way)
            ledger.audit(
                connection,
                "delivery.off_record",
                older["delivery_id"],
                given_way,
                actor=settings.actor,
                at=settings.now(),
            )
            retired.append(older["delivery_id"])
            continue
        ledger.move(
            connection,
            older["delivery_id"],
            "superseded",
            actor=settings.actor,
            at=settings.now(),
            changes={"superseded_by": newer["delivery_id"]},
        )
        retired.append(older["delivery_id"])
    return retired


def _window(connection: Connection, delivery_ids: list[str]) -> tuple[date | None, date | None]:
    """The first and last day that these deliveries' contributions and periods speak of."""
    marks = ", ".join("?" for _ in delivery_ids)
    first, last = connection.execute(
        "SELECT min(period_start), max(period_end) FROM warehouse.merged.contribution "
        f"WHERE delivery_id IN ({marks})",
        delivery_ids,
    ).fetchall()[0]
    rows = connection.execute(
        f"SELECT DISTINCT period FROM warehouse.ledger.delivery WHERE delivery_id IN ({marks})", delivery_ids
    ).fetchall()
    periods = [parse_period(period) for (period,) in rows]
    starts = [period.start for period in periods] + ([first] if first else [])
    ends = [period.end for period in periods] + ([last] if last else [])
    return min(starts), max(ends)
