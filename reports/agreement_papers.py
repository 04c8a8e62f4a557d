"""Papers to sign: each agreement as a page, the register of processing, and the start of an impact assessment.

Each is one HTML file that stands alone and prints on A4. All text is escaped by the template; the same definitions
give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Grid:
    """A table: its caption, its header and its rows of text."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """A numbered part of a paper: named facts, paragraphs, tables, and what is still to be written by hand."""

    heading: str
    facts: Sequence[tuple[str, str]] = ()
    paragraphs: Sequence[str] = ()
    grids: Sequence[Grid] = ()
    to_write: Sequence[str] = ()  # questions a person answers in a space on the page


@dataclass(frozen=True)
class Paper:
    """One page: its file's name, title, what it is in a sentence, its sections and who signs."""

    name: str
    title: str
    kind: str
    summary: str
    partnership: str
    imprint: Sequence[str]
    sections: Sequence[Section]
    signatures: Sequence[tuple[str, str, str]] = ()  # role, party, when signed
    marking: str = ""
    links: Sequence[tuple[str, str, str]] = field(default=())  # file, title, what it says beside it


def render_paper(paper: Paper) -> bytes:
    """A paper as one HTML file."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("paper.html.j2").render(paper=paper).encode()
