"""Synthetic extracts of the council: homes, households, waste, streets, planning, benefits, returned figures."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flows.demo.dice import day_between, dice, shares, shuffled, weighted, working_day_between
from flows.demo.scene import Scene
from schemas.periods import parse_period, periods_between

RETURNS = Path(__file__).with_name("returns.csv")
WEEKS = {"major": 13, "minor": 8, "other": 8}  # the limits of NI 157a, b and c
GOOD, HALF, POOR = ("A", "B+", "B"), "B-", ("C", "C-", "D")  # grades that count 0, a half and 1 (NI 195)
Mix = tuple[tuple[str, str, str, str, int], ...]  # stream, source, material, destination, weight
RECYCLED: Mix = (
    ("kerbside_recycling", "household", "mixed_recycling", "recycle", 52),
    ("bring_sites", "household", "glass", "recycle", 9),
    ("bring_sites", "household", "paper_card", "recycle", 8),
    ("bring_sites", "household", "textiles", "reuse", 2),
    ("kerbside_organic", "household", "garden", "compost", 15),
    ("kerbside_organic", "household", "food", "ad", 5),
    ("civic_amenity", "household", "wood", "recycle", 4),
    ("civic_amenity", "household", "metals", "recycle", 3),
    ("bulky", "household", "furniture", "reuse", 2),
)
RESIDUAL: Mix = (
    ("kerbside_residual", "household", "residual", "efw", 45),
    ("kerbside_residual", "household", "residual", "landfill", 42),
    ("civic_amenity", "household", "residual", "landfill", 8),
    ("bulky", "household", "furniture", "landfill", 5),
)
OTHER: Mix = (
    ("commercial", "other", "residual", "landfill", 60),
    ("commercial", "other", "paper_card", "recycle", 12),
    ("street_cleansing", "other", "residual", "efw", 28),
)
BENEFIT_MIX = {"jsa": 24, "lone_parent": 25, "ib_esa": 43, "other": 8}
ACCOMMODATION = {
    "private_leased": 60,
    "council_stock": 12,
    "housing_association": 10,
    "nightly_paid": 8,
    "hostel": 6,
}
SUFFIX = {"major": "FUL", "minor": "FUL", "other": "HSE"}
ELEMENTS = ("litter", "detritus", "graffiti", "flyposting")


def housing_completions(scene: Scene) -> Iterator[dict[str, str]]:
    """Homes gained and lost: each named volume is an event and a tenure, split over schemes of 1 to 24 homes."""
    chance = scene.chance
    wards = list(scene.place.ward_spelling.values())
    number = 0
    for name, homes in scene.volumes.items():
        event, _, tenure = name.partition("/")
        left = homes
        while left:
            units = min(left, 1 + chance.randrange(24 if event == "newbuild_complete" else 4))
            left -= units
            number += 1
            yield {
                "scheme_ref": f"HS-{scene.period.start:%Y}-{scene.number * 200 + number:04}",
                "uprn": f"{990_000_000_000 + scene.number * 1000 + number}",
                "event": event,
                "units": str(units),
                "tenure": tenure,
                "completed_on": working_day_between(chance, scene.period.start, scene.period.end).isoformat(),
                "ward_code": wards[chance.randrange(len(wards))],
            }


def temporary_accommodation(scene: Scene) -> Iterator[dict[str, str]]:
    """The households in temporary accommodation on the last day: mostly those of the quarter before."""
    kinds = scene.codes("accommodation_type")
    weights = [ACCOMMODATION.get(kind, 2) for kind in kinds]
    arrivals = _arrivals(scene)
    first = scene.volumes["moved_on_before"]
    for household in range(first, first + scene.volumes["households"]):
        chance = dice("household", str(household))  # the same household in every quarter
        since, until = next(span for last, span in arrivals if household < last)
        yield {
            "household_ref": f"TA-{household + 1:06}",
            "as_at": scene.period.end.isoformat(),
            "accommodation_type": weighted(chance, kinds, weights, 1)[0],
            "placed_on": day_between(chance, since, until).isoformat(),
            "children": str(min(chance.randrange(6), chance.randrange(6))),
        }


def _arrivals(scene: Scene) -> list[tuple[int, tuple[date, date]]]:
    """For each quarter so far, the number the last household in it stays below, and when the new ones came."""
    spans = []
    for place, (id, counts) in enumerate(scene.history.items()):
        quarter = parse_period(id)
        since = quarter.start if place else quarter.start.replace(year=quarter.start.year - 4)
        spans.append((counts["moved_on_before"] + counts["households"], (since, quarter.end)))
    return spans


def household_waste(scene: Scene) -> Iterator[dict[str, str]]:
    """Tonnes by month, stream, material and destination; volumes are whole tonnes of the quarter.

    ``recycled`` is what stays recycled after the rejects are taken off; ``residual`` is household waste that is
    neither recycled nor rejected; ``other`` is municipal waste that is not household waste.
    """
    months = periods_between("month", scene.period.start, scene.period.end)
    weights = [month.end.day for month in months]
    volumes = scene.volumes
    for mix, tonnes in ((RECYCLED, "recycled"), (RESIDUAL, "residual"), (OTHER, "other")):
        per_month = shares(volumes[tonnes] * 1000, weights)
        rejects = shares(volumes["rejected"] * 1000, weights) if tonnes == "recycled" else [0] * len(months)
        for month, kilograms, rejected in zip(months, per_month, rejects, strict=True):
            parts = shares(kilograms, [weight for *_, weight in mix])
            turned_away = shares(rejected, [weight for *_, weight in mix])
            for (stream, source, material, destination, _), part, bad in zip(mix, parts, turned_away, strict=True):
                yield {
                    "month": month.id,
                    "stream": stream,
                    "source": source,
                    "material": material,
                    "destination": destination,
                    "tonnes": _tonnes(part + bad),
                    "reject_tonnes": _tonnes(bad) if bad else "",
                }


def _tonnes(kilograms: int) -> str:
    return f"{kilograms // 1000}.{kilograms % 1000:03}"


def street_cleanliness(scene: Scene) -> Iterator[dict[str, str]]:
    """The transects of a tranche: five wards in turn, land uses evenly, grades by the volumes of each element."""
    chance, volumes = scene.chance, scene.volumes
    land_uses = scene.codes("land_use")
    wards = list(scene.place.ward_spelling.values())
    surveyed = [wards[(scene.number * 5 + place) % len(wards)] for place in range(5)]
    sites = volumes["sites"]
    grades = {element: _grades(scene, element, sites) for element in ELEMENTS}
    days = sorted(working_day_between(chance, scene.period.start, scene.period.end) for _ in range(sites))
    for number, day in enumerate(days):
        yield {
            "transect_ref": f"TR-{scene.period.id[2:6]}-{scene.period.id[-1]}-{number + 1:04}",
            "surveyed_on": day.isoformat(),
            "ward_code": surveyed[number % len(surveyed)],
            "land_use": land_uses[(number // len(surveyed)) % len(land_uses)],
            **{element: grades[element][number] for element in ELEMENTS},
        }


def _grades(scene: Scene, element: str, sites: int) -> list[str]:
    poor, half = scene.volumes[f"{element}_poor"], scene.volumes[f"{element}_half"]
    grades = weighted(scene.chance, POOR, (6, 3, 1), poor) + [HALF] * half
    return shuffled(scene.chance, grades + weighted(scene.chance, GOOD, (3, 3, 6), sites - poor - half))


def planning_applications(scene: Scene) -> Iterator[dict[str, str]]:
    """Applications decided in the quarter, so many of each type within its limit of weeks and so many after it."""
    chance, volumes = scene.chance, scene.volumes
    wards, decisions = list(scene.place.ward_spelling.values()), scene.codes("decision")
    rows = []
    for kind, weeks in WEEKS.items():
        for place in range(volumes[kind]):
            limit = weeks * 7
            in_time = place < volumes[f"{kind}_in_time"]
            days = limit - chance.randrange(limit // 2) if in_time else limit + 1 + chance.randrange(60)
            rows.append((working_day_between(chance, scene.period.start, scene.period.end), kind, days))
    for number, (decided, kind, days) in enumerate(sorted(rows), 1):
        received = decided - timedelta(days=days)
        yield {
            "application_ref": f"{received:%Y}/{scene.number * 1000 + number:05}/{SUFFIX[kind]}",
            "application_type": kind,
            "received_on": received.isoformat(),
            "decided_on": decided.isoformat(),
            "decision": decisions[0] if chance.randrange(100) < 78 else decisions[1],
            "ward_code": wards[chance.randrange(len(wards))],
        }


def benefit_claims(scene: Scene) -> Iterator[dict[str, str]]:
    """New claims, about ``new_days`` to decide, and change events, about ``change_days``."""
    chance, volumes = scene.chance, scene.volumes
    benefits = scene.codes("benefit")
    kinds = ["new_claim"] * volumes["new_claims"] + ["change_event"] * volumes["change_events"]
    average = {"new_claim": volumes["new_days"], "change_event": volumes["change_days"]}
    days = sorted(working_day_between(chance, scene.period.start, scene.period.end) for _ in kinds)
    for number, (kind, decided) in enumerate(zip(shuffled(chance, kinds), days, strict=True), 1):
        took = chance.randrange(average[kind] + 1) + chance.randrange(average[kind] + 1)
        yield {
            "claim_ref": scene.reference("BC", number),
            "claim_kind": kind,
            "benefit": benefits[chance.randrange(len(benefits))],
            "received_on": (decided - timedelta(days=took)).isoformat(),
            "decided_on": decided.isoformat(),
        }


def out_of_work_benefits(scene: Scene) -> Iterator[dict[str, str]]:
    """Claimants by neighbourhood and benefit on a day in the quarter's middle month, rounded to 5 as published.

    Volumes are claimants per 1,000 people of working age: in the worst neighbourhoods, and in the rest.
    """
    chance, volumes = scene.chance, scene.volumes
    lsoas = scene.place.lsoas(2001)
    worst = {row.lsoa_code: int(row.working_age) for row in scene.place.partnership.geography.worst_neighbourhoods}
    people = scene.place.population("working_age", scene.period.start.year) - sum(worst.values())
    typical = people // max(1, len(lsoas) - len(worst))
    day = scene.period.start.replace(month=scene.period.start.month + 1, day=14)
    benefits = scene.codes("benefit")
    mix = [BENEFIT_MIX.get(benefit, 1) for benefit in benefits]
    for lsoa in lsoas:
        rate = volumes["worst"] if lsoa.lsoa_code in worst else volumes["rest"]
        claimants = (
            worst.get(lsoa.lsoa_code, typical) * (rate + chance.randrange(-rate // 8, rate // 8 + 1)) // 1000
        )
        for benefit, count in zip(benefits, shares(claimants, mix), strict=True):
            yield {
                "as_at": day.isoformat(),
                "lsoa_code": lsoa.lsoa_code,
                "benefit": benefit,
                "claimants": str((count + 2) // 5 * 5),
            }


def indicator_return(scene: Scene) -> Iterator[dict[str, str]]:
    """What the performance team returned in the quarter: figures that no extract of records counts (returns.csv)."""
    with RETURNS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.pop("sent") == scene.period.id:
                yield row
