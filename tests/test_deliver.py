"""Delivery: claimed once, retried sensibly, given up with a reason."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bellwether.core.config import load_settings
from bellwether.core.errors import StoreError
from bellwether.db.connection import Connection
from bellwether.db.database import unstamp
from bellwether.delivery import admin_notes, chats_table, outbox_claims_table, outbox_table
from bellwether.delivery.channels.channel import AT_ONCE, Accepted
from bellwether.delivery.deliver import MOST_AT_ONCE
from bellwether.delivery.messages import OutboxMessage, RecipientKind, recipient_of
from bellwether.delivery.outbox_claims_table import LEASE
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.retry import DOUBLING, MOST_STRIKES, Cause, DeliveryError, next_attempt
from bellwether.services import Services, build_services
from tests.support.database import new_database
from tests.support.deliveries import deliver

NOW = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


class FakeTransport:
    """Remembers what it was given; `fail` may raise."""

    def __init__(self, fail: Callable[[OutboxMessage], None] = lambda message: None) -> None:
        self.sent: list[OutboxMessage] = []
        self._fail = fail

    async def send(self, message: OutboxMessage) -> Accepted:
        self._fail(message)
        self.sent.append(message)
        return Accepted()

    def resting(self, longer_than: float = 0.0) -> list[int]:
        return []

    def at_once(self) -> int:
        return AT_ONCE


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(tmp_path: Path, clock: Clock) -> Services:
    settings = load_settings(database={"path": new_database(tmp_path / "t.sqlite3")}, models={"folder": tmp_path})
    return build_services(settings, clock=clock)


def owe(services: Services, key: str = "digest:7:2021-12-30", chat_id: int = 7, hours: float = 12) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, "en", NOW)
        draft = outbox_table.Draft(key, recipient_of(chat_id), "digest", "hello", NOW, NOW + timedelta(hours=hours))
        assert outbox_table.enqueue(db, draft, NOW)


def state(services: Services) -> list[tuple[str, int, str | None]]:
    with services.store.transaction() as db:
        found = db.rows("SELECT state, attempts, last_error FROM outbox ORDER BY id")
    return [(str(row["state"]), int(row["attempts"]), row["last_error"]) for row in found]


def failing(error: DeliveryError) -> Callable[[OutboxMessage], None]:
    def fail(message: OutboxMessage) -> None:
        raise error

    return fail


def test_a_message_is_sent_once(services: Services) -> None:
    owe(services)
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).sent == 1
    assert asyncio.run(deliver(services, transport)).sent == 0
    assert [message.text for message in transport.sent] == ["hello"]
    assert state(services) == [("sent", 1, None)]


def test_a_message_outlives_an_outage_of_hours_and_is_tried_ever_less_often(services: Services, clock: Clock) -> None:
    owe(services)
    broken = FakeTransport(failing(DeliveryError("NetworkError")))
    tries = 0
    for _ in range(11 * 60):
        tries += asyncio.run(deliver(services, broken)).put_back
        clock.now += timedelta(minutes=1)
    assert 40 < tries < 60
    transport = FakeTransport()
    clock.now += timedelta(minutes=15)
    assert asyncio.run(deliver(services, transport)).sent == 1


def test_it_waits_as_long_as_telegram_asks(services: Services, clock: Clock) -> None:
    owe(services)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("flood", retry_after=timedelta(seconds=77))))))
    transport = FakeTransport()
    clock.now = NOW + timedelta(seconds=76)
    assert asyncio.run(deliver(services, transport)).sent == 0
    clock.now = NOW + timedelta(seconds=77)
    assert asyncio.run(deliver(services, transport)).sent == 1


def test_a_blocked_bot_pauses_the_chat(services: Services) -> None:
    owe(services)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("Forbidden", Cause.GONE)))))
    assert state(services) == [("failed", 1, "gone: Forbidden")]
    with services.store.transaction() as db:
        found = chats_table.get(db, 7)
    assert found is not None
    assert found.paused


def test_a_chat_that_moved_gets_the_message_at_its_new_number(services: Services, clock: Clock) -> None:
    owe(services, chat_id=-7)

    def moved(message: OutboxMessage) -> None:
        if message.recipient.id == -7:
            raise DeliveryError("moved", Cause.MOVED, moved_to=-1007)

    transport = FakeTransport(moved)
    asyncio.run(deliver(services, transport))
    assert [message.recipient.id for message in transport.sent] == [-1007]


def test_a_stale_message_is_dropped_and_counted(services: Services, clock: Clock) -> None:
    owe(services, hours=1)
    clock.now += timedelta(hours=1)
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).expired == 1
    assert transport.sent == []
    assert state(services)[0][0] == "expired"


def test_a_message_whose_sender_died_is_sent_after_the_lease(services: Services, clock: Clock) -> None:
    owe(services)
    with services.store.transaction() as db:
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is not None
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).sent == 0
    clock.now += LEASE
    assert asyncio.run(deliver(services, transport)).sent == 1


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("error", "attempts", "again"),
    [
        (DeliveryError("x"), 1, 5),
        (DeliveryError("x"), 2, 10),
        (DeliveryError("x"), 7, 320),
        (DeliveryError("x"), 50, 900),
        (DeliveryError("x", Cause.REFUSED), 1, None),
        (DeliveryError("x", Cause.GONE), 1, None),
        (DeliveryError("x", Cause.TOO_FAST, retry_after=timedelta(seconds=1)), 9, 1),
        (DeliveryError("x", Cause.TOO_FAST, retry_after=timedelta(seconds=60)), 1, 60),
        (DeliveryError("x", Cause.MOVED, moved_to=-100), 1, 0),
        (DeliveryError("x", Cause.MOVED, moved_to=-100), 4, 40),
        (DeliveryError("x", Cause.MAY_NOT_WRITE), 1, 5),
        (DeliveryError("x", Cause.MAY_NOT_SEND_THIS), 50, 900),
    ],
)
def test_should_it_try_again_and_when(error: DeliveryError, attempts: int, again: int | None) -> None:
    answer = next_attempt(DOUBLING, error, attempts, 0, NOW)
    assert answer == (None if again is None else NOW + timedelta(seconds=again))


# ---- order


def test_a_chat_gets_its_messages_in_order_though_the_first_must_be_tried_again(
    services: Services, clock: Clock
) -> None:
    owe(services, "digest:7:a")
    owe(services, "digest:7:b")
    owe(services, "digest:8:a", chat_id=8)
    flooded = [True]

    def fail_once(message: OutboxMessage) -> None:
        if message.dedup_key == "digest:7:a" and flooded.pop():
            flooded.append(False)
            raise DeliveryError("flood", Cause.TOO_FAST, retry_after=timedelta(seconds=30))

    transport = FakeTransport(fail_once)
    asyncio.run(deliver(services, transport))
    assert [message.dedup_key for message in transport.sent] == ["digest:8:a"], "the other chat does not wait"
    clock.now += timedelta(seconds=29)
    asyncio.run(deliver(services, transport))
    assert len(transport.sent) == 1, "what came after the refused one waits with it"
    clock.now += timedelta(seconds=1)
    asyncio.run(deliver(services, transport))
    assert [message.dedup_key for message in transport.sent] == ["digest:8:a", "digest:7:a", "digest:7:b"]


def test_a_message_for_later_holds_up_nothing(services: Services) -> None:
    with services.store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        for key, wait in (("digest:7:quiet", 8), ("digest:7:now", 0)):
            begins = NOW + timedelta(hours=wait)
            outbox_table.enqueue(
                db, outbox_table.Draft(key, recipient_of(7), "digest", "x", begins, begins + timedelta(hours=1)), NOW
            )
    transport = FakeTransport()
    asyncio.run(deliver(services, transport))
    assert [message.dedup_key for message in transport.sent] == ["digest:7:now"]


def test_several_chats_are_written_to_at_once_and_each_chat_one_message_at_a_time(services: Services) -> None:
    for chat_id in range(1, AT_ONCE + 4):
        owe(services, f"digest:{chat_id}:a", chat_id)
        owe(services, f"digest:{chat_id}:b", chat_id)
    under_way: list[int] = []
    most = [0]

    class Slow:
        async def send(self, message: OutboxMessage) -> Accepted:
            assert message.recipient.id not in under_way
            under_way.append(message.recipient.id)
            most[0] = max(most[0], len(under_way))
            await asyncio.sleep(0.1)
            under_way.remove(message.recipient.id)
            return Accepted()

        def resting(self, longer_than: float = 0.0) -> list[int]:
            return []

        def at_once(self) -> int:
            return AT_ONCE

    assert asyncio.run(deliver(services, Slow())).sent == 2 * (AT_ONCE + 3)
    assert 1 < most[0] <= AT_ONCE


def test_messages_are_claimed_and_marked_in_groups(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 10 * AT_ONCE
    for chat_id in range(1, count + 1):
        owe(services, f"digest:{chat_id}:a", chat_id)
    transactions, real = [0], services.store.transaction

    def counted() -> AbstractContextManager[Connection]:
        transactions[0] += 1
        return real()

    monkeypatch.setattr(services.store, "transaction", counted)
    assert asyncio.run(deliver(services, FakeTransport())).sent == count
    assert transactions[0] <= count / 3


def test_a_transport_that_is_far_away_may_have_more_under_way_up_to_the_stated_bound(services: Services) -> None:
    for chat_id in range(1, 3 * MOST_AT_ONCE):
        owe(services, f"digest:{chat_id}:a", chat_id)
    most, under_way = [0], [0]

    class Far(FakeTransport):
        async def send(self, message: OutboxMessage) -> Accepted:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            await asyncio.sleep(0.02)
            under_way[0] -= 1
            return await super().send(message)

        def at_once(self) -> int:
            return 1000

    assert asyncio.run(deliver(services, Far())).sent == 3 * MOST_AT_ONCE - 1
    assert AT_ONCE < most[0] <= MOST_AT_ONCE


def test_what_arrived_is_written_down_though_the_database_is_busy_for_a_while(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellwether.delivery.deliver._PATIENCE", (0, 0, 0))
    owe(services)
    owe(services, "digest:8:a", chat_id=8)
    troubles, real = iter([True, True]), outbox_table.mark_sent

    def busy(*args: Any) -> bool:
        if next(troubles, False):
            raise StoreError("busy")
        return real(*args)

    monkeypatch.setattr(outbox_table, "mark_sent", busy)
    transport = FakeTransport()
    assert asyncio.run(deliver(services, transport)).sent == 2
    assert len(transport.sent) == 2
    assert [row[0] for row in state(services)] == ["sent", "sent"]


@pytest.mark.parametrize("fault", ["arrival", "chat", "refusal"])
def test_a_result_that_cannot_be_written_down_costs_no_other_message_anything(
    services: Services, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for chat_id in range(1, 8):
        owe(services, f"digest:{chat_id}:a", chat_id)

    mark_sent, was_written_to = outbox_table.mark_sent, chats_table.was_written_to

    def mark_unless_numbered(db: Connection, message: OutboxMessage, now: datetime, number: int | None = None) -> bool:
        if number == 7:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return mark_sent(db, message, now, number)

    def note_unless_seven(db: Connection, chat_id: int, now: datetime) -> None:
        if chat_id == 7:
            raise ValueError("a fault of ours")
        was_written_to(db, chat_id, now)

    def tell_nobody(*args: object) -> None:
        raise ValueError("a fault of ours")

    class Numbered(FakeTransport):
        async def send(self, message: OutboxMessage) -> Accepted:
            await super().send(message)
            return Accepted(number=message.recipient.id)

    def refuse(message: OutboxMessage) -> None:
        if fault == "refusal" and message.recipient.id == 7:
            raise DeliveryError("Bad Request", Cause.REFUSED)

    module, name, replacement = {
        "arrival": (outbox_table, "mark_sent", mark_unless_numbered),
        "chat": (chats_table, "was_written_to", note_unless_seven),
        "refusal": (admin_notes, "tell", tell_nobody),
    }[fault]
    monkeypatch.setattr(module, name, replacement)
    transport = Numbered(refuse)
    did = asyncio.run(deliver(services, transport))
    assert len(transport.sent) == len({message.recipient.id for message in transport.sent}) == did.sent
    states = [row[0] for row in state(services)]
    assert states == ["sent"] * 6 + ["pending" if fault == "refusal" else "sent"]


# ---- what cannot be sent


def test_a_reader_who_comes_back_gets_what_is_still_fresh(services: Services) -> None:
    owe(services, "digest:7:a")
    owe(services, "digest:7:b")
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("Forbidden", Cause.GONE)))))
    assert [row[0] for row in state(services)] == ["failed", "failed"], "the second is not even tried"
    with services.store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    transport = FakeTransport()
    asyncio.run(deliver(services, transport))
    assert [message.dedup_key for message in transport.sent] == ["digest:7:a", "digest:7:b"]


def test_a_message_that_fails_while_others_arrive_becomes_a_dead_letter(services: Services, clock: Clock) -> None:
    owe(services, "digest:7:poison")

    def poison(message: OutboxMessage) -> None:
        if "poison" in message.dedup_key:
            raise DeliveryError("NetworkError", Cause.UNANSWERED)

    tries = 0
    for number in range(100):
        owe(services, f"digest:8:{number}", chat_id=8)
        tries += asyncio.run(deliver(services, FakeTransport(poison))).put_back
        clock.now += timedelta(minutes=2)
    assert state(services)[0][0] == "failed"
    assert tries == MOST_STRIKES + 1, "the first failure is nobody's fault"


def test_a_message_that_only_has_to_wait_is_never_a_dead_letter(services: Services, clock: Clock) -> None:
    owe(services, "digest:7:busy")

    def flood(message: OutboxMessage) -> None:
        if message.recipient.id == 7:
            raise DeliveryError("flood", Cause.TOO_FAST, retry_after=timedelta(seconds=30))

    for number in range(3 * MOST_STRIKES):
        owe(services, f"digest:8:{number}", chat_id=8)
        asyncio.run(deliver(services, FakeTransport(flood)))
        clock.now += timedelta(seconds=30)
    transport = FakeTransport()
    asyncio.run(deliver(services, transport))
    assert [message.dedup_key for message in transport.sent] == ["digest:7:busy"]


@pytest.mark.parametrize(
    "error",
    [DeliveryError("x"), DeliveryError("x", Cause.TOO_FAST, retry_after=timedelta(hours=3))],
    ids=["an outage", "a flood limit"],
)
def test_what_an_outage_makes_stale_expires_and_is_no_dead_letter(
    services: Services, clock: Clock, error: DeliveryError
) -> None:
    owe(services, hours=1)
    expired = 0
    for _ in range(62):
        expired += asyncio.run(deliver(services, FakeTransport(failing(error)))).expired
        clock.now += timedelta(minutes=1)
    assert (expired, state(services)[0][0]) == (1, "expired")


def test_a_fault_of_ours_in_one_message_holds_up_no_other(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    owe(services, "digest:7:a")
    owe(services, "digest:8:a", chat_id=8)

    def broken(message: OutboxMessage) -> None:
        if message.recipient.id == 7:
            raise ZeroDivisionError

    did = asyncio.run(deliver(services, FakeTransport(broken)))
    assert (did.sent, did.put_back) == (1, 1)
    assert "could not be sent" in caplog.text


@pytest.mark.parametrize(
    ("cause", "uncertain"),
    [(Cause.UNANSWERED, 1), (Cause.UNREACHABLE, 0), (Cause.TOO_FAST, 0)],
    ids=lambda one: str(one),
)
def test_whether_a_failed_message_may_have_arrived_is_written_down(
    services: Services, cause: Cause, uncertain: int
) -> None:
    owe(services)
    asyncio.run(deliver(services, FakeTransport(failing(DeliveryError("x", cause)))))
    with services.store.transaction() as db:
        (row,) = db.rows("SELECT uncertain FROM outbox")
    assert row == {"uncertain": uncertain}


# ---- messages in parts, and chats that make others wait


class InParts(FakeTransport):
    """Takes each message in three parts."""

    def __init__(self, fail: Callable[[OutboxMessage], None] = lambda message: None) -> None:
        super().__init__(fail)
        self.arrived: list[tuple[str, int]] = []

    async def send(self, message: OutboxMessage) -> Accepted:
        await super().send(message)
        self.arrived.append((message.dedup_key, message.parts_sent))
        return Accepted(len(self.arrived), more=message.parts_sent < 2)


def test_a_long_message_goes_part_by_part_before_the_next_one_of_its_chat(services: Services) -> None:
    owe(services)
    owe(services, "digest:7:later")
    transport = InParts()
    assert asyncio.run(deliver(services, transport)).sent == 2
    assert transport.arrived == [(key, part) for key in ("digest:7:2021-12-30", "digest:7:later") for part in range(3)]
    with services.store.reading() as db:
        numbers = [row["telegram_id"] for row in db.rows("SELECT telegram_id FROM outbox ORDER BY id")]
    assert numbers == [1, 4]  # the first part is the one that can be answered


def test_a_kill_between_two_parts_repeats_only_the_part_that_was_on_its_way(services: Services, clock: Clock) -> None:
    owe(services)
    killed = InParts(lambda message: (_ for _ in ()).throw(asyncio.CancelledError) if message.parts_sent == 1 else None)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(deliver(services, killed))
    with services.store.transaction() as db:
        outbox_claims_table.release_claims(db, RecipientKind.CHAT)
    after = InParts()
    assert asyncio.run(deliver(services, after)).sent == 1
    assert [part for _, part in killed.arrived + after.arrived] == [0, 1, 2]
    with services.store.reading() as db:
        (row,) = db.rows("SELECT state, uncertain FROM outbox")
    assert row == {"state": "sent", "uncertain": 1}


def test_a_part_that_is_refused_for_a_while_neither_repeats_those_before_it_nor_counts_them_as_failures(
    services: Services, clock: Clock
) -> None:
    owe(services)
    error = DeliveryError("x")
    asyncio.run(
        deliver(services, InParts(lambda message: failing(error)(message) if message.parts_sent == 2 else None))
    )
    with services.store.reading() as db:
        (row,) = db.rows("SELECT parts_sent, not_before FROM outbox")
    assert (row["parts_sent"], unstamp(row["not_before"])) == (2, NOW + timedelta(seconds=5))  # as after one failure
    clock.now += timedelta(seconds=5)
    after = InParts()
    assert asyncio.run(deliver(services, after)).sent == 1
    assert after.arrived == [("digest:7:2021-12-30", 2)]


def test_chats_that_must_wait_for_their_turn_hold_up_nobody_else(services: Services) -> None:
    """More groups than can be under way at once wait for their turn; a person's message that comes later goes first."""
    groups = [-100 - number for number in range(3 * AT_ONCE)]
    for group in groups:
        owe(services, f"digest:{group}:x", chat_id=group)
    owe(services, "digest:7:x")

    class SlowGroups(FakeTransport):
        async def send(self, message: OutboxMessage) -> Accepted:
            if message.recipient.id < 0:
                await asyncio.wait_for(person.wait(), 5)
            accepted = await super().send(message)
            if message.recipient.id == 7:
                person.set()
            return accepted

        def resting(self, longer_than: float = 0.0) -> list[int]:
            return [] if person.is_set() or longer_than else groups

    async def run() -> int:
        return (await deliver(services, transport)).sent

    person, transport = asyncio.Event(), SlowGroups()
    assert asyncio.run(run()) == len(groups) + 1
    assert transport.sent[0].recipient.id == 7


