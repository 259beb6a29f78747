"""What people write in five languages, and what the chat understands. The tables lie in tests/data/utterances."""

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bellwether.core.errors import BellwetherError
from bellwether.core.types import MAX_HORIZON
from bellwether.market.symbols.match import Reading, read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.universe import Universe, listed, near_symbols, well_known
from bot.understand.meaning import Intent, Request
from bot.understand.understand import Unclear, understand
from bot.understand.words import fold_words

LIVE = Universe(listed().values(), well_known())
TABLES = Path(__file__).parent / "data" / "utterances"
LANGUAGES = ("en", "es", "de", "pt", "ru")
ENOUGH = 0.95  #: share of a table that must be understood as meant


@cache
def reading(name: str) -> Reading | None:
    try:
        return read(clean_question(name), LIVE)
    except BellwetherError:
        return None


def knows(name: str) -> bool:
    meant = reading(name)
    return meant is not None and bool(meant.candidates) and meant.sure


def symbols(name: str) -> set[str]:
    """What a name leads to: itself, several to choose from, or near ones that are offered."""
    meant = reading(name)
    known = {candidate.symbol for candidate in meant.candidates} if meant is not None else set[str]()
    return known or set(near_symbols(name, LIVE.known))


def table(language: str) -> list[dict[str, str]]:
    with (TABLES / f"{language}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sessions(got: Request) -> str:
    """A horizon as the tables have it: the farthest that can be told, where more was asked for."""
    return str(min(got.horizon, MAX_HORIZON)) if got.horizon is not None else ""


def is_as_meant(row: dict[str, str], language: str) -> bool:
    got = understand(row["text"], language, knows)
    if isinstance(got, Unclear):
        return row["intent"] == "unclear"
    if row["intent"] == "alert":
        got = replace(got, stocks=tuple(dict.fromkeys(name for each in (got, *got.beside_it) for name in each.stocks)))
    wanted = row["stocks"].split()
    if row["intent"] == "unclear" or (row["intent"] == "forecast" and not wanted):
        return got.intent is Intent.FORECAST and not any(
            map(knows, got.stocks)
        )  # asked back: which stock, or that none is so called
    terms = row["alert"].split()
    lacking = [name for name in got.stocks if not knows(name) and not symbols(name) & set(wanted)]
    named = [name for name in got.stocks if name not in lacking or not wanted]  # which the answer says
    return (
        got.intent is Intent(row["intent"])
        and len(named) == len(wanted)
        and all(symbol in symbols(name) for symbol, name in zip(wanted, named, strict=True))
        and (got.intent not in {Intent.FORECAST, Intent.COMPARE} or sessions(got) == row["sessions"])
        and (not terms or (got.kind is not None and got.kind.value == terms[0]))
        and (len(terms) < 3 or (got.direction is not None and got.direction.value == terms[1]))
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_everything_that_people_write_is_understood_as_they_meant_it(language: str) -> None:
    rows = table(language)
    assert len(rows) >= (300 if language == "en" else 60)
    wrong = [row["text"] for row in rows if not is_as_meant(row, language)]
    assert len(wrong) <= (1 - ENOUGH) * len(rows), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_taken_for_another_company(language: str) -> None:
    for row in table(language):
        got = understand(row["text"], language, knows)
        stocks = got.stocks if isinstance(got, Request) else ()
        known = [name for name in stocks if knows(name)]
        assert all(symbols(name) & set(row["stocks"].split()) for name in known), (row["text"], known)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_understood_whatever_the_app_speaks(language: str) -> None:
    rows = table(language)
    other = "en" if language != "en" else "de"
    wrong = [row["text"] for row in rows if not is_as_meant(row, other)]
    assert len(wrong) <= 0.1 * len(rows), wrong


@pytest.mark.parametrize("text", ["NICE", "HI THERE", "STOP", "OK"])
def test_capitals_are_a_symbol_only_where_there_is_one(text: str) -> None:
    got = understand(text, "en", knows)
    assert isinstance(got, Request)
    assert (got.intent is Intent.FORECAST) == (text == "NICE" and knows("NICE"))


def test_marks_within_symbols_and_numbers_are_kept() -> None:
    assert fold_words("¡Avísame si BRK.B cae un 5,5 %!") == "avisame si brk.b cae un 5,5%"


@pytest.mark.parametrize(
    ("text", "language", "amount"),
    [
        ("alert me when apple hits $1,250.50", "en", "1250.5"),
        ("let me know when bitcoin crosses 100k", "en", "100000"),
        ("avísame cuando bitcoin pase de 120.000", "es", "120000"),
        ("sag mir, wenn Nvidia um 5,5 % fällt", "de", "5.5%"),
        ("me avise quando o bitcoin passar de 100 mil", "pt", "100000"),
        ("сообщи, если nvidia упадёт на 5 процентов", "ru", "5%"),
    ],
)
def test_amounts_are_told_as_any_language_reads_them(text: str, language: str, amount: str) -> None:
    got = understand(text, language, knows)
    assert isinstance(got, Request)
    assert got.amount == amount


@pytest.mark.parametrize("word", ["hola", "danke", "now", "it", "all", "target price", "are", "on", "para"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_frequent_word_is_no_company(word: str, language: str) -> None:
    got = understand(word, language, knows)
    assert not isinstance(got, Request) or not any(map(knows, got.stocks))
