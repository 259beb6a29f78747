"""The database: all of a transaction or none, one row a key, one message a sender, and sentences when it fails."""

import errno
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psutil
import pytest

from bellwether.alerts import subscriptions_table
from bellwether.core.errors import StoreError
from bellwether.db import disk_space
from bellwether.db.database import Store, stamp, unstamp
from bellwether.delivery import chats_table, inbox_table, outbox_admin_table, outbox_table
from bellwether.delivery.messages import RecipientKind, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder, Draft, Setback
from tests.support.database import store_at

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "rows.sqlite3")


def draft(key: str = "digest:7:2026-11-23", wait: timedelta = timedelta(0), chat_id: int = 7) -> Draft:
    return Draft(key, recipient_of(chat_id), "digest", "<b>words</b>", NOW + wait, NOW + 60 * MINUTE)


def owe(store: Store, *drafts: Draft) -> list[bool]:
    with store.transaction() as db:
        return [outbox_table.enqueue(db, one, NOW) for one in drafts]


def claim(store: Store, now: datetime = NOW) -> str | None:
    with store.transaction() as db:
        message = outbox_table.claim_next(db, now, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        return message.dedup_key if message else None


def counts(store: Store) -> dict[str, int]:
    with store.transaction() as db:
        return outbox_admin_table.counts(db)


def held_open(path: Path) -> int:
    """How often this process has the file open."""
    return sum(Path(file.path) == path for file in psutil.Process().open_files())


# ---- times


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NOW, "2026-11-23T18:00:00.000000+00:00"),
        (NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-11-23T18:00:00.000000+00:00"),
        (NOW.replace(microsecond=1), "2026-11-23T18:00:00.000001+00:00"),
    ],
)
@pytest.mark.sqlite
def test_times_are_kept_as_utc_text(instant: datetime, text: str) -> None:
    assert stamp(instant) == text
    assert unstamp(text) == instant


@pytest.mark.sqlite
def test_text_order_is_time_order() -> None:
    instants = [NOW + timedelta(microseconds=step) for step in (0, 1, 999_999, 1_000_000, 10**9)]
    assert [stamp(instant) for instant in instants] == sorted(stamp(instant) for instant in instants)


@pytest.mark.sqlite
def test_it_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        stamp(datetime(2026, 11, 23))  # noqa: DTZ001  # naive is the point


# ---- transactions


def test_all_of_a_transaction_is_kept_or_none_of_it(store: Store) -> None:
    with pytest.raises(RuntimeError, match="halfway"), store.transaction() as db:
        outbox_table.enqueue(db, draft(), NOW)
        raise RuntimeError("halfway")
    assert counts(store) == {}
    assert owe(store, draft()) == [True]


def test_what_is_kept_outlives_the_process(store: Store) -> None:
    owe(store, draft())
    store.close()
    store.close()  # closing twice is fine
    assert counts(store_at(store.path)) == {"pending": 1}
    assert counts(store) == {"pending": 1}  # and it opens again


def test_every_thread_has_its_own_connection(store: Store) -> None:
    def write(chat_id: int) -> bool:
        return owe(store, draft(f"k{chat_id}", chat_id=chat_id))[0]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(40)))
    assert counts(store) == {"pending": 40}


def test_a_writer_that_read_first_waits_for_another_writer(store: Store) -> None:
    with store.transaction() as db:
        chats_table.join(db, 1, "en", NOW)

    def another_writer() -> None:
        with store.transaction() as db:
            chats_table.join(db, 2, "en", NOW)

    other = threading.Thread(target=another_writer)
    with store.transaction() as db:
        subscriptions_table.of_chat(db, 1)
        other.start()
        other.join(0.3)  # it either went before us or waits for us
        subscriptions_table.add(db, 1, "AAPL", "XNYS", NOW)
    other.join()
    with store.transaction() as db:
        assert chats_table.get(db, 2) is not None
        assert [one.symbol for one in subscriptions_table.of_chat(db, 1)] == ["AAPL"]


@pytest.mark.sqlite
def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    store_at(tmp_path / "new" / "rows.sqlite3")
    assert list(tmp_path.iterdir()) == []


# ---- opening


