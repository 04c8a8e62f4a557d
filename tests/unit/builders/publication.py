"""Builders of made-up publications and mail payloads: six quarters of an illustrative framework."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from reports.publication import Publication
from schemas.outlines import Outlines
from schemas.periods import Period, parse_period

AREA, AREA_NAME = "E99000001", "Anyborough"
QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4", "FY2009-Q1", "FY2009-Q2")
WARDS = (
    "Abbey Green",
    "Avenue Road",
    "Broadway",
    "Canal Side",
    "Castle Hill",
    "Eastfield",
    "Fair Meadow",
    "High Cross",
    "Kingsmead",
    "Lark Rise",
    "Market",
    "Northgate",
    "Park Lane",
    "Queen's Wharf",
    "St Anne's",
    "Westway",
)
PRIORITIES = (
    ("crime", "Reducing crime and anti-social behaviour"),
    ("housing", "Promoting home ownership and housing opportunities"),
    ("environment", "A cleaner, greener borough"),
    ("education", "A top-quality education for all"),
    ("services", "Delivering high-quality, value-for-money public services"),
    ("health", "Setting the framework for a healthy borough"),
    ("regeneration", "Regenerating the most deprived parts of the borough"),
)
LAYERS = {
    "strategic": {
        "id": "borough-partnership",
        "name": "Borough Partnership",
        "role": "strategic",
        "chair": "the Leader of the Council",
    },
    "executive": {
        "id": "lpsb",
        "name": "Local Public Service Board",
        "role": "executive",
        "chair": "the Chief Executive of the Council",
    },
    "operational": {
        "id": "cdrp",
        "name": "Crime and Disorder Reduction Partnership",
        "role": "operational",
        "chair": "the Borough Commander",
    },
}
# indicator, name, priority, layer, lead partner, unit, good is, decimals, kind, first and last value, target
SHIPPED = """
NI15 |Serious violent crime rate|crime|cdrp|police|per 1,000 people|low|2|flow|0.52|0.41|1.9
NI16 |Serious acquisitive crime rate|crime|cdrp|police|per 1,000 people|low|2|flow|8.3|7.4|30
NI20 |Assault with injury crime rate|crime|cdrp|police|per 1,000 people|low|2|flow|2.0|2.5|8
NI154|Net additional homes provided|housing|place|council|homes|high|0|flow|88|61|450
NI155|Number of affordable homes delivered (gross)|housing|place|council|homes|high|0|flow|40|66|220
NI156|Households living in temporary accommodation|housing|place|council|households|low|0|level|1688|1402|1450
NI191|Residual household waste per household|environment|place|council|kg per household|low|0|flow|158|152|610
NI192|Household waste reused, recycled and composted|environment|place|council|%|high|1|level|25.2|27.9|28
NI195a|Street and environmental cleanliness: litter|environment|place|council|%|low|0|level|12|8|9
NI87 |Secondary school persistent absence rate|education|cypp|schools|%|low|1|level|5.9|5.2|5
NI114|Rate of permanent exclusions from school|education|cypp|schools|%|low|2|level|0.14|0.11|0.12
NI157a|Processing of planning applications: major|services|lpsb|council|%|high|0|level|61|74|70
NI157b|Processing of planning applications: minor|services|lpsb|council|%|high|0|level|78|71|80
NI181|Time taken to process benefit claims and changes|services|lpsb|council|days|low|1|level|14.8|11.2|12
NI70 |Emergency admissions of children for injuries|health|cypp|health|per 10,000 aged 0-17|low|1|flow|31.5|29|118
NI123|Stopping smoking|health|phsa|health|per 100,000 aged 16+|high|0|flow|178|231|900
L3   |Assault attendances shared with the partnership|health|phsa|health|attendances|high|0|flow|210|240|
NI152|Working age people on out of work benefits|regeneration|economy|council|%|low|1|level|12.4|13.6|12
NI153|Out of work benefits in the worst neighbourhoods|regeneration|economy|council|%|low|1|level|28.8|29.4|27
"""
COMMENTARY = {
    "NI20": "Recorded assaults rose around the two town centres on Friday and Saturday nights.",
    "NI152": "Claims follow the labour market; the rise is in line with the rest of London.",
}


def indicator_row(**changes: Any) -> dict[str, Any]:
    """One row of `performance.indicator`, the headline of a made-up indicator; any column can be set."""
    row: dict[str, Any] = {
        "framework": "laa-2008-11",
        "period": "FY2009-Q2",
        "priority": "crime",
        "indicator": "NI16",
        "name": "Serious acquisitive crime rate",
        "layer": "cdrp",
        "lead_partner": "police",
        "unit": "per 1,000 people",
        "polarity": "low",
        "area_code": AREA,
        "area_name": AREA_NAME,
        "breakdown": "all",
        "category": "all",
        "numerator": 1280.0,
        "denominator": 172000.0,
        "value": 7.44,
        "lower": 7.04,
        "upper": 7.86,
        "baseline": 31.6,
        "target": 30.0,
        "ytd": 15.17,
        "ytd_target": 15.0,
        "rag": "green",
        "direction_short": "better",
        "direction_long": "better",
        "forecast": 30.3,
        "data_quality": "good",
        "provisional": False,
        "suppressed": False,
        "status": "ok",
        "commentary": None,
        "publication_id": "laa-2008-11-FY2009-Q2-1",
        "decimals": 2,
    }
    row.update(changes)
    period: Period = parse_period(row["period"])
    return {
        **row,
        "period_start": row.get("period_start", period.start),
        "period_end": row.get("period_end", period.end),
    }


def hidden(row: dict[str, Any]) -> dict[str, Any]:
    """The row as disclosure control leaves it."""
    gone = dict.fromkeys(
        (
            "numerator",
            "denominator",
            "value",
            "lower",
            "upper",
            "ytd",
            "rag",
            "direction_short",
            "direction_long",
            "forecast",
        )
    )
    return {**row, **gone, "suppressed": True, "status": "suppressed"}


def missing(row: dict[str, Any]) -> dict[str, Any]:
    gone = dict.fromkeys(
        ("numerator", "value", "lower", "upper", "ytd", "direction_short", "direction_long", "forecast")
    )
    return {**row, **gone, "rag": None, "status": "missing"}


def rag_of(value: float, target: float | None, polarity: str, better: str | None) -> str | None:
    if target is None:
        return None
    off = (value - target) / target * (1 if polarity == "low" else -1)
    return "green" if off <= 0.1 else ("amber" if better in ("better", "same") else "red")


def compared(value: float, other: float | None, polarity: str) -> str | None:
    if other is None:
        return None
    if abs(value - other) < 1e-9:
        return "same"
    return "better" if (value < other) == (polarity == "low") else "worse"


def specs() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in SHIPPED.strip().splitlines()]


def shipped_rows(spec: list[str], dice: random.Random) -> list[dict[str, Any]]:
    """Six quarters of one indicator, with wards and two breakdowns in the newest one where it is a crime."""
    indicator, name, priority, layer, partner, unit, polarity, places, kind, start, end, aim = spec
    decimals, first, last, target = int(places), float(start), float(end), float(aim) if aim else None
    values = [
        round(
            first + (last - first) * i / 5 + (last - first + 0.02 * first) * dice.uniform(-0.3, 0.3), decimals + 1
        )
        for i in range(6)
    ]
    rows = []
    for i, period in enumerate(QUARTERS):
        quarter = i % 4 + 1
        this_year = values[i - quarter + 1 : i + 1]
        ytd = sum(this_year) if kind == "flow" else values[i]
        ytd_target = None if target is None else (target * quarter / 4 if kind == "flow" else target)
        last_year = compared(values[i], values[i - 4] if i >= 4 else None, polarity)
        short = compared(values[i], values[i - 1] if i else None, polarity)
        rows.append(
            indicator_row(
                period=period,
                priority=priority,
                indicator=indicator,
                name=name,
                layer=layer,
                lead_partner=partner,
                unit=unit,
                polarity=polarity,
                decimals=decimals,
                numerator=float(int(values[i] * 172)),
                denominator=172000.0,
                value=values[i],
                lower=values[i] * 0.95,
                upper=values[i] * 1.05,
                baseline=first * (4 if kind == "flow" else 1) * 1.02,
                target=target,
                ytd=ytd,
                ytd_target=ytd_target,
                rag=rag_of(ytd, ytd_target, polarity, last_year or short),
                direction_short=short,
                direction_long=last_year,
                forecast=(ytd / quarter * 4 if kind == "flow" else ytd),
                data_quality="good" if partner != "health" else "accepted with exceptions",
                commentary=COMMENTARY.get(indicator),
            )
        )
    if layer == "cdrp":
        for number, ward in enumerate(WARDS):
            value = values[-1] * dice.uniform(0.4, 2.1)
            row = {
                **rows[5],
                "area_code": f"E991000{10 + number}",
                "area_name": ward,
                "value": value,
                "lower": value * 0.8,
                "upper": value * 1.25,
            }
            rows.append(hidden(row) if indicator == "NI15" and number in (3, 8) else row)
        for label, share in (("burglary in a dwelling", 0.31), ("robbery", 0.22), ("theft from a vehicle", 0.47)):
            rows.append({**rows[5], "breakdown": "offence_group", "category": label, "value": values[-1] * share})
    return rows


def provenance_rows(spec: list[str]) -> list[dict[str, Any]]:
    indicator, name, partner = spec[0], spec[1], spec[4]
    return [
        {
            "indicator": indicator,
            "definition": f"{name}, as the framework defines it for this example.",
            "formula": "offences of the group ÷ people of all ages × 1,000",
            "source": "National Indicator Set, illustrative",
            "partner": partner,
            "dataset": "recorded_crime",
            "period": period,
            "delivery_id": f"d-{indicator.lower()}-{n}",
            "sha256": f"{n}" * 64,
            "received_at": datetime(2009, 10, 12 + n, 9, 30, tzinfo=UTC),
            "rows": 4210 + n,
            "agreement": "police-2008-01",
            "standard": "police.recorded_crime 1.0.0",
        }
        for n, period in enumerate(QUARTERS[-2:])
    ]


def shipped(role: str = "strategic", status: str = "provisional") -> Publication:
    """The whole illustrative framework for July to September 2009, seen by one layer; always the same."""
    dice = random.Random(7)
    rows = [row for spec in specs() for row in shipped_rows(spec, dice)]
    for index, row in enumerate(rows):
        if row["indicator"] == "NI123" and row["period"] == "FY2009-Q2":
            rows[index] = missing(row)
        if row["indicator"] == "NI114" and row["period"] in ("FY2009-Q2", "FY2008-Q3"):
            rows[index] = hidden(row)
        if row["indicator"] == "NI152" and row["period"] == "FY2009-Q2":
            rows[index] = {**row, "provisional": True}
    comparators = [
        {
            "framework": "laa-2008-11",
            "period": period,
            "period_end": parse_period(period).end,
            "indicator": "NI16",
            "area_code": "E12000007",
            "area_name": "London",
            "value": 8.1 - i * 0.1,
            "lower": None,
            "upper": None,
        }
        for i, period in enumerate(QUARTERS)
    ]
    return Publication(
        title="How the partnership is doing",
        framework_title="Local Area Agreement 2008-11",
        framework_note="The list of indicators is illustrative: it is an example, not the agreement's own.",
        partnership_name="Anyborough Partnership",
        layer=LAYERS[role],
        period_words="July to September 2009",
        publication_id="laa-2008-11-FY2009-Q2-1",
        status=status,
        published_on=date(2009, 11, 3),
        indicators=pd.DataFrame(rows),
        comparators=pd.DataFrame(comparators),
        priorities=pd.DataFrame(
            [(i, n, o) for o, (i, n) in enumerate(PRIORITIES, 1)], columns=["priority", "name", "order"]
        ),
        data_quality=data_quality(),
        due=due(),
        actions=pd.DataFrame(
            [
                {
                    "indicator": "NI20",
                    "action": "Put the second town-centre patrol on Friday and Saturday nights",
                    "owner": "Community safety lead",
                    "due_on": date(2009, 10, 16),
                    "state": "open",
                },
                {
                    "indicator": "NI154",
                    "action": "Bring the Northgate site to committee",
                    "owner": "Head of housing",
                    "due_on": date(2009, 12, 14),
                    "state": "open",
                },
            ]
        ),
        provenance=pd.DataFrame([row for spec in specs() for row in provenance_rows(spec)]),
        area_code=AREA,
    )


def data_quality() -> pd.DataFrame:
    counts = ["rows_received", "rows_accepted", "rows_quarantined", "rows_out_of_scope", "rules_failed"]
    return pd.DataFrame(
        [
            (
                "police",
                "recorded_crime",
                "FY2009-Q2",
                "merged",
                "accepted",
                4210,
                4210,
                0,
                0,
                0,
                datetime(2009, 10, 12, 9, 30, tzinfo=UTC),
                None,
            ),
            (
                "council",
                "housing_completions",
                "FY2009-Q2",
                "merged",
                "accepted",
                61,
                61,
                0,
                0,
                0,
                datetime(2009, 10, 14, 11, 5, tzinfo=UTC),
                None,
            ),
            (
                "health",
                "injury_admissions",
                "FY2009-Q2",
                "merged",
                "accepted_with_exceptions",
                612,
                600,
                12,
                0,
                2,
                datetime(2009, 10, 20, 16, 45, tzinfo=UTC),
                "12 rows have no cause code and were set aside.",
            ),
            (
                "health",
                "smoking_quits",
                "FY2009-Q2",
                "rejected",
                "rejected",
                301,
                0,
                301,
                0,
                1,
                datetime(2009, 10, 30, 16, 50, tzinfo=UTC),
                "The file covers April to June, not July to September.",
            ),
        ],
        columns=["partner", "dataset", "period", "state", "decision", *counts, "received_at", "sentence"],
    )


def due() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("health", "smoking_quits", "FY2009-Q2", date(2009, 10, 30), "overdue"),
            ("schools", "exclusions", "AY2009", date(2010, 9, 30), "due"),
            ("council", "street_cleanliness", "FY2009-T2", date(2009, 12, 14), "due"),
        ],
        columns=["partner", "dataset", "period", "due_on", "state"],
    )


def small(*rows: dict[str, Any], **changes: Any) -> Publication:
    """The shipped publication with only the rows given, for one fact at a time."""
    return replace(
        shipped("executive"),
        indicators=pd.DataFrame(list(rows)),
        comparators=pd.DataFrame(),
        provenance=pd.DataFrame(),
        actions=pd.DataFrame(),
        **changes,
    )


def payload(**changes: Any) -> dict[str, Any]:
    """What a mail is made from: by default a file of recorded crime that was accepted."""
    made: dict[str, Any] = {
        "kind": "receipt",
        "delivery_id": "police-recorded_crime-FY2009-Q2-1a2b3c",
        "partner": "police",
        "partner_name": "Anyborough Police",
        "dataset": "police/recorded_crime",
        "dataset_title": "Police recorded crime",
        "period": "FY2009-Q2",
        "period_words": "July to September 2009",
        "received_at": "2009-10-30T16:50:00+00:00",
        "sha256": "ab" * 32,
        "state": "accepted",
        "decision": "accepted",
        "reason": None,
        "remedy": None,
        "counts": {"received": 4210, "accepted": 4210, "quarantined": 0, "out_of_scope": 0},
        "rules": [],
        "feeds": [{"indicator": "NI16", "name": "Serious acquisitive crime rate"}],
        "stands": None,
        "next_due": "2010-01-30",
        "hold_until": None,
        "exchange_name": "Anyborough Partnership",
        "officer": {"name": "Sam Example", "email": "sam.example@police.example"},
        "contact": "data-quality@council.example",
    }
    return {**made, **changes}


def failed_rule(**changes: Any) -> dict[str, Any]:
    """A rule of the standard as a mail's payload carries it when it failed."""
    rule: dict[str, Any] = {
        "id": "PRC-004",
        "severity": "critical",
        "sentence": "{count} rows have no crime reference.",
        "remedy": "Send the file again with a reference on every row.",
        "failed": 3,
        "rows": [4, 9, 17],
    }
    return {**rule, **changes}


