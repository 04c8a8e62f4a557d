"""The command line. Exit codes: 0 ok, 1 the data failed, 2 wrong use, 3 our fault.

Commands that only look import neither Prefect nor Great Expectations, so each command imports what it needs.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

OK, DATA_FAILED, WRONG_USE, OUR_FAULT = 0, 1, 2, 3

EXAMPLES = """examples:
  exchange demo                                        the whole job on synthetic extracts, in one command
  exchange check extract.csv --as police/street_crime  the verdict before sending; writes nothing
  exchange deliver extract.csv --as council/household_waste --period FY2009-Q2
  exchange ingest                                      take in everything waiting, through to merge
  exchange publish --framework laa-2008-11 --period FY2009-Q2
  exchange explain NI16 FY2009-Q2                      a figure back to its formula, deliveries and rules

The exchange's folder is EXCHANGE_HOME (default ./var); a partnership's own definitions are in the folder
EXCHANGE_PARTNERSHIP (default: the example shipped with the program). Exit codes: 0 ok, 1 the data
failed, 2 wrong use, 3 our fault.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    os.umask(0o077)
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return _said("Stopped. What was committed stands; the next `exchange ingest` finishes the rest.", 3)
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> int:
    """Turn an error into one sentence and an exit code; the text of an unforeseen one may quote a row."""
    kind = type(error).__name__
    wrong_use = {
        "SettingsError",
        "DeliverError",
        "CheckError",
        "DefinitionError",
        "PublishError",
        "AlertError",
        "DemoError",
    }
    # A LookupError is `explain` saying what there is; a KeyError or IndexError is nobody's sentence.
    if kind in wrong_use or type(error) is LookupError:
        return _said(str(error), WRONG_USE)
    if kind in {"WarehouseBusyError", "NewerHomeError", "OurFaultError"}:
        return _said(f"{error}. Nothing is lost; try again.", OUR_FAULT)
    if os.environ.get("EXCHANGE_DEBUG"):
        raise error
    return _said(
        f"Something failed on our side ({kind}). Nothing that was committed is lost. "
        "Set EXCHANGE_DEBUG=1 to see where; mind that the trace may hold a value.",
        OUR_FAULT,
    )


def _said(sentence: str, code: int) -> int:
    print(f"exchange: {sentence}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exchange",
        description="The open data exchange of a local partnership.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], says: str, example: str = "") -> Any:
        made = commands.add_parser(
            name,
            help=says,
            description=says[0].upper() + says[1:] + ".",
            epilog=f"example:\n  {example}" if example else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run)
        return made

    demo = command("demo", _demo, "run the whole job on the shipped synthetic extracts", "exchange demo")
    demo.add_argument("--home", type=Path, help="where to put it (default var/demo); reset only when it is a demo")

    check = command(
        "check",
        _check,
        "the verdict on a file before it is sent; writes nothing",
        "exchange check 2018-01-metropolitan-street.csv --as police/street_crime",
    )
    check.add_argument("file", type=Path)
    check.add_argument("--as", dest="key", required=True, metavar="PARTNER/DATASET")
    check.add_argument("--period", help="the period it covers, such as FY2009-Q2, when the file does not say")
    check.add_argument("--json", action="store_true")

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

    publish = command(
        "publish",
        _publish,
        "make a publication: the same template for every layer",
        "exchange publish --framework laa-2008-11 --period FY2009-Q2",
    )
    publish.add_argument("--framework", help="default: the only framework, or every one that has the period")
    publish.add_argument("--period", help="default: the latest ended period of the framework's calendar")

    state = command("status", _status, "deliveries and their states, who is due and who is overdue")
    state.add_argument("--json", action="store_true")

    alerts = command("alerts", _alerts_list, "the officers' alerts: list, ack, send", "exchange alerts list")
    acts = alerts.add_subparsers(metavar="ACTION")
    listing = acts.add_parser("list", help="alerts nobody has acknowledged yet")
    listing.add_argument("--all", action="store_true", help="acknowledged ones too")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=_alerts_list)
    ack = acts.add_parser("ack", help="note that an alert was read")
    ack.add_argument("id")
    ack.add_argument("--by", help="who read it (default: your account)")
    ack.set_defaults(run=_alerts_ack)
    send = acts.add_parser("send", help="send what the outbox still holds")
    send.set_defaults(run=_alerts_send)
    alerts.set_defaults(all=False, json=False)

    explain = command(
        "explain",
        _explain,
        "a published figure back to its formula, deliveries, rows, rules and agreement",
        "exchange explain NI16 FY2009-Q2",
    )
    explain.add_argument("indicator")
    explain.add_argument("period")
    explain.add_argument("--area", help="an area code (default: the partnership's own area)")
    explain.add_argument("--framework")
    explain.add_argument("--json", action="store_true")

    verify = command("verify", _verify, "check the audit chain and the archive's checksums")
    verify.add_argument("--json", action="store_true")
    return parser


