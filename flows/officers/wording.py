"""What a person types beside a figure: whether a word of it may be somebody's name."""

import re
from collections.abc import Iterator

from schemas.partnership import Partnership

CAPITALISED = re.compile(r"(?<![A-Za-z])[A-Z][a-z]+(?:['’-][A-Za-z]+)*")
WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
CALENDAR = (
    "January February March April May June July August September October November December "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Christmas Easter Whitsun"
)
# What sentences of this kind begin with; nobody is called so.
OPENING = (
    "about according actual after again agreed all already although an and any as at backlog because before being both "
    "but by cannot caused changed checked closed collected compared completed confirmed corrected correct counted "
    "counts data delayed double doubled due during duplicate each error estimated every everything explained fewer "
    "figures files first following for found from had has have here however if in including is it its known last late "
    "less many measured merged missing mistake more most moved never no none not nothing now number of official on "
    "once only opened our out over planned postponed published received recorded records reduced removed repeated "
    "reported revised same seen sent several shown since sites so some staff still strike system temporary the their "
    "then there these they this those three total transferred true two under unusual updated verified was we weighed "
    "were when where which while with without wrong year yes"
)
MAY_BE_A_NAME = (
    "the reason is shown beside the figure, and a word with a capital letter in it may be somebody's name. Please "
    "leave the name out; if it is none, write the word in small letters."
)


def may_name_somebody(partnership: Partnership, text: str) -> bool:
    """Whether a text has a capitalised word that nothing the partners agreed on has.

    Agreed texts (rules, contracts, indicators, code lists, places) use the words of the trade and the names of the
    area; a surname is not among them. A name in small letters cannot be told from another word.
    """
    words = {word.casefold() for word in CAPITALISED.findall(text)}
    return bool(words) and not words <= _agreed_words(partnership)


def _agreed_words(partnership: Partnership) -> set[str]:
    return {
        word.casefold() for text in (CALENDAR, OPENING, *_agreed_texts(partnership)) for word in WORD.findall(text)
    }


def _agreed_texts(partnership: Partnership) -> Iterator[str]:
    for standard in partnership.standards.values():
        for rule in standard.rules:
            yield from (rule.sentence, rule.remedy, rule.reason)
    for contract in partnership.contracts.values():
        yield from (contract.title, contract.description, *(column.description for column in contract.columns))
    for framework in partnership.frameworks.values():
        yield framework.title
        yield from (layer.name for layer in framework.layers)
        yield from (indicator.name for indicator in framework.indicators)
    for codes in partnership.codelists.values():
        yield from (label for _, label in codes)
    yield from (partner.name for partner in partnership.partners.values())
    yield from (area.area_name for area in partnership.geography.areas)