HOSTILE = (
    '<script>window.ran=1</script><img src=x onerror="window.ran=2">=cmd|"/c calc"!A0 @SUM(1+1) '
    "<svg onload=window.ran=3> {{ 7*7 }} ${7*7} #{7*7} \"quoted\" 'single' & [a](javascript:window.ran=4) "
)


def hostile(role: str) -> Publication:
    """The shipped publication with markup and formulas, 300 letters of them, wherever anybody may write a text."""
    told = shipped(role)
    text = (HOSTILE * 3)[:300]
    rows = told.indicators.assign(commentary=text, unit=HOSTILE[:60], data_quality=HOSTILE)
    rows["name"] = rows["name"] + " " + HOSTILE
    rows["target"] = text
    return replace(
        told,
        title=HOSTILE[:80],
        framework_note=text,
        indicators=rows,
        data_quality=told.data_quality.assign(sentence=text),
        actions=told.actions.assign(action=text, owner=HOSTILE),
        provenance=told.provenance.assign(definition=text, formula=text, source=text, dataset=HOSTILE),
    )


def outlines(how_many: int) -> Outlines:
    """Squares in a row for the first wards of the shipped publication."""
    corners = ((0.0, 0.0), (0.01, 0.0), (0.01, 0.01), (0.0, 0.01))
    return {f"E991000{10 + at}": (tuple((x + at * 0.01, 51.5 + y) for x, y in corners),) for at in range(how_many)}


