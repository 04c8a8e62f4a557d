"""Every byte of a home, unpacked as far as it goes: inside workbooks, mails and their attachments, PDFs and tables."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import duckdb

MAY_HOLD_VALUES = ("archive", "held", "staging", "accepted", "warehouse.duckdb")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


def places(home: Path) -> Iterator[Path]:
    """Every file of a home that may hold no value of a person."""
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home).parts[0]
        if path.is_file() and not inside.startswith(MAY_HOLD_VALUES):
            yield path


def hits(home: Path, values: tuple[str, ...]) -> list[str]:
    """Which files hold how many of the values, in their bytes or in what they unpack to, or in their names."""
    wanted = [form for value in values for form in _forms(value.lower())]
    told = []
    for path in places(home):
        contents = [
            content.lower() for content in (path.name.encode(), *unpacked(path.name, path.read_bytes(), path))
        ]
        found = sum(form in content for content in contents for form in _likely(wanted, content))
        told += [f"{path.relative_to(home)}: {found} values"] if found else []
    return told


def _likely(wanted: list[bytes], content: bytes) -> list[bytes]:
    """The values of which the first letters stand in the content: most contents hold none, and are done at once."""
    starts = {start for start in {form[:5] for form in wanted} if start in content}
    return [form for form in wanted if form[:5] in starts]


def _forms(value: str) -> tuple[bytes, ...]:
    return (value.encode(), value.encode("utf-16-le"), value.replace(" ", "%20").encode())


def unpacked(name: str, content: bytes, path: Path | None = None) -> Iterator[bytes]:
    """A file's bytes, and those of everything inside it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            for member in file.namelist():
                yield from unpacked(member, file.read(member))
    elif name.endswith(".eml"):
        for part in message_from_bytes(content, policy=policy.default).walk():
            yield str(part.items()).encode()
            held = None if part.is_multipart() else part.get_payload(decode=True)
            if isinstance(held, bytes):
                yield from unpacked(part.get_filename() or "", held)
    elif content.startswith(b"%PDF"):
        for stream in _STREAM.findall(content):
            try:
                yield zlib.decompress(stream.strip(b"\r\n"))
            except zlib.error:
                yield stream
    elif path is not None and name.endswith(".parquet"):
        yield str(duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()).encode()
    elif path is not None and name.endswith(".duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables:
                yield str(connection.execute(f'FROM "{schema}"."{table}"').fetchall()).encode()
