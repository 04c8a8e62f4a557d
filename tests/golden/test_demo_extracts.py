"""The demo's extracts: the same bytes everywhere, of the agreed shape, with the faults the story declares."""

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from flows.demo.extracts import GENERATORS, clean_extract, extract, file_name
from flows.demo.scene import Setting, load_setting
from flows.demo.schools import upn
from flows.demo.sheet import GeneratorError, Sheet
from flows.demo.story import Deliver, Ingest, Publish, Story, load_story
from schemas.loading import DefinitionError
from schemas.partnership import REPOSITORY, Partnership, load_partnership
from schemas.periods import parse_period

GOLDEN = Path(__file__).with_name("demo_extracts.csv")
QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4", "FY2009-Q1", "FY2009-Q2")

STATED = ("FY2009-Q1", "FY2009-Q2")  # commentary and budgets are returned from the second year on


@pytest.fixture(scope="module")
def partnership() -> Partnership:
    return load_partnership()


@pytest.fixture(scope="module")
def setting() -> Setting:
    return load_setting()


@pytest.fixture(scope="module")
def story(partnership: Partnership) -> Story:
    return load_story(partnership)


@pytest.fixture(scope="module")
def files(partnership: Partnership, setting: Setting, story: Story) -> list[tuple[Deliver, bytes]]:
    return [(step, arriving(partnership, setting, step)) for step in story.deliveries]


def arriving(partnership: Partnership, setting: Setting, step: Deliver) -> bytes:
    return extract(partnership, setting, step.key, step.period, step.at.date(), step.fault)


def clean(partnership: Partnership, setting: Setting, key: str, period: str, as_at: str = "2009-12-01") -> Sheet:
    return clean_extract(partnership, setting, key, parse_period(period), date.fromisoformat(as_at))


def column(sheet: Sheet, name: str) -> list[str]:
    place = sheet.place_of(name)
    return [row[place] for row in sheet.rows]


