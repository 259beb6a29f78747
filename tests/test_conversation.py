"""The conversation without any face: what is answered, and that nothing is ever raised."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwether.core.config import load_settings
from bellwether.core.split_html import utf16_length
from bellwether.services import Services, build_services
from bot import conversation, terminal
from bot.commands import COMMANDS, ChatContext
from bot.commands.stock_typed import split_horizon
from bot.replies import LONGEST_CAPTION

MODELS = Path(__file__).resolve().parents[1] / "exported_models"
ANN = 1


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("chat")
    made = build_services(load_settings(database={"path": folder / "t.sqlite3"}, models={"folder": MODELS}))
    yield made
    made.store.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300) | st.text(max_size=60).map(lambda rest: f"/forecast {rest}"))
def test_whatever_is_typed_gets_an_answer_that_can_be_sent(services: Services, text: str) -> None:
    reply = conversation.answer(ChatContext(services, ANN), text)
    assert reply.text.strip()
    assert not reply.text.startswith("Something went wrong")  # somebody may type just that, and have it quoted
    assert utf16_length(reply.text) <= (LONGEST_CAPTION if reply.chart else 4096)
    assert all(len(button.action.encode()) <= 64 for row in reply.buttons for button in row)


BLANK = "\u2028\u2029 \t\n\u00a0\u3000\u00ad\u200b\u200d\u202e\u2060\ufeff"  # nothing to see
BLANK += (
    "\u3164\u115f\uffa0\u2800\u034f\ufe0f\U000e0100\U000e0061"  # though Unicode calls most of these letters and marks
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(BLANK, max_size=20))
def test_a_message_that_shows_nothing_is_answered_kindly(services: Services, text: str) -> None:
    assert "I see nothing in that message" in conversation.answer(ChatContext(services, ANN), text).text
    visible = conversation.answer(ChatContext(services, ANN), f"{text}\N{CHART WITH UPWARDS TREND}{text}").text
    assert "I see nothing" not in visible


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(action=st.text(max_size=64) | st.text(max_size=20).map(lambda rest: f"forecast:{rest}"))
def test_whatever_is_pressed_gets_an_answer(services: Services, action: str) -> None:
    pressed = conversation.press(ChatContext(services, ANN), action)
    assert pressed.notice or pressed.edit or pressed.reply
    assert not pressed.notice.startswith("Something went wrong")


def test_no_answer_ever_says_buy_or_sell(services: Services) -> None:
    said = [
        conversation.answer(ChatContext(services, ANN), text).text
        for text in ("/start", "/help", "/privacy", "AAPL", "TSLA 3m")
    ]
    for text in said:
        assert not {"buy", "sell"} & set(text.lower().replace(".", " ").split())


def test_help_lists_every_command_once(services: Services) -> None:
    text = conversation.answer(ChatContext(services, ANN), "/help").text
    assert [text.count(f"/{command.name}") for command in COMMANDS] == [1] * len(COMMANDS)


def test_command_names_and_summaries_are_what_telegram_takes() -> None:
    for command in COMMANDS:
        assert command.name.isascii()
        assert command.name.islower()
        assert 1 <= len(command.summary) <= 256


@pytest.mark.parametrize(
    ("text", "question", "horizon"),
    [
        ("AAPL", "AAPL", 10),
        ("AAPL 10d", "AAPL", 10),
        ("AAPL 2w", "AAPL", 10),
        ("bank of america 3m", "bank of america", 63),
        ("  AAPL   1 ", "AAPL", 1),
        ("3m", "3m", 10),
        ("brk b", "brk b", 10),
    ],
)
def test_the_horizon_is_the_last_word(text: str, question: str, horizon: int) -> None:
    assert split_horizon(text) == (question, horizon)


def test_the_watch_limit_is_said(services: Services) -> None:
    limited = build_services(
        load_settings(
            database={"path": services.settings.database.path}, models={"folder": MODELS}, alerts={"watch_limit": 1}
        )
    )
    chat = ChatContext(limited, 55)
    conversation.answer(chat, "/watch AAPL")
    assert "the most I can" in conversation.answer(chat, "/watch MSFT").text
    assert "You already watch" in conversation.answer(chat, "/watch AAPL").text


def test_the_terminal_prints_a_file_and_edits_by_saying_again(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("/alerts AAPL\n2\n2\n/export_me\n/delete_me\n1\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "AAPL: a rise or fall of 3\u00a0% or more from one close to the next" in said
    assert '"kind": "move"' in said
    assert "I keep nothing about this chat any more" in said


def test_the_terminal_says_once_what_a_button_did(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("/settings\n1\n7\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "Europe/Berlin" in said
    assert said.count("Changed.") == 1


def test_dark_charts_change_nothing_in_the_terminal(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for theme in ("dark", "light"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"/settings charts {theme}\nAAPL\n"))
        terminal.hold(services)
        _, shown, after = capsys.readouterr().out.partition(f"Charts: {theme}")
        assert shown
        told.append(after.split("> ")[1])
    assert told[0] == told[1] != ""


def test_the_terminal_holds_the_same_conversation(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("AAPL\n4\n99\n/watch AAPL\n/list\n/quit\nMSFT\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "Over the next two weeks Apple" in said
    assert "Over the next month Apple" in said, "a number presses the button of that number"
    assert "What do you mean by 99?" in said
    assert "You now watch Apple (AAPL)" in said
    assert "Microsoft" not in said, "nothing is read after /quit"
    assert "<b>" not in said