@pytest.mark.sqlite
def test_it_makes_its_folder(tmp_path: Path) -> None:
    store = store_at(tmp_path / "a" / "b" / "rows.sqlite3")
    assert counts(store) == {}
    assert store.path.is_file()


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: path.mkdir(), "cannot be opened"),
        (lambda path: path.write_text("this is no database, " * 100), "not a healthy database"),
        (lambda path: path.parent.rmdir() or path.parent.write_text("a file"), "cannot be opened"),
    ],
    ids=["a folder", "not a database", "no folder"],
)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, prepare: object, words: str) -> None:
    path = tmp_path / "var" / "rows.sqlite3"
    path.parent.mkdir()
    assert callable(prepare)
    prepare(path)
    for _ in range(2):  # and it stays so
        with pytest.raises(StoreError) as error:
            counts(store_at(path))
        assert words in error.value.for_operator
        assert "rows.sqlite3" in error.value.for_operator
        assert "\n" not in error.value.for_operator
        assert "rows.sqlite3" not in str(error.value), "where files lie is the operator's business"


@pytest.mark.sqlite
def test_a_file_that_cannot_be_used_is_not_held_open_once_more_at_each_try(store: Store) -> None:
    assert counts(store) == {}
    store.close()
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("INSERT INTO _sqlite_migrations VALUES (99, 'bellwether', 'a_later_one', '')")
    later = store_at(store.path)
    for _ in range(3):
        with pytest.raises(StoreError), later.reading():
            pass
    assert held_open(store.path) == 0


@pytest.mark.sqlite
@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_file_is_told_in_a_sentence(store: Store) -> None:
    counts(store)
    store.close()
    store.path.chmod(0o444)
    store.path.parent.chmod(0o555)
    try:
        with pytest.raises(StoreError) as error:
            owe(store_at(store.path), draft())
        assert "read-only" in error.value.for_operator
    finally:
        store.path.parent.chmod(0o755)


@pytest.mark.sqlite
def test_a_refused_write_is_told_in_a_sentence(store: Store) -> None:
    counts(store)
    with pytest.raises(StoreError) as error, store.transaction() as db:
        db.conn.execute("PRAGMA query_only = ON")
        outbox_table.enqueue(db, draft(), NOW)
    assert "is read-only: give the service the right" in error.value.for_operator


@pytest.mark.sqlite
def test_a_full_disk_is_told_in_a_sentence_and_looked_for_until_what_is_written_fits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as db:
        pages = db.conn.execute("PRAGMA page_count").fetchone()[0]
        db.conn.execute(f"PRAGMA max_page_count = {pages}")
    store.check_space()
    with pytest.raises(StoreError) as error:
        owe(store, *(draft(f"digest:{chat}:2026-11-23", chat_id=chat) for chat in range(1, 1000)))
    assert "is full" in error.value.for_operator and str(store.path) in error.value.for_operator
    quota = OSError(errno.EDQUOT, "no more for you")

    def refuse(_: Path) -> None:
        raise quota

    with monkeypatch.context() as patched:  # a quota, of which the disk's free bytes say nothing
        patched.setattr(disk_space, "try_file", refuse)
        for _ in range(2):
            with pytest.raises(StoreError, match="notes") as error:
                store.check_space()
        assert "is full" in error.value.for_operator
    store.check_space()
    monkeypatch.setattr(disk_space, "try_file", refuse)
    store.check_space()  # it fitted: nothing is written any more to see that
    with pytest.raises(StoreError):
        store.check_space(by_writing=True)


@pytest.mark.sqlite
def test_it_works_again_once_the_file_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite3"
    path.mkdir()
    store = store_at(path)
    with pytest.raises(StoreError):
        counts(store)
    path.rmdir()
    assert counts(store) == {}


@pytest.mark.sqlite
def test_migrations_can_be_applied_again_and_again(store: Store) -> None:
    owe(store, draft())
    with store.transaction() as db:
        before = db.rows("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    for _ in range(3):
        with store_at(store.path).transaction() as db:
            assert db.rows("SELECT type, name, sql FROM sqlite_master ORDER BY name") == before
    assert counts(store) == {"pending": 1}


def open_at_once(together: Any, path: Path, key: str) -> None:
    together.wait(30)
    with store_at(path).transaction() as db:
        outbox_table.enqueue(db, draft(key), NOW)


@pytest.mark.sqlite
def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    for attempt in range(2):
        path, together = tmp_path / f"{attempt}.sqlite3", spawn.Barrier(2)
        processes = [spawn.Process(target=open_at_once, args=(together, path, key)) for key in ("a", "b")]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0]
        assert counts(store_at(path)) == {"pending": 2}


