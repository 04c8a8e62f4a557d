"""Ingest: claim a waiting file, fingerprint it, name its dataset and period, archive its bytes, write the ledger.

What no agreement in force covers, or what carries a surplus personal field, is held apart and never archived.
A file is first moved out of the inbox under a claim; the ledger row names the claim, so after a crash at any
point the next run knows whether that claim was already written down. A claim that a run died of is looked at in a
process of its own; after ``MAXIMUM_TRIES`` it stays where it is, and the operator knows of it.
"""

import hashlib
import json
import os
import shutil
import stat
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.files import copy_whole, make_private, sync_folder, write_json
from flows.governance.definitions import note_definitions
from flows.land import Arrival, control_total, plain_name, read_manifest, waiting
from flows.officers import messages
from flows.receiving.apart import handled_apart
from flows.receiving.channels import fetch_all
from flows.receiving.contained import ContainedError, contained, limit_seconds, watched
from flows.receiving.door import Caller, Identified, at_the_door, not_a_file, not_as_described
from flows.settings import LONDON, Settings
from schemas.contract import Contract
from schemas.partnership import Partnership
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse, transaction
from warehouse.reader import FileFacts, inspect

MAXIMUM_TRIES = 3


class StillWrittenError(Exception):
    """A claimed file changed while it was looked at."""


@dataclass(frozen=True)
class Claim:
    """A file taken out of the inbox: ``folder`` holds its bytes and what was known on arrival."""

    folder: Path
    partner: str
    dataset: str
    name: str
    manifest: dict[str, Any]
    received_at: datetime
    problem: str | None
    check: bool = False  # it is to be judged and not taken in

    @property
    def bytes_path(self) -> Path:
        return self.folder / "bytes"

    @property
    def tries_path(self) -> Path:
        """How often it was looked at without an answer; there only while, or where, none came."""
        return self.folder / "tries"

    @property
    def tries(self) -> int:
        return len(self.tries_path.read_bytes()) if self.tries_path.exists() else 0


def ingest_waiting(settings: Settings) -> list[str]:
    """Take in everything that waits; returns the delivery ids in order of arrival. Claims left by a crash first."""
    fetch_all(settings)
    left = [_reopened(folder) for folder in _claim_folders(settings)]
    claims = [claim for claim in left if claim is not None and claim.tries < MAXIMUM_TRIES]
    for number, arrival in enumerate(waiting(settings)):
        claim = _claim(settings, arrival, number)
        claims += [claim] if claim is not None else []
    claims = [claim for claim in claims if not _is_done_apart(settings, claim)]
    if not claims:
        return []
    asked = [(claim, _identified_or_fault(settings, claim)) for claim in claims]
    taken = []
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        note_definitions(settings, connection)
        for claim, answer in asked:
            if isinstance(answer, str):
                _tell_operator(settings, connection, claim, answer)
                continue  # the claim stays, for the next run; its neighbours go on
            if not ledger.deliveries(connection, "claim = ?", claim.folder.name):
                taken.append(_write_down(settings, connection, claim, *answer))
            shutil.rmtree(claim.folder)
    return taken


def _identified_or_fault(settings: Settings, claim: Claim) -> "tuple[FileFacts, Identified] | str":
    """What the door decided, or the kind of failure that kept us from asking it."""
    suspect = claim.tries > 0
    with claim.tries_path.open("ab") as tries:  # before the file is opened: a crash leaves it counted
        tries.write(b".")
    answer: tuple[FileFacts, Identified] | str
    try:
        answer = _identified(settings, claim, suspect)
    except ContainedError as error:
        if error.died:
            return str(error)
        answer = str(error)
    except Exception as error:
        # The text of an unforeseen error may quote the file: only its type may leave.
        answer = type(error).__name__
    claim.tries_path.unlink()
    return answer


def _is_done_apart(settings: Settings, claim: Claim) -> bool:
    """True when a claim is no delivery and is dealt with; where we failed, it stays for the next run."""
    if claim.tries and not claim.check:
        return False  # what brought a run down is looked at alone, as a delivery
    with claim.tries_path.open("ab") as tries:  # before the file is opened: a crash leaves it counted
        tries.write(b".")
    try:
        if not handled_apart(settings, claim):
            claim.tries_path.unlink()
            return False
        shutil.rmtree(claim.folder)
    except Exception as error:
        claim.tries_path.unlink(missing_ok=True)
        with open_warehouse(settings.home, writable=True) as connection:
            ledger.prepare(connection, settings.now())
            _tell_operator(settings, connection, claim, type(error).__name__)
    return True


