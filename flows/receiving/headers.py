"""Whether a file's header is the agreed one, and if not, in words that name each difference and what to do."""

import difflib
from collections.abc import Sequence

from flows.receiving.door import listed
from schemas.contract import Contract
from schemas.headers import HeaderMatch
from schemas.partnership import Partnership
from schemas.periods import Period

SEND_AGREED = "Send the file with the agreed columns; if the source changed, tell the data-quality group first."


def header_problem(
    partnership: Partnership, contract: Contract, header: Sequence[str], period: Period
) -> tuple[str, str] | None:
    """What is wrong with a header, and what to do; None when it is the contract's, or an edition's of its years."""
    match = contract.match_headers(list(header))
    if match.faults or not any(match.columns):
        other = _other_dataset(partnership, contract, header)
        if other is not None:
            return (
                f"The columns are those of {other.key} ({other.title}), not of {contract.key}.",
                f"Send it as {other.key}, or send the file that belongs here.",
            )
    if not any(match.columns):
        return (
            "The first line has none of the agreed column names.",
            f"Put them on the first line and send the file again: {listed([c.header for c in contract.columns])}.",
        )
    if match.duplicated:
        return (
            f"The column {listed(match.duplicated)} stands in the header more than once (capital and small "
            "letters count as the same).",
            "Keep one column of each name and send the file again.",
        )
    if match.missing or match.unexpected:
        return "The columns are not those agreed. " + " ".join(_differences(contract, header, match)), SEND_AGREED
    if match.edition is not None and not match.edition.covers(period):
        names = listed(list(match.edition.headers.values())) or "left out"
        return (
            f"The columns are those of the {match.edition.name} ({names}), which are not agreed for {period.title}.",
            "Send the file as it was published for that period, or ask for the names to be agreed for it.",
        )
    return None


def _other_dataset(partnership: Partnership, contract: Contract, header: Sequence[str]) -> Contract | None:
    """The one other dataset whose columns these are: a file put in the wrong folder."""
    fitting = []
    for other in partnership.contracts.values():
        if other.key != contract.key:
            match = other.match_headers(list(header))
            if not match.faults and any(match.columns):
                fitting.append(other)
    return fitting[0] if len(fitting) == 1 else None


def _differences(contract: Contract, header: Sequence[str], match: HeaderMatch) -> list[str]:
    """One sentence for each column that changed its name, then what is missing, then what was not agreed.

    A name is taken for the new one of a missing column when it is spelt nearly alike, when it stands between the
    same neighbours, or when one column is missing and one is new.
    """
    missing, unexpected = list(match.missing), list(match.unexpected)
    renamed = {}
    for name in match.missing:
        near = difflib.get_close_matches(name.lower(), [other.lower() for other in unexpected], 1, 0.6)
        found = next((other for other in unexpected if other.lower() == near[0]), None) if near else None
        found = found or _between_the_same(contract, header, name, unexpected)
        if found is not None:
            renamed[name] = found
            missing.remove(name)
            unexpected.remove(found)
    if len(missing) == len(unexpected) == 1:
        renamed[missing.pop()] = unexpected.pop()
    sentences = [
        f"Column {listed([found])} appeared where '{name}' was expected." for name, found in renamed.items()
    ]
    if missing:
        sentences.append(f"Missing: {listed(missing)}.")
    if unexpected:
        sentences.append(f"Not agreed: {listed(unexpected)}.")
    return sentences


def _between_the_same(
    contract: Contract, header: Sequence[str], missing: str, unexpected: Sequence[str]
) -> str | None:
    """The unexpected header with the columns beside it that the missing one has beside it in the contract."""
    agreed = [column.headers for column in contract.columns if not column.from_file_name]
    place = next((number for number, headers in enumerate(agreed) if missing in headers), None)
    if place is None:
        return None
    before = agreed[place - 1] if place else ()
    after = agreed[place + 1] if place + 1 < len(agreed) else ()
    for number, name in enumerate(header):
        if name in unexpected:
            left = header[number - 1] if number else None
            right = header[number + 1] if number + 1 < len(header) else None
            if (left in before if before else left is None) and (right in after if after else right is None):
                return name
    return None
