"""What is PostgreSQL's own: its tables, its troubles, and the promises that SQLite keeps by having one writer."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psycopg
import pytest

from bellwether.access import keys_table
from bellwether.alerts import report_alerts, subscriptions_table
from bellwether.core.alert_types import AlertSettings
from bellwether.core.config import Database, load_settings
from bellwether.core.errors import ConfigError, LimitReached, NewerDatabase, StoreError
from bellwether.core.types import Bars, Instrument
from bellwether.db import migrations, postgres_store, postgres_versions, versions
from bellwether.db.connection import NONE, Connection, Rows, Values
from bellwether.db.database import Store
from bellwether.db.opening import open_store
from bellwether.db.postgres_connection import PostgresConnection
from bellwether.db.postgres_dialect import defined, translated
from bellwether.db.postgres_store import PostgresStore
from bellwether.db.sql import insert
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import (
    chat_data_table,
    chat_settings_table,
    chats,
    chats_table,
    feedback_table,
    outbox_claims_table,
    outbox_table,
    settled_outbox_table,
)
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.deliver import deliver
from bellwether.delivery.messages import OutboxMessage, Recipient, RecipientKind
from bellwether.delivery.outbox_table import Claimable, ClaimOrder, Draft, Setback
from bellwether.delivery.sender_lease import SenderLease
from bellwether.delivery.webhooks import webhook_outbox_table
from bellwether.delivery.webhooks.webhooks_table import Webhook
from bellwether.hosts import leases_table
from bellwether.hosts.lease import LAPSE, OURS
from bellwether.market.remote import bars_table
from bellwether.market.remote.bar_history import BarHistory, StoredBars
from bellwether.market.remote.instruments_table import SymbolRequest
from bellwether.track_record.ledger import outcomes_table, published_heads_table
from bellwether.track_record.ledger.hash_chain_table import NOTHING, HashChain
from bellwether.track_record.ledger.published_heads_table import PublishedHead
from bellwether.webhooks import ask
from tests.support import postgres
from tests.support.database import new_database

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


@pytest.fixture
def server() -> postgres.Server:
    """A running server; without one there is nothing to test."""
    try:
        return postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))


@pytest.fixture
def name(server: postgres.Server) -> Iterator[str]:
    """The name of a new database without tables."""
    name = server.new()
    yield name
    server.drop(name)


@pytest.fixture
def store(server: postgres.Server, name: str, tmp_path: Path) -> Iterator[PostgresStore]:
    """A new database."""
    store = PostgresStore(server.url(name), tmp_path)
    yield store
    store.close()


def told_by(store: PostgresStore) -> str:
    """What is said where the database cannot be used."""
    with pytest.raises(StoreError) as trouble, store.transaction():
        pass
    return trouble.value.for_operator


def owe(store: PostgresStore, *chats: int) -> None:
    """A message to each of the chats, and one more to the first."""
    with store.transaction() as db:
        for number, chat in enumerate([*chats, chats[0]]):
            to = Recipient(RecipientKind.CHAT, chat)
            draft = Draft(f"digest:{chat}:{number}", to, "digest", "text", NOW, NOW + timedelta(days=1))
            outbox_table.enqueue(db, draft, NOW)


def side_by_side(works: list[Callable[[], object]]) -> list[object]:
    """Do several things in a thread each, begun together."""
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        begin.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))


# ---- tables


def test_its_tables_are_those_of_sqlite(store: PostgresStore, tmp_path: Path) -> None:
    with store.reading() as db:
        columns, triggers = db.columns(), db.triggers()
    file = SqliteStore(new_database(tmp_path / "rows.sqlite3"))
    with file.reading() as db:
        of_file = {table: names for table, names in db.columns().items() if not table.startswith(("_", "sqlite_"))}
        assert triggers == db.triggers()
    file.close()
    assert {table: names for table, names in columns.items() if not table.startswith("bellwether_")} == of_file


def of_tomorrow() -> Iterator[str]:
    """A migration that is not there yet; a second run of it would fail."""
    yield (
        "CREATE TABLE parcels (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL REFERENCES chats(chat_id),"
        " word TEXT NOT NULL DEFAULT 'no TEXT', weight REAL, body BLOB)"
    )
    yield "CREATE INDEX idx_parcels_word ON parcels (word)"
    yield "ALTER TABLE feedback ADD COLUMN answered INTEGER NOT NULL DEFAULT 0"
    yield "UPDATE feedback SET answered = 1 WHERE text LIKE 'a%'"


def tried_after(store: Store) -> tuple[dict[str, set[str]], list[object]]:
    """What the migration left, in either kind of database."""
    with store.transaction() as db:
        chats_table.know(db, 7, "en", NOW)
        db.execute("INSERT INTO parcels (chat_id, weight, body) VALUES (7, 0.5, :body)", {"body": b"\0"})
        rows = [tuple(row) for row in db.execute("SELECT id, word, weight, body FROM parcels")]
        rows += [tuple(row) for row in db.execute("SELECT text, answered FROM feedback ORDER BY text")]
        columns = db.columns()
    return {table: columns[table] for table in ("parcels", "feedback")}, rows


def test_a_later_migration_brings_both_kinds_up_once_whoever_starts_first(
    server: postgres.Server, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(server.url(name)) as conn:  # as the first version for PostgreSQL left it
        conn.execute(postgres_versions.baseline())
        conn.execute("INSERT INTO feedback (chat_id, text, said_at) VALUES (7, 'a%', ''), (7, 'b', '')")
    file = SqliteStore(new_database(tmp_path / "rows.sqlite3"))
    with file.transaction() as db:
        for text in ("a%", "b"):
            feedback_table.add(db, 7, text, NOW)
    file.close()

    made = migrations.migrations
    monkeypatch.setattr(made, "_migrations", made._migrations.copy())
    monkeypatch.setitem(migrations.ON_BOTH, "of_tomorrow", of_tomorrow)
    migrations.on_both(of_tomorrow)
    monkeypatch.setattr(versions, "_KNOWN", versions._KNOWN | {"of_tomorrow"})

    stores = [PostgresStore(server.url(name), tmp_path) for _ in range(2)]
    side_by_side([store.prepare for store in stores])
    again = SqliteStore(file.path)
    assert tried_after(stores[0]) == tried_after(again)
    with stores[1].reading() as db:
        assert [row for (row,) in db.execute("SELECT name FROM bellwether_migrations WHERE name = 'of_tomorrow'")]
    for store in (*stores, again):
        store.close()


def test_many_that_start_at_once_make_the_tables_once(server: postgres.Server, name: str, tmp_path: Path) -> None:
    stores = [PostgresStore(server.url(name), tmp_path) for _ in range(4)]

    def use(store: PostgresStore) -> str:
        with store.transaction() as db:
            chats_table.know(db, 7, "en", NOW)
            return db.version()

    versions = side_by_side([lambda store=store: use(store) for store in stores])  # type: ignore[misc]
    assert len(set(versions)) == 1
    for store in stores:
        store.close()


@pytest.mark.parametrize("change", ["UPDATE ledger SET horizon = 1", "DELETE FROM outcomes", "TRUNCATE ledger CASCADE"])
def test_the_database_itself_refuses_to_change_what_was_issued(store: PostgresStore, change: str) -> None:
    with pytest.raises(StoreError, match="notes"), store.transaction() as db:
        db.execute(change)


def test_a_row_of_a_chain_is_only_added_at_the_end(store: PostgresStore) -> None:
    sql = insert("growth_outcomes", ("id", "seq", "growth", "known_on", "settled_at", "hash"))
    values = {"id": 2, "seq": 1, "growth": 0.1, "known_on": 1, "settled_at": 1, "hash": b""}
    with pytest.raises(StoreError) as trouble, store.transaction() as db:
        db.execute(sql, values)
    assert "only added at the end" in trouble.value.for_operator


def test_a_newer_database_is_refused_and_left_as_it_was(store: PostgresStore) -> None:
    with store.transaction() as db:
        db.execute("INSERT INTO bellwether_migrations (name) VALUES ('of_tomorrow')")
        db.execute("UPDATE bellwether_version SET newest = 99000000")
    store.close()
    with pytest.raises(NewerDatabase) as trouble, store.reading():
        pass
    assert "99.0.0" in trouble.value.for_operator
    with pytest.raises(ConfigError, match=r"99\.0\.0"):
        store.check()


def test_a_service_that_runs_sees_when_a_newer_version_comes_and_writes_nothing_more(
    store: PostgresStore, server: postgres.Server, name: str
) -> None:
    with store.transaction() as db:
        chats_table.know(db, 7, "en", NOW)
    server.execute("UPDATE bellwether_version SET newest = 99000000", name)
    with store.transaction() as db:
        chats_table.know(db, 8, "en", NOW)  # of that version, but with the same tables
    server.execute("INSERT INTO bellwether_migrations (name) VALUES ('of_tomorrow')", name)
    server.execute("UPDATE bellwether_version SET newest = 99000001", name)
    for use in (store.transaction, store.reading, store.glance):
        with pytest.raises(NewerDatabase) as trouble, use() as db:
            chats_table.know(db, 9, "en", NOW)
        assert "99.0.1" in trouble.value.for_operator
    server.execute("DELETE FROM bellwether_migrations WHERE name = 'of_tomorrow'", name)
    with store.reading() as db:
        assert [chat for (chat,) in db.execute("SELECT chat_id FROM chats ORDER BY chat_id")] == [7, 8]


@pytest.mark.parametrize("work", [outcomes_table.orphans, lambda db: settled_outbox_table.prune(db, NOW)])
def test_no_list_of_a_statement_is_read_anew_for_each_row_however_many_there_are(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, work: Callable[[Connection], int]
) -> None:
    plans = []
    run = PostgresConnection.execute

    def explained(db: PostgresConnection, sql: str, values: Values = NONE) -> Rows:
        plans.extend(line for (line,) in run(db, f"EXPLAIN {sql}", values))
        return run(db, sql, values)

    monkeypatch.setattr(PostgresConnection, "execute", explained)
    with store.transaction() as db:
        run(db, "SET LOCAL work_mem = '64kB'")
        assert work(db) == 0
    assert plans
    # a list of NOT IN is kept as a table for look-ups only while the server expects it to fit into its memory
    assert not [line for line in plans if "SubPlan" in line]


def test_text_is_ordered_by_its_bytes_whatever_the_servers_language(store: PostgresStore) -> None:
    with store.transaction() as db:
        for number, text in enumerate(("b", "A", "Z", "a", "É")):
            feedback_table.add(db, number, text, NOW)
        texts = [text for (text,) in db.execute("SELECT text FROM feedback ORDER BY text")]
        (collation,) = db.execute("SELECT pg_collation_for(text) FROM feedback LIMIT 1").fetchone()
    assert texts == ["A", "Z", "a", "b", "É"]
    assert collation == '"C"'


def test_what_postgresql_does_not_keep_is_left_out_of_a_text(store: PostgresStore) -> None:
    with store.transaction() as db:
        feedback_table.add(db, 7, "a\0b", NOW)
        assert [said.text for said in feedback_table.newest(db, 5)] == ["ab"]


def test_statements_are_written_anew_where_the_two_differ() -> None:
    sql = "SELECT ':no' || x::text FROM t WHERE a LIKE 'en%' AND b = :b AND c NOT IN (SELECT value FROM json_each(:cs))"
    assert translated(f"{sql} /* FOR UPDATE */") == (
        b"SELECT ':no' || x::text FROM t WHERE a LIKE 'en%%' AND b = %(b)s AND c <> ALL (%(cs)s) FOR UPDATE"
    )


def test_what_makes_tables_is_written_anew() -> None:
    sql = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT DEFAULT 'a TEXT', c INTEGER REFERENCES u(b)) WITHOUT ROWID"
    assert defined(sql) == (
        b"CREATE TABLE t (a BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, b TEXT COLLATE \"C\" DEFAULT 'a TEXT',"
        b" c BIGINT REFERENCES u(b) DEFERRABLE)"
    )


# ---- one writer's promises


def test_two_senders_never_write_to_one_chat_at_once(store: PostgresStore) -> None:
    owe(store, 1, 2, 3)
    claimed: list[tuple[int, int]] = []
    held = threading.Barrier(4)

    def claim() -> None:
        with store.transaction() as db:
            message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
            if message is not None:
                claimed.append((message.recipient.id, message.id))
        held.wait(10)

    side_by_side([claim] * 4)
    assert sorted(chat for chat, _ in claimed) == [1, 2, 3], "the second message to chat 1 waits"


def test_a_claim_reads_a_few_rows_whatever_the_server_guesses_of_the_table(store: PostgresStore) -> None:
    owe(store, *range(1, 3001))
    store.close()  # what is planned anew knows no statistics yet
    sql = "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        assert outbox_table.reschedule(db, message, NOW, Setback("not now"), NOW)
        (read,) = db.execute(sql).fetchone()
    assert read < 50


def test_of_two_hosts_one_takes_a_lease(store: PostgresStore) -> None:
    hosts = [SenderLease(store, lambda: NOW, "7:token") for _ in range(4)]
    seen = side_by_side([host.take for host in hosts])
    assert seen.count(OURS) == 1
    with store.transaction() as db:
        held = leases_table.seen(db, hosts[0].name)
    assert held is not None
    assert held.holder == hosts[seen.index(OURS)].holder
    for host in hosts:
        host.release()


def test_a_lease_is_not_taken_in_the_middle_of_a_claim(store: PostgresStore) -> None:
    owe(store, 1)
    first, second = (SenderLease(store, lambda: NOW, "7:token") for _ in range(2))
    assert first.take() == OURS
    seen = []
    with store.transaction() as db:
        assert first.is_ours(db)

        def take() -> None:
            with store.transaction() as other:
                held = leases_table.seen(other, second.name)
                leases_table.take(other, second.name, second.holder, "b", NOW, held)
            seen.append("taken")

        thread = threading.Thread(target=take)
        thread.start()
        thread.join(0.3)
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert seen == []
    thread.join(10)
    assert seen == ["taken"]
    first.release()


def test_a_pause_and_a_digest_do_not_pass_each_other(store: PostgresStore) -> None:
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    with store.transaction() as db:
        assert chats_table.awake_among(db, [7]) == {7}

        def stop() -> None:
            with store.transaction() as other:
                chats_table.stop(other, 7, NOW)

        thread = threading.Thread(target=stop)
        thread.start()
        thread.join(0.3)
        to = Recipient(RecipientKind.CHAT, 7)
        outbox_table.enqueue(db, Draft("digest:7:1", to, "digest", "text", NOW, NOW + timedelta(days=1)), NOW)
    thread.join(10)
    with store.transaction() as db:
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is None


def test_of_two_histories_of_a_symbol_that_are_written_at_once_one_stands_whole(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, write, reached, go_on = (
        BarHistory(store, "made", ""),
        bars_table.save,
        threading.Event(),
        threading.Event(),
    )

    def prices(close: float, until: date) -> StoredBars:
        sessions = np.array(["2026-11-19", "2026-11-20"], "datetime64[D]")
        values = np.full((2, 5), close)
        asked = SymbolRequest(Instrument("MADE", "Made", "", "XNYS", "USD"), date(2026, 11, 19), until, NOW)
        return history.kept(asked, Bars("MADE", sessions, values, values[:, 3]))

    before, ours, theirs = prices(1.0, date(2026, 11, 19)), prices(2.0, NOW.date()), prices(3.0, NOW.date())
    history.save(before, None, None)

    def slowly(db: Connection, source: str, bars: Bars, first: date | None) -> None:
        if bars.values[0, 0] == 2.0:
            reached.set()
            assert go_on.wait(10)
        write(db, source, bars, first)

    monkeypatch.setattr(bars_table, "save", slowly)
    changed = date(2026, 11, 20)  # and what is before it is as it was
    first = threading.Thread(target=lambda: history.save(ours, before, changed))
    second = threading.Thread(target=lambda: history.save(theirs, before, None))
    first.start()
    assert reached.wait(10)
    second.start()
    second.join(0.3)
    go_on.set()
    first.join(10)
    second.join(10)
    stored = history.load("MADE")
    assert stored is not None
    assert stored.bars.values[:, 0].tolist() == [3.0, 3.0]


def test_a_chat_that_stops_while_a_report_is_written_gets_nothing_of_it(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        subscriptions_table.add(db, 7, "AAPL", "XNYS", NOW)

    def stop() -> None:
        with store.transaction() as db:
            chats_table.stop(db, 7, NOW)

    stopping = threading.Thread(target=stop)

    def text_while_it_stops(made: object, report: object) -> str:
        stopping.start()
        stopping.join(0.3)
        return "text"

    monkeypatch.setattr(report_alerts, "alert_text", text_while_it_stops)
    made, report = SimpleNamespace(symbol="AAPL"), SimpleNamespace(seen_at=NOW, first_named=NOW.date())
    assert report_alerts._write(store, lambda: NOW, made, report, NOW) == 1  # type: ignore[arg-type]
    stopping.join(10)
    with store.reading() as db:
        assert db.execute("SELECT state FROM outbox").fetchall() != [("pending",)]


def test_what_a_host_has_put_off_is_not_tried_at_once_by_one_whose_clock_is_behind(store: PostgresStore) -> None:
    owe(store, 1)
    with store.transaction() as db:
        message = outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        outbox_table.reschedule(db, message, NOW + timedelta(minutes=30), Setback("away"), NOW)
        behind = NOW - timedelta(seconds=5)
        outbox_claims_table.forgive_clock(db, RecipientKind.CHAT, behind)
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is None
        outbox_claims_table.forgive_clock(db, RecipientKind.CHAT, NOW - timedelta(hours=1))  # a clock that was set back
        assert outbox_table.claim_next(db, NOW, RecipientKind.CHAT, ClaimOrder.IN_ORDER) is not None


def test_limits_are_kept_though_many_ask_at_once(store: PostgresStore) -> None:
    with store.transaction() as db:
        key = keys_table.add(db, "ann", "free", frozenset(), NOW)

    def add(number: int) -> object:
        with suppress(LimitReached):
            return ask.add(store, lambda: NOW, key, f"http://127.0.0.1/{number}", 1, private=True)
        return None

    def try_out(webhook: int) -> object:
        with suppress(LimitReached):
            return ask.trial(store, lambda: NOW, key, webhook)
        return None

    def say(number: int) -> object:
        with suppress(LimitReached):
            chats.say_to_operator(store, lambda: NOW, 0, 7, "hello")
            return number
        return None

    (hook,) = [hook for hook in side_by_side([partial(add, n) for n in range(6)]) if isinstance(hook, Webhook)]
    with store.transaction() as db:
        for number in range(ask.MOST_WAITING - 1):
            webhook_outbox_table.enqueue(db, hook.id, f"e{number}", "{}", NOW)
    assert side_by_side([partial(try_out, hook.id)] * 6).count(None) == 5
    with store.transaction() as db:
        for _ in range(chats.MOST_A_DAY - 1):
            feedback_table.add(db, 7, "hello", NOW)
    assert side_by_side([partial(say, n) for n in range(6)]).count(None) == 5


def test_a_chat_is_erased_whole_though_it_sets_something_just_then(store: PostgresStore) -> None:
    with store.transaction() as db:
        chats_table.know(db, 7, "en", NOW)
    erasing = threading.Thread(target=lambda: chats.erase(store, lambda: NOW, 7))
    with store.transaction() as db:
        chats_table.know(db, 7, "en", NOW)
        chat_settings_table.save(db, 7, AlertSettings())
        erasing.start()
        erasing.join(0.3)
    erasing.join(10)
    with store.reading() as db:
        assert chat_data_table.export(db, 7) == {}


def test_a_sender_asks_for_its_right_before_it_locks_a_message_as_who_takes_over_does(store: PostgresStore) -> None:
    owe(store, 1, 2)
    did: list[tuple[str, Connection]] = []

    class Watched(Channel):
        kind = RecipientKind.CHAT

        async def send(self, message: OutboxMessage) -> Accepted:
            return Accepted()

        def may_claim(self, db: Connection) -> Claimable:
            did.append(("asked", db))
            return Claimable.ALL

        def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
            did.append(("wrote", db))

    assert asyncio.run(deliver(store, lambda: NOW, Watched())).sent == 3
    began = {next(what for what, db in did if db is wrote) for how, wrote in did if how == "wrote"}
    assert began == {"asked"}


def test_two_that_add_to_a_chain_at_once_leave_one_chain(store: PostgresStore) -> None:
    with store.transaction() as db:
        db.execute("CREATE TABLE chain (id BIGINT PRIMARY KEY, word TEXT, hash BYTEA)")
    chain = HashChain("chain", ("id", "word"), lambda stored: repr(tuple(stored)).encode())

    def add(word: str) -> None:
        for _ in range(10):
            with store.transaction() as db:
                chain.append(db, [(word,), (word,)])

    side_by_side([lambda word=word: add(word) for word in "abcd"])  # type: ignore[misc]
    with store.reading() as db:
        stored = list(chain.every_row(db))
    assert [row[0] for row in stored] == list(range(1, 81))
    assert [row[-1] for row in stored] == [row[-1] for row in chain.linked(NOTHING, [(row[1],) for row in stored])]


def test_of_two_that_wait_for_each_other_both_are_done(store: PostgresStore) -> None:
    with store.transaction() as db:
        for chat in (7, 8):
            chats_table.know(db, chat, "en", NOW)
    tries = []
    met = threading.Barrier(2)

    def speak(first: int, second: int) -> None:
        def work(db: Connection) -> None:
            tries.append(first)
            chats_table.know(db, first, "de", NOW)
            if tries.count(first) == 1:
                met.wait(10)
            chats_table.know(db, second, "de", NOW)

        store.repeated(work)

    side_by_side([lambda: speak(7, 8), lambda: speak(8, 7)])
    assert len(tries) == 3, "one of the two was given up, and done anew"
    with store.reading() as db:
        assert [row for (row,) in db.execute("SELECT language FROM chats")] == ["de", "de"]


def test_what_fails_by_itself_is_not_done_anew(store: PostgresStore) -> None:
    tries = []

    def work(db: Connection) -> None:
        tries.append(1)
        db.execute("SELECT 1 / 0")

    with pytest.raises(StoreError):
        store.repeated(work)
    assert len(tries) == 1


# ---- troubles


def test_a_lost_server_is_told_at_once_and_used_again_when_it_is_back(tmp_path: Path, server: postgres.Server) -> None:
    own = postgres.Server()
    store = PostgresStore(own.url(own.new()), tmp_path)
    try:
        with store.transaction() as db:
            chats_table.join(db, 7, "en", NOW)
        own.stop()
        assert "database" in told_by(store)
        assert "cannot be reached" in told_by(store)
        own.start()
        store.close()  # as the moment of rest would let it look again
        with store.reading() as db:
            assert chats_table.get(db, 7) is not None
    finally:
        store.close()
        own.remove()


@pytest.mark.parametrize("use", ["transaction", "reading", "glance"])
def test_connections_that_a_restarted_server_has_ended_are_passed_over(
    store: PostgresStore, name: str, use: str
) -> None:
    def hold() -> None:
        with store.glance() as db:
            db.execute("SELECT pg_sleep(0.1)")

    side_by_side([hold] * 4)
    postgres.server().execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"  # and waits until they are gone
        f" WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    with getattr(store, use)() as db:
        assert chats_table.get(db, 7) is None


@pytest.mark.parametrize("count", [0, 1, 2, 2500])
def test_many_rows_are_added_as_one_after_the_other(store: PostgresStore, count: int) -> None:
    def drafts(numbers: range) -> Iterator[Draft]:
        for number in numbers:
            to = Recipient(RecipientKind.CHAT, number)
            event = None if number % 2 else f'it\'s \\ {{{number}}}, "NULL"\n'
            yield Draft(f"digest:{number}", to, "digest", "", NOW, NOW + timedelta(days=1), event_id=event)

    with store.transaction() as db:
        assert outbox_table.enqueue_all(db, drafts(range(count)), NOW) == count
        assert outbox_table.enqueue_all(db, drafts(range(count + 3)), NOW) == 3, "those that were there are left alone"
    with store.reading() as db:
        sql = "SELECT recipient_id, event_id, reply_key FROM outbox ORDER BY id"
        assert [tuple(row) for row in db.execute(sql)] == [
            (draft.recipient.id, draft.event_id, None) for draft in drafts(range(count + 3))
        ]


def test_a_connection_that_ends_in_the_middle_keeps_nothing(store: PostgresStore) -> None:
    with pytest.raises(StoreError), store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
        with pytest.raises(psycopg.OperationalError):
            db.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        chats_table.join(db, 8, "en", NOW)
    store.close()
    with store.reading() as db:
        assert chats_table.get(db, 7) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody:hunter2@/{name}?host={folder}", "does not exist"),
        ("postgresql://bellwether:hunter2@/nowhere?host={folder}", "does not exist"),
        ("postgresql://bellwether:hunter2@/{name}?host={folder}/away", "cannot be reached"),
        ("postgresql://bellwether:hunter2@127.0.0.1:26001/{name}", "no server listens there"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_without_the_password(
    server: postgres.Server, name: str, tmp_path: Path, url: str, words: str
) -> None:
    store = PostgresStore(url.format(name=name, folder=server.folder), tmp_path)
    told = told_by(store)
    assert words in told
    assert "hunter2" not in told
    assert told == told_by(store), "nobody waits for it again at once"


def test_missing_rights_are_told(server: postgres.Server, name: str, tmp_path: Path) -> None:
    server.execute("DROP ROLE IF EXISTS reader")
    server.execute("CREATE ROLE reader LOGIN")
    server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
    store = PostgresStore(server.url(name).replace("bellwether@", "reader@"), tmp_path)
    assert "lacks a right" in told_by(store)


def test_who_finds_every_connection_in_use_is_told_and_costs_nobody_else_theirs(
    server: postgres.Server, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PostgresStore(server.url(name), tmp_path, connections=1)
    with store.transaction() as db:
        chats_table.know(db, 7, "en", NOW)
        monkeypatch.setattr(postgres_store, "BUSY_TIMEOUT", 0.05)
        assert "no free connection" in told_by(store)
        monkeypatch.undo()
    with store.reading() as db:
        assert chats_table.get(db, 7) is not None, "nobody waits for a server that was never away"
    store.close()


def test_a_glance_needs_no_poll_which_windows_lacks(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("select.poll")
    with store.glance() as db:
        assert chats_table.get(db, 7) is None


def test_a_replica_is_told(store: PostgresStore, server: postgres.Server, name: str) -> None:
    with store.reading():
        pass
    store.close()
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StoreError) as trouble, store.transaction() as db:
        chats_table.join(db, 7, "en", NOW)
    assert "read-only" in trouble.value.for_operator


def test_an_old_server_is_told(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_versions, "LEAST", 990_000)
    assert "needs" in told_by(store)
    with pytest.raises(ConfigError, match="needs"):
        store.check()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a:hunter2@b/c",
        "postgresql://a:hunter2@b:port/c",
        "postgresql://a:hunter@2@b/c",
        "postgresql://bob:12/hunter@host/db",
        "postgresql://bob:1234@5/hunter@host/db",
    ],
)
def test_a_wrong_address_is_never_printed(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as trouble:
        PostgresStore(url, tmp_path)
    assert "hunter" not in str(trouble.value)


def test_a_file_is_opened_unless_an_address_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_store(Database(path=tmp_path / "a.sqlite3")), SqliteStore)
    monkeypatch.setenv("BELLWETHER_DATABASE__URL", "postgresql://a:hunter2@b:5433/c")
    settings = load_settings(database={"path": tmp_path / "a.sqlite3"}).database
    store = open_store(settings)
    assert store.name == "the PostgreSQL database c at b:5433"
    assert "hunter2" not in repr(settings)
    monkeypatch.setenv("BELLWETHER_DATABASE__KEY", "0" * 64)
    with pytest.raises(ConfigError, match="server"):
        open_store(load_settings().database)


def test_a_start_waits_for_nobody_where_no_table_is_to_be_changed(
    server: postgres.Server, store: PostgresStore, name: str, tmp_path: Path
) -> None:
    store.prepare()
    with psycopg.connect(server.url(name)) as cut_off:
        cut_off.execute("SELECT pg_advisory_xact_lock(%s)", (postgres_versions._LOCK,))
        other = PostgresStore(server.url(name), tmp_path)
        with other.reading() as db:
            assert db.columns()
        other.close()


def test_what_a_host_that_is_cut_off_has_locked_is_free_before_another_takes_over(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = postgres_store._WRITING.replace(f"'{postgres_store.IDLE}s'", "'100ms'")
    assert postgres_store.IDLE < LAPSE
    store.prepare()
    monkeypatch.setattr(postgres_store, "_WRITING", shorter)
    with pytest.raises(StoreError), store.transaction() as db:
        db.one_at_a_time("lease x")
        monkeypatch.undo()
        with store.transaction() as another:
            another.one_at_a_time("lease x")
        db.rows("SELECT 1")


def test_a_published_head_is_kept_stamped_and_paged(store: PostgresStore) -> None:
    days = [NOW + timedelta(days=day) for day in range(3)]
    with store.transaction() as db:
        heads = [PublishedHead(str(at.date()), at, f"statement of {at.date()}") for at in days]
        assert [published_heads_table.add(db, head) for head in (*heads, heads[0])] == [True, True, True, False]
        published_heads_table.keep_stamp_error(db, heads[2].day, "it is down")
        published_heads_table.keep_stamp(db, heads[2].day, b"\x00stamp", NOW, "http://127.0.0.1")
    with store.reading() as db:
        newest, before = published_heads_table.page(db, 0, 2)
        assert (newest.stamp, newest.stamped_at, newest.stamp_error) == (b"\x00stamp", NOW, "")
        assert published_heads_table.page(db, before.number, 9) == [heads[0]]
        assert published_heads_table.newest(db, days[2].date()) == newest
        assert published_heads_table.newest(db, days[1].date()) == before
        assert published_heads_table.ahead(db, days[1].date()) == newest
        assert published_heads_table.newest_message(db, days[2].date()) is None
