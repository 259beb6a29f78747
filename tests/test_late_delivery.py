"""A message that Telegram would not take for hours says that it is late, and one that it takes in time does not."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE, Accepted
from bellwether.delivery.messages import OutboxMessage, recipient_of
from bellwether.services import build_services
from tests.support.deliveries import deliver

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


class Remembers:
    """Takes everything."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def send(self, message: OutboxMessage) -> Accepted:
        self.texts.append(message.text)
        return Accepted(1)

    def resting(self, longer_than: float = 0.0) -> list[int]:
        return []

    def at_once(self) -> int:
        return AT_ONCE


@pytest.mark.parametrize(
    ("hours", "end"),
    [(0.0, "news"), (3.9, "news"), (4.0, "due 4 hours ago, but could not be sent in time.</i>"), (9.0, "9 hours ago")],
)
def test_what_is_sent_hours_late_says_so_at_its_end(tmp_path: Path, hours: float, end: str) -> None:
    settings = load_settings(database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path})
    services = build_services(settings, clock=lambda: NOW)
    with services.store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        # held by quiet hours at first: that is not late
        held = NOW + timedelta(hours=8)
        outbox_table.enqueue(
            db,
            outbox_table.Draft("growth:7:x", recipient_of(7), "growth", "news", held, held + timedelta(hours=12)),
            NOW,
        )
    later = replace(services, clock=lambda: held + timedelta(hours=hours))
    transport = Remembers()
    assert asyncio.run(deliver(later, transport)).sent == 1
    assert transport.texts[0].startswith("news")
    assert end in transport.texts[0]
    assert ("Late" in transport.texts[0]) == (hours >= 4)
