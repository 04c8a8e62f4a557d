"""The map of a figure's wards: the same figures as the table, readable without colour, nothing hidden told."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.gathering import figures
from reports.page import render_page
from reports.ward_map import drawn_outlines, inside, middle, shade_edges, shade_of, ward_map
from schemas.loading import DefinitionError
from schemas.outlines import load_outlines
from schemas.partnership import load_partnership
from tests.unit.builders.publication import hidden, indicator_row, missing, outlines, shipped, small

SQUARE = ((0.0, 51.0), (0.1, 51.0), (0.1, 51.1), (0.0, 51.1))
CRESCENT = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 8.0), (8.0, 8.0), (8.0, 2.0), (0.0, 2.0)]


def in_wards(*values: Any) -> Any:
    """A figure with one ward for each value: a number, or 'hidden' or 'missing'."""
    wards = []
    for at, value in enumerate(values):
        row = indicator_row(area_code=f"E991000{10 + at}", area_name=f"Ward {at}", value=value)
        wards.append(hidden(row) if value == "hidden" else missing(row) if value == "missing" else row)
    publication = small(indicator_row(), *wards)
    operational = shipped("operational")
    (figure,) = figures(replace(publication, layer=operational.layer))
    return figure


def test_a_ward_has_its_place_in_the_table_and_a_shade_by_its_figure() -> None:
    figure = in_wards(2.0, 10.0, 6.0)
    drawn = ward_map(figure, outlines(3))
    assert drawn is not None
    assert [part.label for part in figure.wards] == ["Ward 1", "Ward 2", "Ward 0"]
    assert [(ward.said, ward.shade) for ward in drawn.wards] == [("3", "1"), ("1", "5"), ("2", "3")]
    assert [(shade.shade, shade.words) for shade in drawn.key] == [
        ("5", "8.40 or more"),
        ("3", "5.20 or more"),
        ("1", "2.00 or more"),
    ]
    assert "highest in Ward 1, 10.00; lowest in Ward 0, 2.00" in drawn.label


def test_what_is_confidential_or_missing_has_a_letter_and_no_shade() -> None:
    drawn = ward_map(in_wards(2.0, "hidden", "missing"), outlines(3))
    assert drawn is not None
    assert [(ward.said, ward.shade) for ward in drawn.wards] == [("1", "1"), ("c", "c"), ("x", "x")]
    assert [shade.words for shade in drawn.key] == ["2.00", "[c] confidential", "not available"]
    assert "2 wards without a figure to show" in drawn.label


def test_values_that_read_the_same_have_the_same_shade() -> None:
    edges = shade_edges([5.001, 5.004], 2)
    assert edges == [5.0]
    assert shade_of(5.004, edges, 2) == 1


def test_there_is_no_map_without_outlines_or_figures() -> None:
    assert ward_map(in_wards(2.0, 3.0, 4.0), outlines(1)) is None
    assert ward_map(in_wards("hidden", "missing"), outlines(2)) is None
    (headline_only,) = figures(small(indicator_row()))
    assert ward_map(headline_only, outlines(3)) is None


def test_a_label_stands_inside_even_a_crescent() -> None:
    edges = list(zip(CRESCENT, [*CRESCENT[1:], CRESCENT[0]], strict=True))
    assert inside(middle(CRESCENT), edges)
    assert not inside((4.0, 5.0), edges)


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude() -> None:
    shapes, width = drawn_outlines((("A", (SQUARE,)),))
    assert width == pytest.approx(420 * 0.6286, abs=0.5)  # the cosine of 51.05 degrees
    assert shapes["A"][0].startswith("M0 420L")


def test_the_page_says_whom_the_outlines_are_owed_to_and_shows_every_ward_in_words() -> None:
    html = render_page(
        replace(shipped("operational"), outlines=outlines(16), outlines_owed_to="Outlines <of> a survey.")
    )
    assert "Maps: Outlines &lt;of&gt; a survey." in html
    maps = re.findall(r'<figure class="map">.*?</figure>', html, re.DOTALL)
    assert len(maps) == 3
    assert all(found.count("<text") == 16 for found in maps)


def test_the_shipped_outlines_are_of_the_shipped_wards_and_small() -> None:
    geography = load_partnership().geography
    wards = {area.area_code for area in geography.areas if area.area_type == "ward"}
    assert set(geography.outlines) == wards
    assert (geography.folder / "outlines.geojson").stat().st_size < 700 * len(wards)  # the page holds them
    assert "Open Government Licence" in geography.outlines_owed_to


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not the GeoJSON that is wanted"),
        ('{"features": [], "attribution": "x", "more": "' + "x" * 60_000 + '"}', "is larger than 60,000 bytes"),
        ('{"features": []}', "is not the GeoJSON that is wanted"),
        (
            json.dumps(
                {
                    "attribution": "x",
                    "features": [
                        {
                            "properties": {"area_code": "E05"},
                            "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
                        }
                    ],
                }
            ),
            "names the area 'E05'",
        ),
    ],
)
def test_a_mistake_in_the_outlines_names_the_file_and_the_fix(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "outlines.geojson").write_text(content)
    with pytest.raises(DefinitionError, match=problem):
        load_outlines(tmp_path, tmp_path, {"E99"})


def test_a_partnership_without_outlines_has_none(tmp_path: Path) -> None:
    assert load_outlines(tmp_path, tmp_path, set()) == ({}, "", [])
