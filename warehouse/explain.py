"""Where a published figure comes from: definition, formula with the numbers in it, deliveries, rules, agreement.

Reads the published exchange.duckdb and nothing else, so it cannot tell more than was published.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from schemas.framework import CHANGES
from schemas.periods import parse_period
from warehouse.connection import literal
from warehouse.explanation import (
    CONFIDENTIAL,
    UNAVAILABLE,
    Awaited,
    ConfirmedRule,
    DeliveryBehind,
    Explanation,
    FailedRule,
    figure_text,
    number_text,
)

SOME = 8  # how many other periods or indicators an error names
RETURN = "indicator_return"  # whichever partner sends it
RETURNED = {"numerator": "counted, as returned", "denominator": "among whom, as returned", "value": "as stated"}
# Formulas over other days than the period's own, in words.
SPANS = {
    "rolling_average": ", the mean of twelve months,",
    "rolling_total": ", over twelve months,",
    "mean_of_months": ", the mean of the named months,",
    "cumulative": ", since the start,",
}
PEOPLE = {"age": "people", "females": "women", "males": "men"}  # how the name of a group of an age begins
MEASURED_IN = {"all_ages": "people", "working_age": "people of working age"}

# Columns of performance.indicator that an explanation has under the same name.
TAKEN_OVER = (
    "framework", "indicator", "name", "period", "area_code", "breakdown", "category", "unit", "value",
    "numerator", "denominator", "lower",
    "upper", "ytd", "baseline", "target", "ytd_target", "rag", "direction_short", "direction_long", "forecast",
    "data_quality", "status", "suppressed", "commentary", "publication_id",
)  # fmt: skip

Row = dict[str, Any]


def explain(
    exchange_duckdb: Path,
    indicator: str,
    period: str,
    area: str | None = None,
    framework: str | None = None,
    category: str | None = None,
) -> Explanation:
    """Explain the figure of an indicator for a period, of the whole partnership or of an area (code or name).

    `indicator` is read kindly ("ni 16" is NI16); `framework` is needed only where two have such a figure. `category`
    asks for one part of a breakdown, such as Female.

    Raises:
        FileNotFoundError: nothing is published yet.
        LookupError: there is no such figure; the sentence says what there is.
    """
    if not exchange_duckdb.exists():
        raise FileNotFoundError("Nothing is published yet: run `exchange publish`.")
    with published(exchange_duckdb) as connection:
        return explain_in(connection, indicator, period, area, framework, category)


def explain_in(
    connection: duckdb.DuckDBPyConnection,
    indicator: str,
    period: str,
    area: str | None = None,
    framework: str | None = None,
    category: str | None = None,
) -> Explanation:
    """As ``explain``, on a published file that is open (see ``published``).

    Raises:
        LookupError: there is no such figure; the sentence says what there is.
    """
    about = _indicator(connection, indicator, period, framework)
    row = _figure(connection, about, period, area, category)
    missing = row["status"] == "missing"
    deliveries = _deliveries(connection, row)
    awaited = _awaited(connection, about, row, deliveries) if missing else ()
    terms = _rows(
        connection,
        "SELECT * FROM reference.term WHERE framework = ? AND indicator = ? ORDER BY weight DESC, measure",
        row["framework"],
        row["indicator"],
    )
    publication = _publication(connection, row["publication_id"])
    return Explanation(
        **{name: _plain(row[name]) for name in TAKEN_OVER},
        period_words=parse_period(row["period"]).title,
        area=row["area_name"],
        good_is=row["polarity"],
        definition=about["definition"],
        source=about["source"],
        shown_value=figure_text(row["value"], row["suppressed"], about["decimals"]),
        shown_ytd=figure_text(row["ytd"], _ytd_is_withheld(row), about["decimals"]),
        formula=_formula(about, terms, row["numerator"], row["denominator"], row["value"], row["suppressed"]),
        ytd_formula=_ytd_formula(connection, about, terms, row),
        reason=_reason(connection, row, missing, awaited),
        awaited=awaited,
        deliveries=deliveries,
        **publication,
    )


@contextmanager
def published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only; attached, so that a reader in the same process is not in the way."""
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH '{literal(str(path.resolve()))}' AS published (READ_ONLY)")
        connection.execute("USE published")
        yield connection
    finally:
        connection.close()


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: str | date | None) -> list[Row]:
    """Rows as dicts. Values are handed over as literals to a prepared statement, not bound from Python: the first
    bound value makes DuckDB import pandas, which takes longer than the whole answer.
    """
    if values:
        connection.execute(f"PREPARE asked AS {query}")
        cursor = connection.execute(f"EXECUTE asked({', '.join(map(_literal, values))})")
    else:
        cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _literal(value: str | date | None) -> str:
    if value is None:
        return "NULL"
    return f"DATE '{value}'" if isinstance(value, date) else f"'{literal(value)}'"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _indicator(connection: duckdb.DuckDBPyConnection, indicator: str, period: str, framework: str | None) -> Row:
    """The definition of the one indicator that is meant."""
    known = _rows(connection, "SELECT * FROM reference.indicator ORDER BY framework, indicator")
    frameworks = sorted({row["framework"] for row in known})
    if framework is not None and framework not in frameworks:
        near = _near(framework, frameworks)
        raise LookupError(f"There is no framework '{framework}'. {near or 'There are: ' + ', '.join(frameworks)}")
    within = [row for row in known if framework in (None, row["framework"])]
    found = [row for row in within if _folded(row["indicator"]) == _folded(indicator)]
    if not found:
        where = f" in {framework}" if framework else ""
        names = {row["indicator"]: row["name"] for row in within}
        raise LookupError(f"There is no indicator '{indicator}'{where}. {_near(indicator, names, names)}".rstrip())
    if len(found) > 1:
        having = [row for row in found if period.upper() in map(str.upper, _periods(connection, row))]
        if len(having) != 1:
            choices = " or ".join(row["framework"] for row in having or found)
            raise LookupError(f"{found[0]['indicator']} is in more than one framework: add --framework {choices}.")
        found = having
    return found[0]


