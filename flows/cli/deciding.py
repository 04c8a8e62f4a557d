"""Commands that record a person's word: alerts list, ack and send; erase."""

import argparse
from collections.abc import Callable
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


def _alerts_list(options: argparse.Namespace) -> int:
    from flows.alerts import list_alerts
    from flows.terminal import alerts_text

    found = list_alerts(settings(), all_of_them=options.all)
    if options.json:
        return show(found)
    print(alerts_text(found))
    return OK


def _alerts_ack(options: argparse.Namespace) -> int:
    from flows.alerts import acknowledge

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
    from flows.erasure import erase

    print(erase(settings(), options.delivery, options.reason, options.by).to_text(), end="")
    return OK
