"""Commentary, actions, escalation and money: what deliveries state is set beside the figures it is about."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    REFERENCE,
    add_delivery,
    add_figures,
    add_indicator,
    small_partnership,
)
from warehouse.publication import PUBLIC, RESTRICTED, build_publication, publication_frames
from warehouse.release import audience_folder, write_release
from warehouse.statements import TABLES, Stated
from warehouse.tables import definition, fill

Row = Mapping[str, object]
Q1, Q2, Q3, Q4 = (f"FY2008-Q{quarter}" for quarter in (1, 2, 3, 4))
WORDS = {"framework": FRAMEWORK, "entry_kind": "commentary", "indicator": "I1", "entry_text": "Up, since summer."}
ACTION = {
    "reference": "A1", "framework": FRAMEWORK, "entry_kind": "corrective_action", "indicator": "I1",
    "entry_text": "Patrol the market.", "owner_role": "ward_sergeant", "due_on": "2008-12-01", "entry_state": "open",
}  # fmt: skip
LINE = {
    "line_ref": "L1", "framework": FRAMEWORK, "grant_line": "safer", "funding_source": "area_based_grant",
    "controllability": "LSP_controlled", "owner_partner": "council", "priority": "safe",
    "allocation_percent": 100, "indicators": "I1", "budget": 1000, "forecast": 1100, "actual": 250,
}  # fmt: skip


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Offences that should fall: 25 a quarter are agreed; the council returns commentary, the health trust none."""
    made = small_partnership()
    add_indicator(made, targets={"FY2008": 100, "FY2009": 100})
    agreed: Mapping[str, list[tuple[object, ...]]] = {
        "dataset": [
            ("council", "commentary", "Commentary", "quarter", "Words.", "commentary"),
            ("council", "grant_budget", "Budgets", "quarter", "Money.", "budget"),
        ],
        "agreement": [
            ("words", "council", "commentary", 0, 0, ["restricted"], ["strategic", "executive", "operational"]),
            ("money", "council", "grant_budget", 0, 0, ["restricted", "public"], ["strategic", "executive"]),
        ],
        "escalation": [
            (FRAMEWORK, "red", 2, 1, "Twice."),
            (FRAMEWORK, "red", 4, 2, "A year."),
            (FRAMEWORK, "action_overdue", 1, 1, "Late."),
        ],
        "code": [("owner_roles", "ward_sergeant", "Ward sergeant"), ("grant_lines", "safer", "Safer communities")],
        "ring_fence": [(FRAMEWORK, "supporting_people", "FY2008", "Its own purpose only.")],
        "reward": [(FRAMEWORK, 60, 100, "Modelled, never paid.")],
    }
    for table, rows in agreed.items():
        fill(made, REFERENCE, table, rows)
    yield made
    made.close()


def figures(connection: duckdb.DuckDBPyConnection, *amounts: float) -> None:
    """The offences of the quarters of 2008/09, as many as are given."""
    add_figures(connection, {(f"FY2008-Q{n}", ALL): (amount, None) for n, amount in enumerate(amounts, start=1)})
    for sequence in range(1, len(amounts) + 1):
        add_delivery(connection, f"FY2008-Q{sequence}", sequence=sequence)


def stated(folder: Path, kind: str, period: str, *rows: Row, dataset: str | None = None) -> Stated:
    """A delivery's accepted rows; columns that a row does not name are empty."""
    name = dataset or {"commentary": "commentary", "budget": "grant_budget"}[kind]
    columns = {c: a["type"] for c, a in definition(TABLES)["tables"][kind]["columns"].items()}
    path = folder / f"{name}-{period}.parquet"
    typed = ", ".join(f"CAST(NULL AS {type}) AS {column}" for column, type in columns.items())
    with duckdb.connect() as writer:
        writer.execute(f"CREATE TABLE stated AS SELECT {typed} WHERE false")
        for number, row in enumerate(rows):
            given = {"reference": f"R{number}", **row} if kind == "commentary" else dict(row)
            marks = ", ".join("?" for _ in given)
            writer.execute(f"INSERT INTO stated ({', '.join(given)}) VALUES ({marks})", list(given.values()))
        own = "partner, dataset, delivery_id, period, period_end"
        writer.execute(f"COPY (SELECT * EXCLUDE ({own}) FROM stated) TO '{path}' (FORMAT parquet)")
    return Stated(kind, "council", name, f"council-{name}-{period}", parse_period(period), path)


