"""Synthetic outcomes of children in need and looked after, in the layouts of Explore Education Statistics.

Absence over a school year, and examinations at 16. Every number is made up, and so are the authorities beside the
partnership's own and those it compares itself with.
"""

from collections.abc import Iterator

from flows.demo.scene import COUNTRY, REGION, Scene

SIZES = {"National": "country", "Regional": "region", "Local authority": "area"}
FEW = 10  # fewer pupils than this at a kind of school, or with a grade, are withheld
ABSENCE = ("t_sess_authorised", "t_sess_unauthorised", "t_pupils_pa_10_exact", "t_pupils_pa_50_exact")
NOT_PUBLISHED = ("t_ebacc_e_ptq_ee", "pt_ebacc_e_ptq_ee", "t_ebaccaps", "avg_ebaccaps", "t_inp8calc")
PROGRESS = ("t_p8score", "avg_p8score", "p8score_ci_low", "p8score_ci_upp")  # not given since 2023/24


def looked_after_outcomes(scene: Scene) -> Iterator[dict[str, str]]:
    """Absence of each group of children, at all schools and at secondary schools, by area."""
    for area in _areas(scene):
        for group in scene.codes("social_care_group"):
            children = _children(scene, area["geographic_level"], group)
            for kind, share in (("Total", 100), ("State-funded secondary", 45)):
                yield {
                    **area,
                    "absence_terms": "six half terms",
                    "social_care_group": group,
                    "phase_type_grouping": kind,
                    **_absence(scene, max(children * share // 100, 1)),
                }


def attainment(scene: Scene) -> Iterator[dict[str, str]]:
    """Examinations at 16 of each group of children, by area; numbers of pupils are rounded to 10."""
    for area in _areas(scene):
        for group in scene.codes("social_care_group"):
            pupils = max(round(_children(scene, area["geographic_level"], group), -1), 10)
            average = scene.volumes["attainment_8"] / 10 + scene.chance.randrange(-20, 21) / 10
            yield {**area, "social_care_group": group, "version": "Provisional", **_grades(scene, pupils, average)}


def _areas(scene: Scene) -> Iterator[dict[str, str]]:
    country, region = scene.place.comparator(COUNTRY), scene.place.comparator(REGION)
    home = (scene.place.partnership.area_code, scene.place.partnership.area_name)
    year = scene.period.start.year
    frame = {
        "time_period": f"{year}{(year + 1) % 100:02}",
        "time_identifier": "Academic year",
        "country_code": country[0],
        "country_name": country[1],
    }
    others = [(f"E09999{digits}", name) for digits, name in scene.setting.elsewhere.items()]
    places = [("National", ("", ""), ("", "")), ("Regional", region, ("", ""))]
    places += [("Local authority", region, each) for each in (home, *scene.place.similar, *others)]
    for level, of_region, authority in places:
        yield {
            **frame,
            "geographic_level": level,
            "region_code": of_region[0],
            "region_name": of_region[1],
            "old_la_code": "",
            "la_name": authority[1],
            "new_la_code": authority[0],
        }


def _children(scene: Scene, level: str, group: str) -> int:
    """How many there are: of the groups those looked after are the volume, the others some times as many."""
    times = 3 if "need" in scene.place.label("social_care_groups", group) else 1
    size = scene.volumes[f"{SIZES[level]}_children"]
    return size * times * (900 + scene.chance.randrange(201)) // 1000


def _absence(scene: Scene, pupils: int) -> dict[str, str]:
    possible = pupils * 350
    missed = possible * (scene.volumes["absence"] * (900 + scene.chance.randrange(201)) // 1000) // 10_000
    unauthorised = missed * 45 // 100
    often = pupils * scene.volumes["persistent"] // 1000
    counts = dict(zip(ABSENCE, (missed - unauthorised, unauthorised, often, often // 4), strict=True))
    shown = {
        "t_pupils": str(pupils),
        "t_sess_possible": str(possible),
        "t_sess_overall": str(missed),
        "pt_overall": _share(missed, possible),
    }
    for name, number in counts.items():
        of = possible if "sess" in name else pupils
        shown |= {name: str(number), name.replace("t_", "pt_", 1): _share(number, of)}
    if often // 4 < FEW:
        shown |= {"t_pupils_pa_50_exact": "c", "pt_pupils_pa_50_exact": "c"}
    return shown


def _grades(scene: Scene, pupils: int, average: float) -> dict[str, str]:
    with_4 = pupils * scene.volumes["grade_4"] // 1000
    shown = {"t_pupils": str(pupils), "t_att8": f"{pupils * average:.2f}", "avg_att8": f"{average:.1f}"}
    for name, number in (("l2basics_95", with_4 // 2), ("l2basics_94", with_4)):
        few = number < FEW
        shown |= {f"t_{name}": "c" if few else str(number), f"pt_{name}": "c" if few else _share(number, pupils)}
    return {**shown, **dict.fromkeys(NOT_PUBLISHED, "z"), **dict.fromkeys(PROGRESS, "x")}


def _share(number: int, of: int) -> str:
    return f"{100 * number / of:.1f}"
