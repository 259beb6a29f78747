"""How the chats that may be written to want to be told: in which language, with which settings, outside which hours."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from bellwether.alerts.rules.local_time import after_quiet
from bellwether.core.alert_types import AlertSettings
from bellwether.core.i18n.translate import ENGLISH, use_language
from bellwether.db.database import Database
from bellwether.delivery import chat_settings_table

_DEFAULT = AlertSettings()


@dataclass(frozen=True, slots=True)
class ChatWishes:
    """The wishes of all awake chats at one moment; a chat that never said any has the defaults."""

    _settings: dict[int, AlertSettings]
    _languages: dict[int, str]

    @classmethod
    def read(cls, db: Database) -> "ChatWishes":
        """Those that hold now, for the whole of a tick. Raises StoreError."""
        return cls(chat_settings_table.of_awake_chats(db), chat_settings_table.foreign_languages(db))

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
