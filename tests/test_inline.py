"""Cards to share in any chat: from what is kept, without asking anybody, and only for what was typed last."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.errors import MarketDataError
from bellwether.market.symbols.start_links import read_start
from bellwether.services import Services, build_services
from bot.commands import ChatContext
from bot.inline_cards import MOST, cards
from bot.replies import Reply
from tests.conftest import MODELS
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.support.sample import SAMPLE_NOTE
from tests.support.talk import check_reply

ANN = 1001


@pytest.mark.parametrize(
    ("typed", "first"),
    [("AAPL", "Apple (AAPL)"), ("apple", "Apple (AAPL)"), ("S&P 500", "S&P 500 index (^GSPC)"), ("msf", "Microsoft")],
)
def test_what_is_typed_finds_its_card(services: Services, typed: str, first: str) -> None:
    card = cards(ChatContext(services, ANN), typed)[0]
    assert card.title.startswith(first)
    assert card.description.startswith("Probably ")
    assert SAMPLE_NOTE in card.text
    assert "not investment advice" in card.text
    assert read_start(card.payload).question in card.title


def test_a_horizon_is_understood_and_half_a_one_does_no_harm(services: Services) -> None:
    assert "Over the next month" in cards(ChatContext(services, ANN), "AAPL 1m")[0].text
    assert "Over the next two weeks Apple" in cards(ChatContext(services, ANN), "AAPL 99")[0].text


@pytest.mark.parametrize("typed", ["", " ", "zzzzzzzz qqqqq", "\0", "x" * 500])
def test_what_nobody_knows_has_no_card(services: Services, typed: str) -> None:
    assert cards(ChatContext(services, ANN), typed) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_whatever_is_typed_makes_cards_that_telegram_takes(services: Services, typed: str) -> None:
    found = cards(ChatContext(services, ANN), typed)
    assert len(found) <= MOST
    assert len({card.id for card in found}) == len(found)
    for card in found:
        check_reply(Reply(card.text))
        assert 1 <= len(card.id.encode()) <= 64


def test_no_source_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = build_services(
        load_settings(
            market={"source": "yahoo", "yahoo_base_url": "http://127.0.0.1:9"},
            database={"path": tmp_path / "t.sqlite3"},
            models={"folder": MODELS},
        )
    )

    def ask(*_: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(type(live.provider), "bars", ask)
    assert cards(ChatContext(live, ANN), "AAPL") == []


def test_a_failing_market_gives_no_card_and_no_error(services: Services) -> None:
    class Broken:
        name, live, note = "file", False, ""

        def bars(self, *_: object) -> None:
            raise MarketDataError("gone")

    assert cards(ChatContext(replace(services, provider=Broken()), ANN), "AAPL") == []  # type: ignore[arg-type]


def test_telegram_gets_articles_with_a_link_back(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.type_inline(5, "S&P 500")
        server.wait_for(lambda s: s.calls("answerInlineQuery"))
        server.type_inline(5, "qqqqqqqqq")
        server.wait_for(lambda s: len(s.calls("answerInlineQuery")) == 2)
    full, empty = server.calls("answerInlineQuery")
    assert full["results"][0]["title"] == "S&P 500 index (^GSPC)"
    assert full["results"][0]["reply_markup"]["inline_keyboard"][0][0]["url"].endswith("?start=_cGSPC")
    assert empty["results"] == []
    with services.store.reading() as db:
        assert db.execute("SELECT count(*) FROM inbox").fetchone() == (0,), "what people type is not kept"


def test_a_refused_answer_does_not_stop_the_bot(server: TelegramServer, tmp_path: Path) -> None:
    server.open_chat(5)
    with running_bot(bot_services(server, tmp_path)):
        server.fail_next("answerInlineQuery", 400, description="Bad Request: query is too old")
        server.type_inline(5, "AAPL")
        server.wait_for(lambda s: s.calls("answerInlineQuery"))
        server.type_inline(5, "MSFT")
        server.wait_for(lambda s: len(s.calls("answerInlineQuery")) == 2)
        assert "Apple" in server.ask(5, "AAPL").text