def _tell_operator(settings: Settings, connection: Connection, claim: Claim, kind: str) -> None:
    subject = f"claim-{claim.folder.name}"
    if ledger.has_message(connection, subject, "operator"):
        return
    problem = f"A file that waits under staging/claims/{claim.folder.name} could not be taken in ({kind})"
    known = settings.partnership.contracts.get(f"{claim.partner}/{claim.dataset}")
    about = {"delivery_id": subject, "partner": claim.partner, "dataset": claim.dataset} if known else {}
    ledger.post(
        connection,
        messages.on_fault(settings, {"delivery_id": subject, **about}, problem),
        subject,
        settings.now(),
    )


def _claim_folders(settings: Settings) -> list[Path]:
    claims = settings.staging / "claims"
    return sorted(claims.iterdir()) if claims.is_dir() else []


def _claim(settings: Settings, arrival: Arrival, number: int) -> Claim | None:
    """Move a file out of the inbox in one rename, after writing down where it came from; None: it is gone.

    Claims sort in the order of arrival, ``number`` within this run, so that after a crash a correction still follows
    what it corrects.
    """
    moment = settings.now()
    name = f"{moment:%Y%m%dT%H%M%S%f}-{number:06d}-{uuid.uuid4().hex[:8]}"
    folder = make_private(settings.staging / "claims" / name)
    manifest = read_manifest(arrival.manifest)
    claim = Claim(
        folder=folder,
        partner=arrival.partner,
        dataset=arrival.dataset,
        name=str(manifest.get("original_name") or arrival.path.name),
        manifest=manifest,
        received_at=moment,
        problem=arrival.problem,
        check=arrival.check,
    )
    write_json(
        folder / "arrival.json",
        {
            "partner": claim.partner,
            "dataset": claim.dataset,
            "name": claim.name,
            "manifest": manifest,
            "received_at": moment.isoformat(),
            "problem": arrival.problem,
            "check": arrival.check,
        },
    )
    try:
        os.rename(arrival.path, claim.bytes_path)
    except FileNotFoundError:
        shutil.rmtree(folder)
        return None
    sync_folder(folder)
    if arrival.manifest is not None and not arrival.manifest.is_dir():
        arrival.manifest.unlink(missing_ok=True)
    return claim


def _reopened(folder: Path) -> Claim | None:
    """A claim found on disk; None (and gone) when the crash came before its file was moved."""
    path = folder / "arrival.json"
    if not os.path.lexists(folder / "bytes") or not path.is_file():
        shutil.rmtree(folder)
        return None
    said = json.loads(path.read_text(encoding="utf-8"))
    return Claim(
        folder=folder,
        partner=said["partner"],
        dataset=said["dataset"],
        name=said["name"],
        manifest=said["manifest"],
        received_at=datetime.fromisoformat(said["received_at"]),
        problem=said["problem"],
        check=said.get("check", False),
    )


def _identified(settings: Settings, claim: Claim, suspect: bool) -> tuple[FileFacts, Identified]:
    """Fingerprint a claim, ask the door about it, and archive the bytes that may be received."""
    before = claim.bytes_path.lstat()
    problem = claim.problem
    if problem is None and before.st_nlink > 1:
        # Whose it is under its other name nobody here can tell: it may be a file of ours.
        problem = "it is a second name of a file that lies elsewhere too (a hard link)"
    if problem is not None or not stat.S_ISREG(before.st_mode):
        name = hashlib.sha256(claim.name.encode(errors="replace")).hexdigest()
        facts = FileFacts(sha256=name, size=0, encoding="binary", line_ending="none", quotes=0)
        return facts, not_a_file(problem)
    seconds = limit_seconds(before.st_size)
    if suspect:
        facts, decided = contained(_looked_at, settings.partnership, claim, seconds=seconds)
    else:
        with watched(f"claim {claim.folder.name}", seconds):
            facts, decided = _looked_at(settings.partnership, claim)
    if decided.state == "received":
        copy_whole(claim.bytes_path, settings.archived(facts.sha256))
    after = claim.bytes_path.lstat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise StillWrittenError  # whoever wrote it has it open still: nothing is decided on half a file
    return facts, decided


