"""How long a large file takes to judge: the agreed rules beside a hand-written script that scans the table once.

Ten million rows of street crime and twelve rules, on the connection a delivery gets; what a million failing rows cost
over ten; and as many identifiers of each kind. Figures of one run on one machine; another program at work makes them
worse.

    .venv/bin/python -m benchmarks.validation [ROWS]
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from expectations.run import RuleResult, run_standard
from expectations.standard import resolve
from schemas.last import lasts_in
from schemas.partnership import Partnership, load_partnership
from schemas.periods import parse_period
from schemas.standard import Standard
from warehouse import staging
from warehouse.connection import Connection, open_staging, sqlalchemy_engine

KEY = "police/street_crime"
PERIOD = parse_period("2018-01")
RULES = 12
RUNS = 3
FAILING = 1_000_000
TYPES = ("Burglary", "Drugs", "Robbery", "Vehicle crime", "Other theft", "Shoplifting", "Public order")

# What stands after expect_column_values_to_be_valid_, and the SQL that makes such a text from a number.
IDENTIFIERS = {
    "nhs_number": "lpad(CAST(number * 7919 % 10000000000 AS VARCHAR), 10, '0')",
    "upn": "'Z' || lpad(CAST(number * 7919 % 1000000000000 AS VARCHAR), 12, '0')",
    "urn": "CAST(100000 + number % 900000 AS VARCHAR)",
    "laestab": "'999' || (1000 + number % 9000)",
    "uprn": "CAST(1 + number * 37 AS VARCHAR)",
    "postcode": "'W' || (1 + number % 9) || ' ' || number % 10 || 'AB'",
    "outward_code": "'W' || (1 + number % 19)",
    "gss_code": "'E0' || lpad(CAST(number % 10000000 AS VARCHAR), 7, '0')",
    "legacy_area_code": "'00A' || chr(CAST(65 + number % 8 AS INTEGER)) || 'FA'",
    "home_office_offence_code": "(1 + number % 199) || '/' || lpad(CAST(number % 99 AS VARCHAR), 2, '0')",
}

# The same twelve rules by hand: one scan, every count beside the others.
BY_HAND = """
    SELECT
        count(*) AS rows,
        count(*) FILTER (_uncast IS NOT NULL),
        count(*) FILTER (month IS NULL),
        count(*) FILTER (month NOT BETWEEN DATE '2018-01-01' AND DATE '2018-01-31'),
        count(*) FILTER (reported_by IS NULL),
        count(*) FILTER (falls_within IS NULL),
        count(*) FILTER (crime_type IS NULL),
        count(*) FILTER (crime_type NOT IN ({crime_types})),
        count(*) FILTER (last_outcome_category NOT IN ({outcomes})),
        count(*) FILTER (NOT regexp_matches(lsoa_code, '^[EW]01[0-9]{{6}}$')),
        count(*) FILTER (_copy <> 1),
        count(*) FILTER (NOT regexp_matches(crime_id, '^[0-9a-f]{{64}}$'))
    FROM judged
"""


def make_rows(connection: Connection, rows: int, broken: int) -> None:
    """Table ``judged`` as staging makes it, of invented crimes; the first ``broken`` have no crime type."""
    types = ", ".join(f"'{name}'" for name in TYPES)
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE judged AS
        SELECT
            number AS _row, 'area' AS _scope, CAST(1 AS BIGINT) AS _copy, CAST(NULL AS VARCHAR) AS _uncast,
            CAST(NULL AS VARCHAR) AS _absent, sha256(CAST(number AS VARCHAR)) AS crime_id,
            DATE '2018-01-01' AS month, 'Metropolitan Police Service' AS reported_by,
            'Metropolitan Police Service' AS falls_within, -0.25 + (number % 5000) / 100000.0 AS longitude,
            51.46 + (number % 7000) / 100000.0 AS latitude, 'On or near ' || (number % 900) AS location,
            'E0100' || (1851 + number % 110) AS lsoa_code, 'Hammersmith and Fulham 023A' AS lsoa_name,
            CASE WHEN number >= {broken} THEN list_extract([{types}], CAST(number % {len(TYPES)} + 1 AS INTEGER)) END
                AS crime_type,
            'Under investigation' AS last_outcome_category, CAST(NULL AS VARCHAR) AS context
        FROM range({rows}) AS numbers(number)
        """
    )


