"""The world the Telegram test server keeps: people, chats, messages, buttons pressed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.support.bot_api_server.errors import ApiError, bad_request
from tests.support.bot_api_server.files import FileStore, StoredFile, photo_sizes
from tests.support.bot_api_server.limits import FloodLimits
from tests.support.bot_api_server.markup import Entity
from tests.support.bot_api_server.updates import UpdateQueue

MIME_TYPES = {"csv": "text/csv", "json": "application/json", "pdf": "application/pdf", "png": "image/png"}


@dataclass(frozen=True)
class Version:
    """What a message showed from its sending, or one edit, to the next."""

    kind: str  #: "text", "photo" or "document"
    text: str  #: the text or caption as people see it
    html: str  #: the same as the bot sent it
    entities: list[Entity]
    markup: dict[str, Any] | None
    file: StoredFile | None
    at: datetime

    def shows_the_same_as(self, other: Version) -> bool:
        """True if replacing one by the other would change nothing."""
        return replace(self, html="", at=other.at) == replace(other, html="")


@dataclass
class SentMessage:
    """A message of the bot with its history; the last version is what the chat shows now."""

    chat_id: int
    message_id: int
    sent_at: datetime
    versions: list[Version]
    silent: bool = False
    reply_to: int | None = None
    deleted: bool = False
    thread: int | None = None  #: the topic of a forum group

    @property
    def kind(self) -> str:
        """ "text", "photo" or "document"."""
        return self.versions[-1].kind

    @property
    def text(self) -> str:
        """The text or caption, without markup."""
        return self.versions[-1].text

    @property
    def html(self) -> str:
        """The text or caption as the bot sent it."""
        return self.versions[-1].html

    @property
    def entities(self) -> list[Entity]:
        """What Telegram made of the markup, and found by itself."""
        return self.versions[-1].entities

    @property
    def photo_bytes(self) -> bytes | None:
        """The picture, of a photo."""
        stored = self.versions[-1].file
        return stored.data if stored is not None and stored.kind == "photo" else None

    @property
    def document_bytes(self) -> bytes | None:
        """The content, of a document."""
        stored = self.versions[-1].file
        return stored.data if stored is not None and stored.kind == "document" else None

    @property
    def file(self) -> StoredFile | None:
        """The file of a photo or document, with name and file_id."""
        return self.versions[-1].file

    @property
    def buttons(self) -> list[list[dict[str, Any]]]:
        """The rows of buttons under the message, or of the reply keyboard it brought."""
        markup = self.versions[-1].markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [[button if isinstance(button, dict) else {"text": button} for button in row] for row in rows]

    @property
    def edits(self) -> int:
        """How often the message was edited."""
        return len(self.versions) - 1


@dataclass
class Chat:
    """One chat with the bot; `user` is the person who speaks in it."""

    chat_id: int
    kind: str
    user: dict[str, Any]
    title: str
    blocked: bool = False
    admins: list[int] = field(default_factory=list)  #: user ids; of a group that named none, `user` owns it
    migrated_to: int | None = None
    gone_topics: set[int] = field(default_factory=set)  #: of a forum group, those that were deleted
    forbidden: set[str] = field(default_factory=set)  #: sorts of messages that the bot may not send there
    next_message_id: int = 1
    received: dict[int, dict[str, Any]] = field(default_factory=dict)
    sent: dict[int, SentMessage] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The Chat object of the Bot API."""
        if self.kind == "private":
            return {"id": self.chat_id, "type": "private", "first_name": self.user["first_name"]}
        return {"id": self.chat_id, "type": self.kind, "title": self.title}

    def take_message_id(self) -> int:
        """Identifiers grow per chat, over the messages of both sides."""
        self.next_message_id += 1
        return self.next_message_id - 1


@dataclass(frozen=True)
class AnsweredCallback:
    """How the bot answered a pressed button."""

    callback_query_id: str
    chat_id: int
    data: str
    text: str
    show_alert: bool


class World:
    """Everything the methods read and change; guarded by `lock`."""

    def __init__(
        self,
        bot: dict[str, Any],
        limits: FloodLimits,
        call_soon: Callable[[Callable[[], object]], None],
    ) -> None:
        self.lock = threading.Condition()
        self.bot = bot
        self.limits = limits
        self.call_soon = call_soon
        self.updates = UpdateQueue(self.lock, call_soon)
        self.files = FileStore()
        self.chats: dict[int, Chat] = {}
        self.open_callbacks: dict[str, tuple[int, str]] = {}
        self.answered_callbacks: list[AnsweredCallback] = []
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.descriptions: dict[str, str] = {}  # by language
        self.short_descriptions: dict[str, str] = {}

    def chat(self, chat_id: int | str) -> Chat:
        """The chat a request names, or the refusal Telegram gives."""
        number = int(chat_id) if str(chat_id).lstrip("-").isdigit() else None
        chat = self.chats.get(number) if number is not None else None
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def chat_to_send_to(self, chat_id: int | str) -> Chat:
        """The same for sending, which people can forbid."""
        chat = self.chat(chat_id)
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to},
            )
        if chat.blocked and chat.kind == "private":
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat.blocked:
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.kind} chat")
        return chat

    def message_json(self, chat: Chat, sent: SentMessage) -> dict[str, Any]:
        """The Message object of a message the bot sent."""
        now = sent.versions[-1]
        message: dict[str, Any] = {
            "message_id": sent.message_id,
            "from": self.bot,
            "chat": chat.as_json(),
            "date": int(sent.sent_at.timestamp()),
        }
        if sent.edits:
            message["edit_date"] = int(now.at.timestamp())
        if sent.thread is not None:
            message |= {"message_thread_id": sent.thread, "is_topic_message": True}
        if sent.reply_to is not None and sent.reply_to in chat.received:
            message["reply_to_message"] = chat.received[sent.reply_to]
        prefix = "" if now.kind == "text" else "caption_"
        if now.text:
            message["text" if now.kind == "text" else "caption"] = now.text
        if now.entities:
            message[f"{prefix}entities"] = now.entities
        if now.kind == "photo" and now.file is not None:
            message["photo"] = photo_sizes(now.file)
        if now.kind == "document" and now.file is not None:
            message["document"] = _document(now.file)
        if now.markup is not None and "inline_keyboard" in now.markup:
            message["reply_markup"] = now.markup
        return message


def utc_now() -> datetime:
    """The moment, aware."""
    return datetime.fromtimestamp(time.time(), UTC)


def _document(stored: StoredFile) -> dict[str, Any]:
    extension = stored.name.rpartition(".")[2].lower()
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.file_unique_id,
        "file_name": stored.name,
        "mime_type": MIME_TYPES.get(extension, "application/octet-stream"),
        "file_size": len(stored.data),
    }
