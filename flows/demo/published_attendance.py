"""A synthetic year-to-date attendance file in the layout of Explore Education Statistics.

Every number is made up, and so are the authorities and the region beside the partnership's own and its
comparators. The totals add up as the publisher's do.
"""

from datetime import date

from flows.demo.dice import shares
from flows.demo.scene import COUNTRY, REGION, Scene

# Which reasons make up which total, with their weights.
AUTHORISED = {
    "reason_i_authorised_illness": 820,
    "reason_m_authorised_medical_dental": 66,
    "reason_r_authorised_religious_observance": 4,
    "reason_s_authorised_study_leave": 1,
    "reason_t_authorised_grt_absence": 2,
    "reason_h_authorised_holiday": 13,
    "reason_e_authorised_excluded": 12,
    "reason_c_authorised_other": 82,
}
UNAUTHORISED = {
    "reason_g_unauthorised_holiday": 34,
    "reason_u_unauthorised_late_after_registers_closed": 9,
    "reason_o_other_unauthorised": 51,
    "reason_n_no_reason_yet": 6,
}
ELSEWHERE_EDUCATED = {
    "reason_b_aea_education_off_site": 155,
    "reason_j_aea_interview": 18,
    "reason_p_aea_approved_sporting_activity": 87,
    "reason_v_aea_educational_visit_trip": 739,
    "reason_w_aea_work_experience": 1,
}
PERCENTAGES = {
    "attendance_perc": "overall_attendance",
    "overall_absence_perc": "overall_absence",
    "authorised_absence_perc": "authorised_absence",
    "unauthorised_absence_perc": "unauthorised_absence",
    "illness_perc": "reason_i_authorised_illness",
    "appointments_perc": "reason_m_authorised_medical_dental",
    "unauth_hol_perc": "reason_g_unauthorised_holiday",
    "unauth_oth_perc": "reason_o_other_unauthorised",
    "unauth_late_registers_closed_perc": "reason_u_unauthorised_late_after_registers_closed",
    "unauth_not_yet_perc": "reason_n_no_reason_yet",
    "auth_religious_perc": "reason_r_authorised_religious_observance",
    "auth_study_perc": "reason_s_authorised_study_leave",
    "auth_grt_perc": "reason_t_authorised_grt_absence",
    "auth_holiday_perc": "reason_h_authorised_holiday",
    "auth_excluded_perc": "reason_e_authorised_excluded",
    "auth_other_perc": "reason_c_authorised_other",
}
TYPES = ("Primary", "Secondary", "Special")
PERSISTENT_ABSENCE_FROM = (2, 1)  # month and day of the academic year from which the publisher gives that column


def published_attendance(scene: Scene) -> list[dict[str, str]]:
    """The academic year to date: England, London and another region, our area and others, by school type."""
    country, region = scene.place.comparator(COUNTRY), scene.place.comparator(REGION)
    home = (scene.place.partnership.area_code, scene.place.partnership.area_name, scene.place.partnership.dfe_code)
    rows = _school_types(scene, "country", _area("National", country))
    rows += _school_types(scene, "region", _area("Regional", country, region))
    rows += _school_types(scene, "region", _area("Regional", country, ("E12999001", "Elsewhere Region")))
    rows += _school_types(scene, "area", _area("Local authority", country, region, home))
    for code, name in scene.place.similar:
        rows += _school_types(scene, "area", _area("Local authority", country, region, (code, name, "")))
    for digits, name in scene.setting.elsewhere.items():
        place = (f"E09999{digits}", name, digits)
        few_special = digits == min(scene.setting.elsewhere)
        rows += _school_types(scene, "area", _area("Local authority", country, region, place), few_special)
    return rows


def _area(
    level: str,
    country: tuple[str, str],
    region: tuple[str, str] = ("", ""),
    authority: tuple[str, str, str] = ("", "", "NA"),
) -> dict[str, str]:
    return {
        "geographic_level": level,
        "country_code": country[0],
        "country_name": country[1],
        "region_code": region[0],
        "region_name": region[1],
        "new_la_code": authority[0],
        "la_name": authority[1],
        "old_la_code": authority[2],
    }


