"""The command line. Exit codes: 0 ok, 1 the data failed, 2 wrong use, 3 our fault.

Commands that only look import neither Prefect nor Great Expectations, so each command imports what it needs.
The commands stand by what they do: ``running`` moves data, ``looking`` shows, ``deciding`` records a person's word,
``keeping`` keeps and proves.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from flows.cli import deciding, keeping, looking, running
from flows.cli.outcome import OK, OUR_FAULT, WRONG_USE, said

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

# Errors whose text is a sentence for the person at the terminal, by the exit code they end with.
IN_WORDS = {
    "SettingsError": WRONG_USE,
    "DeliverError": WRONG_USE,
    "CheckError": WRONG_USE,
    "DefinitionError": WRONG_USE,
    "PublishError": WRONG_USE,
    "ReleaseError": WRONG_USE,
    "AlertError": WRONG_USE,
    "DecisionError": WRONG_USE,
    "ErasureError": WRONG_USE,
    "ReplayError": WRONG_USE,
    "EvidenceError": WRONG_USE,
    "InitError": WRONG_USE,
    "BackupError": WRONG_USE,
    "DemoError": WRONG_USE,
    "UpError": OUR_FAULT,
    "WarehouseBusyError": OUR_FAULT,
    "NewerHomeError": OUR_FAULT,
    "OlderHomeError": WRONG_USE,
    "OurFaultError": OUR_FAULT,
}


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
        return said("Stopped. What was committed stands; the next `exchange ingest` finishes the rest.", OUR_FAULT)
    except Exception as error:
        return _explained(error)


def _explained(error: Exception) -> int:
    """Turn an error into one sentence and an exit code; the text of an unforeseen one may quote a row."""
    kind = type(error).__name__
    code = IN_WORDS.get(kind)
    # A LookupError is `explain` saying what there is; a KeyError or IndexError is nobody's sentence.
    if code == WRONG_USE or type(error) is LookupError:
        return said(str(error), WRONG_USE)
    if code == OUR_FAULT:
        return said(f"{str(error).rstrip('.')}. Nothing is lost; try again.", OUR_FAULT)
    if os.environ.get("EXCHANGE_DEBUG"):
        raise error
    return said(
        f"Something failed on our side ({kind}). Nothing that was committed is lost. "
        "Set EXCHANGE_DEBUG=1 to see where; mind that the trace may hold a value.",
        OUR_FAULT,
    )


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help in which a command of any length stands on the line of what it does."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        self._action_max_length += self._indent_increment  # argparse forgets that commands are indented once more


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exchange",
        description="The open data exchange of a local partnership.",
        epilog=EXAMPLES,
        formatter_class=_Help,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], says: str, example: str = "") -> Any:
        made = commands.add_parser(
            name,
            help=says,
            description=says[0].upper() + says[1:] + ".",
            epilog=f"example:\n  {example}" if example else None,
            formatter_class=_Help,
        )
        made.set_defaults(run=run)
        return made

    running.add_to(command)
    looking.add_to(command)
    deciding.add_to(command)
    keeping.add_to(command)
    return parser
