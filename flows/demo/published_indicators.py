"""A synthetic indicator in the layout of a Fingertips download: England, London, our area, and others made up."""

from collections.abc import Iterator
from math import sqrt

from flows.demo.scene import COUNTRY, REGION, Scene

YEARS = 6  # how many years a Fingertips file of the demo holds, the delivery's period last
SWING = {"country": 10, "region": 20, "area": 60}  # how far a rate moves from year to year, per 1,000
DECILES = ("Most deprived decile (IMD2019)", "Least deprived decile (IMD2019)")
NOTE = "Value made up for the demo; a real note may speak of £ or of a trust's missing records"


def published_indicators(scene: Scene) -> Iterator[dict[str, str]]:
    """One Fingertips indicator: England, London, our area and others, six years, by sex; deciles of England."""
    country, region = scene.place.comparator(COUNTRY), scene.place.comparator(REGION)
    home = (scene.place.partnership.area_code, scene.place.partnership.area_name)
    nowhere = ("", "")
    areas = [("country", country, nowhere, "England"), ("region", region, country, "Regions (statistical)")]
    others = [(f"E09999{digits}", name) for digits, name in scene.setting.elsewhere.items()]
    areas += [
        ("area", place, country, "Counties & UAs (from Apr 2023)")
        for place in (home, *scene.place.similar, *others)
    ]
    for year in range(scene.period.start.year - YEARS + 1, scene.period.start.year + 1):
        for size, place, parent, kind in areas:
            frame = _indicator(year, year == scene.period.start.year, place, parent, kind)
            for sex, (count, children) in _admissions(scene, size).items():
                yield {**frame, "sex": sex, **_rate(count, children)}
        frame = _indicator(year, False, country, nowhere, "England")
        for decile in DECILES:  # they stand among the rows of whole areas and must not be taken for them
            count, children = _admissions(scene, "country")["Persons"]
            part = {"category_type": "County & UA deprivation deciles in England", "category": decile}
            yield {**frame, "sex": "Persons", **_rate(count // 10, children // 10), **part}


def _admissions(scene: Scene, size: str) -> dict[str, tuple[int, int]]:
    """Admissions and children by sex; male and female add up to persons, local counts are rounded to 5."""
    children = scene.volumes[f"{size}_children"]
    rate = scene.volumes[f"{size}_rate"] * 1000 + scene.chance.randrange(-SWING[size], SWING[size] + 1) * 50
    admitted = children * rate // 10_000_000
    step = 5 if size == "area" else 1
    boys = admitted * 54 // 100 // step * step
    girls = (admitted - boys) // step * step
    return {
        "Persons": (boys + girls, children),
        "Male": (boys, children * 512 // 1000),
        "Female": (girls, children - children * 512 // 1000),
    }


def _indicator(
    year: int, newest: bool, place: tuple[str, str], parent: tuple[str, str], kind: str
) -> dict[str, str]:
    return {
        "indicator_id": "90284",
        "indicator_name": "Hospital admissions caused by unintentional and deliberate injuries in children "
        "(aged 0 to 14 years)",
        "parent_code": parent[0],
        "parent_name": parent[1],
        "area_code": place[0],
        "area_name": place[1],
        "area_type": kind,
        "age": "<15 yrs",
        "category_type": "",
        "category": "",
        "time_period": f"{year}/{(year + 1) % 100:02}",
        "value_note": NOTE if newest and parent[0] else "",
        "recent_trend": "No significant change" if newest else "",
        "compared_to_england": "Similar" if parent[0] else "Not compared",
        "compared_to_parent": "Not compared",
        "time_period_sortable": f"{year}0000",
        "new_data": "",
        "compared_to_goal": "",
        "time_period_range": "1y",
    }


def _rate(count: int, children: int) -> dict[str, str]:
    """The rate per 10,000 with its 95 and 99.8 per cent limits, as the publisher gives them."""
    return {
        "count": str(count),
        "denominator": str(children),
        "value": f"{count / children * 10_000:.5f}",
        "lower_ci_95": _byar(count, -1.96, children),
        "upper_ci_95": _byar(count, 1.96, children),
        "lower_ci_99_8": _byar(count, -3.0902, children),
        "upper_ci_99_8": _byar(count, 3.0902, children),
    }


def _byar(count: int, z: float, children: int) -> str:
    """A limit of the rate by Byar's approximation, with operations every machine rounds alike (no power)."""
    base = count if z < 0 else count + 1
    root = 1 - 1 / (9 * base) + z / (3 * sqrt(base)) if base else 0.0
    return f"{max(0.0, base * root * root * root) / children * 10_000:.5f}"
