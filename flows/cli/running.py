"""Commands that move data: demo, deliver, ingest, sweep, publish; up, worker and watch do so as files arrive."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.cli.outcome import OK, OUR_FAULT, WRONG_USE, said, settings, show


def add_to(command: Callable[..., Any]) -> None:
    """Declare the commands and their options."""
    demo = command("demo", _demo, "run the whole job on the shipped synthetic extracts", "exchange demo")
    demo.add_argument("--home", type=Path, help="where to put it (default var/demo); reset only when it is a demo")

    deliver = command(
        "deliver",
        _deliver,
        "put a file into the inbox, whole and never over another",
        "exchange deliver waste.csv --as council/household_waste --period FY2009-Q2",
    )
    deliver.add_argument("file", type=Path)
    deliver.add_argument("--as", dest="key", required=True, metavar="PARTNER/DATASET")
    deliver.add_argument("--period", help="the period it covers, such as FY2009-Q2, when the file does not say")

    ingest = command(
        "ingest", _ingest, "take in everything waiting, through to merge, and send what is to be told"
    )
    ingest.add_argument("--json", action="store_true")

    sweep = command(
        "sweep",
        _sweep,
        "find and do whatever no event announced; for a timer where no Prefect server runs",
        "exchange sweep chase send",
    )
    sweep.add_argument("parts", nargs="*", metavar="PART", help="only these parts (default: all, in their order)")

    publish = command(
        "publish",
        _publish,
        "make a publication: the same template for every layer",
        "exchange publish --framework laa-2008-11 --period FY2009-Q2",
    )
    publish.add_argument("--framework", help="default: the only framework, or every one that has the period")
    publish.add_argument(
        "--meeting", metavar="LAYER/DAY", help="freeze what a meeting sees, from its data cut-off on"
    )
    publish.add_argument("--period", help="default: the latest ended period of the framework's calendar")

    up = command("up", _up, "run server, worker and inbox watch together, until Ctrl-C", "exchange up --port 4200")
    up.add_argument(
        "--port", type=int, default=4200, help="of this machine, for Prefect's pages (0: any free one)"
    )

    worker = command("worker", _worker, "take runs from the Prefect server that PREFECT_API_URL names, kept warm")
    worker.add_argument("--name", help="how the server lists it (default: a name of its own making)")

    command("watch", _watch, "announce files that wait in the inboxes to the server that PREFECT_API_URL names")


def _demo(options: argparse.Namespace) -> int:
    from flows.demo.run import run_demo

    home = options.home or Path(os.environ.get("EXCHANGE_HOME") or "var") / "demo"
    run_demo(home.absolute(), print)
    return OK


def _deliver(options: argparse.Namespace) -> int:
    from flows.land import deliver

    target = deliver(settings(), options.file, options.key, options.period)
    print(f"Waiting in the inbox as {target.name}. Take it in with: exchange ingest")
    return OK


def _ingest(options: argparse.Namespace) -> int:
    from flows.cli.status import shown
    from flows.cli.terminal import deliveries_text, restated_lines
    from flows.governance.keys import require_keys
    from flows.merge import restated_by
    from flows.orchestration import run_ingest

    ready = settings()
    require_keys(ready)
    found = run_ingest(ready, _progress)
    # Whatever the verdicts, the exit code is 0; a delivery that we could not bring to an end is ours.
    ours = any(row["state"] in {"received", "accepted", "accepted_with_exceptions"} for row in found)
    if options.json:
        show([shown(row) for row in found])
    else:
        print(deliveries_text(found))
        restated = restated_by(ready, [row["delivery_id"] for row in found])
        for line in restated_lines(restated):
            print(line)
    return OUR_FAULT if ours else OK


def _sweep(options: argparse.Namespace) -> int:
    from flows.sweep import PARTS, sweep

    if unknown := [part for part in options.parts if part not in PARTS]:
        return said(f"There is no part {unknown[0]} of the sweep. The parts are: {', '.join(PARTS)}.", WRONG_USE)
    found = sweep(settings(), options.parts or None)
    for one in found:
        print(f"{one.part}: {one.problem + ', our fault' if one.problem else f'{len(one.done)} done'}")
    return OUR_FAULT if any(one.problem for one in found) else OK


def _publish(options: argparse.Namespace) -> int:
    from flows.orchestration import run_publish

    if options.meeting:
        from flows.releases.meetings import publish_for_meeting

        made = [publish_for_meeting(settings(), options.meeting)]
    else:
        made = run_publish(settings(), options.framework, options.period)
    for publication in made:
        print(f"{publication.publication_id}: {'new' if publication.new else 'unchanged'}")
        for page in publication.pages:
            print(f"  {page}")
    return OK


def _up(options: argparse.Namespace) -> int:
    from flows.governance.keys import require_keys
    from flows.service.up import up

    ready = settings()
    require_keys(ready)
    up(ready, options.port)
    return OK


def _worker(options: argparse.Namespace) -> int:
    import asyncio
    import signal

    from flows.governance.keys import require_keys
    from flows.service.environment import QUIET

    os.environ.update({**QUIET, **os.environ})  # before Prefect is imported, which reads them once
    from flows.service.worker import work

    require_keys(settings())

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with suppress(KeyboardInterrupt):
        asyncio.run(work(settings().home, options.name))
    return OK


def _watch(options: argparse.Namespace) -> int:
    from flows.service.watch import announce_now, watch

    found = settings()
    watch(found, announce_now(found))
    return OK


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"  {line}", file=sys.stderr)
