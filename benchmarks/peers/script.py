"""The limit: what one writes by hand in DuckDB for this one file. It archives, quarantines and remembers nothing."""

import hashlib
from pathlib import Path

import duckdb

COLUMNS = (
    *("Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code"),
    *("LSOA name", "Crime type", "Last outcome category", "Context"),
)
# The rules of the standard that look at rows, as one scan counts them.
CHECKS = {
    "no month": '"Month" IS NULL',
    "another month": '"Month" <> $month',
    "not reported by": '"Reported by" IS NULL',
    "not within": '"Falls within" IS NULL',
    "no type": '"Crime type" IS NULL',
    "unknown type": '"Crime type" NOT IN (SELECT unnest($types))',
    "unknown outcome": '"Last outcome category" NOT IN (SELECT unnest($outcomes))',
    "LSOA form": "NOT regexp_full_match(\"LSOA code\", '[EW]01[0-9]{6}')",
    "Crime ID form": "NOT regexp_full_match(\"Crime ID\", '[0-9a-f]{64}')",
    "longitude": 'TRY_CAST("Longitude" AS DOUBLE) NOT BETWEEN -9 AND 2.5',
    "latitude": 'TRY_CAST("Latitude" AS DOUBLE) NOT BETWEEN 49 AND 61',
    "context": '"Context" IS NOT NULL',
}


def run(path: Path, folder: Path, month: str, types: list[str], outcomes: list[str]) -> dict[str, int]:
    """Load, check in one scan, count copies, aggregate, fingerprint; returns the failures of each check."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    with duckdb.connect(config={"memory_limit": "1500MB", "temp_directory": str(folder)}) as connection:
        listed = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
        connection.execute(
            f"CREATE TABLE crimes AS SELECT * FROM read_csv('{path}', auto_detect = false, header = true, "
            f"columns = {{{listed}}})"
        )
        given = {"month": month, "types": types, "outcomes": outcomes}
        counts = ", ".join(f"count(*) FILTER ({test})" for test in CHECKS.values())
        (found,) = connection.execute(f"SELECT {counts} FROM crimes", given).fetchall()
        (copies,) = connection.execute(
            'SELECT count(*) - count(DISTINCT "Crime ID") FROM crimes WHERE "Crime ID" IS NOT NULL'
        ).fetchall()
        connection.execute(
            'CREATE TABLE totals AS SELECT "Month", "LSOA code", "Crime type", count(*) AS crimes FROM crimes '
            "WHERE regexp_full_match(\"LSOA code\", '[EW]01[0-9]{6}') GROUP BY ALL"
        )
        return dict(zip(CHECKS, found, strict=True)) | {"copies": copies[0]}
