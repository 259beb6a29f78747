"""Where it is not clear what is meant, every face asks back, and the answer goes on with what was asked."""

import io
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote as encoded

import pytest
from click.testing import CliRunner

from bellwether.alerts import watchlist
from bellwether.cli.main import main
from bellwether.core.config import load_settings
from bellwether.core.errors import AmbiguousSymbol, UnknownSymbol
from bellwether.core.types import Instrument
from bellwether.market.symbols.universe import listed, well_known
from bellwether.services import Services, build_services
from bot import conversation, terminal
from bot.commands import ChatContext
from bot.commands.stock_typed import ask_back, question_and_horizon
from bot.replies import as_text
from tests.conftest import MODELS
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.support.web import Visitor, plain_text, sample_services
from tests.support.yahoo_listings import list_on, quote
from tests.support.yahoo_server import YahooServer
from web.app import create_app

ANN = 1001
FRIDAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
GSPC, VIX = "^GSPC: S&P 500 index, Index, USD", "^VIX: CBOE Volatility Index, Index, USD"


# ---- Telegram


def labels(message: object) -> list[str]:
    return [button["text"] for row in message.buttons for button in row]  # type: ignore[attr-defined]


def test_a_question_back_keeps_the_horizon_that_was_asked(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        question = server.ask(ANN, "index 3m")
        assert question.text == "\u201cindex\u201d could mean several things. Which one do you mean?"
        assert labels(question) == [GSPC, VIX]
        server.press(ANN, question.message_id, VIX)
        server.wait_for(lambda s: len(s.answered_callbacks) == 1 and s.messages(ANN)[-1].kind == "photo")
        forecast = server.last(ANN)
        assert forecast is not None
        assert "Over the next three months the CBOE Volatility Index" in forecast.text
        server.press(ANN, question.message_id, GSPC)  # the other one can still be asked for
        server.wait_for(lambda s: "S&P 500" in s.messages(ANN)[-1].text)
        assert question.edits == 0


def test_a_question_back_goes_on_with_watching_and_with_stopping_it(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        question = server.ask(ANN, "/watch index")
        assert labels(question) == [GSPC, VIX]
        for number, label in enumerate((VIX, GSPC), 1):
            server.press(ANN, question.message_id, label)
            server.wait_for(lambda s, number=number: len(s.answered_callbacks) == number)
            server.wait_for(lambda s, label=label: f"({label.partition(':')[0]})" in s.messages(ANN)[-1].text)
        assert {one.symbol for one in watchlist.watchlist(services.store, ANN)} == {"^VIX", "^GSPC"}

        question = server.ask(ANN, "/unwatch index")
        assert sorted(labels(question)) == [GSPC, VIX]
        server.press(ANN, question.message_id, VIX)
        server.wait_for(lambda s: "You no longer watch ^VIX" in s.messages(ANN)[-1].text)
        assert {one.symbol for one in watchlist.watchlist(services.store, ANN)} == {"^GSPC"}
        server.press(ANN, question.message_id, VIX)
        server.wait_for(lambda s: "You don't watch CBOE Volatility" in s.messages(ANN)[-1].text)


def test_a_near_match_goes_on_with_what_was_asked(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        question = server.ask(ANN, "/forecast appl 1m")
        server.press(ANN, question.message_id, "Apple")
        server.wait_for(lambda s: "Over the next month Apple" in s.messages(ANN)[-1].text)
        question = server.ask(ANN, "/watch appl")
        server.press(ANN, question.message_id, "Apple")
        server.wait_for(lambda s: "You now watch Apple (AAPL)" in s.messages(ANN)[-1].text)
        assert [one.symbol for one in watchlist.watchlist(services.store, ANN)] == ["AAPL"]


def test_listings_that_yahoo_finds_are_offered_and_answered_in_their_own_money(
    server: TelegramServer, tmp_path: Path
) -> None:
    with YahooServer() as yahoo:
        yahoo.add_search("nintendo", [quote("NTDOY", "Nintendo", "PNK"), quote("7974.T", "Nintendo", "JPX")])
        for symbol, code in (("7974.T", "JPX"), ("^GSPC", "NYQ"), ("^VIX", "NYQ")):
            list_on(yahoo, symbol, "Nintendo Co., Ltd.", FRIDAY, code)
        settings = load_settings(
            market={"source": "yahoo", "yahoo_base_url": yahoo.base_url, "timeout": 5},
            database={"path": tmp_path / "live.sqlite3"},
            models={"folder": MODELS},
            telegram={"token": server.token, "base_url": server.base_url, "poll_timeout": 2},
        )
        services = build_services(settings, clock=lambda: EVENING)
        with running_bot(services):
            question = server.ask(ANN, "Nintendo 1w")
            assert labels(question) == ["NTDOY: Nintendo, PNK, USD", "7974.T: Nintendo, Tokyo, JPY"]
            server.press(ANN, question.message_id, "7974.T: Nintendo, Tokyo, JPY")
            server.wait_for(lambda s: s.messages(ANN)[-1].kind == "photo")
            forecast = server.last(ANN)
            assert forecast is not None
            assert "Over the next week Nintendo Co., Ltd. will probably end between \u00a5" in forecast.text
        assert len(yahoo.requests_to("/v1/finance/search")) == 1


# ---- the conversation


@pytest.mark.parametrize(
    ("action", "notice"),
    [
        ("add:", "older version"),
        ("add:two words", "older version"),
        ("drop:index", "older version"),
        ("ask:index:10", "older version"),
        ("ask:AAPL:10:more", "older version"),
        ("choose:AAPL:10", "older version"),
        ("ask", "older version"),
        ("", "older version"),
        ("add:\u202eAAPL", "older version"),
        ("add:\ud800", "older version"),
        ("forecast:AAPL", "1 to 63"),
        ("ask:AAPL:0", "1 to 63"),
        ("ask:AAPL:9999999999", "1 to 63"),
        ("watch:AAPL:x", "1 to 63"),
    ],
)
def test_a_stale_or_forged_button_gets_a_kind_notice(services: Services, action: str, notice: str) -> None:
    pressed = conversation.press(ChatContext(services, ANN), action)
    assert notice in pressed.notice
    assert pressed.reply is None
    assert pressed.edit is None
    assert watchlist.watchlist(services.store, ANN) == []


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("add:NOPE", "I don't know the ticker NOPE"),
        ("ask:NOPE:10", "I don't know the ticker NOPE"),
        ("drop:NOPE", "You don't watch NOPE"),
        ("ask:AAPL", "Over the next two weeks Apple"),  # as older messages have it
        ("ask:AAPL:21", "Over the next month Apple"),
        ("add:^VIX", "You now watch CBOE Volatility Index"),
    ],
)
def test_a_button_goes_on(services: Services, action: str, text: str) -> None:
    pressed = conversation.press(ChatContext(services, ANN), action)
    assert pressed.reply is not None
    assert text in as_text(pressed.reply.text)


@pytest.mark.parametrize("action", ["ask:{}:63", "add:{}", "drop:{}"])
def test_every_candidate_fits_on_a_button(action: str) -> None:
    longest = Instrument("^" + "M" * 20, "\u0130" * 80, "E" * 30, "XXXX", "GBp")
    everything = [*listed().values(), *well_known(), longest]
    for start in range(0, len(everything), 6):
        reply = ask_back(AmbiguousSymbol("<b>", tuple(everything[start : start + 6])), action)
        assert "<b>" not in reply.text
        assert all(len(button.action.encode()) <= 64 for row in reply.buttons for button in row)
        assert all(0 < len(button.label) <= 100 for row in reply.buttons for button in row)
    near = ask_back(UnknownSymbol("<b>", (longest.symbol,)), action)
    assert "<b>" not in near.text
    assert len(near.buttons[0][0].action.encode()) <= 64


@pytest.mark.parametrize(
    ("text", "question", "horizon"),
    [
        ("S&P 500 index", "S&P 500 index", 10),
        ("S&P 500", "S&P 500", 10),
        ("s&p 500 2w", "s&p 500", 10),
        ("S&P 500 3m", "S&P 500", 63),
        ("3m 3m", "3m", 63),
        ("what about $AAPL in 10 days?", "what about $AAPL in", 10),
        ("AAPL 1m?", "AAPL", 21),
    ],
)
def test_a_number_belongs_to_the_name_or_is_the_horizon(
    services: Services, text: str, question: str, horizon: int
) -> None:
    assert question_and_horizon(services.universe, text) == (question, horizon)


def test_a_word_from_within_a_name_is_no_more_than_a_guess(services: Services) -> None:
    question = conversation.answer(ChatContext(services, ANN), "cola 1m")
    assert question.text == "I am not sure about \u201ccola\u201d. Do you mean this one?"
    assert [button.action for row in question.buttons for button in row] == ["ask:KO:21"]


def test_a_name_with_a_number_can_be_watched(services: Services) -> None:
    assert "(^GSPC)" in conversation.answer(ChatContext(services, ANN), "/watch S&P 500").text
    assert "no longer watch" in conversation.answer(ChatContext(services, ANN), "/unwatch s&p 500").text


@pytest.mark.parametrize("said", ["google", "Alphabet", "GOOGL", "googl.", "Alphabet (Class A)"])
def test_what_is_watched_can_be_stopped_by_any_of_its_names(services: Services, said: str) -> None:
    conversation.answer(ChatContext(services, ANN), "/watch google")
    assert [one.symbol for one in watchlist.watchlist(services.store, ANN)] == ["GOOGL"]
    assert "no longer watch <b>GOOGL</b>" in conversation.answer(ChatContext(services, ANN), f"/unwatch {said}").text


def test_the_terminal_lists_what_may_be_meant(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("index 1m\n2\n/quit\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert f"Which one do you mean?\n[1] {GSPC}\n[2] {VIX}\n" in said
    assert "Over the next month the CBOE Volatility Index" in said


def test_the_command_line_lists_what_may_be_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "t.sqlite3"))
    done = CliRunner().invoke(main, ["forecast", "index"])
    assert done.exit_code == 1
    assert done.output == (
        "Error: \u201cindex\u201d could mean several things. Which one do you mean?\n"
        "  ^GSPC  S&P 500 index, Index, USD\n"
        "  ^VIX   CBOE Volatility Index, Index, USD\n"
    )


# ---- the web


@pytest.mark.parametrize("address", ["/?symbol=index&horizon=63", "/stocks/index?horizon=63"])
def test_the_page_offers_links_that_keep_the_horizon(visitor: Visitor, address: str) -> None:
    page = visitor.get(address)
    assert page.status_code == 409
    words = plain_text(page.text)
    assert "Not sure what you mean" in words
    assert "\u201cindex\u201d could mean several things" in words
    assert "^VIX CBOE Volatility Index Index, USD" in words
    for symbol in ("^GSPC", "^VIX"):
        link = f"/stocks/{encoded(symbol, safe='')}?horizon=63"
        assert f'href="{link}"' in page.text
        assert visitor.get(link).status_code == 200
    assert 'value="index"' in page.text  # and what was typed can be mended


def test_charts_and_strange_questions_get_the_same_page(visitor: Visitor) -> None:
    assert visitor.get("/stocks/index/chart.svg").status_code == 409
    page = visitor.get("/?symbol=%22INDEX%22")
    assert page.status_code == 409
    assert "<script>" not in page.text


def test_the_api_answers_with_the_candidates(visitor: Visitor) -> None:
    answer = visitor.get("/api/v1/forecasts/index")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "ambiguous_symbol"
    assert problem["type"] == "/developers#ambiguous_symbol"
    assert problem["title"] == "Not sure what you mean"
    assert problem["candidates"] == [
        {"symbol": "^GSPC", "name": "S&P 500 index", "exchange": "Index", "currency": "USD"},
        {"symbol": "^VIX", "name": "CBOE Volatility Index", "exchange": "Index", "currency": "USD"},
    ]
    assert "suggestions" not in problem
    assert 'id="ambiguous_symbol"' in visitor.get("/developers").text


def test_names_from_a_stranger_cannot_break_the_page_or_the_chat(tmp_path: Path) -> None:
    evil = '<script>alert(1)</script>"><img src=x>'
    services = sample_services(tmp_path)
    twins = [
        replace(instrument, name=f"{evil} {instrument.name}")
        for instrument in services.universe
        if instrument.symbol in {"AAPL", "MSFT"}
    ]
    services = replace(services, universe=type(services.universe)(twins))
    page = Visitor(create_app(services)).get(f"/?symbol={encoded('script alert')}")
    assert page.status_code == 409
    assert "<script>" not in page.text
    assert "<img src=x" not in page.text
    reply = conversation.answer(ChatContext(services, ANN), "/forecast script alert")
    assert len(reply.buttons) == 2
    assert "<script" not in reply.text
