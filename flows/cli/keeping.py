"""Commands that keep and prove: replay, backup, restore, audit, agreements, init."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from flows.cli.outcome import DATA_FAILED, OK, settings, show


def add_to(command: Callable[..., Any]) -> None:
    """Declare the commands and their options."""
    replay = command(
        "replay",
        _replay,
        "rebuild the home from archive, receipts and the definitions of the day, and prove it equal",
        "exchange replay --home /srv/exchange-new",
    )
    replay.add_argument(
        "--home", type=Path, metavar="NEW", help="keep the new home there (default: only prove it)"
    )

    backup = command(
        "backup", _backup, "write the whole home into one file", "exchange backup /safe/2027-03-03.tar"
    )
    backup.add_argument("file", type=Path)

    restore = command(
        "restore",
        _restore,
        "bring a backup back into a new home, and erase there what was erased since",
        "exchange restore /safe/2027-03-03.tar --home /srv/exchange-new",
    )
    restore.add_argument("file", type=Path)
    restore.add_argument("--home", type=Path, required=True, metavar="NEW", help="an empty or a new folder")

    agreements = command(
        "agreements",
        _agreements,
        "each agreement as a page to sign, the register of processing, the start of an impact assessment",
        "exchange agreements --to papers",
    )
    agreements.add_argument("--to", type=Path, metavar="DIR", help="write the pages there (default: list them)")
    agreements.add_argument("--json", action="store_true")

    audit = command(
        "audit",
        _audit,
        "the evidence of a year in one file: deliveries, decisions, response times, changes, erasures, releases",
        "exchange audit --from 2026-04-01 --to 2027-03-31",
    )
    audit.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DATE")
    audit.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="DATE")
    audit.add_argument("--out", type=Path, metavar="FILE.zip", help="default: evidence-FROM-TO.zip, here")

    begin = command("init", _init, "begin the folder of a new partnership", "exchange init our-partnership")
    begin.add_argument("folder", type=Path, metavar="DIR")


def _init(options: argparse.Namespace) -> int:
    from flows.cli.beginning import begin

    print(
        f"{begin(options.folder)} files to make your own in {options.folder}; README.md there says in which order."
    )
    print(f"Then: export EXCHANGE_PARTNERSHIP={options.folder.absolute()}")
    return OK


def _audit(options: argparse.Namespace) -> int:
    from flows.governance.evidence import write_evidence

    file = options.out or Path(f"evidence-{options.first}-{options.last}.zip")
    write_evidence(settings(), options.first, options.last, file)
    print(f"The evidence is in {file}. Open evidence.html in it.")
    return OK


def _agreements(options: argparse.Namespace) -> int:
    from flows.governance.papers import listing, listing_text, write_papers

    found = settings()
    if options.to:
        written = write_papers(found, options.to)
        print(f"{len(written)} pages in {options.to}; begin with {written[0]}")
        return OK
    if options.json:
        return show(listing(found))
    print(listing_text(listing(found)))
    return OK


def _replay(options: argparse.Namespace) -> int:
    from flows.governance.replay import replay

    done = replay(settings(), options.home)
    print(f"{done.deliveries:,} deliveries, {done.judged:,} judged again by the definitions of their day.")
    if done.of_record:
        print(
            f"{done.of_record:,} expired: their rows are gone, and the replay starts from their figures of record."
        )
    print("\n".join(done.problems) or "Every decision and every count came out as it was.")
    if done.differences is None:
        print("The old warehouse cannot be read: open alerts, and how expired rows were judged, are not known.")
    elif done.differences:
        print("Not as it was: " + ", ".join(f"{rows:,} {what}" for what, rows in done.differences.items()) + ".")
    else:
        print(
            "Deliveries, outcomes of rules, contributions and figures are identical to the home that is replaced."
        )
    return OK if done.sound else DATA_FAILED


def _backup(options: argparse.Namespace) -> int:
    from flows.governance.backup import back_up

    print(f"{back_up(settings(), options.file)} is in {options.file}, readable by you only. Keep it encrypted.")
    return OK


def _restore(options: argparse.Namespace) -> int:
    from flows.governance.backup import restore

    done = restore(settings(), options.file, options.home)
    print(f"{done.files:,} files are back in {options.home}.")
    for delivery_id in done.erased_again:
        print(f"Erased again: {delivery_id}")
    print("\n".join(done.problems) or "Sound: the audit chain, the receipts and every checksum hold.")
    return OK if not done.problems else DATA_FAILED
