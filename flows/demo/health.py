"""Synthetic extracts of the health partner: smoking quits and injury admissions; nobody in them is real."""

from collections.abc import Iterator
from datetime import timedelta

from flows.demo.dice import day_between, shuffled, weighted
from flows.demo.scene import Scene

# ICD-10 external causes.
FALLS_AND_KNOCKS = ("W01", "W06", "W09", "W10", "W18", "W19", "W20", "W22", "W23", "W54", "W57")
OTHER_ACCIDENTS = ("V03", "V13", "V18", "V43", "X10", "X12", "X44", "X59")
SELF_HARM_AND_ASSAULT = ("X62", "X78", "Y00", "Y04", "X99")
OUTWARD = "outward_codes"  # the code list of the area's outward postcodes
AGES = {"16-17": 3, "18-34": 34, "35-44": 25, "45-59": 24, "60+": 13}
EMERGENCY, PLANNED = ("21", "22", "24", "28"), ("11", "12", "13")  # NHS admission methods


def smoking_quits(scene: Scene) -> Iterator[dict[str, str]]:
    """One row for each quit date set in the quarter, with what the four-week follow-up found."""
    chance = scene.chance
    outcomes = [outcome for outcome, count in scene.volumes.items() for _ in range(count)]
    ages = scene.codes("age_band")
    bands = weighted(chance, ages, [AGES.get(age, 1) for age in ages], len(outcomes))
    sexes, homes = scene.codes("sex"), _outward(scene, len(outcomes))
    days = sorted(day_between(chance, scene.period.start, scene.period.end) for _ in outcomes)
    rows = zip(shuffled(chance, outcomes), days, bands, homes, strict=True)
    for number, (outcome, day, age, home) in enumerate(rows, 1):
        yield {
            "referral_ref": scene.reference("SQ", number),
            "quit_date_set_on": day.isoformat(),
            "outcome": outcome,
            "verified": ("co" if chance.randrange(100) < 64 else "self") if outcome == "quit" else "none",
            "age_band": age,
            "sex": sexes[chance.randrange(2)],
            "outward_postcode": home,
        }


def injury_admissions(scene: Scene) -> Iterator[dict[str, str]]:
    """One row for each admission of a resident aged 0 to 17 with an injury; a few were planned."""
    chance, volumes = scene.chance, scene.volumes
    methods = weighted(chance, EMERGENCY, (70, 15, 10, 5), volumes["emergency"])
    methods += weighted(chance, PLANNED, (6, 3, 1), volumes["planned"])
    sexes, homes = scene.codes("sex"), _outward(scene, len(methods))
    days = sorted(day_between(chance, scene.period.start, scene.period.end) for _ in methods)
    rows = zip(shuffled(chance, methods), days, homes, strict=True)
    for number, (method, day, home) in enumerate(rows, 1):
        age = chance.randrange(18)
        causes = FALLS_AND_KNOCKS + OTHER_ACCIDENTS + (SELF_HARM_AND_ASSAULT if age >= 10 else ())
        stay = min(chance.randrange(9), chance.randrange(9))
        yield {
            "episode_ref": scene.reference("EP", number),
            "admitted_on": day.isoformat(),
            "discharged_on": (day + timedelta(days=stay)).isoformat(),
            "admission_method": method,
            "cause_code": causes[chance.randrange(len(causes))],
            "age": str(age),
            "sex": sexes[chance.randrange(2)],
            "outward_postcode": home,
        }


def _outward(scene: Scene, count: int) -> list[str]:
    """First halves of postcodes from the partnership's list, those in front the commonest."""
    codes = [code for code, _ in scene.place.partnership.codelists[OUTWARD]]
    return weighted(scene.chance, codes, [max(1, 40 - 10 * place) for place in range(len(codes))], count)