def money() -> pd.DataFrame:
    """Money for each priority, as `performance.priority_spend` states it."""
    stated = {
        "crime": (1_200_000, 1_250_000, 600_100),
        "housing": (3_400_000, 3_300_000, 1_500_000),
        "environment": (820_000, 820_000, 400_000),
    }
    names = dict(PRIORITIES)
    return pd.DataFrame(
        [
            {
                "priority": priority,
                "name": names[priority],
                "budget": budget,
                "forecast": forecast,
                "actual": actual,
                "rated": 3,
                "on_track": 2,
            }
            for priority, (budget, forecast, actual) in stated.items()
        ]
    )


def escalations() -> pd.DataFrame:
    """A red figure that goes up to the strategic layer."""
    return pd.DataFrame(
        [
            {
                "from_layer": "housing",
                "from_layer_name": "Housing Group",
                "to_layer": "borough-partnership",
                "to_layer_name": "Borough Partnership",
                "indicator": "NI154",
                "name": "Net additional homes provided",
                "action_id": None,
                "reason": "Red in 3 periods in a row, since FY2008-Q3.",
                "times": 3,
                "since": "FY2008-Q3",
            }
        ]
    )


def reward() -> pd.DataFrame:
    """What a reward grant would come to, for three indicators."""
    note = "Modelled, never paid."
    shares = {"A": (120.0, 100.0), "B": (75.0, 75.0), "C": (10.0, 0.0), "D": (None, None)}
    return pd.DataFrame(
        [
            {
                "indicator": name, "name": f"Indicator {name}", "year_id": "FY2008", "baseline": 10.0, "target": 12.0,
                "actual": 11.5, "achieved_percent": achieved, "modelled_percent": share, "status": "modelled",
                "note": note,
            }
            for name, (achieved, share) in shares.items()
        ]
    )  # fmt: skip


def whole(role: str) -> Publication:
    """The shipped publication with everything a page may hold: money, escalations, maps."""
    return replace(
        shipped(role),
        priority_spend=money(),
        escalations=escalations(),
        reward=reward(),
        outlines=outlines(16),
        outlines_owed_to="Illustrative outlines.",
        changes=pd.DataFrame([change(), change(area_code="E99100010", area_name=WARDS[0])]),
    )


def ninety(publication: Publication) -> Publication:
    """The same with five times its indicators: as many as a whole agreement has."""
    rows = publication.indicators
    again = [rows.assign(indicator=rows["indicator"] + f"-{n}") for n in range(5)]
    return replace(publication, indicators=pd.concat(again, ignore_index=True))


def change(**changes: Any) -> dict[str, Any]:
    """A row of `performance.change`: a quarter's headline that a correction moved."""
    row = {
        "indicator": "NI16",
        "period": "FY2009-Q1",
        "area_code": AREA,
        "area_name": AREA_NAME,
        "breakdown": "all",
        "category": "all",
        "value_before": 7.9,
        "value": 7.61,
        "ytd_before": 7.9,
        "ytd": 7.61,
        "new_deliveries": "police-2",
        "gone_deliveries": "police-1",
    }
    return {**row, **changes}