def _periods(connection: duckdb.DuckDBPyConnection, about: Row) -> list[str]:
    rows = _rows(
        connection,
        "SELECT DISTINCT period, period_end FROM performance.indicator WHERE framework = ? AND indicator = ? "
        "ORDER BY period_end",
        about["framework"],
        about["indicator"],
    )
    return [row["period"] for row in rows]


def _figure(
    connection: duckdb.DuckDBPyConnection, about: Row, period: str, area: str | None, category: str | None
) -> Row:
    """The row of performance.indicator (or of a comparator, in its columns) that is asked for."""
    periods = _periods(connection, about)
    wanted = next((p for p in periods if p.upper() == period.strip().upper()), None)
    if wanted is None:
        if not periods:
            raise LookupError(f"{about['indicator']} has no published figure yet.")
        shown = periods if len(periods) <= SOME else ["...", *periods[-SOME:]]
        raise LookupError(f"{about['indicator']} has no figure for '{period}'. It has: {', '.join(shown)}.")
    found = _rows(
        connection,
        "SELECT * FROM performance.indicator WHERE framework = $1 AND indicator = $2 AND period = $3 "
        "UNION ALL BY NAME "
        "SELECT comparator.*, indicator.name, indicator.unit, indicator.polarity, 'ok' AS data_quality "
        "FROM performance.comparator AS comparator JOIN reference.indicator AS indicator USING (framework, indicator) "
        "WHERE framework = $1 AND indicator = $2 AND period = $3",
        about["framework"],
        about["indicator"],
        wanted,
    )
    parts = sorted({row["category"] for row in found if row["breakdown"] != "all"})
    part = "all" if category is None else next((one for one in parts if _folded(one) == _folded(category)), None)
    if part is None:
        there = f"It has: {', '.join(parts)}." if parts else "It is shown whole only."
        raise LookupError(f"{about['indicator']} has no figure for the category '{category}' in {wanted}. {there}")
    found = [row for row in found if row["category"] == part and (row["breakdown"] == "all") == (category is None)]
    own = _rows(connection, "SELECT area_code FROM reference.partnership")[0]["area_code"]
    asked = own if area is None else area
    for row in found:
        if asked.strip().casefold() in (row["area_code"].casefold(), row["area_name"].casefold()):
            return row
    names = {row["area_name"]: row["area_code"] for row in found}
    raise LookupError(
        f"{about['indicator']} has no figure for the area '{asked}'. {_near(asked, names, names)}".rstrip()
    )


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _near(wanted: str, known: Iterable[str], names: dict[str, str] | None = None) -> str:
    """A sentence with what was perhaps meant: by spelling, or by a word of the name."""
    folded = {_folded(each): each for each in known}
    near = [folded[each] for each in difflib.get_close_matches(_folded(wanted), folded, n=SOME, cutoff=0.6)]
    near += [id for id, name in (names or {}).items() if wanted.casefold() in name.casefold() and id not in near]
    if not near:
        listed = sorted(folded.values())
        return f"There are: {', '.join(listed)}." if len(listed) <= SOME else ""
    described = [f"{id} ({names[id]})" if names else id for id in near[:SOME]]
    return f"Did you mean {' or '.join(described)}?"


def _ytd_is_withheld(row: Row) -> bool:
    return bool(row["suppressed"]) or row["status"] == "year to date confidential"


