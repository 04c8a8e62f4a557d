"""Synthetic extracts of the police partner: offences recorded in a quarter, without anybody in them."""

from collections.abc import Iterator
from datetime import timedelta

from flows.demo.dice import day_between, shuffled, weighted
from flows.demo.scene import Scene

OTHER = "other"  # the volume of offences in none of the named code lists
COMMON = {  # how common an offence is beside the rest of its family, which count 1
    "5A": 400,
    "8G": 300,
    "8F": 40,
    "28": 400,
    "45": 550,
    "48": 180,
    "34B": 260,
    "34A": 25,
    "49": 120,
    "46": 90,
    "58C": 70,
    "58D": 40,
    "58A": 40,
    "105A": 90,
    "8L": 60,
    "9A": 60,
    "92E": 80,
    "92D": 25,
    "39": 60,
    "44": 40,
    "30": 40,
}
DOMESTIC = {"5A", "8F", "8G", "8L", "105A"}  # where a domestic flag is common
OUTCOMES = {"detected": 26, "undetected": 52, "under_investigation": 22}


def recorded_crime(scene: Scene) -> Iterator[dict[str, str]]:
    """Offences recorded in the quarter. Each volume is named after the code list its offences come from."""
    chance = scene.chance
    offences = [code for name, count in scene.volumes.items() for code in _offences(scene, name, count)]
    lsoas, busy = scene.place.lsoas(2001), scene.place.lsoa_weights(2001)
    where = chance.choices(lsoas, weights=busy, k=len(offences))
    outcomes = weighted(chance, list(OUTCOMES), list(OUTCOMES.values()), len(offences))
    days = sorted(day_between(chance, scene.period.start, scene.period.end) for _ in offences)
    rows = zip(shuffled(chance, offences), where, days, outcomes, strict=True)
    for number, (code, lsoa, recorded, outcome) in enumerate(rows, 1):
        until = recorded - timedelta(days=min(chance.randrange(15), chance.randrange(15)))
        since = until - timedelta(days=chance.randrange(3))
        dated, placed = chance.randrange(50) > 0, chance.randrange(70) > 0
        yield {
            "crime_ref": scene.reference("CR", number),
            "offence_code": code,
            "recorded_on": recorded.isoformat(),
            "occurred_from": since.isoformat() if dated else "",
            "occurred_to": until.isoformat() if dated else "",
            "ward_code": scene.place.ward_spelling[lsoa.ward_code] if placed else "",
            "lsoa_code": lsoa.lsoa_code if placed else "",
            "domestic_flag": "Y" if chance.randrange(100) < (30 if code in DOMESTIC else 1) else "N",
            "outcome": outcome,
        }


def _offences(scene: Scene, name: str, count: int) -> list[str]:
    lists = scene.place.partnership.codelists
    if name == OTHER:
        named = {code for family in scene.volumes if family != OTHER for code, _ in lists[family]}
        codes = [code for code in scene.codes("offence_code") if code not in named]
    else:
        codes = [code for code, _ in lists[name]]
    return weighted(scene.chance, codes, [COMMON.get(code, 1) for code in codes], count)
