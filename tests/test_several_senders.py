"""Several processes that send for one bot: they share what is paid for, and keep out of each other's way."""

import asyncio
import itertools
import logging
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError
from bellwether.db.database import Store
from bellwether.db.postgres_store import PostgresStore
from bellwether.delivery import outbox_table
from bellwether.delivery.messages import RecipientKind, recipient_of
from bellwether.delivery.outbox_table import CALM, Claimable, ClaimOrder, Draft
from bellwether.delivery.sender_place import BEAT, LAPSE, OURS, SenderPlace
from bot.telegram.rate_limits import LEFT, PRIVATE_BURST, SECOND, SHARED_BURST, SendRateLimit
from bot.telegram.shared_pace import SharedPace
from tests.support import postgres
from tests.support.bot_api_server.limits import FloodLimits
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
PACE = 200


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a new database of PostgreSQL."""
    try:
        server = postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))
    name = server.new()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[PostgresStore]:
    store = PostgresStore(url, tmp_path)
    yield store
    store.close()


class Host:
    """One sender: its place and its limit, on a clock that all in a test share."""

    def __init__(self, store: Store, name: str, clock: list[float], pace: int = PACE) -> None:
        self.limit = SendRateLimit(lambda: clock[0], pace, shared=True)
        self.place = SenderPlace(store, "telegram-7", name, pace, lambda: clock[0])

    def beat(self) -> int:
        """The share after one more beat."""
        refused = self.limit.untold()
        share = self.place.beat(self.limit.holds(), self.limit.answered(), refused)
        self.limit.share(share.most, share.until)
        self.limit.answered_elsewhere(share.answered_elsewhere)
        self.limit.refused_elsewhere(share.refused_elsewhere)
        return share.most


def two_with_half_each(store: Store, clock: list[float]) -> tuple[Host, Host]:
    first, second = Host(store, "first", clock), Host(store, "second", clock)
    for host in 3 * (first, second):
        clock[0] += BEAT
        host.beat()
    assert first.limit.holds() == second.limit.holds() == PACE // 2
    return first, second


def owe(store: Store, *chats: int, key: str = "a") -> None:
    with store.transaction() as db:
        for chat in chats:
            until = NOW + timedelta(days=1)
            outbox_table.enqueue(
                db, Draft(f"digest:{chat}:{key}", recipient_of(chat), "digest", "text", NOW, until), NOW
            )


def claim(
    store: Store, now: datetime = NOW, which: Claimable = Claimable.UNTOUCHED
) -> outbox_table.OutboxMessage | None:
    with store.transaction() as db:
        return outbox_table.claim_next(db, now, RecipientKind.CHAT, ClaimOrder.IN_ORDER, which)


# ---- the share


def test_one_has_all_of_the_pace_and_two_have_half_of_it_each(store: Store) -> None:
    clock = [100.0]
    first, second = Host(store, "first", clock), Host(store, "second", clock)
    assert first.beat() == PACE
    assert second.beat() == 0, "until the first knows of it, all is the first one's"
    clock[0] += BEAT
    assert (first.beat(), second.beat()) == (PACE // 2, 0), "what it has sent may still count"
    clock[0] += BEAT
    assert (first.beat(), second.beat()) == (PACE // 2, PACE // 2)
    second.place.leave()
    assert first.beat() == PACE


def test_the_share_of_one_that_died_goes_to_the_others_and_not_before_it_has_ended_by_its_own_clock(
    store: Store,
) -> None:
    clock = [100.0]
    first, second = two_with_half_each(store, clock)
    died_at, shares = clock[0], []
    while clock[0] - died_at <= LAPSE + 2 * BEAT:
        clock[0] += BEAT
        shares.append((clock[0] - died_at, first.beat(), second.limit.holds()))
    assert all(most + others <= PACE + LEFT for _, most, others in shares)
    assert min(most for _, most, _ in shares) == PACE // 2, "nobody starves meanwhile"
    assert shares[-1][1:] == (PACE, LEFT)
    assert OURS + SECOND < LAPSE
    with store.transaction() as db:
        assert first.place.is_ours(db)
        assert not second.place.is_ours(db), "and so it may claim nothing any more"


def test_of_many_that_come_and_go_the_shares_never_add_up_to_more_than_the_pace(store: Store) -> None:
    clock, hosts = [100.0], list[Host]()
    for number in range(5):
        hosts.append(Host(store, str(number), clock))
        for _ in range(2):
            clock[0] += BEAT / 2
            for host in hosts[number % 2 :]:
                host.beat()
            assert sum(host.limit.holds() for host in hosts) <= PACE + LEFT * len(hosts)
    for _ in range(3):
        clock[0] += BEAT
        shares = [host.beat() for host in hosts]
    assert shares == [PACE // 5] * 5


def test_a_flood_limit_that_one_meets_holds_up_the_others_too(store: Store) -> None:
    clock = [100.0]
    first, second = two_with_half_each(store, clock)
    first.limit.refused(1, 30)
    second.limit.refused(2, 20)
    for host in (first, second, first):
        host.beat()
    for host in (first, second):
        assert 20 <= host.limit._wait(3, broadcast=True) <= 30, "two refused chats tell that it is the bot"
        assert {1, 2} <= set(host.limit.resting(longer_than=15))


def test_whoever_cannot_reach_the_database_soon_sends_only_a_few(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(
        telegram={"token": "7:a", "messages_a_second": PACE}, database={"url": "postgresql://nobody@127.0.0.1:1/none"}
    )
    pace = SharedPace(settings, PostgresStore("postgresql://nobody@127.0.0.1:1/none", tmp_path), "telegram-7", "me")

    async def some() -> int:
        async with pace.kept():
            await asyncio.sleep(0.3)
            return pace.limit.holds()

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(some()) == LEFT
    assert "few are sent" in caplog.text


def test_a_sender_whose_beat_fails_as_nobody_foresaw_beats_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(
        telegram={"token": "7:a", "messages_a_second": PACE}, database={"url": "postgresql://nobody@127.0.0.1:1/none"}
    )
    pace = SharedPace(settings, store, "telegram-7", "me")
    monkeypatch.setattr("bot.telegram.shared_pace.BEAT", 0.01)
    assert pace._place is not None
    beats = iter([lambda *told: 1 // 0])
    beat = pace._place.beat
    monkeypatch.setattr(pace._place, "beat", lambda *told: next(beats, beat)(*told))

    async def some() -> int:
        async with pace.kept():
            for _ in range(200):
                await asyncio.sleep(0.05)
                if pace.limit.holds() > LEFT:
                    break
            return pace.limit.holds()

    assert asyncio.run(some()) == PACE
    assert "ZeroDivisionError" in caplog.text


def test_at_the_free_rate_nobody_helps_and_the_database_is_asked_nothing(store: Store) -> None:
    settings = load_settings(telegram={"token": "7:a"}, database={"url": "postgresql://nobody@127.0.0.1:1/none"})
    pace = SharedPace(settings, store, "telegram-7", "me")

    async def some() -> int:
        async with pace.kept():
            await asyncio.sleep(0.1)
            return pace.limit.holds()

    assert asyncio.run(some()) == 30
    with store.transaction() as db:
        assert not pace.may_help(db)
        assert db.rows("SELECT * FROM senders") == []


# ---- one chat, two senders


def test_beside_the_holder_of_the_lease_nobody_takes_what_could_get_in_its_way(store: Store) -> None:
    owe(store, -5)
    assert claim(store) is None, "a group"
    owe(store, 6)
    tried = claim(store)
    assert tried is not None
    with store.transaction() as db:
        outbox_table.reschedule(db, tried, NOW, outbox_table.Setback("no answer", uncertain=True), NOW)
    assert claim(store) is None, "what was tried"
    owe(store, 7)
    first = claim(store)
    owe(store, 7, key="b")
    assert first is not None
    assert claim(store) is None, "a second one to the same chat"
    with store.transaction() as db:
        outbox_table.mark_sent(db, first, NOW)
    assert claim(store, NOW + CALM / 2) is None, "nor so soon after the first"
    second = claim(store, NOW + CALM * 1.1)
    assert second is not None
    assert second.recipient.id == 7
    left = [claim(store, NOW + CALM * 1.1, Claimable.ALL) for _ in range(3)]
    assert [message and message.recipient.id for message in left] == [-5, 6, None]


def test_a_chat_that_is_answered_gets_its_messages_from_whoever_answers(store: Store) -> None:
    clock = [100.0]
    polls, helps = Host(store, "polls", clock), Host(store, "helps", clock)

    async def answer() -> None:
        async with polls.limit.turn(9):
            pass

    asyncio.run(answer())
    for host in (polls, helps):
        host.beat()
    assert list(helps.limit.resting()) == [9]
    assert 9 not in polls.limit.resting()
    clock[0] += CALM.total_seconds() + BEAT
    for host in (polls, helps):
        host.beat()
    assert list(helps.limit.resting()) == []


def test_an_answer_beside_the_message_of_another_process_is_never_too_much_for_a_person() -> None:
    clock = [0.0]
    limits = FloodLimits(enabled=True, clock=lambda: clock[0], paid=PACE)
    polls, helps = (SendRateLimit(lambda: clock[0], PACE, shared=True) for _ in range(2))

    async def send(limit: SendRateLimit, *, broadcast: bool = False) -> bool:
        if limit._wait(9, broadcast) > 0:
            return False
        async with limit.turn(9, broadcast=broadcast):
            limits.count(9, private=True, may_cost=True)  # raises where it came too fast
        return True

    async def crowd() -> int:
        await send(helps, broadcast=True)
        answers = 0
        for _ in range(1000):
            answers += await send(polls)
            clock[0] += 0.01
        return answers

    assert asyncio.run(crowd()) >= 9
    assert SHARED_BURST < PRIVATE_BURST


# ---- the setting


def test_a_pace_that_telegram_never_takes_is_refused_in_one_line() -> None:
    for pace in (0, 1001, "fast"):
        with pytest.raises(ConfigError, match=r"TELEGRAM__MESSAGES_A_SECOND|telegram\.messages_a_second"):
            load_settings(telegram={"messages_a_second": pace})


@pytest.mark.parametrize(("pace", "says"), [(30, False), (31, True)])
def test_the_word_that_a_message_may_cost_something_is_said_only_above_the_free_rate(
    pace: int, says: bool, tmp_path: Path
) -> None:
    with TelegramServer() as server:
        server.open_chat(1001)
        with running_bot(bot_services(server, tmp_path, pace=pace)):
            server.say(1001, "/help")
            server.wait_for(lambda s: s.messages(1001))
        (sent,) = server.calls("sendMessage")
    assert sent.get("allow_paid_broadcast", False) is says


# ---- two bots


def test_nobody_is_told_to_stop_a_host_that_stands_by(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with TelegramServer() as server, ExitStack() as hosts:
        hosted = [bot_services(server, tmp_path / name, database_url=url, admin_chat=99) for name in ("one", "two")]
        answering = hosts.enter_context(running_bot(hosted[0]))
        server.wait_for(lambda _: answering.can_send())
        hosts.enter_context(running_bot(hosted[1]))
        server.wait_for(lambda _: "This one waits until it ends." in caplog.text)
    with hosted[0].store.reading() as db:
        assert db.rows("SELECT text FROM outbox") == []
    for services in hosted:
        services.store.close()


def test_two_senders_keep_to_what_is_paid_for_and_send_everything_once(url: str, tmp_path: Path) -> None:
    pace, count = 60, 150
    with TelegramServer(flood_limits=True, paid_broadcasts=pace) as server, ExitStack() as hosts:
        hosted = [bot_services(server, tmp_path / name, pace=pace, database_url=url) for name in ("one", "two")]
        faces = [hosts.enter_context(running_bot(services)) for services in hosted]
        server.wait_for(lambda _: all(face.can_send() and face.pace.limit.holds() == pace // 2 for face in faces))
        now = hosted[0].clock()
        with hosted[0].store.transaction() as db:
            for chat in range(1, count + 1):
                server.open_chat(chat)
                draft = Draft(f"digest:{chat}:a", recipient_of(chat), "digest", "owed", now, now + timedelta(hours=1))
                outbox_table.enqueue(db, draft, now)
        server.wait_for(lambda s: all(s.messages(chat) for chat in range(1, count + 1)))
        server.ask(1, "/help", 20)
        helped = [len(face.sender._rate_limit._buckets) for face in faces]
    sent = [len([m for m in server.messages(chat) if m.text == "owed"]) for chat in range(1, count + 1)]
    assert set(sent) == {1}
    assert (server.flood_hits, server.violations) == (0, [])
    assert min(helped) > count // 10, "both had a part in it"
    times = sorted(m.sent_at.timestamp() for chat in range(1, count + 1) for m in server.messages(chat))
    assert all(
        later - earlier >= SECOND - 0.1
        for earlier, later in zip(times, itertools.islice(times, pace, None), strict=False)
    )
