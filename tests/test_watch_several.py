"""/watch with several stocks in one message: each is answered, whatever becomes of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.market.symbols.names_typed import names_typed
from bellwether.services import Services
from tests.support.talk import Talk
from tests.test_evaluate_rules import services_at


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_at(tmp_path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("AAPL MSFT", ["AAPL", "MSFT"]),
        ("aapl msft", ["aapl", "msft"]),
        ("SAP.DE VOW3.DE", ["SAP.DE", "VOW3.DE"]),
        ("coca cola", ["coca cola"]),
        ("coca cola, apple;MSFT", ["coca cola", "apple", "MSFT"]),
        ("S&P 500", ["S&P 500"]),
        ("foo bar", ["foo bar"]),
        ("AAPL AAPL", ["AAPL"]),
        (" , ", []),
        ("Apple, Microsoft and Coca-Cola", ["Apple", "Microsoft", "Coca-Cola"]),
        ("AAPL and MSFT", ["AAPL", "MSFT"]),
        ("apple\nMSFT\n\njohnson and johnson", ["apple", "MSFT", "johnson and johnson"]),
        ("Barnes and Noble", ["Barnes and Noble"]),
    ],
)
def test_what_stands_in_one_message_is_parted_as_it_was_meant(services: Services, text: str, names: list[str]) -> None:
    assert names_typed(text, services.universe) == names


def test_each_symbol_of_one_message_is_watched_and_answered(services: Services) -> None:
    talk = Talk(services)
    talk.say("/watch MSFT")
    lines = talk.say("/watch AAPL, MSFT, NOPE, coca cola, JNJX").split("\n")
    assert lines[:5] == [
        "• You watch Apple (AAPL) now.",
        "• You watched Microsoft (MSFT) already.",
        "• I don't know the ticker NOPE in the sample market. "
        "There are 42 stocks and indices in it, such as Apple, Adobe or Amazon.",
        "• You watch Coca-Cola (KO) now.",
        "• I don't know the ticker JNJX in the sample market. Did you mean JNJ?",
    ]
    assert "You now watch Johnson & Johnson" in talk.press("JNJ")
    watched = {one.symbol for one in watchlist.watchlist(services.store, talk.chat_id)}
    assert watched == {"MSFT", "AAPL", "KO", "JNJ"}


def test_where_nothing_is_watched_nothing_is_promised(services: Services) -> None:
    answer = Talk(services).say("/watch NOPE, ZZZQ")
    assert answer.count("I don't know the ticker") == 2
    assert "After each trading day" not in answer


def test_a_list_that_gets_full_says_so_for_each_that_did_not_fit(tmp_path: Path) -> None:
    services = services_at(tmp_path, alerts={"watch_limit": 1})
    lines = Talk(services).say("/watch AAPL MSFT KO").split("\n")
    assert lines[0] == "• You watch Apple (AAPL) now."
    assert [line.partition(":")[0] for line in lines[1:3]] == ["• MSFT", "• KO"]
    assert all("the most I can" in line for line in lines[1:3])
