"""A month of street-level crime as data.police.uk publishes it, of any size: synthetic, the same for the same size."""

from pathlib import Path

import duckdb

from schemas.partnership import load_partnership

FORCE = "Metropolitan Police Service"
KEY = "police/street_crime"


def write(path: Path, rows: int, month: str, seed: int = 1) -> None:
    """Write ``rows`` crimes of ``month`` (yyyy-MM), all within the partnership's area; about 260 bytes a row.

    Fifteen rows in a hundred are anti-social behaviour, which has no Crime ID; one row in a thousand breaks a rule.
    """
    partnership = load_partnership()
    name = partnership.area_name
    codes = [lsoa.lsoa_code for lsoa in partnership.geography.lsoas]
    types = [code for code, _ in partnership.codelists["crime_types"] if code != "Anti-social behaviour"]
    outcomes = [code for code, _ in partnership.codelists["outcomes"]]
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{path.parent}'")
        connection.execute(
            f"""
            COPY (
                WITH dice AS (
                    SELECT range AS number, CAST(hash(range + {seed} * 1000003) >> 2 AS BIGINT) AS one,
                        CAST(hash(range * 31 + {seed}) >> 2 AS BIGINT) AS two
                    FROM range({rows})
                )
                SELECT
                    CASE WHEN one % 100 >= 15 THEN sha256(concat(number, '-', {seed})) END AS "Crime ID",
                    '{month}' AS "Month",
                    '{FORCE}' AS "Reported by",
                    '{FORCE}' AS "Falls within",
                    printf('%.6f', -0.25 + (one % 70000) / 1000000.0) AS "Longitude",
                    printf('%.6f', 51.46 + (two % 70000) / 1000000.0) AS "Latitude",
                    concat('On or near Synthetic Street ', two % 4000) AS "Location",
                    CASE WHEN number % 1000 = 999 THEN 'W6' ELSE $codes[1 + (two % len($codes))] END AS "LSOA code",
                    concat('{name} ', printf('%03d', two % 40), 'A') AS "LSOA name",
                    CASE WHEN one % 100 < 15 THEN 'Anti-social behaviour' ELSE $types[1 + (two % len($types))] END
                        AS "Crime type",
                    CASE WHEN one % 100 >= 15 THEN $outcomes[1 + (one % len($outcomes))] END
                        AS "Last outcome category",
                    NULL AS "Context"
                FROM dice
            ) TO '{path}' (HEADER, DELIMITER ',')
            """,
            {"codes": codes, "types": types, "outcomes": outcomes},
        )