def _settings(home: Path | None = None) -> Any:
    from flows.settings import load_settings

    return load_settings(home=home)


def _show(content: Any) -> int:
    print(json.dumps(content, indent=2, ensure_ascii=False))
    return OK


def _demo(options: argparse.Namespace) -> int:
    from flows.demo.run import run_demo

    home = options.home or Path(os.environ.get("EXCHANGE_HOME") or "var") / "demo"
    run_demo(home.absolute(), print)
    return OK


def _check(options: argparse.Namespace) -> int:
    from flows.check import as_json, check
    from flows.terminal import verdict_text

    verdict = check(_settings(), options.file, options.key, options.period)
    if options.json:
        _show(as_json(verdict))
    else:
        print(verdict_text(verdict))
    return OK if verdict.decision in {"accepted", "accepted_with_exceptions"} else DATA_FAILED


def _deliver(options: argparse.Namespace) -> int:
    from flows.land import deliver

    target = deliver(_settings(), options.file, options.key, options.period)
    print(f"Waiting in the inbox as {target.name}. Take it in with: exchange ingest")
    return OK


def _ingest(options: argparse.Namespace) -> int:
    from flows.orchestration import run_ingest
    from flows.status import shown
    from flows.terminal import deliveries_text

    found = run_ingest(_settings(), _progress)
    # Whatever the verdicts, the exit code is 0; a delivery that we could not bring to an end is ours.
    ours = any(row["state"] in {"received", "accepted", "accepted_with_exceptions"} for row in found)
    if options.json:
        _show([shown(row) for row in found])
    else:
        print(deliveries_text(found))
    return OUR_FAULT if ours else OK


def _publish(options: argparse.Namespace) -> int:
    from flows.orchestration import run_publish

    made = run_publish(_settings(), options.framework, options.period)
    for publication in made:
        print(f"{publication.publication_id}: {'new' if publication.new else 'unchanged'}")
        for page in publication.pages:
            print(f"  {page}")
    return OK


def _status(options: argparse.Namespace) -> int:
    from flows.status import status
    from flows.terminal import status_text

    found = status(_settings())
    if options.json:
        return _show(found)
    print(status_text(found))
    return OK


def _alerts_list(options: argparse.Namespace) -> int:
    from flows.notify import list_alerts
    from flows.terminal import alerts_text

    found = list_alerts(_settings(), all_of_them=options.all)
    if options.json:
        return _show(found)
    print(alerts_text(found))
    return OK


def _alerts_ack(options: argparse.Namespace) -> int:
    from flows.notify import acknowledge

    settings = _settings()
    acknowledge(settings, options.id, options.by or settings.actor.name)
    print(f"{options.id} is acknowledged.")
    return OK


def _alerts_send(options: argparse.Namespace) -> int:
    from flows.notify import send_outbox

    sent, waiting = send_outbox(_settings())
    print(f"{sent} sent, {waiting} still waiting.")
    return OK if not waiting else OUR_FAULT


def _explain(options: argparse.Namespace) -> int:
    from warehouse.explain import explain

    settings = _settings()
    file = settings.published / "current" / "exchange.duckdb"
    if not file.exists():
        return _said("Nothing is published yet. Publish with: exchange publish", WRONG_USE)
    found = explain(file, options.indicator, options.period, area=options.area, framework=options.framework)
    if options.json:
        return _show(found.to_dict())
    print(found.to_text())
    return OK


def _verify(options: argparse.Namespace) -> int:
    from flows.verify import verify

    found = verify(_settings())
    if options.json:
        _show(found)
    else:
        print(
            "\n".join(found["problems"]) or f"Sound: {found['audit_rows']} audit rows, {found['archived']} files."
        )
    return DATA_FAILED if found["problems"] else OK


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"  {line}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