def _reason(
    connection: duckdb.DuckDBPyConnection, row: Row, missing: bool, awaited: Sequence[Awaited]
) -> str | None:
    if _ytd_is_withheld(row):
        found = _rows(
            connection,
            "SELECT reason FROM performance.suppression WHERE framework = ? AND indicator = ?",
            row["framework"],
            row["indicator"],
        )
        return found[0]["reason"] if found else None
    if missing:
        return "An extract it needs is not in." if awaited else "There is no population to set it against."
    return None


def _awaited(
    connection: duckdb.DuckDBPyConnection, about: Row, row: Row, deliveries: Sequence[DeliveryBehind]
) -> tuple[Awaited, ...]:
    """The extracts that are not in: of the figure's days, or of twelve months for a rolling average."""
    start = row["period_start"]
    if about["kind"] in ("rolling_average", "rolling_total"):
        start = row["period_end"] - timedelta(days=364)
    found = _rows(
        connection,
        "SELECT DISTINCT quality.partner, quality.dataset, quality.dataset_title AS title, quality.period, "
        "quality.sentence "
        "FROM performance.data_quality AS quality "
        "JOIN reference.term AS term USING (framework, partner, dataset) "
        "WHERE quality.framework = ? AND term.indicator = ? AND quality.period_end >= ? AND quality.period_start <= ? "
        "AND quality.state NOT IN ('accepted', 'accepted_with_exceptions', 'merged') "
        "AND coalesce(quality.delivery_id, '') NOT IN (SELECT delivery_id FROM performance.provenance) ORDER BY ALL",
        row["framework"],
        row["indicator"],
        start,
        row["period_end"],
    )
    owed = [Awaited(each["partner"], each["title"], each["period"], each["sentence"]) for each in found]
    # Published data are owed by nobody: nothing says that they are not in but that nothing came.
    told = {(each["partner"], each["dataset"]) for each in found}
    told |= {(each.partner, each.dataset) for each in deliveries if each.feeds == "value"}
    needed = _rows(
        connection,
        "SELECT DISTINCT dataset.partner, dataset.dataset, dataset.title FROM reference.term AS term "
        "JOIN reference.dataset AS dataset USING (partner, dataset) WHERE framework = ? AND indicator = ? ORDER BY ALL",
        row["framework"],
        row["indicator"],
    )
    absent = [each for each in needed if (each["partner"], each["dataset"]) not in told]
    sentence = "No file has come from which it can be counted."
    return (*owed, *(Awaited(each["partner"], each["title"], row["period"], sentence) for each in absent))


def _deliveries(connection: duckdb.DuckDBPyConnection, row: Row) -> tuple[DeliveryBehind, ...]:
    key = (row["framework"], row["indicator"], row["period"])
    where = "framework = ? AND indicator = ? AND period = ?"
    found = _rows(
        connection,
        f"SELECT * FROM performance.provenance WHERE {where} ORDER BY feeds DESC, received_at, delivery_id",
        *key,
    )
    failed = _rows(
        connection,
        "SELECT * FROM performance.rule_result WHERE delivery_id IN "
        f"(SELECT delivery_id FROM performance.provenance WHERE {where}) ORDER BY delivery_id, rule_id",
        *key,
    )
    return tuple(
        DeliveryBehind(
            delivery_id=each["delivery_id"],
            feeds=each["feeds"],
            partner=each["partner"],
            dataset=each["dataset"],
            period=each["delivery_period"],
            received_at=each["received_at"].replace(tzinfo=UTC).isoformat(),
            decision=each["decision"],
            rows_received=each["rows_received"],
            rows_accepted=each["rows_accepted"],
            rows_quarantined=each["rows_quarantined"],
            rows_out_of_scope=each["rows_out_of_scope"],
            rules_failed=tuple(
                FailedRule(rule["rule_id"], rule["severity"], rule["sentence"])
                for rule in failed
                if rule["delivery_id"] == each["delivery_id"] and not _is_confirmed(rule)
            ),
            rules_confirmed=tuple(
                ConfirmedRule(
                    rule["rule_id"],
                    rule["sentence"],
                    rule["confirmed_because"],
                    rule["confirmed_until"].isoformat() if rule["confirmed_until"] else None,
                )
                for rule in failed
                if rule["delivery_id"] == each["delivery_id"] and _is_confirmed(rule)
            ),
            agreement_id=each["agreement_id"],
            rows_gone_on=each["rows_gone_on"].isoformat() if each["rows_gone_on"] else None,
            sha256=each["sha256"],
            model=each["model"],
            model_sha256=each["model_sha256"],
        )
        for each in found
    )


def _is_confirmed(rule: Row) -> bool:
    """A release made before confirmations were published has failed rules alone, and no such column."""
    return rule.get("outcome") == "confirmed"


