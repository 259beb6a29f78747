"""How chats want to be told: in which language, with which settings, outside which hours. All who write read it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bellwether.core.alert_types import AlertSettings, Preferences
from bellwether.core.errors import StoreError
from bellwether.core.i18n.translate import ENGLISH, use_language
from bellwether.core.local_clock import after_quiet
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import chat_settings_table
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.offers import Offer
from bellwether.delivery.outbox_table import Draft

_DEFAULT = AlertSettings()


@dataclass(frozen=True, slots=True)
class ChatWishes:
    """The wishes of some chats at one moment; a chat that never said any has the defaults."""

    _settings: dict[int, AlertSettings] = field(default_factory=dict)
    _languages: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, db: Connection) -> "ChatWishes":
        """Those of all chats that may be written to. Raises StoreError."""
        return cls(chat_settings_table.of_awake_chats(db), chat_settings_table.foreign_languages(db))

    @classmethod
    def of_chat(cls, db: Connection, chat_id: int) -> "ChatWishes":
        """Those of one chat. Raises StoreError."""
        return cls(
            {chat_id: chat_settings_table.of_chat(db, chat_id)},
            {chat_id: chat_settings_table.language_of(db, chat_id)},
        )

    def settings(self, chat_id: int) -> AlertSettings:
        """The alert settings of a chat."""
        return self._settings.get(chat_id, _DEFAULT)

    def speaking(self, chat_id: int) -> AbstractContextManager[None]:
        """Within it we speak the chat's language."""
        return use_language(self._languages.get(chat_id, ENGLISH))

    def begin(self, chat_id: int, now: datetime, present: datetime) -> datetime:
        """From when a message may be sent: at once, or when the chat's quiet hours are over.

        `now` may be a rehearsed instant, whose quiet hours count; the answer counts from the real one, `present`.
        """
        wanted = self.settings(chat_id)
        return present + (after_quiet(now, wanted.quiet, wanted.timezone) - now)

    def draft(
        self,
        kind: str,
        chat_id: int,
        about: str,
        text: str,
        fresh_for: timedelta,
        now: datetime,
        present: datetime,
        reply_key: str | None = None,
        offers: tuple[Offer, ...] = (),
    ) -> Draft:
        """A message to a chat, which waits for the end of its quiet hours and is fresh for as long after that.

        `about` is the rest of its dedup_key, after the kind and the chat. `now` and `present` are as in `begin`.
        """
        begin = self.begin(chat_id, now, present)
        return Draft(
            f"{kind}:{chat_id}:{about}",
            recipient_of(chat_id),
            kind,
            text,
            begin,
            begin + fresh_for,
            reply_key,
            offers=offers,
        )


def alert_settings(store: Store, chat_id: int) -> AlertSettings:
    """How a chat wants to be told; the defaults for one that never said. Raises StoreError."""
    with store.glance() as db:
        return chat_settings_table.of_chat(db, chat_id)


def preferences(store: Store, chat_id: int) -> Preferences:
    """How a chat wants to be answered; the defaults while the database is out of order: forecasts work without it."""
    try:
        with store.glance() as db:
            return chat_settings_table.preferences(db, chat_id)
    except StoreError:
        return Preferences()
