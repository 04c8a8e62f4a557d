"""The list of all releases: one page at the top of what is published, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reports import words
from reports.page import TEMPLATES, environment

STATES = {
    "provisional": "Provisional: not everything owed was in",
    "ready": "Ready: everything owed was in",
    "final": "Final: released by a second person",
}


@dataclass(frozen=True)
class Release:
    """One release: its folder beside the page, what it is of, and whether it still stands for its period."""

    folder: str
    framework: str
    framework_title: str
    period: str
    status: str
    published_at: datetime  # in the time of the place
    stands: bool
    layers: tuple[tuple[str, str], ...]  # id and name


def releases_page(partnership_name: str, releases: Sequence[Release]) -> str:
    """The page, with a table for each framework; `releases` come newest first."""
    frameworks = dict.fromkeys((one.framework, one.framework_title) for one in releases)
    groups = [(title, [one for one in releases if one.framework == id]) for id, title in frameworks]
    return (
        environment()
        .get_template("releases.html.j2")
        .render(
            partnership_name=partnership_name,
            groups=groups,
            states=STATES,
            moment=words.moment,
            css=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        )
    )