def _publication(connection: duckdb.DuckDBPyConnection, publication_id: str) -> dict[str, Any]:
    """When the publication that states the figure was made; a replaced one is known by its revision rows only."""
    found = _rows(
        connection,
        "SELECT published_at, status, models_sha256 FROM performance.publication WHERE publication_id = ?",
        publication_id,
    ) or _rows(
        connection,
        "SELECT published_at, publication_status AS status, NULL AS models_sha256 FROM performance.revision "
        "WHERE publication_id = ? ORDER BY published_at DESC LIMIT 1",
        publication_id,
    )
    made = found[0] if found else {"published_at": None, "status": None, "models_sha256": None}
    moment = made["published_at"]
    return {
        "published_at": moment.replace(tzinfo=UTC).isoformat() if moment else None,
        "publication_status": made["status"],
        "models_sha256": made["models_sha256"],
    }


def _formula(
    about: Row, terms: Sequence[Row], numerator: Any, denominator: Any, value: float | None, withheld: bool
) -> str:
    """The formula in words with its numbers, e.g. "2,610 offences / 172,000 people x 1,000 = 15.17"."""
    kind = about["kind"]
    above = _part(terms, "numerator", numerator, withheld)
    under = _part(terms, "denominator", denominator, withheld)
    times = "" if about["multiplier"] == 1 else f" x {number_text(about['multiplier'])}"
    mean = SPANS.get(kind, "")
    if kind in CHANGES:  # the same count of the base stands under the line
        base = f"{number_text(denominator) if denominator is not None else CONFIDENTIAL} of the base"
        above = f"({above} - {base})" if kind == "percent_change" else f"({base} - {above})"
        under = base
    over = f" / {under}" if under else ""
    return f"{above}{mean}{over}{times} = {figure_text(value, withheld, about['decimals'])}"


def _part(terms: Sequence[Row], part: str, amount: Any, withheld: bool) -> str:
    used = [term for term in terms if term["part"] == part]
    if not used:
        return ""
    parts = [(f"{number_text(term['weight'])} x " if term["weight"] != 1 else "") + _noun(term) for term in used]
    named = parts[0] if len(parts) == 1 and used[0]["weight"] == 1 else f"({' + '.join(parts)})"
    shown = number_text(amount) if amount is not None else CONFIDENTIAL if withheld else UNAVAILABLE
    return f"{shown} {named}"


def _noun(term: Row) -> str:
    group: str | None = term["population_group"]
    if group is None:
        measure = str(term["measure"])
        if term["dataset"] == RETURN:
            return RETURNED[measure.rsplit("_", 1)[1]]
        return measure.replace("_", " ")
    who, *ages = group.split("_")
    if who in PEOPLE and len(ages) == 2:
        said = f"{ages[0]} and over" if ages[1] == "plus" else f"{ages[0]} to {ages[1]}"
        return f"{PEOPLE[who]} aged {said}"
    return MEASURED_IN.get(group, group.replace("_", " "))


def _ytd_formula(connection: duckdb.DuckDBPyConnection, about: Row, terms: Sequence[Row], row: Row) -> str | None:
    """The year to date with its numbers, where every period of the year is shown and they add up to it."""
    if row["ytd"] is None or row["ytd"] == row["value"] or _ytd_is_withheld(row):
        return None
    parts = _rows(
        connection,
        "SELECT figure.numerator, figure.denominator FROM performance.indicator AS figure "
        "JOIN reference.period AS calendar USING (framework, indicator, period) "
        "WHERE figure.framework = $1 AND figure.indicator = $2 AND figure.area_code = $3 "
        "AND figure.breakdown = $6 AND figure.category = $7 AND figure.period_end <= $4 AND calendar.year_start = "
        "(SELECT year_start FROM reference.period WHERE framework = $1 AND indicator = $2 AND period = $5)",
        row["framework"],
        row["indicator"],
        row["area_code"],
        row["period_end"],
        row["period"],
        row["breakdown"],
        row["category"],
    )
    if not parts or any(part["numerator"] is None for part in parts):
        return None
    numerator = sum(part["numerator"] for part in parts)
    shared = any(term["population_group"] for term in terms if term["part"] == "denominator")
    denominator = row["denominator"]
    if denominator is not None and not shared:
        denominator = sum(part["denominator"] for part in parts)
    worked_out = float(about["multiplier"]) * float(numerator) / float(denominator or 1)
    if abs(worked_out - row["ytd"]) > 1e-9 * max(1.0, abs(worked_out)):
        return None  # a part of the year that has no figure of its own counts in it too
    return _formula(about, terms, numerator, denominator, row["ytd"], False)
