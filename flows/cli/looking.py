"""Commands that only look: check, status, explain, standards, verify, doctor."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.cli.outcome import DATA_FAILED, OK, OUR_FAULT, WRONG_USE, said, settings, show


def add_to(command: Callable[..., Any]) -> None:
    """Declare the commands and their options."""
    check = command(
        "check",
        _check,
        "the verdict on a file before it is sent; writes nothing",
        "exchange check 2018-01-metropolitan-street.csv --as police/street_crime",
    )
    check.add_argument("file", type=Path)
    check.add_argument("--as", dest="key", required=True, metavar="PARTNER/DATASET")
    check.add_argument("--period", help="the period it covers, such as FY2009-Q2, when the file does not say")
    check.add_argument(
        "--report", type=Path, metavar="FILE.xlsx", help="also write the error report, as a workbook"
    )
    check.add_argument("--json", action="store_true")

    state = command("status", _status, "deliveries and their states, who is due and who is overdue")
    state.add_argument("--json", action="store_true")
    state.add_argument(
        "--check",
        action="store_true",
        help="for monitoring: exit 3 when the sweep is late, the disk low or mail stuck",
    )

    explain = command(
        "explain",
        _explain,
        "a published figure back to its formula, deliveries, rows, rules and agreement",
        "exchange explain NI16 FY2009-Q2",
    )
    explain.add_argument("indicator")
    explain.add_argument("period")
    explain.add_argument("--area", help="an area code (default: the partnership's own area)")
    explain.add_argument("--category", help="one part of a breakdown, such as female (default: the whole)")
    explain.add_argument("--framework")
    explain.add_argument("--json", action="store_true")

    rules = command(
        "standards",
        _standards,
        "every rule of every agreed standard, in plain words",
        "exchange standards --to standards",
    )
    rules.add_argument("--json", action="store_true")
    rules.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="write the catalogue (JSON, page), and a specification and a workbook to fill in for each dataset",
    )

    doctor = command("doctor", _doctor, "is this machine set up: mail, inboxes, disk, modes, keys, versions")
    doctor.add_argument("--json", action="store_true")

    verify = command("verify", _verify, "check the audit chain and the archive's checksums")
    verify.add_argument("--json", action="store_true")


def _check(options: argparse.Namespace) -> int:
    from flows.cli.terminal import verdict_text
    from flows.receiving.check import as_json, check, report_of

    found = settings()
    verdict = check(found, options.file, options.key, options.period)
    if options.report:
        options.report.write_bytes(report_of(found, verdict, options.key))
    if options.json:
        show(as_json(verdict))
    else:
        print(verdict_text(verdict))
    return OK if verdict.decision in {"accepted", "accepted_with_exceptions"} else DATA_FAILED


def _status(options: argparse.Namespace) -> int:
    if options.check:
        return _status_check(options)
    from flows.cli.status import status
    from flows.cli.terminal import status_text

    found = status(settings())
    if options.json:
        return show(found)
    print(status_text(found))
    return OK


def _status_check(options: argparse.Namespace) -> int:
    from flows.service.health import problems

    found = problems(settings())
    if options.json:
        show({"problems": found})
    else:
        print("\n".join(found) or "All is well: the sweep is on time, there is room, no mail is stuck.")
    return OUR_FAULT if found else OK


def _doctor(options: argparse.Namespace) -> int:
    from flows.cli.terminal import findings_text
    from flows.service.doctor import as_json, examine

    found = examine(settings())
    if options.json:
        show(as_json(found))
    else:
        print(findings_text(found))
    return OUR_FAULT if any(finding.state == "wrong" for finding in found) else OK


def _explain(options: argparse.Namespace) -> int:
    from warehouse.explain import explain

    file = settings().published / "current" / "exchange.duckdb"
    if not file.exists():
        return said("Nothing is published yet. Publish with: exchange publish", WRONG_USE)
    found = explain(file, options.indicator, options.period, options.area, options.framework, options.category)
    if options.json:
        return show(found.to_dict())
    print(found.to_text())
    return OK


def _verify(options: argparse.Namespace) -> int:
    from flows.governance.verify import verify

    found = verify(settings())
    if options.json:
        show(found)
    else:
        print(
            "\n".join(found["problems"]) or f"Sound: {found['audit_rows']} audit rows, {found['archived']} files."
        )
    return DATA_FAILED if found["problems"] else OK


def _standards(options: argparse.Namespace) -> int:
    from flows.officers.catalogue import catalogue, catalogue_text

    if options.to is not None:
        from flows.officers.specification import export_standards

        written = export_standards(settings(), options.to)
        print(f"{len(written)} files in {options.to}. Begin with {options.to / 'standards.html'}")
        return OK
    found = catalogue(settings().partnership)
    if options.json:
        return show(found)
    print(catalogue_text(found))
    return OK
