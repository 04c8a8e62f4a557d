"""What a partner finds in its collect folder: what was said, how it did, what to send, what it may see."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.drain import drain
from flows.governance.erasure import erase
from flows.land import deliver
from flows.officers.collect import collect, layers_of
from flows.publish import publish
from flows.settings import Settings
from flows.sweep import sweep
from tests.flows.waste import KEY, waste

At = Callable[[str], Settings]
CANARY = "ZXCANARY"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
BAD = f"2009-05,bring_sites,household,paper_card,{CANARY},1,"


def text(path: Path) -> str:
    """What a page says, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")).split())


@pytest.fixture
def sent(at: At, tmp_path: Path) -> tuple[Settings, str]:
    """A council file with one bad row, then a sound one in its place; and the id of the first."""
    settings = at("2009-10-20")
    deliver(settings, waste(tmp_path, GOOD, BAD), KEY)
    (row,) = drain(settings)
    deliver(settings, waste(tmp_path, name=f"{CANARY}_FY2009-Q1.csv"), KEY)
    drain(settings)
    return settings, str(row["delivery_id"])


def test_receipts_history_and_scorecard_are_there_as_soon_as_a_file_is_taken_in(
    sent: tuple[Settings, str],
) -> None:
    settings, first = sent
    folder = settings.home / "collect" / "council"
    receipt = (folder / "receipts" / f"{first}.txt").read_text()
    assert "Your file was accepted with exceptions" in receipt
    history = text(folder / "history.html")
    assert "(April to June 2009) 20 October 2009 Accepted In use 3 3 0" in history
    assert "Accepted with exceptions Superseded 2 1 1" in history
    card = text(folder / "scorecards" / "household_waste.html")
    assert re.search(r"\(April to June 2009\) 20 October 2009 Accepted with exceptions 100\.0 90\.0 100\.0", card)
    assert re.search(r"20 October 2009 Accepted( 100\.0){4} – 100\.0 0 0", card)


def test_nothing_in_it_is_a_value_or_a_word_of_the_sender(sent: tuple[Settings, str]) -> None:
    settings, _ = sent
    collect(settings)
    for path in (settings.home / "collect").rglob("*"):
        assert CANARY not in path.name
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_it_is_erased_with_the_delivery_and_stays_so(sent: tuple[Settings, str]) -> None:
    settings, first = sent
    erase(settings, first, "Sent in error.", "A. Rowntree")
    sweep(settings)
    left = list((settings.home / "collect").rglob(f"*{first}*"))
    assert left == []
    assert "Sent in error" not in (settings.home / "collect/council/history.html").read_text()
    assert first not in (settings.home / "collect/council/scorecards/household_waste.html").read_text()


def test_what_to_send_is_there_and_the_folder_to_try_it(at: At) -> None:
    settings = at("2009-10-20")
    collect(settings)
    names = sorted(path.name for path in (settings.home / "collect/schools/specifications").iterdir())
    assert [name for name in names if name.startswith("exclusions")] == [
        "exclusions.html",
        "exclusions_AY2008.xlsx",
    ]
    assert (settings.inbox / "schools/exclusions/check").is_dir()
    collect(at("2010-10-20"))
    names = sorted(path.name for path in (settings.home / "collect/schools/specifications").iterdir())
    assert [name for name in names if name.startswith("exclusions")] == [
        "exclusions.html",
        "exclusions_AY2009.xlsx",
    ]


def test_a_partner_sees_the_boards_it_sits_on_and_of_the_others_what_the_public_does(
    sent: tuple[Settings, str],
) -> None:
    settings, _ = sent
    publish(settings, "laa-2008-11", "FY2009-Q2")
    collect(settings)
    framework = settings.partnership.frameworks["laa-2008-11"]
    police = settings.partnership.partners["police"]
    assert "cdrp" in layers_of(police, framework)
    assert "phsa" not in layers_of(police, framework)
    release = settings.published / "laa-2008-11" / "FY2009-Q2"
    seen = settings.home / "collect/police/publications/laa-2008-11/FY2009-Q2"
    assert sorted(path.name for path in seen.iterdir()) == sorted(layer.id for layer in framework.layers)
    for layer, source in (("cdrp", release / "cdrp"), ("phsa", release / "public" / "phsa")):
        assert (seen / layer / "index.html").read_bytes() == (source / "index.html").read_bytes()
