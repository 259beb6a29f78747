"""What must hold beside Telegram: every digest reaches every target, again only as often as attempts ended unknown."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from bellwether.db.database import Store
from bellwether.delivery.outbox_table import GONE
from bellwether.delivery.targets.target import TargetKind
from tests.chaos.other_channels import OtherChannels
from tests.chaos.plan import GROUP, HEARERS, READER, SUPERGROUP
from tests.chaos.promises import Broken, Figures, Happened

_DONE = {"sent", "expired", "failed"}


def _rows(store: Store) -> list[dict[str, Any]]:
    with store.reading() as db:
        return db.rows(
            "SELECT o.*, t.chat_id, t.kind AS target_kind FROM outbox AS o JOIN targets AS t ON t.id = o.recipient_id"
            " WHERE o.recipient_kind = 'target' ORDER BY o.id"
        )


def left_behind(store: Store) -> bool:
    """Whether somebody has claimed messages, be he alive or dead."""
    return any(row["state"] == "sending" for row in _rows(store))


def settled(store: Store, session: date, happened: Happened) -> bool:
    """Whether nothing of a session is under way any more, and nothing is lacking but for who had blocked the bot."""
    rows = [row for row in _rows(store) if row["dedup_key"].endswith(f":{session}")]
    arrived = {(_chat(row["chat_id"]), row["target_kind"]) for row in rows if row["state"] == "sent"}
    lacking = {chat for chat in HEARERS for kind in ("ntfy", "mail") if (chat, kind) not in arrived}
    return lacking <= happened.blocked and all(row["state"] in _DONE for row in rows)


def check(others: OtherChannels, store: Store, sessions: list[date], happened: Happened, figures: Figures) -> None:
    """Hold what arrived against what was owed, and count it. Raises Broken."""
    rows = _rows(store)
    keys = Counter((_chat(row["chat_id"]), row["target_kind"], row["dedup_key"].rpartition(":")[2]) for row in rows)
    wanted = {(chat, kind.value, str(day)) for chat in HEARERS for kind in _KINDS for day in sessions}
    lacking = {chat for chat, *_ in wanted - keys.keys()}
    if keys.keys() - wanted or max(keys.values()) > 1 or not lacking <= happened.blocked:
        raise Broken(f"rows that differ from one a target and session: {keys}")
    figures.targets_left += len(wanted - keys.keys())
    for row in rows:
        _check_row(others, row, happened, figures)


_KINDS = (TargetKind.NTFY, TargetKind.MAIL)


def _check_row(others: OtherChannels, row: dict[str, Any], happened: Happened, figures: Figures) -> None:
    chat, day = _chat(row["chat_id"]), date.fromisoformat(row["dedup_key"].rpartition(":")[2])
    kind = TargetKind(row["target_kind"])
    texts = others.texts(kind, chat)
    copies = sum(f"Close of {day.day} {day:%B}." in text for text in texts)
    if chat in happened.blocked and row["state"] == "failed" and str(row["last_error"]).startswith(GONE):
        figures.targets_left += 1
        return
    figures.targets_owed += 1
    figures.targets_twice += max(copies - 1, 0)
    figures.targets_explained += row["uncertain"]
    if row["state"] != "sent" or not copies:
        figures.targets_missing += 1
        raise Broken(f"{row['dedup_key']} never arrived by {kind.value}: {row}")
    if copies > 1 + row["uncertain"]:
        raise Broken(f"{row['dedup_key']} came {copies} times by {kind.value}: {row}")
    if chat == READER and (lacking := [name for name in _symbols(row["text"]) if not any(name in it for it in texts)]):
        raise Broken(f"{row['dedup_key']} did not come whole by {kind.value}: {lacking}")


def _symbols(text: str) -> list[str]:
    """The symbols of a digest as its lines name them."""
    return [word for word in text.split() if word.startswith("(") and word.endswith(")") and word[1:-1].isupper()]


def _chat(chat_id: int) -> int:
    """The group keeps its first number here."""
    return GROUP if chat_id == SUPERGROUP else chat_id