def _looked_at(partnership: Partnership, claim: Claim) -> tuple[FileFacts, Identified]:
    facts = inspect(claim.bytes_path)
    if claim.manifest.get("sha256") not in (None, facts.sha256):
        return facts, not_as_described()
    caller = Caller(
        key=f"{claim.partner}/{claim.dataset}",
        path=claim.bytes_path,
        facts=facts,
        name=claim.name,
        declared=claim.manifest.get("period"),
        received_on=claim.received_at.astimezone(LONDON).date(),
        folder=make_private(claim.folder / "reading"),
    )
    return facts, at_the_door(partnership, caller)


def _write_down(
    settings: Settings, connection: Connection, claim: Claim, facts: FileFacts, decided: Identified
) -> str:
    """Write a claim into the ledger in the state the door gave it; bytes we may not keep are set apart first."""
    decided = _or_duplicate(connection, claim, facts, decided)
    contract = settings.partnership.contracts.get(f"{claim.partner}/{claim.dataset}")
    agreement = settings.partnership.agreement(decided.agreement_id)
    delivery_id = _delivery_id(connection, contract, decided, facts)
    delivery = {
        "delivery_id": delivery_id,
        "sequence": ledger.next_sequence(connection),
        "claim": claim.folder.name,
        "partner": claim.partner if claim.partner in settings.partnership.partners else None,
        "dataset": contract.dataset if contract else None,
        "period": decided.period.id if decided.period else None,
        "file_name": plain_name(claim.name),
        "sha256": facts.sha256,
        "size_bytes": facts.size,
        "encoding": facts.encoding,
        "line_ending": facts.line_ending,
        "quotes": facts.quotes,
        "state": decided.state,
        "decision": None if decided.state == "received" else decided.state,
        "reason": decided.reason,
        "received_at": claim.received_at,
        "agreement_id": decided.agreement_id,
        "agreement_fingerprint": agreement.fingerprint if agreement else None,
        "contract_fingerprint": contract.fingerprint if contract else None,
        "tries": 0,
    }
    if decided.state in {"held", "refused"}:
        day = claim.received_at.astimezone(LONDON).date()
        delivery["hold_until"] = settings.partnership.working_days.after(day, decided.hold_days)
        _set_apart(claim, settings.held / delivery_id)
    # Beside the bytes and erased with them: what a replay needs and only the partner's own words say.
    said = {"delivery_id": delivery_id, "file_name": delivery["file_name"], "rows": control_total(claim.manifest)}
    if decided.state in {"held", "refused"}:
        write_json(settings.held / delivery_id / "arrival.json", {**said, "reason": decided.reason})
    else:
        write_json(settings.arrival(facts.sha256, delivery_id), said)
    told = messages.on_arrival(settings, connection, delivery, decided.remedy)
    with transaction(connection):
        ledger.add(
            connection,
            delivery,
            actor=settings.actor,
            at=settings.now(),
            messages=told,
            because={"rows": decided.rows} if decided.rows is not None else None,
        )
    return delivery_id


def _or_duplicate(connection: Connection, claim: Claim, facts: FileFacts, decided: Identified) -> Identified:
    """A duplicate where the same bytes stand already for the same dataset and period."""
    if decided.state != "received" or decided.period is None:
        return decided
    twin = ledger.standing_twin(
        connection,
        {
            "partner": claim.partner,
            "dataset": claim.dataset,
            "period": decided.period.id,
            "sha256": facts.sha256,
            "sequence": ledger.next_sequence(connection),
        },
    )
    if twin is None:
        return decided
    reason, remedy = messages.as_duplicate(twin)
    return replace(decided, state="duplicate", reason=reason, remedy=remedy)


def _delivery_id(connection: Connection, contract: Contract | None, decided: Identified, facts: FileFacts) -> str:
    """Deterministic and readable: partner, dataset, period, eight digits of the fingerprint, and -2 for a second."""
    parts = [contract.partner, contract.dataset] if contract else ["unknown"]
    parts += [decided.period.id if decided.period else "no-period"] if contract else []
    base = "-".join([*parts, facts.sha256[:8]])
    earlier = ledger.deliveries(connection, "delivery_id = ? OR starts_with(delivery_id, ? || '-')", base, base)
    return base if not earlier else f"{base}-{len(earlier) + 1}"


def _set_apart(claim: Claim, folder: Path) -> None:
    """Keep held bytes owner-only and apart from the archive; a link or a folder is moved as it is."""
    make_private(folder)
    seen = claim.bytes_path.lstat()
    if stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1:
        copy_whole(claim.bytes_path, folder / "bytes")
    elif not os.path.lexists(folder / "as-sent"):
        os.rename(claim.bytes_path, folder / "as-sent")
