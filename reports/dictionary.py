"""The data dictionary: every table and column of the published database on one page, from its own comments."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from reports.page import TEMPLATES, environment


def render_dictionary(tables: Sequence[Any], partnership_name: str, audience: str) -> str:
    """The page as HTML text. Each table has schema, name, comment and columns; a column has name, type and comment."""
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("dictionary.html.j2")
        .render(
            tables=tables,
            partnership_name=partnership_name,
            audience=audience,
            columns=sum(len(table.columns) for table in tables),
            script=Markup(script),  # noqa: S704 - our own file
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        )
    )
