"""Updates as Telegram brings them, and the same with fields missing or of another type, for hypothesis."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

from tests.support.data import DATA

Json = Any
ANN: dict[str, Json] = {"id": 21, "is_bot": False, "first_name": "Ann", "language_code": "en"}
BOT: dict[str, Json] = {"id": 123456789, "is_bot": True, "first_name": "Bellwether", "username": "bellwether_bot"}
PRIVATE: dict[str, Json] = {"id": 21, "type": "private", "first_name": "Ann"}
GROUP: dict[str, Json] = {"id": -1002000000001, "type": "supergroup", "title": "Traders", "is_forum": True}
HIDDEN_USER: dict[str, Json] = {"type": "hidden_user", "date": 1_422_450_181}  #: as old forwards are: without a name


def message(chat: dict[str, Json] = PRIVATE, **fields: Json) -> dict[str, Json]:
    """A message of Ann's."""
    return {"message_id": 7, "from": ANN, "chat": chat, "date": 1_764_000_000, **fields}


def restricted_by_an_older_server() -> dict[str, Json]:
    """How a member may do nothing, as Bot API servers told it before there were topics, stories and reactions."""
    rights = ("messages", "audios", "documents", "photos", "videos", "polls", "other_messages")
    return {"status": "restricted", "user": BOT, "is_member": True, "until_date": 0} | {
        f"can_send_{right}": False for right in rights
    }


def membership(old: dict[str, Json], new: dict[str, Json], chat: dict[str, Json] = GROUP) -> dict[str, Json]:
    """The bot's own membership has changed."""
    return {"chat": chat, "from": ANN, "date": 1_764_000_000, "old_chat_member": old, "new_chat_member": new}


MEMBER = {"status": "member", "user": BOT}
KICKED = {"status": "kicked", "user": BOT, "until_date": 0}
MENTION = {"type": "mention", "offset": 0, "length": 15}
PHOTO = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
#: by what happens in them; each can be read, and none asks for prices
READABLE: dict[str, dict[str, Json]] = {
    "text": {"message": message(text="/help", entities=[{"type": "bot_command", "offset": 0, "length": 5}])},
    "forwarded": {"message": message(text="/list", forward_origin=HIDDEN_USER | {"sender_user_name": "Ben"})},
    "mention": {"message": message(GROUP, text="@bellwether_bot /help", entities=[MENTION])},
    "reply": {"message": message(GROUP, text="no", reply_to_message=message(GROUP, text="AAPL?", message_id=6))},
    "topic": {"message": message(GROUP, text="/help", message_thread_id=5, is_topic_message=True)},
    "anonymous": {"message": message(GROUP, text="/help", sender_chat=GROUP)},
    "moved": {"message": message(GROUP | {"type": "group"}, migrate_to_chat_id=-1002000000002)},
    "location": {"message": message(location={"latitude": 35.7, "longitude": 139.7})},
    "photo": {"message": message(photo=PHOTO, caption="AAPL", caption_entities=[MENTION | {"length": 4}])},
    "sticker": {
        "message": message(
            sticker={
                **{"file_id": "a", "file_unique_id": "b", "type": "regular", "width": 1, "height": 1},
                **{"is_animated": False, "is_video": False},
            }
        )
    },
    "press": {
        "callback_query": {
            **{"id": "998", "from": ANN, "chat_instance": "1", "data": "nonsense:AAPL:5"},
            "message": message(text="Apple", **{"from": BOT}),
        }
    },
    "old press": {
        "callback_query": {
            **{"id": "998", "from": ANN, "chat_instance": "1", "data": "nonsense:AAPL:5"},
            "message": {"message_id": 2, "date": 0, "chat": PRIVATE},
        }
    },
    "kicked": {"my_chat_member": membership(MEMBER, KICKED)},
    "came back": {"my_chat_member": membership(KICKED, MEMBER)},
    "inline": {"inline_query": {"id": "5", "from": ANN, "query": "AA", "offset": ""}},
    "poll": {"poll_answer": {"poll_id": "1", "user": ANN, "option_ids": [1], "option_persistent_ids": ["b"]}},
}

OTHER: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 253_402_300_800, -(10**12)]),
    st.sampled_from([0.5, -1e300, float("inf"), float("nan")]),
    st.sampled_from(["", "5", "private", "\ud800", "\0", "@bellwether_bot", "x" * 5_000]),
    st.sampled_from([[], {}, [[]], [None], {"id": 5}, {"type": "future"}, [{"type": "mention"}]]),
)  #: what may stand in a field's place


def paths(value: Json, under: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value within."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, one in items for path in [(*under, name), *paths(one, (*under, name))]]


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[dict[str, Json]]) -> dict[str, Json]:
    """An update of which up to three fields are missing, of another type, or new."""
    update = copy.deepcopy(draw(whole))
    for _ in range(draw(st.integers(1, 3))):
        ways = paths(update)
        if not ways:
            break
        *way, name = draw(st.sampled_from(ways))
        holder: Json = update
        for step in way:
            holder = holder[step]
        change = draw(st.sampled_from(["missing", "another", "new"]))
        if change == "missing":
            del holder[name]
        elif change == "another" or isinstance(holder, list):
            holder[name] = copy.deepcopy(draw(OTHER))
        else:
            holder["of_a_later_version"] = copy.deepcopy(draw(OTHER))
    return update


def numbered(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Json]]:
    """Updates that can be read."""
    readable = st.sampled_from(list(READABLE.values()))
    return st.builds(lambda number, update: {"update_id": number, **update}, numbers, readable)


class Described:
    """Updates made of Telegram's own description of the Bot API."""

    def __init__(self) -> None:
        self._types = json.loads((DATA / "bot_api.json").read_text("utf-8"))["types"]

    def updates(self) -> st.SearchStrategy[dict[str, Json]]:
        """An update of any kind, with any of the fields of what is in it."""

        @st.composite
        def made(draw: st.DrawFn) -> dict[str, Json]:
            kinds = [entry for entry in self._types["Update"]["fields"] if entry["name"] != "update_id"]
            kind = draw(st.sampled_from(kinds))
            return {"update_id": draw(st.integers(1, 10**9)), kind["name"]: self._value(draw, kind["types"][0], 3)}

        return made()

    def _value(self, draw: st.DrawFn, kind: str, depth: int) -> Json:
        if kind.startswith("Array of "):
            inner = kind.removeprefix("Array of ")
            return [self._value(draw, inner, depth - 1) for _ in range(draw(st.integers(0, 1)))]
        plain = {"String": "AAPL", "Integer": 1_764_000_000, "Float": 0.5, "Boolean": True, "True": True}
        if kind in plain:
            return plain[kind]
        subtypes = self._types.get(kind, {}).get("subtypes")
        if subtypes:
            return self._value(draw, draw(st.sampled_from(subtypes)), depth)
        fields = self._types.get(kind, {}).get("fields", [])
        chosen = draw(st.sets(st.sampled_from(range(len(fields))), max_size=4)) if fields and depth > 0 else set()
        return {
            entry["name"]: self._value(draw, entry["types"][0], depth - 1)
            for number, entry in enumerate(fields)
            if (entry["required"] and depth > -2) or number in chosen
        }
