"""The measures of a dataset's contribution, from the YAML beside its SQL.

A dataset that may carry any indicator of any framework names its measures once, under `measures_per_indicator`;
each then stands for one measure of every indicator: `numerator` of NI40 is `ni40_numerator`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

STATED = "as stated"  # the unit of a figure that its source worked out: no count, so nobody can be counted in it


def measure_of(indicator: str, part: str) -> str:
    """The name of an indicator's measure: small letters, digits and underscores."""
    return f"{re.sub('[^a-z0-9]', '_', indicator.lower())}_{part}"


def measures_of(about: Mapping[str, Any], indicators: Iterable[str]) -> dict[str, dict[str, str]]:
    """Each measure with its unit and description; `about` is the content of the YAML."""
    listed: dict[str, dict[str, str]] = {
        measure: {"unit": said["unit"], "description": said["description"]}
        for measure, said in about.get("measures", {}).items()
    }
    for part, said in about.get("measures_per_indicator", {}).items():
        for indicator in indicators:
            description = f"{indicator}: {said['description']}"
            listed[measure_of(indicator, part)] = {"unit": said["unit"], "description": description}
    return listed


def parts_of(about: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The measures that are the sum of others, each with its parts; `about` is the content of the YAML."""
    return {
        measure: tuple(said["parts"]) for measure, said in about.get("measures", {}).items() if "parts" in said
    }