def _school_types(
    scene: Scene, size: str, area: dict[str, str], few_special: bool = False
) -> list[dict[str, str]]:
    """One row per school type, and the total for a country or region; ``c`` where few schools would show."""
    year = scene.period.start.year
    frame = {"time_period": f"{year}{(year + 1) % 100:02}", "time_identifier": "Academic year", **area}
    rows = []
    totals: dict[str, int] = {}
    for kind in TYPES:
        numbers = _sessions(scene, size, kind)
        for name, number in numbers.items():
            totals[name] = totals.get(name, 0) + number
        shown = _shown(scene, numbers)
        if few_special and kind == "Special":
            shown = {name: "c" if name != "num_schools" else number for name, number in shown.items()}
        rows.append({**frame, "school_type": kind, **shown})
    if size != "area":
        rows.append({**frame, "school_type": "Total", **_shown(scene, totals)})
    return rows


def _sessions(scene: Scene, size: str, kind: str) -> dict[str, int]:
    """Whole numbers of sessions that add up as the publisher's do."""
    chance, volumes = scene.chance, scene.volumes
    enrolments = volumes[f"{size}_{kind.lower()}"] * (970 + chance.randrange(61)) // 1000
    days = (scene.as_at - scene.period.start).days * 190 // 365
    possible = enrolments * days * 2
    absent = possible * (volumes[f"absence_{kind.lower()}"] * (960 + chance.randrange(81)) // 1000) // 10_000
    unauthorised = absent * (30 + chance.randrange(9)) // 100
    educated_elsewhere = possible * (7 + chance.randrange(3)) // 1000
    late = possible * 17 // 1000
    reasons = _divided(absent - unauthorised, AUTHORISED) | _divided(unauthorised, UNAUTHORISED)
    present = possible - absent - educated_elsewhere
    morning = (present - late) * 497 // 1000
    return {
        "num_schools": max(1, enrolments // {"Primary": 225, "Secondary": 950, "Special": 129}[kind]),
        "enrolments": enrolments,
        "present_sessions": present,
        "overall_attendance": possible - absent,
        "approved_educational_activity": educated_elsewhere,
        "overall_absence": absent,
        "authorised_absence": absent - unauthorised,
        "unauthorised_absence": unauthorised,
        "late_sessions": late + reasons["reason_u_unauthorised_late_after_registers_closed"],
        "possible_sessions": possible,
        "reason_present_am": morning,
        "reason_present_pm": present - late - morning,
        "reason_present": present - late,
        "reason_l_present_late_before_registers_closed": late,
        **reasons,
        **_divided(educated_elsewhere, ELSEWHERE_EDUCATED),
        "reason_d_aea_dual_registration": possible // 2000,
        "total_num_schools": max(1, enrolments // {"Primary": 220, "Secondary": 900, "Special": 120}[kind]),
        "total_enrolments": enrolments * 104 // 100,
        "persistently_absent": enrolments * volumes[f"persistent_{kind.lower()}"] // 1000,
    }


def _divided(total: int, weights: dict[str, int]) -> dict[str, int]:
    return dict(zip(weights, shares(total, list(weights.values())), strict=True))


def _shown(scene: Scene, numbers: dict[str, int]) -> dict[str, str]:
    persistent = numbers["persistently_absent"]
    shown = {name: str(number) for name, number in numbers.items() if name != "persistently_absent"}
    shown |= {name: repr(numbers[of] / numbers["possible_sessions"] * 100) for name, of in PERCENTAGES.items()}
    if scene.as_at >= date(scene.period.start.year + 1, *PERSISTENT_ABSENCE_FROM):
        shown["pa_perc"] = repr(persistent / numbers["enrolments"] * 100)
    return shown
