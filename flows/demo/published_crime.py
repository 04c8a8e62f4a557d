"""A synthetic month of street-level crime in the layout of data.police.uk: a whole force, most of it elsewhere.

Identifiers, streets and the districts beside the partnership's own are made up.
"""

import hashlib
from random import Random

from flows.demo.dice import weighted
from flows.demo.scene import Scene

STREETS = (
    "Example Road",
    "Sample Street",
    "Placeholder Gardens",
    "Café Terrace",
    "Specimen Lane",
    "Parking Area",
    "Supermarket",
    "Model Avenue",
)  # one with an accent, because real files have them
COMMON = {  # a word of the crime type and its weight; the types without one of these words weigh 2
    "violence": 24,
    "social": 22,
    "theft": 9,
    "vehicle": 9,
    "shoplifting": 7,
    "burglary": 6,
    "public": 6,
    "damage": 6,
    "drugs": 5,
}


def street_crime(scene: Scene) -> list[dict[str, str]]:
    """A force's month as data.police.uk publishes it: the whole force, most of it elsewhere, by neighbourhood."""
    chance, force = scene.chance, scene.setting.force
    types, outcomes = scene.codes("crime_type"), scene.codes("last_outcome_category")
    # The publisher gives anti-social behaviour no reference and no outcome (DOMAIN 5.1).
    anonymous = {code for code in types if "social" in code.lower()}
    spots = _spots(scene)
    kinds = weighted(chance, types, [_how_common(code) for code in types], len(spots))
    rows = []
    for number, ((code, name), kind) in enumerate(zip(spots, kinds, strict=True)):
        reference = hashlib.sha256(f"synthetic {scene.contract.key} {scene.period} {number}".encode()).hexdigest()
        street = STREETS[chance.randrange(len(STREETS))]
        rows.append(
            {
                "crime_id": "" if kind in anonymous else reference,
                "month": scene.period.id,
                "reported_by": force["name"],
                "falls_within": force["name"],
                "longitude": _degrees(chance, force["longitude"]) if code else "",
                "latitude": _degrees(chance, force["latitude"]) if code else "",
                "location": f"On or near {street}" if code else "No Location",
                "lsoa_code": code,
                "lsoa_name": name,
                "crime_type": kind,
                "last_outcome_category": "" if kind in anonymous else outcomes[chance.randrange(len(outcomes))],
                "context": "",
            }
        )
    return rows


def _spots(scene: Scene) -> list[tuple[str, str]]:
    """LSOA code and name of every row, sorted as the publisher sorts them: by code, the unplaced last."""
    chance, volumes = scene.chance, scene.volumes
    lsoas, busy = scene.place.lsoas(2011), scene.place.lsoa_weights(2011)
    district = scene.place.partnership.area_name
    names = {
        lsoa.lsoa_code: f"{district} {1 + place // 5:03}{'ABCDE'[place % 5]}" for place, lsoa in enumerate(lsoas)
    }
    spots = [
        (lsoa.lsoa_code, names[lsoa.lsoa_code]) for lsoa in chance.choices(lsoas, weights=busy, k=volumes["area"])
    ]
    # Codes newer than the lists we hold: only the name tells whose they are.
    newest = 1 + len(lsoas) // 5
    spots += [
        (f"E0199{9000 + place % 2}", f"{district} {newest + 1:03}{'AB'[place % 2]}")
        for place in range(volumes["newer_codes"])
    ]
    others = list(scene.setting.elsewhere.items())
    for digits, name in chance.choices(others, k=volumes["elsewhere"]):
        spot = chance.randrange(60)
        spots.append(
            (f"E0198{int(digits) * 60 % 1000 + spot:04}", f"{name} {1 + spot // 5:03}{'ABCDE'[spot % 5]}")
        )
    return sorted(spots) + [("", "")] * volumes["no_location"]


def _how_common(kind: str) -> int:
    """A weight per crime type: violence, then anti-social behaviour, then theft; the rest are rarer."""
    words = kind.lower()
    for word, weight in COMMON.items():
        if word in words:
            return weight
    return 2


def _degrees(chance: Random, span: list[float]) -> str:
    """A coordinate within the span, with the publisher's six decimals, drawn in whole millionths."""
    west, east = (round(bound * 1_000_000) for bound in span)
    drawn = west + chance.randrange(east - west + 1)
    sign = "-" if drawn < 0 else ""
    return f"{sign}{abs(drawn) // 1_000_000}.{abs(drawn) % 1_000_000:06}"
