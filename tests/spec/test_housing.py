"""NI 154, NI 155 and NI 156: homes are counted through the year, households on one day."""

from tests.spec.exchange import Exchange

HOMES = "council/housing_completions"
HOUSEHOLDS = "council/temporary_accommodation"
QUARTER_ENDS = {
    "FY2008-Q1": "2008-06-30",
    "FY2008-Q2": "2008-09-30",
    "FY2008-Q3": "2008-12-31",
    "FY2008-Q4": "2009-03-31",
}


def households(number: int, as_at: str) -> str:
    lines = ["household_ref|as_at|accommodation_type|placed_on|children"]
    lines += [f"TA-{each:06}|{as_at}|hostel|2008-01-01|{each % 3}" for each in range(number)]
    return "\n".join(lines)


def test_ni156_is_a_snapshot_and_never_added_up(exchange: Exchange) -> None:
    """1,510, 1,480, 1,450 and 1,400 households at the quarters' ends: the year's figure is 1,400, not 5,840."""
    for (period, as_at), number in zip(QUARTER_ENDS.items(), (1510, 1480, 1450, 1400), strict=True):
        exchange.deliver(HOUSEHOLDS, period, households(number, as_at))
    figure = exchange.headline("NI156", "FY2008-Q4")
    assert (figure.value, figure.ytd, figure.denominator) == (1400.0, 1400.0, None)
    assert exchange.headline("NI156", "FY2008-Q1").ytd == 1510.0


def test_ni156_of_one_quarter_does_not_wait_for_the_others(exchange: Exchange) -> None:
    exchange.deliver(HOUSEHOLDS, "FY2008-Q3", households(12, "2008-12-31"))
    figure = exchange.headline("NI156", "FY2008-Q3")
    assert (figure.value, figure.ytd, figure.status) == (12.0, 12.0, "ok")


def test_ni156_counts_a_household_once_on_the_latest_day_of_the_file(exchange: Exchange) -> None:
    both_days = households(9, "2008-05-31") + "\n" + "\n".join(households(7, "2008-06-30").splitlines()[1:])
    exchange.deliver(HOUSEHOLDS, "FY2008-Q1", both_days)
    assert exchange.headline("NI156", "FY2008-Q1").value == 7.0


def test_ni154_takes_losses_off_and_leaves_acquisitions_out(exchange: Exchange) -> None:
    exchange.deliver(
        HOMES,
        "FY2008-Q1",
        """
        event              | units | tenure      | ward_code
        newbuild_complete  | 120   | market      | 00ANGD
        conversion_gain    | 6     | market      | 00ANGA
        conversion_loss    | 2     | market      | 00ANGA
        change_of_use_gain | 10    | market      | 00ANGA
        change_of_use_loss | 4     | market      | 00ANGA
        demolition         | 30    | social_rent | 00ANGR
        acquisition        | 15    | social_rent | 00ANGR
        """,
    )
    assert exchange.headline("NI154", "FY2008-Q1").value == 100.0
    lost = exchange.figure("NI154", "FY2008-Q1", area="E05000265")
    assert lost is not None
    assert lost.value == -30.0


def test_ni155_is_gross_and_counts_acquisitions(exchange: Exchange) -> None:
    exchange.deliver(
        HOMES,
        "FY2008-Q1",
        """
        event             | units | tenure       | ward_code
        newbuild_complete | 40    | social_rent  | 00ANGD
        newbuild_complete | 25    | intermediate | 00ANGD
        newbuild_complete | 80    | market       | 00ANGD
        acquisition       | 15    | social_rent  | 00ANGR
        demolition        | 30    | social_rent  | 00ANGR
        conversion_gain   | 3     | social_rent  | 00ANGR
        """,
    )
    assert exchange.headline("NI155", "FY2008-Q1").value == 80.0


def test_homes_add_up_over_the_year_and_carry_no_interval(exchange: Exchange) -> None:
    for period, units in (("FY2008-Q1", 100), ("FY2008-Q2", 50)):
        exchange.deliver(HOMES, period, f"event|units|tenure\nnewbuild_complete|{units}|market")
    figure = exchange.headline("NI154", "FY2008-Q2")
    assert (figure.value, figure.ytd, figure.lower) == (50.0, 150.0, None)
