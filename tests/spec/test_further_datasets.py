"""What the datasets without an indicator yet add up to: each row once, snapshots never over time, parts never twice."""

from datetime import date

from tests.spec.exchange import Exchange

Amounts = dict[tuple[str, str, str], int]


def contributed(exchange: Exchange, key: str, period: str, table: str) -> Amounts:
    """The contributed amounts by measure, area and category."""
    exchange.today = date(2026, 11, 1)
    delivery = exchange.deliver(key, period, table)
    rows = exchange.connection.execute(
        "SELECT measure, area_code, category, amount FROM warehouse.merged.contribution WHERE delivery_id = ?",
        [delivery],
    ).fetchall()
    return {(measure, area, category): int(amount) for measure, area, category, amount in rows}


def test_custody_and_refugees_are_no_part_of_the_base_of_ni_117(exchange: Exchange) -> None:
    """A young person who stands twice is one; one who is not known is in neither number."""
    found = contributed(
        exchange,
        "council/neet",
        "2026-11",
        """
        young_person_ref | as_at      | age | activity   | ward_code
        A                | 2026-11-30 | 16  | education  | E05000250
        A                | 2026-11-30 | 16  | education  | E05000250
        B                | 2026-11-30 | 17  | neet       | E05000250
        C                | 2026-11-30 | 18  | custody    | E05000250
        D                | 2026-11-30 | 17  | refugee    | E05000250
        E                | 2026-11-30 | 17  | not known  |
        F                | 2026-11-30 | 19  | neet       | E05000250
        """,
    )
    assert found == {
        ("young_people_with_known_activity", "E05000250", "all"): 2,
        ("young_people_neet", "E05000250", "all"): 1,
        ("young_people_activity_not_known", "E09000013", "all"): 1,
    }


def test_london_stands_twice_in_the_homelessness_table_and_counts_once(exchange: Exchange) -> None:
    found = contributed(
        exchange,
        "council/homelessness",
        "FY2019-Q4",
        """
        _scope     | area_code | assessments | owed_a_duty | threatened | homeless | households_thousands
        area       | E09000013 | 277         | 275         | 137        | 138      | 81.338
        comparator | E12000007 | 14510       | 13680       | 7360       | 6320     | 3542.949
        comparator | E12000007 | 14510       | 13680       | 7360       | 6320     | 3542.949
        """,
    )
    assert found["homelessness_assessments", "E12000007", "all"] == 14510
    assert found["households_owed_a_duty", "E09000013", "all"] == 275
    assert found["households_in_area", "E09000013", "all"] == 81338


def test_list_sizes_stand_beside_their_register_and_are_never_added_up(exchange: Exchange) -> None:
    found = contributed(
        exchange,
        "health/prevalence",
        "FY2020",
        """
        practice_code | register_code | on_register | list_type | list_size
        E85003        | DM            | 50          | 17OV      | 1000
        E85005        | DM            | 30          | 17OV      | 500
        E85003        | AST           | 60          | 06OV      | 1100
        """,
    )
    assert found == {
        ("people_on_register", "E09000013", "Diabetes"): 80,
        ("patients_of_register_ages", "E09000013", "Diabetes"): 1500,
        ("people_on_register", "E09000013", "Asthma"): 60,
        ("patients_of_register_ages", "E09000013", "Asthma"): 1100,
    }


def test_groups_of_children_overlap_so_the_headline_is_children_looked_after(exchange: Exchange) -> None:
    found = contributed(
        exchange,
        "schools/looked_after_outcomes",
        "AY2024",
        """
        time_period | geographic_level | new_la_code | social_care_group         | phase_type_grouping  | t_sess_possible | t_sess_overall
        202425      | Local authority  | E09000013   | CLA 12 months at 31 March | Total                | 1000            | 90
        202425      | Local authority  | E09000013   | CLA 12 months at 31 March | State-funded primary | 400             | 30
        202425      | Local authority  | E09000013   | CINO at 31 March          | Total                | 5000            | 800
        """,  # noqa: E501
    )
    missed = "missed_sessions_of_children_in_care_or_need"
    assert found[missed, "E09000013", "all"] == 90
    assert found[missed, "E09000013", "Children in need"] == 800


def test_two_alike_may_be_two_people_hurt_in_one_assault(exchange: Exchange) -> None:
    found = contributed(
        exchange,
        "health/assault_attendances",
        "2026-04",
        """
        method       | location_type | times
        sharp object | street        | 2
        glass        |               | 1
        """,
    )
    assert found["assault_attendances", "E09000013", "all"] == 3
    assert found["assault_attendances", "E09000013", "Not known"] == 1


def test_incidents_are_counted_by_ward_and_month_of_recording(exchange: Exchange) -> None:
    found = contributed(
        exchange,
        "police/asb_incidents",
        "FY2026-Q1",
        """
        incident_ref | category | recorded_on | ward_code
        I1           | nuisance | 2026-04-14  | 00ANGA
        I2           | personal | 2026-05-02  | E05000250
        """,
    )
    assert found["asb_incidents", "E05000250", "all"] == 1  # of each month; the last one read stands here
    assert found["asb_incidents", "E05000250", "Nuisance: troubles a neighbourhood"] == 1
