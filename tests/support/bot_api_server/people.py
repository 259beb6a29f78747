"""What the people in the chats do: open a chat, write, press buttons, block the bot."""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.bot_api_server.forms import Upload
from tests.support.bot_api_server.markup import Entity, find_entities
from tests.support.bot_api_server.state import Chat, World, utc_now

#: whom Telegram names as the writer when an admin hides
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


class People:
    """The test's side of the conversation; each action becomes an update for the bot."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._callback_numbers = itertools.count(1)

    def open_chat(
        self, chat_id: int, first_name: str = "Ann", language_code: str | None = "en", type: str = "private"
    ) -> None:
        """Make the bot known to a chat. In a group `first_name` is who speaks there by default."""
        user: dict[str, Any] = {"id": abs(chat_id), "is_bot": False, "first_name": first_name}
        if language_code is not None:
            user["language_code"] = language_code
        with self._world.lock:
            self._world.chats[chat_id] = Chat(chat_id, type, user, title=f"Group of {first_name}")

    def say(
        self,
        chat_id: int,
        text: str,
        *,
        user_id: int | None = None,
        first_name: str | None = None,
        thread: int | None = None,
        anonymous: bool = False,
        reply_to: int | None = None,
        entities: list[Entity] | None = None,
        is_bot: bool = False,
    ) -> int:
        """Write to the bot; opens the chat if needed. Returns the update_id.

        `thread` is the topic of a forum; an `anonymous` admin writes in the name of the group; `reply_to` is a message
        of the bot or of a person. Telegram marks mentions, links and commands by itself: `entities` are in their place.
        """
        with self._world.lock:
            if chat_id not in self._world.chats:
                self.open_chat(chat_id, type="private" if chat_id > 0 else "group")
            chat = self._world.chats[chat_id]
            if chat.blocked:
                raise AssertionError(f"chat {chat_id} blocked the bot and cannot write before unblock()")
            message: dict[str, Any] = {
                "message_id": chat.take_message_id(),
                "from": _user(chat, user_id, first_name),
                "chat": chat.as_json(),
                "date": int(utc_now().timestamp()),
                "text": text,
            }
            if thread is not None:
                message |= {"message_thread_id": thread, "is_topic_message": True}
            if anonymous:
                message |= {"from": ANONYMOUS, "sender_chat": chat.as_json()}
            if reply_to is not None:
                message["reply_to_message"] = self._message(chat, reply_to)
            message["from"] |= {"is_bot": is_bot or message["from"]["is_bot"]}
            if marked := find_entities(text) if entities is None else entities:
                message["entities"] = marked
            chat.received[message["message_id"]] = message
            return self._world.updates.push({"message": message})

    def send_file(self, chat_id: int, name: str, content: bytes, *, mime_type: str = "text/csv", told: int = -1) -> int:
        """Send the bot a file in an open chat. Returns the update_id. `told` is a size that is not its own."""
        with self._world.lock:
            chat = self._world.chats[chat_id]
            stored = self._world.files.add("document", Upload(name, content))
            message: dict[str, Any] = {
                "message_id": chat.take_message_id(),
                "from": _user(chat, None, None),
                "chat": chat.as_json(),
                "date": int(utc_now().timestamp()),
                "document": {
                    "file_id": stored.file_id,
                    "file_unique_id": stored.file_unique_id,
                    "file_name": name,
                    "mime_type": mime_type,
                    "file_size": len(content) if told < 0 else told,
                },
            }
            chat.received[message["message_id"]] = message
            return self._world.updates.push({"message": message})

    def _message(self, chat: Chat, message_id: int) -> dict[str, Any]:
        """A message of a chat, whoever wrote it; replies to it are not told with it."""
        if message_id in chat.sent:
            told = self._world.message_json(chat, chat.sent[message_id])
        else:
            told = chat.received[message_id]
        return {name: value for name, value in told.items() if name != "reply_to_message"}

    def edit_said(self, chat_id: int, text: str) -> int:
        """Edit the newest message a person wrote in the chat."""
        with self._world.lock:
            chat = self._world.chats[chat_id]
            newest = chat.received[max(chat.received)]
            edited = {**newest, "text": text, "edit_date": int(utc_now().timestamp())}
            edited.pop("entities", None)
            if entities := find_entities(text):
                edited["entities"] = entities
            chat.received[newest["message_id"]] = edited
            return self._world.updates.push({"edited_message": edited})

    def type_inline(self, user_id: int, query: str) -> int:
        """Type the bot's name and something after it in whatever chat."""
        with self._world.lock:
            user = {"id": user_id, "is_bot": False, "first_name": "Ann"}
            number = next(self._callback_numbers)
            return self._world.updates.push(
                {"inline_query": {"id": f"inline{number}", "from": user, "query": query, "offset": ""}}
            )

    def appoint(self, chat_id: int, *user_ids: int) -> None:
        """Make these people, and no others, the admins of a group."""
        with self._world.lock:
            self._world.chats[chat_id].admins = list(user_ids)

    def press(
        self,
        chat_id: int,
        message_id: int,
        callback_data_or_button_text: str,
        *,
        user_id: int | None = None,
        long_ago: bool = False,
    ) -> int:
        """Press a button the message shows now. On a reply keyboard that means saying its text.

        One of a message that was sent `long_ago` comes without what it says, as Telegram does it.
        """
        wanted = callback_data_or_button_text
        with self._world.lock:
            chat = self._world.chats[chat_id]
            sent = chat.sent.get(message_id)
            if sent is None or sent.deleted:
                raise AssertionError(f"chat {chat_id} shows no message {message_id} of the bot")
            buttons = [button for row in sent.buttons for button in row]
            button = next((b for b in buttons if wanted in (b.get("callback_data"), b["text"])), None)
            if button is None:
                raise AssertionError(f"message {message_id} has no button {wanted!r}, only {buttons}")
            if "inline_keyboard" not in (sent.versions[-1].markup or {}):
                return self.say(chat_id, button["text"], user_id=user_id)
            if "callback_data" not in button:
                raise AssertionError(f"button {wanted!r} does not call the bot: {button}")
            unseen = {"chat": chat.as_json(), "message_id": message_id, "date": 0}
            query_id = f"{abs(chat_id)}{next(self._callback_numbers):08d}"
            self._world.open_callbacks[query_id] = (chat_id, button["callback_data"])
            query = {
                "id": query_id,
                "from": _user(chat, user_id, None),
                "message": unseen if long_ago else self._world.message_json(chat, sent),
                "chat_instance": str(chat_id * 7919),
                "data": button["callback_data"],
            }
            return self._world.updates.push({"callback_query": query})

    def block(self, chat_id: int) -> int:
        """Block the bot, or remove it from a group; Telegram tells the bot by `my_chat_member`."""
        return self._membership(chat_id, blocked=True)

    def unblock(self, chat_id: int) -> int:
        """Let the bot in again."""
        return self._membership(chat_id, blocked=False)

    def migrate(self, chat_id: int, new_chat_id: int) -> None:
        """Turn a group into a supergroup: sending to the old id is refused, naming the new one."""
        with self._world.lock:
            old = self._world.chats[chat_id]
            old.migrated_to = new_chat_id
            self._world.chats[new_chat_id] = Chat(new_chat_id, "supergroup", old.user, old.title)

    def delete_topic(self, chat_id: int, thread: int) -> None:
        """Delete a topic of a forum group: sending to it is refused."""
        with self._world.lock:
            self._world.chats[chat_id].gone_topics.add(thread)

    def forbid(self, chat_id: int, *sorts: str) -> None:
        """Take the bot's right to send "text", "photo" or "document" there; without any named it has all again."""
        with self._world.lock:
            self._world.chats[chat_id].forbidden = set(sorts)

    def _membership(self, chat_id: int, blocked: bool) -> int:
        with self._world.lock:
            chat = self._world.chats[chat_id]
            chat.blocked = blocked
            gone = {"status": "kicked", "user": self._world.bot, "until_date": 0}
            here = {"status": "member", "user": self._world.bot}
            change = {
                "chat": chat.as_json(),
                "from": chat.user,
                "date": int(utc_now().timestamp()),
                "old_chat_member": here if blocked else gone,
                "new_chat_member": gone if blocked else here,
            }
            return self._world.updates.push({"my_chat_member": change})


def _user(chat: Chat, user_id: int | None, first_name: str | None) -> dict[str, Any]:
    user = dict(chat.user)
    if user_id is not None:
        user["id"] = user_id
    if first_name is not None:
        user["first_name"] = first_name
    return user
