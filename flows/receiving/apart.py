"""What comes through an inbox and is no delivery: a filled Reply sheet, and a file that is only to be checked.

A reply is applied; a checked file gets its verdict by mail and in ``collect/``. Neither is kept: the caller removes
the claim, and the ledger knows only what was answered, or that a check happened.
"""

import stat
from typing import TYPE_CHECKING, Any

from flows.files import write_whole
from flows.land import control_total
from flows.officers import messages
from flows.officers.answers import Sheet, apply_reply
from flows.receiving.check import check, report_of
from flows.receiving.examine import Verdict
from flows.settings import Settings
from reports.checked import checked
from reports.reply import REPLY_SHEET, is_reply
from warehouse import ledger
from warehouse.connection import open_warehouse, transaction
from warehouse.ledger import Message
from warehouse.reader import sheet_cells

if TYPE_CHECKING:
    from flows.ingest import Claim

REPLY_BYTES = 20_000_000  # an error report with ten thousand rows has half a megabyte


def handled_apart(settings: Settings, claim: "Claim") -> bool:
    """Deal with a claim that is no delivery; False when it is one, and nothing was done.

    Raises:
        flows.receiving.examine.OurFaultError: a rule could not run on a file that is to be checked.
    """
    partner = settings.partnership.partners.get(claim.partner)
    if partner is None:
        return False
    mode = claim.bytes_path.lstat()
    regular = stat.S_ISREG(mode.st_mode) and mode.st_nlink == 1
    if regular and mode.st_size <= REPLY_BYTES:
        cells = sheet_cells(claim.bytes_path, REPLY_SHEET)
        if cells is not None and is_reply(cells):
            apply_reply(settings, Sheet(claim.folder.name, partner, cells))
            return True
    if not claim.check:
        return False
    _check(settings, claim, regular=regular)
    return True


def _check(settings: Settings, claim: "Claim", *, regular: bool) -> None:
    """Say what we would say of a file, and keep nothing of it."""
    key = f"{claim.partner}/{claim.dataset}"
    if key not in settings.partnership.contracts:
        verdict = Verdict("refused", reason="It was put into the check folder of no agreed dataset.")
    elif not regular:
        verdict = Verdict("refused", reason=f"It cannot be read: {claim.problem or 'it is not a regular file'}.")
    else:
        promised = control_total(claim.manifest)
        verdict = check(
            settings, claim.bytes_path, key, claim.manifest.get("period"), name=claim.name, promised_rows=promised
        )
    payload = _payload(settings, claim, key, verdict)
    folder = settings.home / "collect" / claim.partner / "checks"
    if payload["report"]:
        write_whole(folder / payload["report"], report_of(settings, verdict, key))
    write_whole(folder / f"{claim.dataset}.txt", checked(payload).text.encode())
    subject = f"check-{claim.folder.name}"
    with open_warehouse(settings.home, writable=True) as connection:
        ledger.prepare(connection, settings.now())
        with transaction(connection):
            if ledger.post(connection, Message("checked", claim.partner, payload, "1"), subject, settings.now()):
                ledger.audit(connection, "file.checked", key, {}, actor=settings.actor, at=settings.now())


def _payload(settings: Settings, claim: "Claim", key: str, verdict: Verdict) -> dict[str, Any]:
    if key in settings.partnership.contracts:
        return {**messages.of_check(settings, key, verdict), "report": f"{claim.dataset}.xlsx"}
    about = {"partner": claim.partner, "dataset": None, "period": None}
    return {
        **messages.naming(settings, about),
        "kind": "checked",
        "decision": verdict.decision,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "rules": [],
        "report": None,
        "exchange_name": settings.partnership.name,
        "marking": settings.partnership.marking,
        "contact": messages.contact(settings),
    }
