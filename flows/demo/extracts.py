"""A dataset's synthetic extract for a period, as the bytes of the file a partner would send.

The columns, their order and their headers are the contract's; the codes are its code lists'; the places are the
partnership's. Which rows there are is decided by dice seeded with the dataset and the period, so the same extract
has the same bytes on every machine.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from flows.demo import council, health, police, schools
from flows.demo.faults import Fault
from flows.demo.published_attendance import published_attendance
from flows.demo.published_care import attainment, looked_after_outcomes
from flows.demo.published_crime import street_crime
from flows.demo.published_homelessness import homelessness
from flows.demo.published_indicators import published_indicators
from flows.demo.scene import Place, Scene, Setting
from flows.demo.sheet import GeneratorError, Sheet, by_contract
from flows.demo.statements import statements
from schemas.contract import Contract
from schemas.partnership import Partnership
from schemas.periods import Period

Records = Iterable[Mapping[str, str]]
GENERATORS: dict[str, Callable[[Scene], Records]] = {
    "police/recorded_crime": police.recorded_crime,
    "police/street_crime": street_crime,
    "health/smoking_quits": health.smoking_quits,
    "health/injury_admissions": health.injury_admissions,
    "health/published_indicators": published_indicators,
    "council/housing_completions": council.housing_completions,
    "council/temporary_accommodation": council.temporary_accommodation,
    "council/household_waste": council.household_waste,
    "council/street_cleanliness": council.street_cleanliness,
    "council/planning_applications": council.planning_applications,
    "council/benefit_claims": council.benefit_claims,
    "council/out_of_work_benefits": council.out_of_work_benefits,
    "council/indicator_return": council.indicator_return,
    "council/commentary": statements,
    "council/grant_budget": statements,
    "schools/attendance_sessions": schools.attendance_sessions,
    "schools/exclusions": schools.exclusions,
    "schools/published_attendance": published_attendance,
    "schools/looked_after_outcomes": looked_after_outcomes,
    "schools/attainment": attainment,
    "council/homelessness": homelessness,
}


def clean_extract(partnership: Partnership, setting: Setting, key: str, period: Period, as_at: date) -> Sheet:
    """The extract without any fault, drawn on the day ``as_at``.

    Raises:
        GeneratorError: the demo makes no such dataset, the setting says nothing of the period, or what it makes
            does not fit the contract or its code lists.
    """
    if key not in GENERATORS:
        raise GeneratorError(f"the demo makes no extract of {key}; it makes {', '.join(sorted(GENERATORS))}")
    contract = partnership.contracts[key]
    scene = Scene(contract, Place(partnership), setting, period, as_at)
    sheet = by_contract(contract, GENERATORS[key](scene))
    _check_codes(partnership, contract, sheet)
    return sheet


def extract(
    partnership: Partnership, setting: Setting, key: str, period: Period, as_at: date, fault: Fault | None = None
) -> bytes:
    """The file as it arrives, its fault included. Raises GeneratorError as ``clean_extract`` does."""
    sheet = clean_extract(partnership, setting, key, period, as_at)
    return (fault.apply(sheet) if fault else sheet).to_bytes()


def file_name(key: str, period: Period) -> str:
    """The name a partner would give it: dataset and period, as the contract lets the period be read."""
    return f"{key.replace('/', '_')}_{period.id}.csv"


def _check_codes(partnership: Partnership, contract: Contract, sheet: Sheet) -> None:
    """Generated codes are the agreed ones: a code list that changes must change the generator too."""
    for column in contract.columns:
        if column.codelist is None or column.name not in sheet.names:
            continue
        agreed = {code for code, _ in partnership.codelists[column.codelist]} | {""} | set(contract.markers)
        used = {row[sheet.place_of(column.name)] for row in sheet.rows}
        if used - agreed:
            raise GeneratorError(
                f"{contract.key}: the demo writes {', '.join(sorted(used - agreed))} in {column.name}, which "
                f"{column.codelist}.csv does not have"
            )
