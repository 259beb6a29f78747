"""Whatever people type or press, the answer is one that Telegram takes, and never a fault of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.services import Services, build_services
from bot import charts, conversation
from bot.commands import COMMANDS, ChatContext
from tests.conftest import MODELS
from tests.support.talk import check_pressed, check_reply

QUICKLY = settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
ANN = 1001
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=120)  # with lone surrogates, NUL and all
EVIL = st.sampled_from(
    [
        "<b>", "</b>", "<script>alert(1)</script>", "&lt;", "&#0;", "&amp;lt;", "<a href='x'>", "\u202eLPAA", "\u200f",
        "مرحبا", "שלום", "😀", "👨‍👩‍👧‍👦", "🇺🇸", "\0", "\ud83d", "\udc00", "e\u0301" * 30, "\u0000AAPL", "%s",
        "{}", "{0}", "..", "'; DROP TABLE chats;--", "١٢٣", "²", "Ⅷ", "\u2028", "ﷺ" * 10, "AAPL", "apple",
        "10d", "10%", "-5", "1e999", "nan", "price", "risk", "until", "2020-03-02", "0000-00-00", "9999-12-31",
        "Berlin", "22-7", "#1", "watch_AAPL", "_cGSPC",
    ]
)  # fmt: skip
WORDS = st.lists(EVIL | st.text(max_size=12), max_size=6).map(" ".join)
NAMES = st.sampled_from([command.name for command in COMMANDS])
FAKE = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
MESSAGES = (
    ANYTHING
    | WORDS
    | st.builds("/{}{}{}".format, NAMES | FAKE, st.sampled_from([" ", "\n", "@bellwether_bot ", "@", "\t"]), WORDS)
    | st.builds(lambda word, times: (word * times)[:5000], EVIL | st.characters(), st.integers(1, 5000))
)
VERBS = st.sampled_from([verb for command in COMMANDS for verb in command.presses])
PARTS = st.sampled_from(
    ["AAPL", "NOPE", "^GSPC", "10", "0", "64", "-1", "1", "price", "growth", "earnings", "0.05", "nan", "inf", "above",
     "either", "timezone", "Europe/Berlin", "Mars", "1830", "2200-0700", "2200-2200", "off", "AAPL,MSFT", ",,",
     "\u0661",
     "99999999999999999999", "2020-03-02", "3000-01-01", "", " ", "\ud800", "unusual", "budget", "quiet", "digest",
     "theme", "dark"]
)  # fmt: skip
ACTIONS = st.text(max_size=64) | st.builds(
    lambda verb, parts: ":".join([verb, *parts]), VERBS | st.text(max_size=8), st.lists(PARTS, max_size=6)
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    made = build_services(load_settings(database={"path": folder / "t.sqlite3"}, models={"folder": MODELS}))
    # a chart is tens of milliseconds of drawing and does not depend on what was typed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasts, "chart_png", lambda *_: b"\x89PNG")
        patch.setattr(charts, "to_png", lambda *_: b"\x89PNG")
        yield made
    made.store.close()


@QUICKLY
@given(text=MESSAGES, may_change=st.booleans())
@example(text="", may_change=True)
@example(text="/", may_change=True)
@example(text="/\ud800", may_change=True)
@example(text="/feedback " + "\ud83d\0<&" * 400, may_change=True)
@example(text="/compare {} {0} {x", may_change=True)
def test_whatever_is_typed_gets_an_answer_that_telegram_takes(services: Services, text: str, may_change: bool) -> None:
    reply = conversation.answer(ChatContext(services, ANN, may_change=may_change), text)
    check_reply(reply)
    assert not reply.text.startswith("Something went wrong")  # somebody may type just that


@QUICKLY
@given(action=ACTIONS)
def test_whatever_is_pressed_gets_an_answer_that_telegram_takes(services: Services, action: str) -> None:
    pressed = conversation.press(ChatContext(services, ANN), action)
    check_pressed(pressed)
    assert not pressed.notice.startswith("Something went wrong")