def build(connection: duckdb.DuckDBPyConnection, period: str, *deliveries: Stated) -> Any:
    return build_publication(connection, FRAMEWORK, parse_period(period), NOW, stated=deliveries)


def table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, order: str = "ALL") -> list[Any]:
    return connection.execute(f"SELECT {columns} FROM performance.{name} ORDER BY {order}").fetchall()


class TestCommentary:
    def test_it_stands_beside_the_newest_figure_of_the_period_it_was_sent_for(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20, 20, 20)
        build(connection, Q3, stated(tmp_path, "commentary", Q2, WORDS))
        assert table(connection, "indicator", "period, commentary") == [
            (Q1, None),
            (Q2, "Up, since summer."),
            (Q3, None),
        ]
        assert table(connection, "commentary", "period, state, said_for, delivery_id") == [
            (Q2, "given", Q2, "council-commentary-FY2008-Q2")
        ]

    def test_of_two_returns_about_one_yearly_figure_the_later_speaks(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20)
        first, second = {**WORDS, "entry_text": "At first."}, {**WORDS, "entry_text": "On reflection."}
        build(
            connection, Q2, stated(tmp_path, "commentary", Q2, second), stated(tmp_path, "commentary", Q1, first)
        )
        assert table(connection, "indicator", "commentary") == [("On reflection.",)]

    def test_every_red_figure_owes_a_commentary_and_an_action(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 40, 60)
        expected: list[tuple[list[Row], str]] = [
            ([], "commentary and action awaited"),
            ([WORDS], "action awaited"),
            ([ACTION], "commentary awaited"),
            ([WORDS, ACTION], "given"),
        ]
        for rows, state in expected:
            build(connection, Q2, stated(tmp_path, "commentary", Q2, *rows))
            assert table(connection, "commentary", "period, rag, state, owed_by", "period") == [
                (Q1, "Red", "not given", "council"),
                (Q2, "Red", state, "council"),
            ]

    def test_an_action_that_is_done_is_none_for_a_figure_that_is_still_red(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 40, 60)
        build(connection, Q2, stated(tmp_path, "commentary", Q2, WORDS, {**ACTION, "entry_state": "done"}))
        assert table(connection, "commentary", "state, open_actions", "period")[-1] == ("action awaited", 0)

    def test_of_a_confidential_figure_nobody_speaks(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 3)
        build(connection, Q1, stated(tmp_path, "commentary", Q1, {**WORDS, "entry_text": "Only 3."}, ACTION))
        assert table(connection, "indicator", "suppressed, commentary") == [(True, None)]
        assert table(connection, "commentary", "*") == []
        assert table(connection, "action", "*") == []

    def test_it_leaves_only_for_those_its_agreement_lets_read_it(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 40)
        connection.execute(
            "UPDATE reference.agreement SET audiences = ['restricted', 'public'] WHERE partner = 'police'"
        )
        made = build(
            connection, Q1, stated(tmp_path, "commentary", Q1, WORDS, ACTION), stated(tmp_path, "budget", Q1, LINE)
        )
        shown = {audience: publication_frames(connection, "board", audience) for audience in (RESTRICTED, PUBLIC)}
        assert list(shown[RESTRICTED]["indicators"]["commentary"]) == ["Up, since summer."]
        assert shown[PUBLIC]["indicators"]["commentary"].isna().all()
        assert [len(shown[audience]["actions"]) for audience in (RESTRICTED, PUBLIC)] == [1, 0]
        assert [len(shown[audience]["spend"]) for audience in (RESTRICTED, PUBLIC)] == [1, 1]
        assert [len(publication_frames(connection, "safety")[name]) for name in ("spend", "priority_spend")] == [
            0,
            0,
        ]

        write_release(connection, made, tmp_path / "release", None, {})
        for audience, words in ((RESTRICTED, ["Up, since summer."]), (PUBLIC, [None])):
            folder = audience_folder(tmp_path / "release", audience)
            said = f"SELECT commentary FROM '{folder}/board/performance.parquet'"
            assert [row[0] for row in duckdb.sql(said).fetchall()] == words
            with duckdb.connect(folder / "exchange.duckdb", read_only=True) as reader:
                told = reader.execute("SELECT commentary FROM performance.indicator").fetchall()
                assert [row[0] for row in told] == words
                kept = [reader.execute(f"FROM performance.{name}").fetchall() for name in ("commentary", "action")]
                assert [len(rows) for rows in kept] == ([1, 1] if audience == RESTRICTED else [0, 0])
            bytes_of_file = (folder / "exchange.duckdb").read_bytes()
            assert (b"since summer" in bytes_of_file) == (audience == RESTRICTED)


