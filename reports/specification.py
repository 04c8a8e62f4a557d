"""The pages of the agreed standards: what to send for a dataset, and the catalogue of every rule. Each stands alone."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import jinja2

from reports import mail, words


def specification_page(said: Mapping[str, Any]) -> str:
    """What a partner needs to know to send a dataset: columns, due dates, rules with examples."""
    return pages().get_template("specification.html.j2").render(said=said, **about(said))


def catalogue_page(about: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> str:
    """Every rule of every dataset, by dataset."""
    datasets = [(key, list(found)) for key, found in groupby(rules, key=lambda rule: rule["dataset"])]
    return pages().get_template("standards.html.j2").render(datasets=datasets, **about)


def about(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the frame of a plain page says: whose it is, its marking, its day."""
    return {name: said[name] for name in ("partnership", "marking", "on")}


@cache
def pages() -> jinja2.Environment:
    """The environment of the plain pages."""
    made = mail.environment().overlay()
    made.filters |= {"day": words.day, "slug": words.slug, "humanise": words.humanise}
    return made
