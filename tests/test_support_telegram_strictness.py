"""What the Telegram test server refuses, and how it reads markup: driven by raw requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.bot_api_server.client import png, post
from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.spec import load_spec

ANN = 7
GROUP = -40


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        server.open_chat(ANN)
        yield server


def refusal(server: TelegramServer, method: str, **fields: Any) -> str:
    """The description of a call that must be refused as a breach."""
    before = len(server.violations)
    answer = post(server, method, **fields)
    assert not answer["ok"]
    assert len(server.violations) == before + 1
    return str(answer["description"])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"GIF89a....", "IMAGE_PROCESS_FAILED"),
        (png()[:-20], "IMAGE_PROCESS_FAILED"),
        (png(400, 10), "PHOTO_INVALID_DIMENSIONS"),
        (png(9000, 1001), "PHOTO_INVALID_DIMENSIONS"),
        (b"", "non-empty"),
    ],
)
def test_bad_photos_are_refused(server: TelegramServer, data: bytes, problem: str) -> None:
    url = f"{server.base_url}{server.token}/sendPhoto"
    answer = httpx.post(url, data={"chat_id": ANN}, files={"photo": ("chart.png", data)}).json()
    assert problem in answer["description"]
    assert server.violations


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a < b", "Unsupported start tag"),
        ("line<br>", 'Unsupported start tag "br" at byte offset 4'),
        ("<b>x</i>", 'Unmatched end tag, expected "</b>", found "</i>" at byte offset 4'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<span>x</span>", 'must have class "tg-spoiler"'),
        ("é<table>", "byte offset 2"),
        ("<a href=", "Empty attribute value"),
    ],
)
def test_bad_html_is_refused(server: TelegramServer, html: str, problem: str) -> None:
    description = refusal(server, "sendMessage", chat_id=ANN, text=html, parse_mode="HTML")
    assert description.startswith("Bad Request: can't parse entities: ")
    assert problem in description


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("&lt;&#65;&#x42;&nbsp;&", "<AB&nbsp;&", []),
        ("😀<b>x</b>", "😀x", [("bold", 2, 1)]),
        ("  <b>a</b> ", "a", [("bold", 0, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ('<a href="https://example.com/?a=1&amp;b=2">x</a>', "x", [("text_link", 0, 1)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">s</span>', "s", [("spoiler", 0, 1)]),
        ("a > b /help @someone #tag", "a > b /help @someone #tag", None),
    ],
)
def test_html_is_read_as_by_telegram(
    server: TelegramServer, html: str, text: str, entities: list[tuple[str, int, int]] | None
) -> None:
    message = post(server, "sendMessage", chat_id=ANN, text=html, parse_mode="HTML")["result"]
    assert message["text"] == text
    found = [(e["type"], e["offset"], e["length"]) for e in message.get("entities", [])]
    assert found == (
        entities if entities is not None else [("bot_command", 6, 5), ("mention", 12, 8), ("hashtag", 21, 4)]
    )
    assert server.violations == []


def test_lengths_count_utf16_after_parsing(server: TelegramServer) -> None:
    assert post(server, "sendMessage", chat_id=ANN, text="<b>" + "x" * 4096 + "</b>", parse_mode="HTML")["ok"]
    assert refusal(server, "sendMessage", chat_id=ANN, text="x" * 4097) == "Bad Request: message is too long"
    assert "too long" in refusal(server, "sendMessage", chat_id=ANN, text="😀" * 2049)
    assert refusal(server, "sendMessage", chat_id=ANN, text=" \n ") == "Bad Request: message text is empty"
    assert refusal(server, "sendMessage", chat_id=ANN) == "Bad Request: message text is empty"
    url = f"{server.base_url}{server.token}/sendPhoto"
    long = {"chat_id": ANN, "caption": "x" * 1025}
    assert "caption is too long" in httpx.post(url, data=long, files={"photo": ("a.png", png())}).text
    server.say(ANN, "hello")
    assert refusal(server, "answerCallbackQuery", callback_query_id="1", text="x" * 201)


@pytest.mark.parametrize(
    ("button", "problem"),
    [
        ({"text": "", "callback_data": "a"}, "must be non-empty"),
        ({"text": "A"}, "Text buttons are unallowed"),
        ({"text": "A", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "A", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "A", "url": "http://localhost:8000/"}, "Wrong HTTP URL"),
        ({"text": "A", "callback_data": "a", "url": "https://example.com"}, "one thing"),
        ({"text": "A", "callback_data": 5}, "reply_markup.inline_keyboard[0][0].callback_data"),
        ({"text": "A", "colour": "red"}, 'unknown field "reply_markup.inline_keyboard[0][0].colour"'),
    ],
)
def test_bad_buttons_are_refused(server: TelegramServer, button: dict[str, Any], problem: str) -> None:
    markup = json.dumps({"inline_keyboard": [[button]]})
    assert problem in refusal(server, "sendMessage", chat_id=ANN, text="x", reply_markup=markup)
    assert server.messages(ANN) == []


def test_requests_that_break_the_specification(server: TelegramServer) -> None:
    assert "unknown field" in refusal(server, "sendMessage", chat_id=ANN, text="x", disable_web_page_preview="true")
    assert "chat_id is empty" in refusal(server, "sendMessage", text="x")
    assert "Boolean" in refusal(server, "sendMessage", chat_id=ANN, text="x", disable_notification="1")
    assert "Integer" in refusal(server, "editMessageText", chat_id=ANN, message_id="one", text="x")
    assert "message_id" in refusal(server, "sendMessage", chat_id=ANN, text="x", reply_parameters="{}")
    assert "JSON" in refusal(server, "sendMessage", chat_id=ANN, text="x", link_preview_options="{")
    assert "can't parse" in refusal(server, "setMyCommands", commands="[oops")
    assert refusal(server, "setMyCommands", commands='[{"command":"Help","description":"x"}]')
    assert refusal(server, "sendChatAction", chat_id=ANN, action="dancing")
    assert refusal(server, "sendMessage", chat_id=ANN, text="a\0b").endswith("encoded in UTF-8")
    media = json.dumps({"type": "photo", "media": "attach://nothing"})
    sent = post(server, "sendMessage", chat_id=ANN, text="x")["result"]
    assert "not sent" in refusal(server, "editMessageMedia", chat_id=ANN, message_id=sent["message_id"], media=media)
    assert refusal(server, "noSuchMethod") == "Not Found"


def test_raw_bodies(server: TelegramServer) -> None:
    url = f"{server.base_url}{server.token}/sendMessage"
    assert httpx.post(url, json={"chat_id": ANN, "text": "typed"}).json()["ok"]
    assert httpx.get(url, params={"chat_id": ANN, "text": "in the address"}).json()["ok"]
    assert server.violations == []
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"chat_id=7&text=%ff", b"chat_id=7&text=%ed%a0%80"):
        assert "UTF-8" in httpx.post(url, content=body, headers=headers).text
    headers = {"Content-Type": "application/json"}
    assert "UTF-8" in httpx.post(url, content=b'{"chat_id":7,"text":"\\ud83d"}', headers=headers).text
    assert "String" in httpx.post(url, json={"chat_id": ANN, "text": 5}).text
    assert "unknown field" in httpx.post(url, data={"chat_id": ANN, "text": "x"}, files={"extra": b"x"}).text
    assert len(server.violations) == 5


def test_updates_and_messages_fit_the_specification(server: TelegramServer) -> None:
    post(
        server,
        "sendMessage",
        chat_id=ANN,
        text="x",
        reply_markup=json.dumps({"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}),
    )
    server.say(ANN, "/start now")
    server.edit_said(ANN, "/stop")
    server.press(ANN, 1, "a")
    server.block(ANN)
    server.unblock(ANN)
    server.say(GROUP, "hello", user_id=9, first_name="Bob")
    for update in server.pending_updates:
        load_spec().check(["Update"], update, "update")
    url = f"{server.base_url}{server.token}/sendPhoto"
    photo = httpx.post(url, data={"chat_id": ANN, "caption": "c"}, files={"photo": ("a.png", png())}).json()
    load_spec().check(["Message"], photo["result"], "message")
    assert server.push_update({"message": server.pending_updates[0]["message"]})
    with pytest.raises(Exception, match="unknown field"):
        server.push_update({"massage": {}})
