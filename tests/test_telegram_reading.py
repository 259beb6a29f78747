"""Whatever Telegram brings is read, or set aside with a reason; nothing raises."""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Bot

from bot.telegram.read_update import LARGEST, LARGEST_UPDATE, Received, read, read_stored
from tests.support.made_updates import (
    HIDDEN_USER,
    MEMBER,
    READABLE,
    Described,
    damaged,
    membership,
    message,
    numbered,
    restricted_by_an_older_server,
)

BOT = Bot("123456789:TEST-TOKEN")
NUMBERS = st.integers(1, 10**9)


def check(raw: object) -> Received:
    """What holds of anything that is read."""
    received = read(raw, BOT)
    assert (received.update is None) == bool(received.problem)
    assert -LARGEST <= received.update_id <= LARGEST
    assert received.update_id != 0
    own = raw.get("update_id") if isinstance(raw, dict) else None
    assert (received.update_id > 0) == (type(own) is int and 0 < own <= LARGEST_UPDATE), (
        "only its own number confirms it"
    )
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t (a INTEGER, b TEXT, c TEXT, d INTEGER)")
    db.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (received.update_id, received.body, received.problem, 0))
    db.close()
    if received.body:
        again = read_stored(received.body, BOT)
        assert again == received or again.update is not None, "what is stored reads as what came"
        assert again.problem == received.problem
    return received


@pytest.mark.parametrize("kind", READABLE)
def test_what_telegram_sends_is_read(kind: str) -> None:
    received = check({"update_id": 5, **READABLE[kind]})
    assert received.problem == ""
    assert received.update_id == 5
    assert bool(received.body) == (kind != "inline"), "what somebody types elsewhere is never stored"


@settings(max_examples=400, deadline=None)
@given(damaged(numbered(NUMBERS)))
def test_an_update_with_fields_missing_or_of_another_type_never_raises(raw: dict[str, Any]) -> None:
    check(raw)


@cache
def described() -> Described:
    return Described()


def test_whatever_telegram_describes_is_read_or_set_aside_whole_or_damaged() -> None:
    @settings(max_examples=300, deadline=None)
    @given(st.one_of(described().updates(), damaged(described().updates())))
    def holds(raw: dict[str, Any]) -> None:
        check(raw)

    holds()


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"message": message(text="AAPL", forward_origin=HIDDEN_USER)}, "sender_user_name"),
        ({"my_chat_member": membership(MEMBER, restricted_by_an_older_server())}, "TypeError: "),
        ({"message": message(text=5)}, "message.text is missing or of another type"),
        ({"message": message(text={"secret": "words"})}, "message.text is missing or of another type"),
        ({"message": message(chat={"id": 2**63, "type": "private"}, text="x")}, "message.chat.id"),
        ({"message": message(chat={"id": [], "type": "private"}, text="x")}, "message.chat.id"),
        ({"message": message(chat=None, text="x")}, "message.chat is missing"),
        ({"message": message(date=10**18, text="x")}, "Error"),
        ({"message": message(date=None, text="x")}, "message.date is missing or of another type"),
        ({"message": message(date="today", text="x")}, "message.date is missing or of another type"),
        ({"message": "secret words"}, "message is missing or of another type"),
        ({"callback_query": {"id": "1", "from": None, "chat_instance": "1"}}, "callback_query.from"),
        ({"my_chat_member": membership(MEMBER, {"status": []})}, "my_chat_member.new_chat_member.status"),
        ({"inline_query": {"id": "1", "from": {"id": "secret words"}, "query": "secret words"}}, "inline_query.from"),
        ({"poll": 5}, "AttributeError"),
        ({"update_id": "5", "message": message(text="secret words")}, "update_id is missing or of another type"),
        ({"update_id": True, "message": message(text="x")}, "update_id is missing"),
        ({"update_id": 2**64, "message": message(text="x")}, "update_id is missing"),
        ({"update_id": 2**31, "message": message(text="x")}, "update_id is missing"),
        ({"update_id": 0, "message": message(text="x")}, "update_id is missing"),
        ([], "no JSON object"),
        (None, "no JSON object"),
    ],
)
def test_what_cannot_be_read_says_why_without_what_a_person_wrote(raw: object, problem: str) -> None:
    received = check({"update_id": 5, **raw} if isinstance(raw, dict) else raw)
    assert problem in received.problem
    assert "secret" not in received.problem
    assert received.update is None


def test_the_fields_of_a_later_version_do_no_harm() -> None:
    raw = {"update_id": 5, "message": message(text="AAPL", later={"a": [1]}), "later": 1}
    assert check(raw).problem == ""
    assert check({"update_id": 5, "something_new": {"id": "x"}}).problem == "", "it is nothing that we would answer"


def test_what_has_no_number_gets_the_same_whenever_it_comes() -> None:
    raw = {"message": message(text="AAPL")}
    assert check(raw).update_id == check(dict(raw)).update_id < 0
    assert check(raw).update_id != check({"message": message(text="MSFT")}).update_id


def test_what_is_nested_without_end_is_set_aside() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"reply_to_message": deep}
    assert read({"update_id": 5, "message": deep}, BOT).update is None
    stored = json.dumps({"update_id": 5})[:-1] + ', "message": ' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}"
    assert read_stored(stored, BOT).update is None
