"""While a source of prices is slow: who waits is told so, and nobody waits for somebody else's download."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.services import Services, build_services, utc_now
from bot.telegram import typing_notice
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import MODELS, running_bot
from tests.support.yahoo_made import chart, walk
from tests.support.yahoo_server import YahooServer

ANN, CROWD = 1001, range(2001, 2025)
CHART = "/v8/finance/chart/"


@pytest.fixture
def yahoo() -> Iterator[YahooServer]:
    last = last_closed_session("XNYS", utc_now() - SETTLING)
    with YahooServer() as server:
        for symbol in ("AAPL", "^GSPC", "^VIX"):
            server.add_chart(symbol, chart(symbol, walk(700), last=last))
        yield server


@pytest.fixture
def server(server: TelegramServer) -> TelegramServer:
    for chat_id in CROWD:
        server.open_chat(chat_id)
    return server


def services_on(server: TelegramServer, yahoo: YahooServer, folder: Path) -> Services:
    return build_services(
        load_settings(
            telegram={"token": server.token, "base_url": server.base_url, "poll_timeout": 2},
            market={"source": "yahoo", "yahoo_base_url": yahoo.base_url, "timeout": 20},
            database={"path": folder / "bot.sqlite3"},
            models={"folder": MODELS},
        )
    )


def test_nobody_waits_for_the_downloads_of_others(server: TelegramServer, yahoo: YahooServer, tmp_path: Path) -> None:
    with running_bot(services_on(server, yahoo, tmp_path)):
        assert "Apple will probably end" in server.ask(ANN, "AAPL", 20).text
        yahoo.hang_next(f"{CHART}", 60, times=None)
        for number, chat_id in enumerate(CROWD):  # more than there are connections to the source, or common threads
            server.say(chat_id, f"/forecast ZZZ{chr(65 + number)}")
        server.wait_for(lambda _: len(yahoo.requests_to(f"{CHART}ZZZ")) >= 1)
        assert "Apple will probably end" in server.ask(ANN, "/forecast AAPL 1m", 15).text
        assert "/forecast" in server.ask(ANN, "/help", 15).text
        assert all(server.messages(chat_id) == [] for chat_id in CROWD), "they still wait"
        yahoo.clear_faults()


def test_who_waits_sees_that_the_bot_is_typing(
    server: TelegramServer, yahoo: YahooServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typing_notice, "AFTER", 0.3)
    with running_bot(services_on(server, yahoo, tmp_path)):
        server.ask(ANN, "/help")
        assert server.calls("sendChatAction") == [], "a quick answer needs no sign"
        yahoo.hang_next(f"{CHART}AAPL", 3)
        server.say(ANN, "AAPL")
        server.wait_for(lambda s: s.calls("sendChatAction"))
        assert server.calls("sendChatAction")[0] == {"chat_id": ANN, "action": "typing"}
        assert len(server.messages(ANN)) == 1, "before the answer"
        server.wait_for(lambda s: len(s.messages(ANN)) == 2, 20)
        count = len(server.calls("sendChatAction"))
        server.ask(ANN, "/list")
        assert len(server.calls("sendChatAction")) == count, "it stops with the answer"
