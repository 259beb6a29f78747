"""From what Telegram brings, as JSON, to an update that can be answered, or to the reason why it cannot. Pure.

raw | its number, its body | decoded by the library | the fields that answers rely on | Received

Nothing here raises: what one person sends must not keep the updates that arrive with it from being answered.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from telegram import Bot, Update

LARGEST = 2**63 - 1  #: a larger number does not fit into the database
#: Telegram counts updates in 32 bits; a larger number, believed, would confirm everything that is still to come
LARGEST_UPDATE = 2**31 - 1
_TELLING = (AttributeError, KeyError, TypeError)  #: whose words name fields and types, never what a person wrote


@dataclass(frozen=True, slots=True)
class Received:
    """An update as it arrived."""

    update_id: int  #: Telegram's; negative where it gave none that can be used, and then made of the content
    body: str  #: its JSON, ASCII only; empty for what is never stored
    chat_id: int = 0  #: the chat whose updates wait for each other; 0 for what belongs to none
    update: Update | None = None  #: None where it could not be decoded
    problem: str = ""  #: why not, without anything that a person wrote


def read(raw: object, bot: Bot) -> Received:
    """Read one element of an answer to getUpdates, or the body of a request to the webhook. Never raises."""
    text = _as_json(raw)
    update_id = _number_of(raw, text)
    # what somebody types elsewhere is never stored
    body = "" if isinstance(raw, dict) and "inline_query" in raw else text
    try:
        if not isinstance(raw, dict):
            return Received(update_id, body, problem="it is no JSON object")
        if problem := _first_doubt(raw):
            return Received(update_id, body, problem=problem)
        update = Update.de_json(raw, bot)
        chat_id = update.effective_chat.id if update.effective_chat else 0
        if not _is_number(chat_id):
            return Received(update_id, body, problem="the number of its chat is of another type or size")
        return Received(update_id, body, chat_id, update)
    except Exception as error:  # a library that expects other fields or types may raise anything
        return Received(update_id, body, problem=reason_of(error))


def read_stored(body: str, bot: Bot) -> Received:
    """Read JSON that was stored. Never raises."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return Received(0, body, problem="it is no JSON")
    return read(raw, bot)


def reason_of(error: Exception) -> str:
    """Describe an error in words that hold nothing a person wrote."""
    name = type(error).__name__
    return f"{name}: {error}"[:200] if isinstance(error, _TELLING) else name


def _as_json(raw: object) -> str:
    """Write ASCII only, for half of a surrogate pair can't be stored; "" for what is nested too deep."""
    try:
        return json.dumps(raw)
    except (RecursionError, TypeError, ValueError):
        return ""


def _number_of(raw: object, text: str) -> int:
    """Return Telegram's number, or one made of the content that is the same each time."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    if isinstance(number, int) and _numbers_an_update(number):
        return number
    return -1 - int.from_bytes(sha256(text.encode("ascii")).digest()[:7])


# ---- the fields that answers rely on: the library takes any type for most of them


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _numbers_an_update(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_UPDATE


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _optional(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or fits(value)


def _under(holder: str, fields: Mapping[str, Callable[[object], bool]]) -> dict[str, Callable[[object], bool]]:
    return {f"{holder}.{name}": fits for name, fits in fields.items()}


_CHAT = {"chat": _is_object, "chat.id": _is_number, "chat.type": _is_text}
_PERSON = {"id": _is_number, "language_code": _optional(_is_text)}
_MESSAGE = _CHAT | {"message_id": _is_number, "message_thread_id": _optional(_is_number)}
_RELIED_ON = {
    "update_id": _numbers_an_update,
    "message": _optional(_is_object),
    **_under("message", _MESSAGE | {"date": _is_number}),
    **_under("message", {"text": _optional(_is_text), "migrate_to_chat_id": _optional(_is_number)}),
    "message.document": _optional(_is_object),
    **_under("message.document", {"file_name": _optional(_is_text), "file_size": _optional(_is_number)}),
    **_under("message.from", _PERSON),
    "callback_query": _optional(_is_object),
    **_under("callback_query", {"id": _is_text, "from": _is_object, "data": _optional(_is_text)}),
    **_under("callback_query.from", _PERSON),
    **_under("callback_query.message", _MESSAGE),
    "my_chat_member": _optional(_is_object),
    **_under("my_chat_member", _CHAT | {"old_chat_member": _is_object, "new_chat_member": _is_object}),
    **_under("my_chat_member.old_chat_member", {"status": _is_text}),
    **_under("my_chat_member.new_chat_member", {"status": _is_text}),
    "inline_query": _optional(_is_object),
    **_under("inline_query", {"id": _is_text, "from": _is_object, "query": _is_text}),
    **_under("inline_query.from", _PERSON),
}  #: by path; a field is looked at where the object that holds it is there


def _first_doubt(raw: dict[str, object]) -> str:
    """Name the first field that is missing or of another type; "" where there is none."""
    for path, fits in _RELIED_ON.items():
        *way, name = path.split(".")
        holder: object = raw
        for step in way:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and not fits(holder.get(name)):
            return f"{path} is missing or of another type or size"
    return ""
