"""Synthetic homelessness assessments, as table A1 of the statutory statistics gives them, saved as a CSV file.

Every number is made up, and so are the authorities beside the partnership's own and those it compares itself with.
"""

from collections.abc import Iterator

from flows.demo.scene import COUNTRY, REGION, Scene


def homelessness(scene: Scene) -> Iterator[dict[str, str]]:
    """Households assessed in the quarter: England, London, our area and others."""
    country, region = scene.place.comparator(COUNTRY), scene.place.comparator(REGION)
    home = (scene.place.partnership.area_code, scene.place.partnership.area_name)
    others = [(f"E09999{digits}", name) for digits, name in scene.setting.elsewhere.items()]
    places = [("country", country, ("", "")), ("region", region, ("", ""))]
    places += [("area", each, region) for each in (home, *scene.place.similar, *others)]
    for size, (code, name), (region_code, region_name) in places:
        yield {
            "area_code": code,
            "area_name": name,
            "region_name": region_name,
            "region_code": region_code,
            **_assessed(scene, size),
        }


def _assessed(scene: Scene, size: str) -> dict[str, str]:
    """Whole households that add up: those owed a duty are threatened or homeless, the others are owed none."""
    swing = 940 + scene.chance.randrange(121)
    thousands = scene.volumes[f"{size}_households"]
    owed = thousands * scene.volumes["owed_per_100_000"] * swing // 100_000
    threatened = owed * scene.volumes["threatened_per_100"] // 100
    no_duty = owed // 14
    return {
        "assessments": str(owed + no_duty),
        "owed_a_duty": str(owed),
        "threatened": str(threatened),
        "section_21": str(threatened // 3),
        "homeless": str(owed - threatened),
        "no_duty": str(no_duty),
        "households_thousands": f"{thousands:.3f}",
        "threatened_rate": f"{threatened / thousands:.2f}",
        "homeless_rate": f"{(owed - threatened) / thousands:.2f}",
    }
