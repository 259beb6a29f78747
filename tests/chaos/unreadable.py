"""Updates that the Telegram library cannot decode: in the shape of what real servers have sent, or will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Update = dict[str, Any]
_BOT = {"id": 1, "is_bot": True, "first_name": "B"}


def _message(chat_id: int, **more: Any) -> Update:
    who = {"id": chat_id, "first_name": "A"}
    said = {"message_id": 7, "date": 1_764_000_000, "text": "/help", "chat": who | {"type": "private"}}
    return {"message": said | {"from": who | {"is_bot": False}} | more}


def _hidden_sender(chat_id: int) -> Update:
    """Forwarded from somebody whose name is not even told."""
    return _message(chat_id, forward_origin={"type": "hidden_user", "date": 1_422_450_181})


def _older_server(chat_id: int) -> Update:
    """The bot is restricted, by a server that does not know all rights."""
    change = {"chat": {"id": -abs(chat_id), "type": "supergroup", "title": "G"}, "from": _BOT, "date": 1_764_000_000}
    old, new = {"status": "member", "user": _BOT}, {"status": "restricted", "user": _BOT, "is_member": True}
    return {"my_chat_member": change | {"old_chat_member": old, "new_chat_member": new}}


def _no_chat(chat_id: int) -> Update:
    message = _message(chat_id)
    del message["message"]["chat"]
    return message


def _date_in_words(chat_id: int) -> Update:
    return _message(chat_id, date="yesterday")


def _entities_that_are_none(chat_id: int) -> Update:
    return _message(chat_id, entities=[7])


def _press_by_nobody(chat_id: int) -> Update:
    return {"callback_query": {"id": f"nobody-{chat_id}", "chat_instance": "1", "data": "ask:KO"}}


MADE_UNREADABLE: tuple[Callable[[int], Update], ...] = (
    _hidden_sender,
    _older_server,
    _no_chat,
    _date_in_words,
    _entities_that_are_none,
    _press_by_nobody,
)
