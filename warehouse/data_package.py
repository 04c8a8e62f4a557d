"""The data package of a layer's files (datapackage.json, Frictionless Data): what is in them, and from whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.publication import PERFORMANCE, PUBLIC, Publication, seen_by
from warehouse.tables import definition

# What a type of the published tables is called in a Table Schema.
FIELD_TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "DOUBLE": "number",
    "TIMESTAMP": "datetime",
}
KEY = ["framework", "period", "indicator", "area_code", "breakdown", "category"]
MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
TABLES = ("performance.csv", "performance.parquet")
OPEN_LICENCE = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
CLOSED_LICENCE = {"name": "other-closed", "title": "For the bodies that the information-sharing agreements name"}


def data_package(
    connection: duckdb.DuckDBPyConnection,
    publication: Publication,
    layer: Mapping[str, Any],
    audience: str,
    folder: Path,
) -> bytes:
    """The description of the files in a layer's folder, as JSON. The tables come first, documents after."""
    title = connection.execute("SELECT title FROM performance.publication").fetchall()[0][0]
    rows = connection.execute(
        f"SELECT count(*) FROM performance.indicator WHERE {seen_by(connection, layer['layer'], audience)}"
    ).fetchall()[0][0]
    names = sorted((path.name for path in folder.iterdir()), key=lambda name: (name not in TABLES, name))
    described = {
        "profile": "data-package",
        "name": f"{publication.publication_id}-{layer['layer']}-{audience}".lower(),
        "id": f"{publication.publication_id}/{audience}/{layer['layer']}",
        "title": f"{title}, {publication.period.title}: {layer['name']}",
        "description": "Performance past disclosure control. An empty figure whose column suppressed is true is "
        "confidential; one whose status is missing was not received and is not nought.",
        "created": publication.published_at.isoformat(),
        "licenses": [OPEN_LICENCE if audience == PUBLIC else CLOSED_LICENCE],
        "sources": _sources(connection, layer["layer"], audience),
        "audience": audience,
        "resources": [_resource(folder / name, rows) for name in names],
    }
    return (json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode()


def _resource(path: Path, rows: int) -> dict[str, Any]:
    suffix = path.suffix.removeprefix(".")
    content = path.read_bytes()
    resource: dict[str, Any] = {
        "name": path.name.replace(".", "-"),
        "path": path.name,
        "format": suffix,
        "mediatype": MEDIA_TYPES[suffix],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    if path.name in TABLES:
        resource |= {"rows": rows, "schema": {"fields": _fields(), "primaryKey": KEY, "missingValues": [""]}}
    if suffix == "csv":
        resource |= {"profile": "tabular-data-resource", "encoding": "utf-8", "dialect": {"header": True}}
    return resource


def _fields() -> list[dict[str, str]]:
    columns = definition(PERFORMANCE / "indicator.yaml")["tables"]["indicator"]["columns"]
    return [
        {
            "name": name,
            "type": FIELD_TYPES.get(about["type"], "number" if "DECIMAL" in about["type"] else "any"),
            "description": about["description"],
        }
        for name, about in columns.items()
    ]


def _sources(connection: duckdb.DuckDBPyConnection, layer: str, audience: str) -> list[dict[str, str]]:
    """The datasets behind the figures of the layer, with the partner that shares each."""
    seen = f"SELECT indicator FROM performance.indicator WHERE {seen_by(connection, layer, audience)}"
    rows = connection.execute(
        "SELECT DISTINCT dataset.title, partner.name FROM reference.term AS term "
        "JOIN performance.publication AS publication USING (framework) "
        "JOIN reference.dataset AS dataset ON dataset.partner = term.partner AND dataset.dataset = term.dataset "
        "JOIN reference.partner AS partner ON partner.partner = term.partner "
        f"WHERE term.indicator IN ({seen}) "
        "ORDER BY ALL"
    ).fetchall()
    return [{"title": f"{title}, {partner}"} for title, partner in rows]
