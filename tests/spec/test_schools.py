"""NI 87 and NI 114, and the published attendance figures of today."""

import pytest

from schemas.periods import parse_period
from tests.spec.exchange import Exchange

ATTENDANCE = "schools/attendance_sessions"


def absences(half_terms: int, *missed: int, possible: int = 60) -> str:
    """One secondary enrolment for each number of sessions missed, all of them in the first half term."""
    lines = [
        "upn|laestab|phase|year_group|sex|half_term|sessions_possible|sessions_authorised|sessions_unauthorised"
    ]
    for pupil, sessions in enumerate(missed):
        for half_term in range(1, half_terms + 1):
            authorised = sessions if half_term == 1 else 0
            lines.append(f"pupil-{pupil}|2054000|secondary|9|F|{half_term}|{possible}|{authorised}|0")
    return "\n".join(lines)


def test_ni87_counts_64_sessions_over_five_half_terms(exchange: Exchange) -> None:
    """63, 64, 65 and 10 sessions missed over four enrolments; a fifth enrolment has no possible session."""
    no_session = absences(5, 70, possible=0).replace("pupil-0", "pupil-9").splitlines()[1:]
    exchange.deliver(ATTENDANCE, "AY2008", "\n".join([absences(5, 63, 64, 65, 10), *no_session]))
    figure = exchange.headline("NI87", "AY2008")
    assert (figure.numerator, figure.denominator, figure.value) == (2, 4, 50.0)


def test_ni87_counts_52_sessions_while_only_autumn_and_spring_are_in(exchange: Exchange) -> None:
    exchange.deliver(ATTENDANCE, "AY2008", absences(4, 51, 52, 53, 10))
    assert exchange.headline("NI87", "AY2008").value == 50.0


def test_ni87_has_no_threshold_for_fewer_half_terms_and_shows_no_figure(exchange: Exchange) -> None:
    exchange.deliver(ATTENDANCE, "AY2008", absences(3, 60, 70))
    figure = exchange.headline("NI87", "AY2008")
    assert (figure.value, figure.denominator) == (None, 0)


def test_ni87_does_not_count_the_second_half_of_the_summer_term(exchange: Exchange) -> None:
    sixth = "pupil-0|2054000|secondary|9|F|6|60|20|0"
    exchange.deliver(ATTENDANCE, "AY2008", absences(5, 50) + "\n" + sixth)
    assert exchange.headline("NI87", "AY2008").value == 0.0


def test_ni87_counts_enrolments_and_adds_both_kinds_of_absence(exchange: Exchange) -> None:
    """A pupil on the roll of two schools is two enrolments; authorised and unauthorised sessions count alike."""
    header = absences(0)
    rows = [
        f"pupil-0|{school}|secondary|9|F|{half_term}|60|{authorised}|{unauthorised}"
        for school, authorised, unauthorised in (("2054000", 8, 5), ("2054001", 6, 6))
        for half_term in range(1, 6)
    ]
    exchange.deliver(ATTENDANCE, "AY2008", "\n".join([header, *rows]))
    figure = exchange.headline("NI87", "AY2008")
    assert (figure.numerator, figure.denominator) == (1, 2)


def test_ni87_leaves_primary_schools_out(exchange: Exchange) -> None:
    exchange.deliver(
        ATTENDANCE, "AY2008", absences(5, 70, 10).replace("pupil-0|2054000|secondary", "pupil-0|2054000|primary")
    )
    figure = exchange.headline("NI87", "AY2008")
    assert (figure.numerator, figure.denominator) == (0, 1)


def test_ni87_ends_before_the_threshold_changed(exchange: Exchange) -> None:
    """From 2010/11 persistent absence is another measure: no figure of NI 87 stands for it."""
    periods = exchange.connection.execute(
        "SELECT period FROM reference.period WHERE indicator = 'NI87' ORDER BY period"
    ).fetchall()
    history = ["AY2002", "AY2003", "AY2004", "AY2005", "AY2006"]  # of the years before the agreement
    assert [period for (period,) in periods] == [*history, "AY2007", "AY2008", "AY2009"]


