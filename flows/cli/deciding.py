"""Commands that record a person's word: alerts list, ack and send; erase; confirm; nil; rejudge; withdraw; release."""

import argparse
from collections.abc import Callable
from datetime import date
from typing import Any

from flows.cli.outcome import OK, OUR_FAULT, settings, show


def add_to(command: Callable[..., Any]) -> None:
    """Declare the commands and their options."""
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

    erase = command(
        "erase",
        _erase,
        "take a delivery out of every file, restate what it fed, and print a certificate",
        "exchange erase police-recorded_crime-FY2009-Q1-1a2b3c4d --reason 'sent in error' --by 'A. Officer'",
    )
    erase.add_argument("delivery")
    erase.add_argument("--reason", required=True, help="why, in a sentence; it is kept")
    erase.add_argument("--by", required=True, help="on whose word")

    confirm = command(
        "confirm",
        _confirm,
        "confirm as true what a rule found, and judge the delivery anew",
        "exchange confirm council-household_waste-FY2009-Q1-1a2b3c4d CHW-015 --reason 'weighed twice, and true' "
        "--until 2009-12-31 --by 'D. Lead'",
    )
    confirm.add_argument("delivery")
    confirm.add_argument("rule")
    confirm.add_argument("--reason", required=True, help="why it is true, in a sentence; it is kept")
    confirm.add_argument("--until", required=True, type=date.fromisoformat, metavar="DATE", help="the last day")
    confirm.add_argument("--by", required=True, help="on whose word")

    nil = command(
        "nil",
        _nil,
        "take a partner's word that there is nothing to report for a period: it counts as in, with zero",
        "exchange nil council/housing_completions FY2009-Q2 --reason 'none was finished' --by 'A. Officer'",
    )
    nil.add_argument("key", metavar="PARTNER/DATASET")
    nil.add_argument("period")
    nil.add_argument("--reason", required=True, help="why there is nothing, in a sentence; it is kept")
    nil.add_argument("--by", required=True, help="on whose word")

    rejudge = command(
        "rejudge",
        _rejudge,
        "after a change of rules: what would become of the deliveries that stand; with --apply, do it",
        "exchange rejudge council/household_waste",
    )
    rejudge.add_argument("key", nargs="?", metavar="PARTNER/DATASET", help="default: every dataset")
    rejudge.add_argument(
        "--apply", action="store_true", help="judge them anew (default: only say what would change)"
    )
    rejudge.add_argument("--reason", default="", help="why, in a sentence; it is kept (with --apply)")
    rejudge.add_argument("--by", default="", help="on whose word (with --apply)")

    withdraw = command(
        "withdraw",
        _withdraw,
        "take a delivery back: it counts no more, and what it fed is restated",
        "exchange withdraw council-household_waste-FY2009-Q1-1a2b3c4d --reason 'wrong year' --by 'A. Officer'",
    )
    withdraw.add_argument("delivery")
    withdraw.add_argument("--reason", required=True, help="why, in a sentence; it is kept")
    withdraw.add_argument("--by", required=True, help="on whose word")

    release = command(
        "release",
        _release,
        "make a ready publication final; somebody else than who published it",
        "exchange release laa-2008-11-FY2009-Q2-1a2b3c4d --by 'C. Executive'",
    )
    release.add_argument("publication")
    release.add_argument("--by", required=True, help="who releases it, by name; it is kept")


def _release(options: argparse.Namespace) -> int:
    from flows.releases.release import release

    found = settings()
    made = release(found, options.publication, options.by)
    print(f"{made.publication_id} is final, on the word of {options.by}.")
    for page in made.pages:
        print(f"  {page}")
    return OK


def _confirm(options: argparse.Namespace) -> int:
    from flows.officers.decisions import confirm

    decision = confirm(
        settings(), options.delivery, options.rule, reason=options.reason, until=options.until, by=options.by
    )
    print(f"{options.rule} is confirmed for {options.delivery}, which is now {decision.replace('_', ' ')}.")
    return OK


def _nil(options: argparse.Namespace) -> int:
    from flows.officers.nil import nil_return

    delivery_id = nil_return(settings(), options.key, options.period, reason=options.reason, by=options.by)
    print(f"{delivery_id}: nil return taken. The period counts as received, with nothing to report.")
    return OK


def _rejudge(options: argparse.Namespace) -> int:
    from flows.cli.terminal import rejudged_text
    from flows.officers.rejudge import rejudge, would_become

    if options.apply:
        found = rejudge(settings(), options.key, reason=options.reason, by=options.by)
    else:
        found = would_become(settings(), options.key)
    print(rejudged_text(found, applied=options.apply))
    return OK


def _withdraw(options: argparse.Namespace) -> int:
    from flows.officers.decisions import withdraw

    withdraw(settings(), options.delivery, reason=options.reason, by=options.by)
    print(f"{options.delivery} is withdrawn. Its period counts as not received until a new file comes.")
    return OK


def _alerts_list(options: argparse.Namespace) -> int:
    from flows.cli.terminal import alerts_text
    from flows.officers.alerts import list_alerts

    found = list_alerts(settings(), all_of_them=options.all)
    if options.json:
        return show(found)
    print(alerts_text(found))
    return OK


def _alerts_ack(options: argparse.Namespace) -> int:
    from flows.officers.alerts import acknowledge

    found = settings()
    acknowledge(found, options.id, options.by or found.actor.name)
    print(f"{options.id} is acknowledged.")
    return OK


def _alerts_send(options: argparse.Namespace) -> int:
    from flows.notify import send_outbox

    sent, waiting = send_outbox(settings(), dead_too=True)
    print(f"{sent} sent, {waiting} still waiting.")
    return OK if not waiting else OUR_FAULT


def _erase(options: argparse.Namespace) -> int:
    from flows.governance.erasure import erase

    print(erase(settings(), options.delivery, options.reason, options.by).to_text(), end="")
    return OK
