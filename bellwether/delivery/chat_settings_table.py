"""The table `alert_settings`: how each chat wants to be told. A chat without a row has the defaults.

The time zone stands in the table `chats`.
"""

from datetime import date, time
from typing import Any

from bellwether.core.alert_types import AlertSettings, DigestMode, Preferences, QuietHours
from bellwether.core.i18n.translate import ENGLISH
from bellwether.db.connection import Connection
from bellwether.db.database import stamp_or_none, unstamp_or_none
from bellwether.db.sql import put

_SELECT = "SELECT c.chat_id, c.timezone, s.* FROM chats c LEFT JOIN alert_settings s ON s.chat_id = c.chat_id"


def of_chat(db: Connection, chat_id: int) -> AlertSettings:
    """The settings of a chat; the defaults for one that never talked to us."""
    row = db.first_row(f"{_SELECT} WHERE c.chat_id = :chat_id", {"chat_id": chat_id})
    return _settings(row) if row else AlertSettings()


def of_awake_chats(db: Connection) -> dict[int, AlertSettings]:
    """The settings of every chat that may be written to and has changed any; all others have the defaults."""
    sql = "SELECT c.timezone, s.* FROM alert_settings s JOIN chats c ON c.chat_id = s.chat_id WHERE c.paused = 0"
    return {int(row["chat_id"]): _settings(row) for row in db.rows(sql)}


def wanting_storms(db: Connection) -> list[int]:
    """The chats that may be written to and want to hear of storms."""
    sql = (
        "SELECT c.chat_id FROM alert_settings s JOIN chats c ON c.chat_id = s.chat_id"
        " WHERE c.paused = 0 AND s.storms = 1 ORDER BY c.chat_id"
    )
    return [chat_id for (chat_id,) in db.execute(sql)]


def preferences(db: Connection, chat_id: int) -> Preferences:
    """How a chat wants to be answered; the defaults for one that never said. Asked for with every message."""
    sql = "SELECT language, expert, theme FROM alert_settings WHERE chat_id = :chat_id"
    row = db.execute(sql, {"chat_id": chat_id}).fetchone()
    return Preferences(row[0], bool(row[1]), row[2]) if row else Preferences()


def language_of(db: Connection, chat_id: int) -> str:
    """The language of a chat: chosen, else as Telegram told; English for one that never talked to us."""
    row = db.execute(
        "SELECT coalesce(s.language, c.language) FROM chats c"
        " LEFT JOIN alert_settings s ON s.chat_id = c.chat_id WHERE c.chat_id = :chat_id",
        {"chat_id": chat_id},
    ).fetchone()
    return str(row[0]) if row else ENGLISH


def foreign_languages(db: Connection) -> dict[int, str]:
    """The language of every chat that may be written to in another one than English: chosen, else as Telegram told.

    The codes are as they were told: `language.nearest` knows which of ours is meant.
    """
    sql = (
        "SELECT c.chat_id, coalesce(s.language, c.language) FROM chats c LEFT JOIN alert_settings s"
        " ON s.chat_id = c.chat_id WHERE c.paused = 0 AND lower(coalesce(s.language, c.language)) NOT LIKE 'en%'"
    )
    return dict(db.execute(sql))


def save(db: Connection, chat_id: int, settings: AlertSettings) -> None:
    """Keep the settings of a chat that has talked to us."""
    sql = "UPDATE chats SET timezone = :timezone WHERE chat_id = :chat_id"
    db.execute(sql, {"timezone": settings.timezone, "chat_id": chat_id})
    values: dict[str, object] = {
        "digest_mode": settings.digest_mode.value,
        "digest_at": _clock(settings.digest_at),
        "quiet_since": _clock(settings.quiet.since if settings.quiet else None),
        "quiet_until": _clock(settings.quiet.until if settings.quiet else None),
        "weekly_budget": settings.weekly_budget,
        "changed_at": stamp_or_none(settings.changed_at),
        "pending": settings.pending.isoformat() if settings.pending else None,
        "language": settings.language,
        "expert": settings.expert,
        "theme": settings.theme,
        "storms": settings.storms,
    }
    db.execute(put("alert_settings", ("chat_id",), values), values | {"chat_id": chat_id})


def _clock(local: time | None) -> str | None:
    return local.isoformat("minutes") if local is not None else None


def _settings(row: dict[str, Any]) -> AlertSettings:
    if row["digest_mode"] is None:  # no row of its own
        return AlertSettings(timezone=row["timezone"])
    quiet = None
    if row["quiet_since"] is not None:
        quiet = QuietHours(time.fromisoformat(row["quiet_since"]), time.fromisoformat(row["quiet_until"]))
    return AlertSettings(
        timezone=row["timezone"],
        digest_mode=DigestMode(row["digest_mode"]),
        digest_at=time.fromisoformat(row["digest_at"]) if row["digest_at"] else None,
        quiet=quiet,
        weekly_budget=row["weekly_budget"],
        changed_at=unstamp_or_none(row["changed_at"]),
        pending=date.fromisoformat(row["pending"]) if row["pending"] else None,
        language=row["language"],
        expert=bool(row["expert"]),
        theme=row["theme"],
        storms=bool(row["storms"]),
    )