def rows_of(data: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


def by_fault(files: list[tuple[Deliver, bytes]]) -> dict[str, tuple[Deliver, bytes]]:
    return {step.fault.name: (step, data) for step, data in files if step.fault}


class TestBytes:
    def test_every_file_is_the_reviewed_one(self, files: list[tuple[Deliver, bytes]], tmp_path: Path) -> None:
        measured = io.StringIO()
        writer = csv.writer(measured, lineterminator="\n")
        writer.writerow(["as_at", "dataset", "period", "fault", "rows", "sha256"])
        for step, data in files:
            rows = data.count(b"\n") - 1
            fault = step.fault.name if step.fault else ""
            about = [step.at.date(), step.key, step.period.id, fault]
            writer.writerow([*about, rows, hashlib.sha256(data).hexdigest()[:16]])
        path = tmp_path / GOLDEN.name
        path.write_text(measured.getvalue(), encoding="utf-8")
        assert measured.getvalue() == GOLDEN.read_text(encoding="utf-8"), (
            f"the demo's extracts changed; when that is meant, copy {path} to {GOLDEN} and say why in the commit"
        )

    def test_another_process_with_another_hash_seed_makes_the_same(
        self, files: list[tuple[Deliver, bytes]]
    ) -> None:
        program = (
            "import hashlib\n"
            "from schemas.partnership import load_partnership\n"
            "from flows.demo.extracts import extract\n"
            "from flows.demo.scene import load_setting\n"
            "from flows.demo.story import load_story\n"
            "partnership, setting, digest = load_partnership(), load_setting(), hashlib.sha256()\n"
            "for step in load_story(partnership).deliveries:\n"
            "    digest.update(extract(partnership, setting, step.key, step.period, step.at.date(), step.fault))\n"
            "print(digest.hexdigest())\n"
        )
        digest = hashlib.sha256(b"".join(data for _, data in files)).hexdigest()
        environment = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
        found = subprocess.run(
            [sys.executable, "-c", program],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == digest

    def test_a_file_sent_again_has_the_same_bytes(self, files: list[tuple[Deliver, bytes]]) -> None:
        again, repeated = next((step, data) for step, data in files if step.expect == "duplicate")
        first, data = next(one for one in files if (one[0].key, one[0].period) == (again.key, again.period))
        assert first.at < again.at
        assert repeated == data

    def test_the_names_say_the_period(self, story: Story) -> None:
        step = story.deliveries[0]
        assert file_name(step.key, step.period) == "police_recorded_crime_FY2008-Q1.csv"


class TestShape:
    @pytest.mark.parametrize("key", sorted(GENERATORS))
    def test_the_headers_are_the_contracts_in_its_order(
        self, key: str, partnership: Partnership, setting: Setting, story: Story
    ) -> None:
        contract = partnership.contracts[key]
        for period in setting.volumes.get(key) or {step.period.id for step in story.deliveries if step.key == key}:
            year = parse_period(period).end.year
            sheet = clean(partnership, setting, key, period, f"{year}-07-31")
            assert list(sheet.header) == [one.header for one in contract.columns], period

    def test_every_dataset_that_a_partner_owes_has_a_generator(self, partnership: Partnership) -> None:
        """Published data and extracts under test are shown where there is a figure to show."""
        assert set(GENERATORS) <= set(partnership.contracts)
        live = {key for each in partnership.agreements if each.stage == "live" for key in each.datasets}
        owed = {key for key, contract in partnership.contracts.items() if contract.cadence and key in live}
        assert owed <= set(GENERATORS)

    def test_a_column_that_may_be_absent_appears_in_the_later_extract_only(
        self, files: list[tuple[Deliver, bytes]]
    ) -> None:
        early, late = (rows_of(data)[0] for step, data in files if step.key == "schools/published_attendance")
        assert set(late) - set(early) == {"pa_perc"}

    def test_a_contract_with_a_column_the_demo_does_not_make_is_named(
        self, partnership: Partnership, setting: Setting
    ) -> None:
        with pytest.raises(
            GeneratorError, match=r"setting\.yaml says nothing of police/recorded_crime in FY2020-Q1"
        ):
            clean(partnership, setting, "police/recorded_crime", "FY2020-Q1")


class TestFigures:
    """What a reader can check by hand (DOMAIN.md 1.9)."""

    def offences(self, partnership: Partnership, setting: Setting, family: str, quarters: tuple[str, ...]) -> int:
        codes = {code for code, _ in partnership.codelists[family]}
        return sum(
            code in codes
            for quarter in quarters
            for code in column(clean(partnership, setting, "police/recorded_crime", quarter), "offence_code")
        )

    def test_serious_acquisitive_crime(self, partnership: Partnership, setting: Setting) -> None:
        assert self.offences(partnership, setting, "ni16_offences", QUARTERS[:4]) == 5432
        assert self.offences(partnership, setting, "ni16_offences", QUARTERS[4:]) == 2610

    def test_violence_of_the_first_year_is_the_frameworks_own_baseline(
        self, partnership: Partnership, setting: Setting
    ) -> None:
        framework = partnership.frameworks["laa-2008-11"]
        for indicator, family in (("NI15", "ni15_offences"), ("NI20", "ni20_offences")):
            counted = self.offences(partnership, setting, family, QUARTERS[:4])
            assert framework.indicator(indicator).baseline_period == "FY2008"
            assert round(counted / 172_000 * 1000, 2) == float(framework.indicator(indicator).baseline or 0)

    def test_households_in_temporary_accommodation(self, partnership: Partnership, setting: Setting) -> None:
        counts = []
        for quarter in QUARTERS[:4]:
            households = column(
                clean(partnership, setting, "council/temporary_accommodation", quarter), "household_ref"
            )
            assert len(set(households)) == len(households)
            counts.append(len(households))
        assert counts == [1510, 1480, 1450, 1400]

    def test_a_household_is_the_same_in_every_quarter(self, partnership: Partnership, setting: Setting) -> None:
        seen: dict[str, str] = {}
        for quarter in QUARTERS:
            sheet = clean(partnership, setting, "council/temporary_accommodation", quarter)
            for household, placed in zip(column(sheet, "household_ref"), column(sheet, "placed_on"), strict=True):
                assert seen.setdefault(household, placed) == placed
                assert placed <= parse_period(quarter).end.isoformat()

    def test_household_waste(self, partnership: Partnership, setting: Setting) -> None:
        collected = recycled = 0
        for quarter in QUARTERS[:4]:
            sheet = clean(partnership, setting, "council/household_waste", quarter)
            names = ("source", "destination", "tonnes", "reject_tonnes")
            for source, destination, tonnes, rejected in zip(
                *(column(sheet, name) for name in names), strict=True
            ):
                if source == "household":
                    kilograms = int(tonnes.replace(".", ""))
                    collected += kilograms
                    if destination in {"reuse", "recycle", "compost", "ad"}:
                        recycled += kilograms - int((rejected or "0.000").replace(".", ""))
        assert (collected, recycled) == (68_000_000, 18_360_000)

    def test_litter(self, partnership: Partnership, setting: Setting) -> None:
        grades = Counter(
            grade
            for tranche in ("FY2008-T1", "FY2008-T2", "FY2008-T3")
            for grade in column(clean(partnership, setting, "council/street_cleanliness", tranche), "litter")
        )
        assert sum(grades.values()) == 930
        assert grades["C"] + grades["C-"] + grades["D"] == 41
        assert grades["B-"] == 60

    def test_every_land_use_is_surveyed_often_enough(self, partnership: Partnership, setting: Setting) -> None:
        uses = Counter(column(clean(partnership, setting, "council/street_cleanliness", "FY2008-T2"), "land_use"))
        assert min(uses.values()) >= 30

    def test_persistent_absence_by_hand(self, partnership: Partnership, setting: Setting) -> None:
        sheet = clean(partnership, setting, "schools/attendance_sessions", "AY2008")
        missed: Counter[tuple[str, str]] = Counter()
        possible: Counter[tuple[str, str]] = Counter()
        names = (
            "upn",
            "laestab",
            "phase",
            "half_term",
            "sessions_possible",
            "sessions_authorised",
            "sessions_unauthorised",
        )
        for pupil, school, phase, half_term, offered, authorised, unauthorised in zip(
            *(column(sheet, name) for name in names), strict=True
        ):
            assert int(authorised) + int(unauthorised) <= int(offered)
            if phase == "secondary" and half_term != "6":
                missed[pupil, school] += int(authorised) + int(unauthorised)
                possible[pupil, school] += int(offered)
        enrolled = [one for one in missed if possible[one]]
        assert len(enrolled) == 1800
        assert sum(missed[one] >= 64 for one in enrolled) == 99

    def test_the_cumulative_extract_holds_the_one_before(self, files: list[tuple[Deliver, bytes]]) -> None:
        terms = [rows_of(data) for step, data in files if step.key == "schools/attendance_sessions"]
        assert [len(rows) - 1 for rows in terms] == sorted(len(rows) - 1 for rows in terms)
        for earlier, later in pairwise(terms):
            assert {tuple(row) for row in earlier} <= {tuple(row) for row in later}

    def test_decisions_in_time(self, partnership: Partnership, setting: Setting) -> None:
        sheet = clean(partnership, setting, "council/planning_applications", "FY2009-Q2")
        in_time: Counter[str] = Counter()
        names = ("application_type", "received_on", "decided_on")
        for kind, received, decided in zip(*(column(sheet, name) for name in names), strict=True):
            days = (date.fromisoformat(decided) - date.fromisoformat(received)).days
            in_time[kind] += days <= {"major": 91, "minor": 56, "other": 56}[kind]
        assert in_time == {"major": 9, "minor": 86, "other": 211}

    def test_days_to_decide_a_benefit_claim(self, partnership: Partnership, setting: Setting) -> None:
        sheet = clean(partnership, setting, "council/benefit_claims", "FY2008-Q1")
        pairs = zip(column(sheet, "received_on"), column(sheet, "decided_on"), strict=True)
        days = [(date.fromisoformat(decided) - date.fromisoformat(received)).days for received, decided in pairs]
        assert min(days) >= 0
        assert 11 <= sum(days) / len(days) <= 14

    def test_claimants_stand_near_their_shares(self, partnership: Partnership, setting: Setting) -> None:
        sheet = clean(partnership, setting, "council/out_of_work_benefits", "FY2008-Q4")
        worst = {row.lsoa_code: int(row.working_age) for row in partnership.geography.worst_neighbourhoods}
        claims = list(zip(column(sheet, "lsoa_code"), column(sheet, "claimants"), strict=True))
        people = sum(  # women of 16 to 59 and men of 16 to 64
            int(row.persons)
            for row in partnership.geography.population
            if (row.area_code, row.year, row.population_group) == (partnership.area_code, 2008, "working_age")
        )
        assert 12 <= sum(int(count) for _, count in claims) / people * 100 <= 14
        in_worst = sum(int(count) for code, count in claims if code in worst)
        assert 27 <= in_worst / sum(worst.values()) * 100 <= 29.5

    @pytest.mark.parametrize(
        ("authority", "establishment", "entry", "serial", "expected"),
        [("205", 4000, 8, 1, "Z205400008001"), ("207", 0, 16, 49, "P207000016049")],
    )
    def test_check_letters_of_pupil_numbers(
        self, authority: str, establishment: int, entry: int, serial: int, expected: str
    ) -> None:
        assert upn(authority, establishment, entry, serial) == expected


class TestPublishedFormats:
    def test_most_of_a_force_is_elsewhere_or_unplaced_or_ours_by_name(
        self, partnership: Partnership, setting: Setting
    ) -> None:
        sheet = clean(partnership, setting, "police/street_crime", "2026-03")
        ours = {lsoa.lsoa_code for lsoa in partnership.geography.lsoas}
        places = list(zip(column(sheet, "lsoa_code"), column(sheet, "lsoa_name"), strict=True))
        by_code = [code for code, _ in places if code in ours]
        by_name = [code for code, name in places if name.startswith(f"{partnership.area_name} ")]
        assert len(by_code) == 1669
        assert len(by_name) - len(by_code) == 13
        assert sum(not code for code, _ in places) == 22
        assert len(places) == 3000

    def test_anti_social_behaviour_has_no_reference_and_no_outcome(
        self, partnership: Partnership, setting: Setting
    ) -> None:
        sheet = clean(partnership, setting, "police/street_crime", "2026-03")
        names = ("crime_type", "crime_id", "last_outcome_category")
        for kind, reference, outcome in zip(*(column(sheet, name) for name in names), strict=True):
            assert (reference == "") == (outcome == "") == (kind == "Anti-social behaviour")

    def test_attendance_adds_up_and_marks_what_is_withheld(self, files: list[tuple[Deliver, bytes]]) -> None:
        step, data = [one for one in files if one[0].key == "schools/published_attendance"][-1]
        header, *rows = rows_of(data)
        levels: Counter[str] = Counter()
        for row in rows:
            values = dict(zip(header, row, strict=True))
            levels[values["geographic_level"]] += 1
            if values["possible_sessions"] == "c":
                continue
            number = {name: int(text) for name, text in values.items() if text.isdigit()}
            assert number["overall_attendance"] + number["overall_absence"] == number["possible_sessions"]
            assert number["authorised_absence"] + number["unauthorised_absence"] == number["overall_absence"]
            reasons = sum(count for name, count in number.items() if "_authorised_" in name)
            assert reasons == number["authorised_absence"]
        assert step.period.id == "AY2025"
        assert levels == {"National": 4, "Regional": 8, "Local authority": 42}
        assert sum(row.count("c") > 40 for row in rows) == 1

    def test_indicator_file_holds_country_region_and_area(
        self, partnership: Partnership, setting: Setting
    ) -> None:
        sheet = clean(partnership, setting, "health/published_indicators", "FY2025")
        codes = set(column(sheet, "area_code"))
        of_groups = {code for group in partnership.groups.values() for code in group}
        assert {partnership.area_code, *partnership.comparators} - partnership.groups.keys() | of_groups <= codes
        assert max(column(sheet, "time_period_sortable")) == "20250000"
        figures: dict[tuple[str, str], dict[str, int]] = {}
        names = ("area_code", "time_period", "category", "sex", "count")
        for area, year, category, sex, count in zip(*(column(sheet, name) for name in names), strict=True):
            if not category:
                figures.setdefault((area, year), {})[sex] = int(count)
        assert all(one["Persons"] == one["Male"] + one["Female"] for one in figures.values())


class TestFaults:
    @pytest.fixture
    def faulty(self, files: list[tuple[Deliver, bytes]]) -> dict[str, tuple[Deliver, bytes]]:
        return by_fault(files)

    def sound(self, partnership: Partnership, setting: Setting, step: Deliver) -> list[list[str]]:
        return rows_of(extract(partnership, setting, step.key, step.period, step.at.date()))

    def test_each_kind_of_honest_fault_happens(self, story: Story) -> None:
        assert {fault.kind for fault in story.faults} == {
            "missing_column",
            "bad_codes",
            "surplus_column",
            "reordered_columns",
            "saved_by_spreadsheet",
            "saved_as_cp1252",
            "ragged_lines",
            "repeated_rows",
            "missing_rows",
        }

    def test_a_column_is_missing(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["decision_date_missing"]
        found, sound = rows_of(data), self.sound(partnership, setting, step)
        assert set(sound[0]) - set(found[0]) == {"decided_on"}
        assert [row[:4] for row in sound] == found

    @pytest.mark.parametrize(
        ("name", "place", "rows"), [("retired_decision_code", 4, 6), ("retired_offence_code", 1, 12)]
    )
    def test_codes_are_in_no_list(
        self,
        name: str,
        place: int,
        rows: int,
        faulty: dict[str, tuple[Deliver, bytes]],
        partnership: Partnership,
        setting: Setting,
    ) -> None:
        step, data = faulty[name]
        assert step.fault is not None
        found, sound = rows_of(data), self.sound(partnership, setting, step)
        wrong = [pair for pair in zip(found, sound, strict=True) if pair[0] != pair[1]]
        assert len(wrong) == rows
        assert all(bad[:place] == good[:place] and bad[place + 1 :] == good[place + 1 :] for bad, good in wrong)
        listed = partnership.contracts[step.key].column(step.fault.settings["column"]).codelist
        assert listed is not None
        assert {bad[place] for bad, _ in wrong}.isdisjoint(code for code, _ in partnership.codelists[listed])

    def test_a_surplus_personal_field(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["surname_column"]
        found, sound = rows_of(data), self.sound(partnership, setting, step)
        assert found[0][-1] == "surname"
        assert any(pattern.search("surname") for pattern in partnership.personal_patterns)
        assert [row[:-1] for row in found] == sound
        assert {row[-1] for row in found[1:]} == {"Example", "Sampleton", "Placeholder", "Specimen"}

    def test_columns_in_another_order(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["columns_reordered"]
        assert [row[::-1] for row in rows_of(data)] == self.sound(partnership, setting, step)

    def test_byte_order_mark_and_line_ends(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["byte_order_mark"]
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\r\n") == data.count(b"\n") == len(rows_of(data))
        assert rows_of(data) == self.sound(partnership, setting, step)

    def test_windows_code_page(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["windows_encoding"]
        with pytest.raises(UnicodeDecodeError):
            data.decode("utf-8")
        assert rows_of(data, "cp1252") == self.sound(partnership, setting, step)
        assert "é" in data.decode("cp1252")

    def test_lines_with_a_field_too_many(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership, setting: Setting
    ) -> None:
        step, data = faulty["stray_commas"]
        found, sound = rows_of(data), self.sound(partnership, setting, step)
        assert [len(row) for row in found].count(len(found[0]) + 1) == 2
        assert [row if len(row) == len(found[0]) else [row[0], *row[2:]] for row in found] == sound

    @pytest.mark.parametrize(("name", "copies"), [("households_twice", 3), ("row_twice", 1)])
    def test_rows_stand_twice(
        self,
        name: str,
        copies: int,
        faulty: dict[str, tuple[Deliver, bytes]],
        partnership: Partnership,
        setting: Setting,
    ) -> None:
        step, data = faulty[name]
        found, sound = rows_of(data), self.sound(partnership, setting, step)
        assert found[: len(sound)] == sound
        assert len(found) - len(sound) == copies
        assert all(row in sound for row in found[len(sound) :])

    def test_the_row_that_stands_twice_is_in_the_area_and_has_a_reference(
        self, faulty: dict[str, tuple[Deliver, bytes]], partnership: Partnership
    ) -> None:
        _, data = faulty["row_twice"]
        row = rows_of(data)[-1]
        assert row[0]
        assert row[8].startswith(partnership.area_name)

    def test_a_month_is_missing_and_comes_with_the_correction(self, files: list[tuple[Deliver, bytes]]) -> None:
        short, whole = (
            rows_of(data)
            for step, data in files
            if (step.key, step.period.id) == ("police/recorded_crime", "FY2008-Q4")
        )
        assert {row[2][:7] for row in short[1:]} == {"2009-01", "2009-02"}
        assert [row for row in whole if not row[2].startswith("2009-03")] == short


class TestStory:
    def test_eighteen_months_of_all_four_partners(self, story: Story, partnership: Partnership) -> None:
        sent = Counter((step.key, step.period.id) for step in story.deliveries)
        for key, contract in partnership.contracts.items():
            if contract.cadence == "quarter" and key in GENERATORS:
                assert all(sent[key, quarter] for quarter in (STATED if contract.states else QUARTERS)), key
        for tranche in ("FY2008-T1", "FY2008-T2", "FY2008-T3", "FY2009-T1"):
            assert sent["council/street_cleanliness", tranche] == 1
        assert sent["schools/attendance_sessions", "AY2008"] == 3
        assert sent["schools/published_attendance", "AY2025"] == 2
        assert {key.partition("/")[0] for key, _ in sent} == set(partnership.partners)

    def test_every_fault_that_stops_a_file_is_put_right(self, story: Story) -> None:
        for step in story.deliveries:
            if step.expect in {"rejected", "held"}:
                later = [
                    one
                    for one in story.deliveries
                    if (one.key, one.period) == (step.key, step.period) and one.at > step.at
                ]
                assert [one.expect for one in later] == ["accepted"], step

    def test_few_runs_and_three_publications(self, story: Story) -> None:
        assert sum(isinstance(step, Ingest) for step in story.steps) == 12
        made = [(step.framework, step.period.id) for step in story.steps if isinstance(step, Publish)]
        assert made == [
            ("laa-2008-11", "FY2008-Q4"),
            ("laa-2008-11", "FY2009-Q2"),
            ("local-outcomes-2026", "FY2025-Q4"),
        ]

    def test_exactly_one_dataset_comes_late(self, story: Story, partnership: Partnership) -> None:
        late = []
        waiting: list[Deliver] = []
        sent: set[tuple[str, str]] = set()
        for step in story.steps:
            if isinstance(step, Deliver):
                waiting.append(step)
            elif isinstance(step, Ingest):
                for one in waiting:
                    agreement = partnership.agreement_for(one.key, step.at.date(), one.period)
                    assert agreement is not None, one.key
                    slot = (one.key, one.period.id)
                    owed = partnership.contracts[one.key].cadence is not None
                    if owed and slot not in sent and step.at.date() > agreement.due_on(one.period):
                        late.append(slot)
                    sent.add(slot)
                waiting = []
        assert late == [("council/street_cleanliness", "FY2009-T1")]

    @pytest.mark.parametrize(
        ("written", "instead", "said"),
        [
            (
                "deliver: police/recorded_crime,",
                "deliver: police/recorded_crimes,",
                "did you mean 'police/recorded_crime'",
            ),
            ("period: FY2008-Q1", "period: FY2008", "comes by quarter"),
            ("fault: surname_column", "fault: surnames_column", "did you mean 'surname_column'"),
            ("at: 2008-07-28T07:00", "at: 2008-07-20T07:00", "put the steps in order"),
            ("at: 2008-07-28T07:00", "at: 2008-07-28", "is not written as it should be"),
            ("period: FY2008-Q4}, note", "period: FY2008-Q9}, note", "is not a period"),
            ("framework: laa-2008-11, period: FY2008-Q4", "framework: laa, period: FY2008-Q4", "does not exist"),
            ("indicator: NI16", "indicator: NI999", "look_at.indicator"),
            ("    column: decided_on\n", "", "a fault of the kind missing_column needs it"),
            (
                "    code: approved\n",
                "    code: approved\n    header: surname\n",
                "is not used by the kind bad_codes",
            ),
            ('ingest: true, note: "The first nightly run."', 'note: "Nothing."', "does not say one thing to do"),
        ],
    )
    def test_a_story_that_cannot_be_told_is_refused_with_its_place(
        self, written: str, instead: str, said: str, partnership: Partnership, tmp_path: Path
    ) -> None:
        text = (REPOSITORY / "flows" / "demo" / "story.yaml").read_text(encoding="utf-8")
        assert written in text
        path = tmp_path / "a" / "b" / "story.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text.replace(written, instead, 1), encoding="utf-8")
        with pytest.raises(DefinitionError) as caught:
            load_story(partnership, path)
        assert said in str(caught.value)
        assert "story.yaml" in str(caught.value)