def test_many_threads_may_start_at_once_each_with_a_store_of_its_own(tmp_path: Path) -> None:
    for attempt in range(5):
        path, together = tmp_path / f"{attempt}.sqlite3", threading.Barrier(4)

        def open_at_once(key: str, path: Path = path, together: threading.Barrier = together) -> bool:
            together.wait()
            return owe(store_at(path), draft(key))[0]

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(open_at_once, "abcd"))
        assert counts(store_at(path)) == {"pending": 4}


@pytest.mark.sqlite
def test_the_file_survives_a_power_cut(store: Store) -> None:
    with store.transaction() as db:
        assert db.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.conn.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.conn.execute("PRAGMA foreign_keys").fetchone() == (1,)


# ---- outbox


def test_a_message_is_owed_once_a_key_in_whatever_state(store: Store) -> None:
    assert owe(store, draft(), draft(), draft("other")) == [True, False, True]
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        outbox_table.mark_sent(db, message, NOW)
    assert owe(store, draft()) == [False]
    assert counts(store) == {"sent": 1, "pending": 1}
    with store.transaction() as db:
        assert outbox_table.owed_among(db, ["other", "never"]) == {"other"}


def test_the_database_itself_refuses_a_second_row_for_a_key(store: Store) -> None:
    owe(store, draft())
    with pytest.raises(StoreError), store.transaction() as db:
        db.conn.execute(
            "INSERT INTO outbox (dedup_key, recipient_kind, recipient_id, kind, text, state, attempts, not_before,"
            " expires_at, created_at)"
            " SELECT dedup_key, recipient_kind, recipient_id + 1, kind, text, state, attempts, not_before, expires_at,"
            " created_at FROM outbox"
        )


def test_the_message_that_waited_longest_goes_first(store: Store) -> None:
    waits = {"c": 2 * MINUTE, "a": -2 * MINUTE, "b": -MINUTE, "b2": -MINUTE}
    owe(store, *(draft(key, wait, chat_id) for chat_id, (key, wait) in enumerate(waits.items(), 1)))
    assert [claim(store), claim(store), claim(store), claim(store)] == ["a", "b", "b2", None]


def test_a_message_is_not_due_before_its_time(store: Store) -> None:
    owe(store, draft(wait=MINUTE))
    assert claim(store, NOW + MINUTE - timedelta(microseconds=1)) is None
    assert claim(store, NOW + MINUTE) is not None


def test_of_many_senders_at_once_each_gets_its_own_message(store: Store) -> None:
    keys = [f"k{number}" for number in range(6)]
    owe(store, *(draft(key, chat_id=chat_id) for chat_id, key in enumerate(keys, 1)))
    together = threading.Barrier(6)

    def take(_: int) -> str | None:
        together.wait()
        return claim(store)

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(6)))
    assert sorted(key for key in taken if key) == keys
    assert claim(store) is None


def test_of_two_senders_one_gets_the_only_message(store: Store) -> None:
    for attempt in range(10):
        owe(store, draft(f"k{attempt}", chat_id=attempt + 1))
        together = threading.Barrier(2)

        def take(_: int, together: threading.Barrier = together) -> str | None:
            together.wait()
            return claim(store)

        with ThreadPoolExecutor(2) as pool:
            taken = list(pool.map(take, range(2)))
        assert sorted(taken, key=str) == sorted([f"k{attempt}", None], key=str)


