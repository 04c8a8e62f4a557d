"""A file before it has bytes: headers, rows of text, and how they will be written."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.contract import Contract

BOM = "\ufeff"


class GeneratorError(Exception):
    """The demo cannot make an extract; the message names the dataset and what to change."""


@dataclass(frozen=True)
class Sheet:
    """``names`` are the contract's names of the columns, ``header`` what the file calls them, in file order."""

    names: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8"
    newline: str = "\n"
    byte_order_mark: bool = False

    def place_of(self, name: str) -> int:
        """Where a column stands. Raises GeneratorError when the sheet has no such column."""
        try:
            return self.names.index(name)
        except ValueError:
            raise GeneratorError(f"there is no column {name}; the columns are {', '.join(self.names)}") from None

    def to_bytes(self) -> bytes:
        """The file. Raises GeneratorError when the encoding cannot write a character."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=self.newline)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        written = (BOM if self.byte_order_mark else "") + text.getvalue()
        try:
            return written.encode(self.encoding)
        except UnicodeEncodeError:
            raise GeneratorError(f"a character cannot be written in {self.encoding}") from None


def by_contract(contract: Contract, records: Iterable[Mapping[str, str]]) -> Sheet:
    """Rows of named values as a sheet with the contract's columns, in its order, under its headers.

    A column that may be absent is left out when no row has it.

    Raises:
        GeneratorError: a row lacks a column of the contract, or has one the contract does not know.
    """
    listed = list(records)
    given = set().union(*listed) if listed else {column.name for column in contract.columns}
    unknown = given - {column.name for column in contract.columns}
    if unknown:
        raise GeneratorError(f"{contract.key}: the contract has no column {', '.join(sorted(unknown))}")
    columns = [column for column in contract.columns if column.name in given or not column.may_be_absent]
    names = tuple(column.name for column in columns)
    try:
        rows = tuple(tuple(record[name] for name in names) for record in listed)
    except KeyError as missing:
        raise GeneratorError(f"{contract.key}: the demo makes no column {missing.args[0]}") from None
    return Sheet(names=names, header=tuple(column.header for column in columns), rows=rows)