def twelve_rules(partnership: Partnership) -> Standard:
    """The first twelve rules of the standard, ready for the month."""
    agreed = partnership.standards[KEY]
    own = [rule for rule in agreed.rules if not list(lasts_in(rule.kwargs))]
    values = {
        "period_start": PERIOD.start,
        "period_end": PERIOD.end,
        "received_on": date(2018, 3, 1),
        "codelists": {name: [code for code, _ in codes] for name, codes in partnership.codelists.items()},
    }
    return resolve(replace(agreed, rules=tuple(own[:RULES])), values)


def by_hand(partnership: Partnership) -> str:
    listed = {
        name: ", ".join("'" + code.replace("'", "''") + "'" for code, _ in partnership.codelists[name])
        for name in ("crime_types", "outcomes")
    }
    return BY_HAND.format(**listed)


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def set_aside(connection: Connection, partnership: Partnership, results: list[RuleResult], folder: Path) -> None:
    """Quarantine what the rules found and write both files, as a delivery's verdict does."""
    queries = {
        result.rule.id: result.row_query
        for result in results
        if result.row_query is not None and result.rule.severity != "info"
    }
    staging.quarantine(connection, queries)
    contract = partnership.contracts[KEY]
    staging.write_outcome(connection, contract, folder / "accepted.parquet", folder / "quarantined.parquet")


def judge_identifiers(connection: Connection, partnership: Partnership, rows: int) -> None:
    """One line for each kind of identifier: seconds to judge so many, check digit or form."""
    agreed = partnership.standards[KEY]
    engine = sqlalchemy_engine(connection)
    for kind, written in IDENTIFIERS.items():
        connection.execute(
            f"CREATE OR REPLACE TABLE judged AS SELECT number AS _row, {written} AS written "
            f"FROM range({rows}) AS numbers(number)"
        )
        form = f"expect_column_values_to_be_valid_{kind}"
        rule = replace(agreed.rules[0], type=form, kwargs={"column": "written"})
        start = time.perf_counter()
        (result,) = run_standard(engine, "judged", replace(agreed, rules=(rule,)))
        taken = time.perf_counter() - start
        print(f"{kind:26} {taken:7.2f} s   {result.failed:,} of {result.checked:,} are none")


def main(rows: int) -> None:
    partnership = load_partnership()
    standard, script = twelve_rules(partnership), by_hand(partnership)
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as name:
        folder = Path(name)
        connection = open_staging(folder)
        print(
            f"{rows:,} rows, {RULES} rules, best of {RUNS}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
        make_rows(connection, rows, 10)
        hand = best(lambda: connection.execute(script).fetchall())
        engine = sqlalchemy_engine(connection)
        rules = best(lambda: run_standard(engine, "judged", standard))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"a hand-written scan        {hand:7.2f} s")
        print(f"the agreed rules           {rules:7.2f} s   {rules / hand:.1f} times (at most 3)")
        print(f"most memory of the process {peak:7.0f} MB  (at most 2,000)")
        taken = {}
        for broken in (10, FAILING):
            make_rows(connection, rows, broken)
            results = run_standard(engine, "judged", standard)
            taken[broken] = best(lambda: set_aside(connection, partnership, results, folder))  # noqa: B023
            print(f"setting aside {broken:9,} rows {taken[broken]:7.2f} s")
        few, many = taken.values()
        print(f"the difference             {many - few:7.2f} s   (at most 1 for a million)")
        judge_identifiers(connection, partnership, rows)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"most memory of all of it   {peak:7.0f} MB")
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