class TestActions:
    def test_an_action_is_carried_until_it_is_done(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 40, 60, 60)
        returns = [
            stated(tmp_path, "commentary", Q1, ACTION),
            stated(tmp_path, "commentary", Q2, {**ACTION, "due_on": "2009-03-01"}),
            stated(tmp_path, "commentary", Q3, {**ACTION, "entry_state": "done"}),
        ]
        columns = "state, first_raised, last_reported, times_carried, owner, due_on::VARCHAR"
        build(connection, Q1, *returns[:1])
        assert table(connection, "action", columns) == [("overdue", Q1, Q1, 0, "Ward sergeant", "2008-12-01")]
        build(connection, Q2, *returns[:2])
        assert table(connection, "action", columns) == [("overdue", Q1, Q2, 1, "Ward sergeant", "2009-03-01")]
        build(connection, Q3, *returns)
        assert table(connection, "action", columns) == [("done", Q1, Q3, 1, "Ward sergeant", "2008-12-01")]

    def test_what_is_not_reported_again_stays_open_and_says_since_when(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 40, 60)
        later = {**ACTION, "due_on": "2010-03-31"}
        build(connection, Q2, stated(tmp_path, "commentary", Q1, later), stated(tmp_path, "commentary", Q2, WORDS))
        assert table(connection, "action", "state, last_reported") == [("open", Q1)]

    def test_a_milestone_serves_a_priority(self, connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
        figures(connection, 20)
        milestone = {
            **ACTION, "entry_kind": "milestone", "indicator": None, "priority": "safe", "due_on": "2010-03-31",
        }  # fmt: skip
        build(connection, Q1, stated(tmp_path, "commentary", Q1, milestone))
        assert table(connection, "action", "kind, priority, indicator, layer, state") == [
            ("milestone", "safe", None, "safety", "open")
        ]


class TestEscalation:
    @pytest.mark.parametrize(
        ("offences", "goes_to"),
        [
            ((40,), []),
            ((40, 60), [("safety", "executive", "Red in 2 periods in a row, since FY2008-Q1.")]),
            ((40, 60, 60, 60), [("safety", "board", "Red in 4 periods in a row, since FY2008-Q1.")]),
            ((40, 60, 2), []),  # the year to date is near enough to the target again
            ((20, 80, 60), [("safety", "executive", "Red in 2 periods in a row, since FY2008-Q2.")]),
        ],
    )
    def test_red_so_many_times_goes_up_so_many_layers(
        self, connection: duckdb.DuckDBPyConnection, offences: tuple[float, ...], goes_to: list[Any]
    ) -> None:
        if offences == (40, 60, 2):
            connection.execute("UPDATE reference.indicator SET tolerance_percent = 40")
        figures(connection, *offences)
        build(connection, f"FY2008-Q{len(offences)}")
        assert table(connection, "escalation", "from_layer, to_layer, reason") == goes_to

    def test_an_action_past_its_day_goes_up_a_layer(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20)
        build(connection, Q1, stated(tmp_path, "commentary", Q1, ACTION))
        assert table(connection, "escalation", "action_id, to_layer, reason") == [
            ("A1", "executive", "An action was to be done by 1 December 2008 and is not: A1.")
        ]

    def test_a_framework_that_names_no_step_escalates_nothing(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        connection.execute("DELETE FROM reference.escalation")
        figures(connection, 40, 60, 60, 60)
        build(connection, Q4, stated(tmp_path, "commentary", Q1, ACTION))
        assert table(connection, "escalation", "*") == []


class TestMoney:
    def test_a_line_is_shared_among_the_priorities_it_serves(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20)
        whole = {**LINE, "budget": 1000, "forecast": 900, "actual": 333.33}
        build(
            connection,
            Q1,
            stated(
                tmp_path,
                "budget",
                Q1,
                {**whole, "allocation_percent": 60},
                {**whole, "priority": "well", "allocation_percent": 40, "indicators": None},
            ),
        )
        columns = "priority, budget, forecast, actual, variance_percent, share_percent, without_indicator"
        assert [tuple(map(float, row[1:])) for row in table(connection, "spend", columns)] == [
            (600.0, 540.0, 200.0, -10.0, 60.0, False),
            (400.0, 360.0, 133.33, -10.0, 40.0, True),
        ]

    def test_the_newest_return_of_the_year_counts(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20, 20)
        returns = [
            stated(tmp_path, "budget", "FY2007-Q4", {**LINE, "actual": 999}),
            stated(tmp_path, "budget", Q1, {**LINE, "actual": 100}),
            stated(tmp_path, "budget", Q2, {**LINE, "actual": 250}),
            stated(tmp_path, "budget", Q3, {**LINE, "actual": 400}),
        ]
        build(connection, Q2, *returns)
        assert table(connection, "spend", "stated_for, actual") == [(Q2, 250)]

    def test_what_is_ring_fenced_is_no_part_of_the_area_based_grant(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        figures(connection, 20)
        fenced = {**LINE, "grant_line": "supporting_people"}
        build(connection, Q1, stated(tmp_path, "budget", Q1, fenced))
        assert table(connection, "spend", "ring_fenced, note") == [
            (True, "Ring-fenced in FY2008, so no part of the area based grant of that year.")
        ]
        build(connection, "FY2009-Q1", stated(tmp_path, "budget", "FY2009-Q1", fenced))
        assert table(connection, "spend", "ring_fenced, note") == [(False, "")]

    def test_spend_stands_beside_what_it_achieves(
        self, connection: duckdb.DuckDBPyConnection, tmp_path: Path
    ) -> None:
        add_indicator(connection, "I2", targets={"FY2008": 100})
        add_indicator(connection, "I3", priority="well", layer="health", targets={"FY2008": 100})
        figures(connection, 20)
        add_figures(connection, {(Q1, ALL): (60, None)}, "I2")
        add_figures(connection, {(Q1, ALL): (10, None)}, "I3")
        build(
            connection,
            Q1,
            stated(
                tmp_path,
                "budget",
                Q1,
                LINE,
                {**LINE, "line_ref": "L2", "indicators": "I9", "budget": 500, "forecast": 500},
            ),
        )
        columns = (
            "priority, lines, budget, share_percent, variance_percent, rated, on_track, on_track_percent, "
            "budget_without_indicator, lines_without_indicator, indicators_without_spend"
        )
        assert table(connection, "priority_spend", columns, "priority_order") == [
            ("safe", 2, 1500, 100, Decimal("6.667"), 2, 1, 50, 500, ["L2"], ["I2"]),
            ("well", 0, None, None, None, 1, 1, 100, None, [], ["I3"]),
        ]
        assert ("L2", "Names an indicator that the framework does not have.") in table(
            connection, "spend", "line, note"
        )

    def test_without_a_budget_there_is_nothing_beside_performance(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        figures(connection, 20)
        build(connection, Q1)
        assert table(connection, "priority_spend", "*") == []

    def test_a_reward_is_modelled_for_whole_years_of_designated_indicators(
        self, connection: duckdb.DuckDBPyConnection
    ) -> None:
        connection.execute("UPDATE reference.indicator SET type = 'designated', baseline = 120")
        figures(connection, 20, 20, 20, 46)  # 106: 14 of the 20 fewer that were agreed
        build(connection, Q3)
        assert table(connection, "reward", "*") == []
        build(connection, Q4)
        assert table(connection, "reward", "indicator, achieved_percent, modelled_percent, status, note") == [
            ("I1", 70, 70, "modelled", "Modelled, never paid.")
        ]