def test_ni114_counts_exclusions_over_pupils(exchange: Exchange) -> None:
    exchange.deliver(
        "schools/exclusions", "AY2008", "kind|reason|times\npermanent|DB|18\npermanent|PA|9\nfixed|DB|400"
    )
    figure = exchange.headline("NI114", "AY2008")
    assert (figure.numerator, figure.denominator) == (27, 18_000)
    assert figure.value == pytest.approx(0.15)
    reason = exchange.figure("NI114", "AY2008", breakdown="reason", category="Persistent disruptive behaviour")
    assert reason is not None
    assert reason.numerator == 18


# One region and one borough of the release of 25 January 2024, its columns cut down to those that count.
PUBLISHED = """
geographic_level | country_code | region_code | new_la_code | school_type | pa_perc | total_enrolments | \
possible_sessions | overall_attendance | overall_absence | time_period | _scope
Local authority | E92000001 | E12000007 | E09000013 | Primary   | 17.15 | 8974    | 952384    | 902839    | 49545    | 202324 | area
Local authority | E92000001 | E12000007 | E09000013 | Secondary | 21.07 | 10044   | 740063    | 689326    | 50737    | 202324 | area
Local authority | E92000001 | E12000007 | E09000013 | Special   | 40.04 | 617     | 62147     | 54014     | 8133     | 202324 | area
Regional        | E92000001 | E12000007 |           | Primary   | 16.33 | 693854  | 63887607  | 60571826  | 3315781  | 202324 | comparator
Regional        | E92000001 | E12000007 |           | Total     | 19.00 | 1286549 | 108389631 | 101852021 | 6537610  | 202324 | comparator
National        | E92000001 |           |           | Total     | 20.33 | 8235828 | 826829025 | 771114417 | 55714608 | 202324 | comparator
"""  # noqa: E501


def test_a_borough_without_a_total_is_pooled_over_its_phases(exchange: Exchange) -> None:
    exchange.today = parse_period("AY2023").start
    exchange.deliver("schools/published_attendance", "AY2023", PUBLISHED)
    figure = exchange.headline("absence-overall", "AY2023")
    assert (figure.numerator, figure.denominator) == (108_415, 1_754_594)
    assert figure.value == pytest.approx(6.18, abs=0.005)
    assert figure.lower is None, "sessions are not independent cases: no interval"


def test_a_published_total_is_used_and_never_added_to_its_phases(exchange: Exchange) -> None:
    exchange.today = parse_period("AY2023").start
    exchange.deliver("schools/published_attendance", "AY2023", PUBLISHED)
    london = exchange.figure("absence-overall", "AY2023", area="E12000007")
    england = exchange.figure("absence-overall", "AY2023", area="E92000001")
    assert london is not None
    assert england is not None
    assert (london.numerator, london.denominator) == (6_537_610, 108_389_631)
    assert (england.numerator, england.denominator) == (55_714_608, 826_829_025)


def test_a_withheld_phase_leaves_the_headline_blank(exchange: Exchange) -> None:
    """With the special schools marked c, the other two pooled would read as the whole borough."""
    exchange.today = parse_period("AY2023").start
    withheld = PUBLISHED.replace("62147     | 54014     | 8133 ", "          |           |      ")
    exchange.deliver("schools/published_attendance", "AY2023", withheld)
    assert exchange.headline("absence-overall", "AY2023").status == "missing"
    assert exchange.figure("absence-overall", "AY2023", area="E92000001") is not None


def test_persistent_absence_pools_the_published_percentages_over_enrolments(exchange: Exchange) -> None:
    exchange.today = parse_period("AY2023").start
    exchange.deliver("schools/published_attendance", "AY2023", PUBLISHED)
    expected = (17.15 * 8974 + 21.07 * 10044 + 40.04 * 617) / (8974 + 10044 + 617)
    assert exchange.headline("absence-persistent", "AY2023").value == pytest.approx(expected)