def test_messages_of_chats_that_rest_are_sent_all_the_same_when_there_are_no_others(services: Services) -> None:
    class Resting(FakeTransport):
        def resting(self, longer_than: float = 0.0) -> list[int]:
            return [] if longer_than else [7, 8]

    for key, chat_id in (("digest:7:x", 7), ("digest:8:x", 8)):
        owe(services, key, chat_id=chat_id)
    assert asyncio.run(deliver(services, Resting())).sent == 2


# ---- clocks


def test_a_clock_that_jumps_ahead_makes_nobody_send_twice(services: Services, clock: Clock) -> None:
    owe(services)
    sent: list[int] = []

    class Slow:
        async def send(self, message: OutboxMessage) -> Accepted:
            sent.append(message.id)
            clock.now += timedelta(hours=2)  # the lease of the claim has run out by the clock
            if message.recipient.id == 7:
                owe(services, "digest:8:late", chat_id=8)
            await asyncio.sleep(0.05)
            return Accepted()

        def resting(self, longer_than: float = 0.0) -> list[int]:
            return []

        def at_once(self) -> int:
            return AT_ONCE

    asyncio.run(deliver(services, Slow()))
    assert sorted(sent) == [1, 2]
    assert [row[0] for row in state(services)] == ["sent", "sent"]


def test_a_clock_that_is_set_back_makes_nobody_wait(services: Services, clock: Clock) -> None:
    owe(services, "digest:7:a")
    owe(services, "digest:8:a", chat_id=8)

    def flood(message: OutboxMessage) -> None:
        if message.recipient.id == 8:
            raise DeliveryError("x")

    clock.now -= timedelta(days=1)
    transport = FakeTransport(flood)
    asyncio.run(deliver(services, transport))
    assert [message.recipient.id for message in transport.sent] == [7], "it was due when it was written"
    clock.now -= timedelta(days=1)
    again = FakeTransport()
    asyncio.run(deliver(services, again))
    assert [message.recipient.id for message in again.sent] == [8], "so was its next try"


def test_a_chat_that_met_a_flood_limit_keeps_no_run_waiting(services: Services) -> None:
    class Flooded(FakeTransport):
        def resting(self, longer_than: float = 0.0) -> list[int]:
            return [7]

    owe(services)
    owe(services, "digest:8:x", chat_id=8)
    transport = Flooded()
    assert asyncio.run(deliver(services, transport)).sent == 1
    assert [message.recipient.id for message in transport.sent] == [8]
    assert state(services)[0][0] == "pending"
