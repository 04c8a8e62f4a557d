"""The outlines of the partnership's wards: `schemas/geography/outlines.geojson`, where a partnership ships one.

A GeoJSON FeatureCollection whose features have the property `area_code`; simplified, so that a page with a map stays
small. A partnership without the file has tables instead of maps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas import loading
from schemas.loading import DefinitionError, Source, known

OUTLINES = "outlines.geojson"
LARGEST = 60_000  # bytes: what a page can carry

Ring = tuple[tuple[float, float], ...]  # longitude, latitude
Outlines = Mapping[str, tuple[Ring, ...]]  # by area code


def load_outlines(folder: Path, root: Path, areas: set[str]) -> tuple[Outlines, str, list[Source]]:
    """The rings of each area, and whom they are owed to; both empty where there is no file.

    Raises:
        DefinitionError: it is no such file, larger than 60 kB, or names an area that areas.csv does not.
    """
    path = folder / OUTLINES
    if not path.is_file():
        return {}, "", []
    file = loading.relative(path, root)
    data = path.read_bytes()
    if len(data) > LARGEST:
        fix = "simplify the outlines: four decimals of a degree and a few dozen points for each ward are enough"
        raise DefinitionError(file, "", f"is larger than {LARGEST:,} bytes", fix)
    try:
        content = json.loads(data)
        features = content["features"]
        found = {str(each["properties"]["area_code"]): _rings(each["geometry"]) for each in features}
        owed = str(content["attribution"])
    except (ValueError, KeyError, TypeError):
        fix = (
            "write a FeatureCollection with an attribution, and features with the property area_code and a Polygon "
            "or MultiPolygon in degrees"
        )
        raise DefinitionError(file, "", "is not the GeoJSON that is wanted", fix) from None
    source = Source(path, file, content, hashlib.sha256(data).hexdigest())
    for code in found:
        known(source, "features", "area", code, areas)
    return found, owed, [source]


def _rings(geometry: Mapping[str, Any]) -> tuple[Ring, ...]:
    polygons = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}[geometry["type"]]
    return tuple(
        tuple((float(longitude), float(latitude)) for longitude, latitude in ring)
        for polygon in polygons
        for ring in polygon
    )
