"""The bytes a partner sent, before anything is made of them: fingerprint, how the text is written, what kind of file.

A kind we do not read is turned away with its own sentence and its own remedy.
"""

import codecs
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

BLOCK = 1 << 20
NO_TEXT = (
    "The file is not a CSV text file.",
    "Save the extract as 'CSV UTF-8 (comma delimited)' and send it again.",
)
SEND_WORKBOOK = "Save the extract as 'CSV UTF-8 (comma delimited)' or as an Excel workbook (.xlsx), and send that."


class UnreadableError(Exception):
    """A file that cannot be read as the table it should be. Carries no value of the file.

    Attributes: ``problem`` (what is wrong, and on which line), ``remedy`` (what to do next).
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class FileFacts:
    """What one pass over the bytes tells: fingerprint, size in bytes, and how the text is written."""

    sha256: str
    size: int
    encoding: str  # 'utf-8', 'utf-8-sig', 'cp1252', 'utf-16' or 'binary'
    line_ending: str  # 'lf', 'crlf', 'cr', 'mixed' or 'none'
    quotes: int

    @property
    def plain(self) -> bool:
        """True when DuckDB reads the bytes as they are, without a rewritten copy."""
        return self.encoding in {"utf-8", "utf-8-sig"} and self.line_ending in {"lf", "crlf", "none"}

    @property
    def codec(self) -> str:
        """The encoding to decode the text with; a byte-order mark is no part of it."""
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding


@dataclass(frozen=True)
class Content:
    """The bytes to read: a file, or the one file inside a zip."""

    path: Path
    member: str | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes from the start. A member of a zip is unpacked as it is read, never to disk."""
        if self.member is None:
            with self.path.open("rb") as file:
                yield file
            return
        with zipfile.ZipFile(self.path) as packed, packed.open(self.member) as member:
            yield cast(BinaryIO, member)

    def blocks(self) -> Iterator[bytes]:
        """The bytes in blocks of 1 MiB.

        Raises:
            UnreadableError: the zip is damaged, or what it unpacks to is not what it says.
        """
        try:
            with self.open() as file:
                while block := file.read(BLOCK):
                    yield block
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError):
            raise UnreadableError(
                "The zip file is damaged: what is inside cannot be unpacked.", "Make the zip again and send it."
            ) from None


def inspect(path: Path) -> FileFacts:
    """Read a file once: sha256, size, encoding, line endings, number of quotation marks."""
    return inspect_content(Content(path))


