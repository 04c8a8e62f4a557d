"""Synthetic extracts of the schools partner: sessions missed, and exclusions; no pupil in them is real."""

from collections.abc import Iterator
from datetime import date
from random import Random

from flows.demo.dice import dice, shares, weighted, working_day_between
from flows.demo.scene import Scene
from flows.demo.sheet import GeneratorError

HALF_TERMS = (  # the last day (years after the academic year's first, month, day) and the sessions it offers
    ((0, 10, 24), 76),
    ((0, 12, 19), 70),
    ((1, 2, 13), 60),
    ((1, 4, 3), 60),
    ((1, 5, 22), 48),
    ((1, 7, 22), 76),
)
COUNTED = 5  # half terms that persistent absence looks at (NI 87)
THRESHOLD = 64  # sessions missed in them that make it persistent
SCHOOLS = {
    "primary": (2901, 12, range(1, 7)),
    "secondary": (4901, 9, range(7, 12)),
    "special": (7901, 3, range(1, 12)),
}
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


def attendance_sessions(scene: Scene) -> Iterator[dict[str, str]]:
    """Every pupil's half terms that ended by the as-at: the year so far, each delivery holding the ones before."""
    year = scene.period.start.year
    done = sum(date(year + later, month, day) <= scene.as_at for (later, month, day), _ in HALF_TERMS)
    if not done:
        raise GeneratorError(f"{scene.contract.key}: no half term of {scene.period} had ended by {scene.as_at}")
    for phase, (first, schools, groups) in SCHOOLS.items():
        persistent = scene.volumes[f"{phase}_persistent"]
        without = scene.volumes.get(f"{phase}_without_sessions", 0)
        for number in range(scene.volumes[phase]):
            chance = dice("pupil", scene.period.id, phase, str(number))  # the same pupil in every delivery
            establishment = first + number % schools
            group = groups[number // schools % len(groups)]
            entry = year - group + (1 if phase == "primary" else 7 if phase == "secondary" else 1)
            pupil = {
                "upn": upn(scene.place.partnership.dfe_code, establishment, entry, 1 + number // schools),
                "laestab": f"{scene.place.partnership.dfe_code}{establishment}",
                "phase": phase,
                "year_group": str(group),
                "sex": scene.codes("sex")[chance.randrange(2)],
            }
            offered = [0 if number < without else sessions for _, sessions in HALF_TERMS]
            missed = _missed(chance, number < without + persistent) if number >= without else [0] * len(HALF_TERMS)
            share = chance.randrange(40)
            for place in range(done):
                unauthorised = missed[place] * share // 100
                yield {
                    **pupil,
                    "half_term": str(place + 1),
                    "sessions_possible": str(offered[place]),
                    "sessions_authorised": str(missed[place] - unauthorised),
                    "sessions_unauthorised": str(unauthorised),
                }


def _missed(chance: Random, persistent: bool) -> list[int]:
    """Sessions missed in each half term: 64 to 143 over the counted ones, or up to 63; never more than offered."""
    beyond = 80 if persistent else THRESHOLD
    total = min(chance.randrange(beyond), chance.randrange(beyond)) + (THRESHOLD if persistent else 0)
    weights = [sessions * (2 + chance.randrange(4)) for _, sessions in HALF_TERMS[:COUNTED]]
    return [*shares(total, weights), total // 8]


def upn(authority: str, establishment: int, entry: int, serial: int) -> str:
    """A unique pupil number: check letter, authority, establishment, year of entry, serial (DOMAIN 4.6)."""
    digits = f"{authority}{establishment:04}{entry % 100:02}{serial:03}"
    weighed = sum(int(digit) * weight for weight, digit in enumerate(digits, 2))
    return f"{CHECK_LETTERS[weighed % len(CHECK_LETTERS)]}{digits}"


def exclusions(scene: Scene) -> Iterator[dict[str, str]]:
    """The exclusions of the academic year up to the as-at, most of them for a few days from secondary school."""
    chance = scene.chance
    reasons, sexes = scene.codes("reason"), scene.codes("sex")
    kinds = ["permanent"] * scene.volumes["permanent"] + ["fixed"] * scene.volumes["fixed"]
    last = min(scene.period.end, date(scene.period.start.year + 1, 7, 22), scene.as_at)
    phases = weighted(chance, list(SCHOOLS), (10, 85, 5), len(kinds))
    rows = sorted(
        (working_day_between(chance, scene.period.start, last), kind, phase)
        for kind, phase in zip(kinds, phases, strict=True)
    )
    for number, (day, kind, phase) in enumerate(rows, 1):
        first, schools, groups = SCHOOLS[phase]
        group = groups[chance.randrange(len(groups))]
        yield {
            "exclusion_ref": f"EX-{day:%Y}-{number:05}",
            "laestab": f"{scene.place.partnership.dfe_code}{first + chance.randrange(schools)}",
            "phase": phase,
            "year_group": str(group),
            "sex": sexes[1] if chance.randrange(100) < 74 else sexes[0],
            "age": str(group + 4 + chance.randrange(2)),
            "kind": kind,
            "started_on": day.isoformat(),
            "sessions": str(2 * (1 + min(chance.randrange(10), chance.randrange(10)))) if kind == "fixed" else "",
            "reason": reasons[min(chance.randrange(len(reasons)), chance.randrange(len(reasons)))],
        }