def test_a_claim_whose_sender_died_is_due_again(store: Store) -> None:
    owe(store, draft())
    assert claim(store, NOW) is not None
    assert claim(store, NOW + 2 * MINUTE - timedelta(microseconds=1)) is None
    with store.transaction() as db:
        again = outbox_table.claim_next(db, NOW + 2 * MINUTE, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
    assert again is not None
    assert again.attempts == 2


def test_what_is_no_longer_worth_reading_is_dropped_and_counted(store: Store) -> None:
    owe(store, draft("a"), draft("b"))
    with store.transaction() as db:
        assert outbox_table.expire(db, RecipientKind.CHAT, NOW + 60 * MINUTE - timedelta(microseconds=1)) == 0
        assert outbox_table.expire(db, RecipientKind.CHAT, NOW + 60 * MINUTE) == 2
        assert outbox_table.expire(db, RecipientKind.CHAT, NOW + 60 * MINUTE) == 0
    assert counts(store) == {"expired": 2}
    assert claim(store, NOW + 60 * MINUTE) is None


def test_a_message_whose_sender_died_expires_too(store: Store) -> None:
    owe(store, draft())
    claim(store)
    later = NOW + 61 * MINUTE
    with store.transaction() as db:
        outbox_table.expire(db, RecipientKind.CHAT, later)
    assert claim(store, later) is None
    assert "sending" not in counts(store)  # nobody sends it, and nobody would ever count it


def test_an_expired_message_is_never_claimed(store: Store) -> None:
    owe(store, draft())
    assert claim(store, NOW + 61 * MINUTE) is None


def test_a_message_that_failed_comes_back_when_it_is_told_to(store: Store) -> None:
    owe(store, draft())
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        outbox_table.reschedule(db, message, NOW + 5 * MINUTE, Setback("timed out"), NOW)
    assert claim(store, NOW + 4 * MINUTE) is None
    assert claim(store, NOW + 5 * MINUTE) is not None


def test_a_message_that_can_never_arrive_is_left_with_its_reason(store: Store) -> None:
    owe(store, draft())
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        outbox_table.fail(db, message, Setback("blocked"), NOW)
        (row,) = db.rows("SELECT state, last_error, claimed_until FROM outbox")
    assert row == {"state": "failed", "last_error": "blocked", "claimed_until": None}
    assert claim(store, NOW + 2 * MINUTE) is None


def test_a_message_keeps_its_words_to_the_letter(store: Store) -> None:
    words = "<b>Ünï</b> 🍎 'quoted' \"twice\" \\ % ? :now\n" + "x" * 4000
    owe(store, Draft("k", recipient_of(-1001234567890), "digest", words, NOW, NOW + MINUTE))
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
    assert message is not None
    assert (message.text, message.recipient.id, message.expires_at) == (words, -1001234567890, NOW + MINUTE)


# ---- chats and watchlists


def test_a_symbol_is_watched_once(store: Store) -> None:
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        assert subscriptions_table.add(db, 7, "AAPL", "XNYS", NOW)
        assert not subscriptions_table.add(db, 7, "AAPL", "XNYS", NOW + MINUTE)
        assert subscriptions_table.add(db, 7, "BTC-USD", "24/7", NOW - MINUTE)
        assert [one.symbol for one in subscriptions_table.of_chat(db, 7)] == ["BTC-USD", "AAPL"]
        assert subscriptions_table.remove(db, 7, "AAPL")
        assert not subscriptions_table.remove(db, 7, "AAPL")
        assert subscriptions_table.of_chat(db, 8) == []


def test_a_paused_chat_is_left_alone_until_it_comes_back(store: Store) -> None:
    with store.transaction() as db:
        for chat_id in (7, 8):
            chats_table.join(db, chat_id, "en", NOW)
            subscriptions_table.add(db, chat_id, "AAPL", "XNYS", NOW)
        chats_table.pause(db, 7, chats_table.Silence.GONE, NOW)
        assert subscriptions_table.calendars_of_awake_chats(db, None, 9) == [(8, frozenset({"XNYS"}))]
        assert chats_table.awake_among(db, [7, 8, 9]) == {8}
        chats_table.join(db, 7, "de", NOW + MINUTE)
        assert [chat_id for chat_id, _ in subscriptions_table.calendars_of_awake_chats(db, None, 9)] == [7, 8]
        assert [chat_id for chat_id, _ in subscriptions_table.calendars_of_awake_chats(db, 7, 9)] == [8]
        assert subscriptions_table.of_chats(db, [7, 9]) == {7: [("AAPL", "XNYS")]}
        assert subscriptions_table.symbols_of_awake_chats(db) == ["AAPL"]
        assert chats_table.get(db, 9) is None


def test_a_watchlist_without_a_chat_is_refused(store: Store) -> None:
    with pytest.raises(StoreError), store.transaction() as db:
        subscriptions_table.add(db, 404, "AAPL", "XNYS", NOW)


def test_everything_of_a_group_moves_when_it_becomes_a_supergroup(store: Store) -> None:
    owe(store, draft(chat_id=-5))
    with store.transaction() as db:
        chats_table.join(db, -5, "de", NOW)
        chats_table.join(db, -1005, "en", NOW)  # it already wrote under its new number
        for chat_id, symbol in ((-5, "AAPL"), (-5, "MSFT"), (-1005, "AAPL")):
            subscriptions_table.add(db, chat_id, symbol, "XNYS", NOW)
        for _ in range(2):  # told twice
            chats_table.migrate(db, -5, -1005)
        assert chats_table.get(db, -5) is None
        assert [one.symbol for one in subscriptions_table.of_chat(db, -1005)] == ["AAPL", "MSFT"]
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
    assert message is not None
    assert message.recipient.id == -1005


# ---- inbox


def test_an_update_is_kept_once_and_answered_once(store: Store) -> None:
    with store.transaction() as db:
        assert inbox_table.keep(db, 11, '{"update_id": 11}', NOW)
        assert not inbox_table.keep(db, 11, '{"update_id": 11, "again": 1}', NOW)
        assert inbox_table.keep(db, 10, "{}", NOW)
        assert inbox_table.unanswered(db) == [(10, "{}"), (11, '{"update_id": 11}')]
        inbox_table.done(db, 11, NOW)
        assert inbox_table.unanswered(db) == [(10, "{}")]
        assert not inbox_table.keep(db, 11, "{}", NOW)


def test_an_update_that_keeps_failing_is_left_aside(store: Store) -> None:
    with store.transaction() as db:
        inbox_table.keep(db, 1, "{}", NOW)
        for _ in range(inbox_table.MOST_ATTEMPTS):
            assert inbox_table.unanswered(db)
            inbox_table.begin(db, 1)
        assert inbox_table.unanswered(db) == []


def test_an_attempt_that_failed_through_no_fault_of_the_update_does_not_count(store: Store) -> None:
    with store.transaction() as db:
        inbox_table.keep(db, 1, "{}", NOW)
        for _ in range(inbox_table.MOST_ATTEMPTS + 1):
            inbox_table.begin(db, 1)
            inbox_table.excuse(db, 1)
        assert inbox_table.unanswered(db)


@pytest.mark.sqlite
def test_what_people_wrote_is_not_kept_after_the_answer(store: Store) -> None:
    with store.transaction() as db:
        inbox_table.keep(db, 1, "private words", NOW)
        inbox_table.done(db, 1, NOW)
    store.close()
    with closing(sqlite3.connect(store.path)) as db_file, db_file:
        assert db_file.execute("SELECT body FROM inbox").fetchall() == [("",)]
    db_file.close()


def test_nothing_that_a_person_wrote_outlives_its_use_in_an_update_that_nobody_answers(store: Store) -> None:
    with store.transaction() as db:
        for update_id, age in ((1, 25), (2, 1), (3, 1), (4, 25), (5, 1)):
            inbox_table.keep(db, update_id, "private words", NOW - timedelta(hours=age), begun=True)
        for update_id in (1, 2):
            for _ in range(inbox_table.MOST_ATTEMPTS - 1):
                inbox_table.begin(db, update_id)
        inbox_table.set_aside(db, 3, inbox_table.Aside.FAILED, "TypeError", NOW)
        inbox_table.set_aside(db, 4, inbox_table.Aside.UNREADABLE, "KeyError", NOW)
        inbox_table.set_aside(db, 5, inbox_table.Aside.UNREADABLE, "ValueError", NOW)

        def with_words() -> list[int]:
            return [row["update_id"] for row in db.rows("SELECT update_id FROM inbox WHERE body <> ''")]

        assert with_words() == [1, 2, 4, 5], "what met an error of ours loses them at once"
        assert inbox_table.erase_set_aside(db, NOW - inbox_table.READ_AGAIN) == 2
        assert with_words() == [2, 5]
        assert inbox_table.erase_set_aside(db, NOW - inbox_table.READ_AGAIN) == 0, "and nothing is written again"


def test_an_update_whose_last_try_ends_well_is_not_set_aside(store: Store) -> None:
    with store.transaction() as db:
        for update_id in (1, 2, 3):
            inbox_table.keep(db, update_id, "{}", NOW)
            for _ in range(inbox_table.MOST_ATTEMPTS):
                inbox_table.begin(db, update_id)
        inbox_table.done(db, 1, NOW)
        inbox_table.excuse(db, 2)
        aside = inbox_table.count_set_aside(db)
        assert aside.counts == dict.fromkeys(inbox_table.Aside, 0) | {inbox_table.Aside.EXHAUSTED: 1}
        assert [update_id for update_id, _ in inbox_table.unanswered(db)] == [2]


@pytest.mark.sqlite
def test_what_is_set_aside_is_counted_without_a_look_at_the_other_updates(store: Store) -> None:
    asked: list[str] = []
    with store.transaction() as db:
        for update_id in range(1, 5):
            inbox_table.keep(db, update_id, "{}", NOW + timedelta(hours=update_id))
        for update_id, reason in ((3, "newer"), (1, "older")):
            inbox_table.set_aside(db, update_id, inbox_table.Aside.UNREADABLE, reason, NOW)
        inbox_table.set_aside(db, 2, inbox_table.Aside.FAILED, "between", NOW)
        db.conn.set_trace_callback(asked.append)
        aside = inbox_table.count_set_aside(db, NOW)
        inbox_table.erase_set_aside(db, NOW)
        db.conn.set_trace_callback(None)
        plans = [step[3] for sql in asked for step in db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert (aside.counts[inbox_table.Aside.UNREADABLE], aside.counts[inbox_table.Aside.FAILED]) == (2, 1)
    assert aside.newest == "newer"
    looks = [plan for plan in plans if "inbox" in plan]
    assert len(looks) == 2
    assert all(look.startswith("SEARCH") and "idx_inbox_set_aside" in look for look in looks), plans
    assert "COVERING" in looks[0]


@pytest.mark.sqlite
def test_what_an_earlier_version_left_of_updates_that_nobody_answers_is_named_and_erased(store: Store) -> None:
    with store.transaction() as db:
        db.conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'counted_asides'")
        for update_id, attempts, done_at, why in ((1, 5, None, None), (2, 1, stamp(NOW), "failed"), (3, 4, None, None)):
            db.conn.execute(
                "INSERT INTO inbox (update_id, body, received_at, attempts, done_at, set_aside)"
                " VALUES (?, 'private words', ?, ?, ?, ?)",
                (update_id, stamp(NOW), attempts, done_at, why),
            )
    store.close()
    with store_at(store.path).transaction() as db:
        after = db.rows("SELECT set_aside, body FROM inbox ORDER BY update_id")
    words = "private words"
    assert [tuple(row.values()) for row in after] == [("exhausted", words), ("failed", ""), (None, words)]


_ANOTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("INSERT INTO elsewhere VALUES (1)")
connection.close()
"""


@pytest.mark.sqlite
def test_what_another_process_writes_is_seen_and_its_end_takes_nothing_along(tmp_path: Path) -> None:
    """The last one to leave deletes the log: nobody else may look like that while our connections are open."""
    store = store_at(tmp_path / "shared.db")
    with store.transaction() as db:
        db.conn.execute("CREATE TABLE elsewhere (n)")
    second = threading.Thread(target=lambda: _rows(store))  # a connection of its own, after the first
    second.start()
    second.join()
    store.check()
    for times in (1, 2):
        subprocess.run([sys.executable, "-c", _ANOTHER_PROCESS, str(store.path)], check=True)
        assert store.path.with_name("shared.db-wal").exists()
        assert _rows(store) == times
    with store.transaction() as db:
        db.conn.execute("INSERT INTO elsewhere VALUES (2)")
    subprocess.run([sys.executable, "-c", _ANOTHER_PROCESS, str(store.path)], check=True)
    store.close()
    assert _rows(store_at(store.path)) == 4


def _rows(store: Store) -> int:
    with store.reading() as db:
        return int(db.conn.execute("SELECT count(*) FROM elsewhere").fetchone()[0])
