"""Whom messages are for: recipients of old rows, and channels that share one loop."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bellwether.db import encryption
from bellwether.db.database import stamp
from bellwether.db.migrations import migrations
from bellwether.delivery import outbox_claims_table, outbox_table
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.channels.webhook import WebhookChannel
from bellwether.delivery.deliver import DeliveryRun, deliver
from bellwether.delivery.messages import OutboxMessage, RecipientKind, owner_of_key, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder, Draft, MessageState
from bellwether.delivery.retry import DeliveryError
from bellwether.delivery.webhooks import webhook_outbox_table
from bellwether.webhooks.events import event_of
from tests.support.database import store_at

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY_3, WEBHOOK_5 = -(10**16) - 3, -2 * 10**16 - 5  #: as old rows have them
STATES = [state.value for state in MessageState]


def old_outbox(path: Path) -> None:
    """A database of the version before, with a message in every state to each kind of recipient."""
    db = Database(encryption.connect(path, "", isolation_level=None), execute_plugins=False)
    migrations.apply(db, stop_before="named_recipients")
    for state in STATES:
        for kind, chat_id, text in (
            ("digest", 7, "words\nand more"),
            ("digest", -1001234567890, "words"),
            ("digest", 0, "words"),
            ("move", KEY_3, "words"),
            ("webhook", WEBHOOK_5, f'evt_{state}\n{{"a":"b\\\\n"}}'),
        ):
            db.conn.execute(
                "INSERT INTO outbox (dedup_key, chat_id, kind, text, state, attempts, not_before, expires_at,"
                " created_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
                (
                    f"{kind}:{chat_id}:{'evt_' if kind == 'webhook' else ''}{state}",
                    chat_id,
                    kind,
                    text,
                    state,
                    stamp(NOW),
                    stamp(NOW + timedelta(days=1)),
                    stamp(NOW),
                ),
            )
    db.conn.close()


@pytest.mark.sqlite
def test_old_rows_keep_their_state_and_say_whom_they_are_for(tmp_path: Path) -> None:
    old_outbox(tmp_path / "old.sqlite3")
    with store_at(tmp_path / "old.sqlite3").transaction() as db:
        kept = {
            (row["recipient_kind"], row["recipient_id"], row["state"], row["event_id"], row["text"], row["dedup_key"])
            for row in db.rows("SELECT * FROM outbox")
        }
        assert kept == {
            row
            for state in STATES
            for row in (
                ("chat", 7, state, None, "words\nand more", f"digest:7:{state}"),
                ("chat", -1001234567890, state, None, "words", f"digest:-1001234567890:{state}"),
                ("terminal", 0, state, None, "words", f"digest:0:{state}"),
                ("key", 3, state, None, "words", f"move:{KEY_3}:{state}"),
                ("webhook", 5, state, f"evt_{state}", '{"a":"b\\\\n"}', f"webhook:5:evt_{state}"),
            )
        }
        for state in STATES:
            assert not webhook_outbox_table.enqueue(db, 5, f"evt_{state}", "{}", NOW), "it is owed already"


class Postbox(Channel):
    """A channel of the least that one needs."""

    kind = RecipientKind.TERMINAL

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, message: OutboxMessage) -> Accepted:
        """Take a message, but not the first try at any."""
        if message.attempts == 1:
            raise DeliveryError("not yet")
        self.sent.append(message.text)
        return Accepted()


@pytest.mark.parametrize("order", ClaimOrder)
def test_a_channel_needs_no_more_than_a_kind_of_recipient_and_a_way_to_send(tmp_path: Path, order: ClaimOrder) -> None:
    store, channel, now = store_at(tmp_path / "t.sqlite3"), Postbox(), NOW
    channel.order = order  # type: ignore[misc]
    with store.transaction() as db:
        for owner, text in ((0, "first"), (0, "second"), (7, "another's")):
            draft = Draft(f"digest:{owner}:{text}", recipient_of(owner), "digest", text, NOW, NOW + timedelta(hours=1))
            outbox_table.enqueue(db, draft, NOW)

    def run() -> DeliveryRun:
        return asyncio.run(deliver(store, lambda: now, channel))

    tried = 1 if order is ClaimOrder.IN_ORDER else 2
    assert run() == DeliveryRun(put_back=tried)
    now = NOW + timedelta(seconds=5)
    assert run() == DeliveryRun(sent=tried, put_back=2 - tried)
    now = NOW + timedelta(seconds=10)
    assert run() == DeliveryRun(sent=2 - tried)
    assert channel.sent == ["first", "second"]
    with store.reading() as db:
        assert [row["text"] for row in db.rows("SELECT text FROM outbox WHERE state = 'pending'")] == ["another's"]


def test_a_lapsed_claim_is_put_back_for_its_own_channel_alone(tmp_path: Path) -> None:
    store = store_at(tmp_path / "t.sqlite3")
    with store.transaction() as db:
        webhook_outbox_table.enqueue(db, 1, "evt_1", "{}", NOW)
        assert outbox_table.claim_next(db, NOW, RecipientKind.WEBHOOK, ClaimOrder.IN_ORDER)
        later = NOW + timedelta(minutes=3)
        assert outbox_table.claim_next(db, later, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is None
        outbox_claims_table.release_claims(db, RecipientKind.CHAT)
        assert [row["state"] for row in db.rows("SELECT state FROM outbox")] == ["sending"]
        assert outbox_table.claim_next(db, later, RecipientKind.WEBHOOK, ClaimOrder.IN_ORDER)


class Died(BaseException):
    """The process was killed."""


def test_a_dead_processs_claim_holds_nothing_up_when_the_clock_is_set_back(tmp_path: Path) -> None:
    store, now, keys = store_at(tmp_path / "t.sqlite3"), NOW, ("first", "second", "third")
    with store.transaction() as db:
        for key in keys:
            outbox_table.enqueue(db, Draft(key, recipient_of(0), "digest", key, NOW, NOW + timedelta(hours=12)), NOW)

    class Mortal(Postbox):
        order = ClaimOrder.EACH_ITS_TRIES

        def __init__(self, lives: bool) -> None:
            super().__init__()
            self._lives = lives

        async def send(self, message: OutboxMessage) -> Accepted:
            if not self._lives:
                raise Died
            self.sent.append(message.text)
            return Accepted()

    with pytest.raises(Died):
        asyncio.run(deliver(store, lambda: now, Mortal(lives=False)))
    restarted = Mortal(lives=True)
    now = NOW - timedelta(hours=5)
    assert asyncio.run(deliver(store, lambda: now, restarted)).sent == 3
    assert restarted.sent == list(keys), "in order"
    with store.reading() as db:
        uncertain = [row["uncertain"] for row in db.rows("SELECT uncertain FROM outbox ORDER BY id")]
    assert uncertain == [1, 0, 0], "the first may have arrived before"


@pytest.mark.parametrize("back", [timedelta(0), timedelta(seconds=90)])
def test_another_processs_claim_is_left_alone_while_clocks_differ_by_no_more_than_a_lease(
    tmp_path: Path, back: timedelta
) -> None:
    store, channel = store_at(tmp_path / "t.sqlite3"), Postbox()
    with store.transaction() as db:
        outbox_table.enqueue(db, Draft("a", recipient_of(0), "digest", "a", NOW, NOW + timedelta(hours=12)), NOW)
        assert outbox_table.claim_next(db, NOW, RecipientKind.TERMINAL, ClaimOrder.IN_ORDER)
    assert asyncio.run(deliver(store, lambda: NOW - back, channel)) == DeliveryRun()
    with store.reading() as db:
        assert [row["state"] for row in db.rows("SELECT state FROM outbox")] == ["sending"]


def test_a_run_expires_what_is_owed_to_its_own_kind_of_recipients_alone(tmp_path: Path) -> None:
    store, later = store_at(tmp_path / "t.sqlite3"), NOW + timedelta(hours=2)
    with store.transaction() as db:
        for owner in (7, 8, 9, 0, owner_of_key(1)):
            draft = Draft(f"x:{owner}:x", recipient_of(owner), "digest", "x", NOW, NOW + timedelta(hours=1))
            outbox_table.enqueue(db, draft, NOW)
    assert asyncio.run(deliver(store, lambda: later, Postbox())) == DeliveryRun(expired=1)
    webhooks = WebhookChannel(store, lambda: later, event_of, private=True)
    assert asyncio.run(deliver(store, lambda: later, webhooks)) == DeliveryRun(expired=1), "what is owed to owners"
    assert asyncio.run(deliver(store, lambda: later, webhooks)) == DeliveryRun()
    with store.reading() as db:
        waiting = db.rows("SELECT recipient_kind FROM outbox WHERE state = 'pending'")
    assert [row["recipient_kind"] for row in waiting] == ["chat"] * 3
