"""What stands beside a figure names nobody: a capitalised word that nobody agreed on may be a surname."""

import pytest

from flows.officers.wording import may_name_somebody
from schemas.partnership import load_partnership

PARTNERSHIP = load_partnership()


@pytest.mark.parametrize(
    "text",
    [
        "Okafor was in hospital",
        "weighed twice by Placeholder",
        "Because Robin Placeholder left",
        "O'Placeholder said so",
    ],
)
def test_a_surname_is_told_from_the_words_of_the_trade(text: str) -> None:
    assert may_name_somebody(PARTNERSHIP, text)


@pytest.mark.parametrize(
    "text",
    [
        "One school closed in July",
        "It is.",
        "weighed twice",
        "Weighed twice. Checked against the depot's book",
        "The council moved two sites to Fulham Broadway",
        "NI 192",
    ],
)
def test_what_names_nobody_passes(text: str) -> None:
    assert not may_name_somebody(PARTNERSHIP, text)