def inspect_content(content: Content) -> FileFacts:
    """What `inspect` tells, of a file or of the member of a zip."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, cp1252, nul = True, True, False
    size = quotes = crlf = newlines = returns = 0
    first, last_was_return = b"", False
    for block in content.blocks():
        first = first or block[:4]
        digest.update(block)
        size += len(block)
        if utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                utf8 = False
        nul = nul or b"\x00" in block
        cp1252 = cp1252 and not block.translate(None, _CP1252_DEFINED)
        quotes += block.count(b'"')
        newlines += block.count(b"\n")
        if b"\r" in block or last_was_return:
            returns += block.count(b"\r")
            crlf += block.count(b"\r\n") + (last_was_return and block.startswith(b"\n"))
        last_was_return = block.endswith(b"\r")
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return FileFacts(
        sha256=digest.hexdigest(),
        size=size,
        encoding=_encoding(first, utf8=utf8, cp1252=cp1252, nul=nul),
        line_ending=_line_ending(newlines - crlf, returns - crlf, crlf),
        quotes=quotes,
    )


_CP1252_DEFINED = bytes(set(range(256)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D})


def _encoding(first: bytes, *, utf8: bool, cp1252: bool, nul: bool) -> str:
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if nul:
        return "binary"
    if utf8:
        return "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else "utf-8"
    return "cp1252" if cp1252 else "binary"


def _line_ending(lf: int, cr: int, crlf: int) -> str:
    kinds = [name for name, count in (("lf", lf), ("cr", cr), ("crlf", crlf)) if count]
    return "none" if not kinds else kinds[0] if len(kinds) == 1 else "mixed"


# How a file begins, and what to say of one we do not read.
_NOT_READ = {
    b"%PDF": ("The file is a PDF, from which no table can be read.", SEND_WORKBOOK),
    b"{\\rtf": ("The file is a text document (RTF), not a table.", SEND_WORKBOOK),
    b"\x89PNG": ("The file is a picture, not a table.", SEND_WORKBOOK),
    b"\xff\xd8\xff": ("The file is a picture, not a table.", SEND_WORKBOOK),
    b"GIF8": ("The file is a picture, not a table.", SEND_WORKBOOK),
    b"II*\x00": ("The file is a picture, not a table.", SEND_WORKBOOK),
    b"MM\x00*": ("The file is a picture, not a table.", SEND_WORKBOOK),
    b"\x1f\x8b": ("The file is packed with gzip.", "Send it unpacked, or in a zip file that holds it alone."),
    b"7z\xbc\xaf": ("The file is packed with 7-Zip.", "Send it unpacked, or in a zip file that holds it alone."),
    b"Rar!": ("The file is packed with RAR.", "Send it unpacked, or in a zip file that holds it alone."),
}
PASSWORD = (
    "The workbook is protected by a password, so it cannot be opened.",
    "Take the password off (File, Info, Protect Workbook) and send it again; the way it travels is protected.",
)
MACROS = (
    "The workbook holds macros, which are programs; no program is taken in.",
    "Save it as an Excel workbook without macros (.xlsx) and send that.",
)
_ENTRIES = ("EncryptedPackage", "_VBA_PROJECT_CUR", "Workbook", "Book", "WordDocument")
LARGEST_XLS = 50_000_000  # bytes; 65,536 rows, a partner's largest extract in this format, have 10 MB
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WEB_PAGE = (
    "The file is a web page, whatever its name ends in.",
    "Open it in Excel, save it as an Excel workbook (.xlsx), and send that.",
)


def kind_of(content: Content) -> str:
    """What the bytes are: csv, json, xls, or zip (a workbook or a packed file: see `packed`).

    Raises:
        UnreadableError: it is of a kind that is not read.
    """
    with content.open() as file:
        first = file.read(4096)
    if not first:
        raise UnreadableError("The file is empty.", "Send it again with its header and its rows.")
    for magic, sentence in _NOT_READ.items():
        if first.startswith(magic):
            raise UnreadableError(*sentence)
    if first.startswith(OLE):
        return _kind_of_compound(content)
    if first.startswith(b"PK"):
        return "zip"
    plain = first.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if plain.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta", b"<style")):
        raise UnreadableError(*_WEB_PAGE)
    if plain.startswith(b"<?xml"):
        raise UnreadableError(
            "The file is an XML document, whatever its name ends in.",
            "Open it in Excel, save it as an Excel workbook (.xlsx), and send that.",
        )
    if plain.startswith(b"{") or (plain.startswith(b"[") and plain[1:].lstrip()[:1] in {b"{", b"]"}):
        return "json"
    return "csv"


def _kind_of_compound(content: Content) -> str:
    """An old compound file is told by its directory: 128-byte entries that begin with a name in UTF-16."""
    names, size = set(), 0
    for block in content.blocks():
        size += len(block)
        names |= {name for name in _ENTRIES if name not in names and _has_entry(block, name)}
    if "EncryptedPackage" in names:
        raise UnreadableError(*PASSWORD)
    if "_VBA_PROJECT_CUR" in names:
        raise UnreadableError(*MACROS)
    if "Workbook" in names or "Book" in names:
        if size > LARGEST_XLS:
            raise UnreadableError(
                f"The workbook has {size / 1e6:,.0f} MB, more than one of its kind can hold.", SEND_WORKBOOK
            )
        return "xls"
    what = "a Word document" if "WordDocument" in names else "a document of an old Office program"
    raise UnreadableError(f"The file is {what}, not a table.", SEND_WORKBOOK)


def _has_entry(block: bytes, name: str) -> bool:
    """Blocks are a multiple of 128 bytes, so that no entry lies across two."""
    text = name.encode("utf-16-le") + b"\x00\x00"
    place = block.find(text)
    while place >= 0 and place % 128:
        place = block.find(text, place + 1)
    return place >= 0
