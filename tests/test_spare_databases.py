"""The databases of PostgreSQL that tests take turns with: each test is to have one that is as new."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bellwether.core.errors import StoreError
from tests.support import postgres
from tests.support.database import StoreOfTest, postgres_template
from tests.support.spare_databases import SpareDatabases, contents


@pytest.fixture(scope="module")
def server() -> postgres.Server:
    try:
        return postgres.server()
    except postgres.NoServer as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def spare(server: postgres.Server) -> Iterator[SpareDatabases]:
    spare = SpareDatabases(server, postgres_template())
    yield spare
    spare.drop_all()


def dumped(server: postgres.Server, database: str) -> list[str]:
    program = server.programs / "pg_dump"
    if not program.exists():
        pytest.skip("the server of the tests has come without pg_dump")
    done = subprocess.run([program, server.url(database)], capture_output=True, text=True, check=True, cwd="/")
    return [line for line in done.stdout.splitlines() if "restrict " not in line]  # followed by a number by chance


WRITES = (
    "INSERT INTO chats VALUES (7, 'en', 'UTC', 0, '', 0)",
    "INSERT INTO subscriptions VALUES (7, 'AAPL', 'XNYS', '')",  # refers to the chat
    "INSERT INTO feedback (chat_id, text, said_at) VALUES (7, 'hello', '')",  # a counter goes on
    "INSERT INTO ledger VALUES (1, 'f', 'AAPL', 1, 5, 2, 1, 'm', 'sample', 1, '', '', '')",  # a trigger keeps it
    "INSERT INTO outcomes VALUES (1, 1, 2, 0.1, 3, '')",
)


def test_what_a_test_wrote_is_gone_and_the_next_one_has_a_database_equal_to_a_new_one(
    server: postgres.Server, spare: SpareDatabases
) -> None:
    used = spare.take()
    for statement in WRITES:
        server.execute(statement, used)
    spare.give_back(used)
    again, new = spare.take(), server.new(postgres_template())
    assert again == used
    for database in (again, new):
        with psycopg.connect(server.url(database)) as conn:
            assert contents(conn).rows.keys() == {"bellwether_migrations", "bellwether_version"}
    assert dumped(server, again) == dumped(server, new), "tables, rows, counters and triggers, in pg_dump's words"
    server.drop(new)
    spare.give_back(again)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE later (n BIGINT)",
        "ALTER TABLE alert_settings DROP COLUMN theme",
        "DROP TRIGGER ledger_no_update ON ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ledger_no_update",
        "DROP INDEX idx_outcomes_seq",
        "CREATE OR REPLACE FUNCTION bellwether_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "ALTER TABLE feedback ALTER COLUMN text SET DEFAULT ''",
        "UPDATE bellwether_version SET newest = newest + 1",
        "DELETE FROM bellwether_migrations",
        "ANALYZE bellwether_migrations",
        "CREATE SCHEMA elsewhere",
    ],
)
def test_what_has_changed_beside_rows_is_seen(change: str, server: postgres.Server, spare: SpareDatabases) -> None:
    used = spare.take()
    with psycopg.connect(server.url(used)) as conn:
        before = contents(conn)
        conn.execute(change.encode())
        assert contents(conn) != before
        conn.rollback()
    spare.give_back(used)


def test_a_database_in_which_more_than_rows_has_changed_is_not_used_again(
    server: postgres.Server, spare: SpareDatabases
) -> None:
    used = spare.take()
    server.execute("DROP TRIGGER ledger_no_update ON ledger", used)
    spare.give_back(used)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        server.execute("SELECT 1", used)


def test_whoever_is_still_connected_when_a_test_is_over_is_sent_away_and_its_work_undone(
    server: postgres.Server, spare: SpareDatabases
) -> None:
    used = spare.take()
    conn = psycopg.connect(server.url(used))
    conn.execute(WRITES[0])
    spare.give_back(used)
    with pytest.raises(psycopg.OperationalError):
        conn.commit()
    conn.close()
    assert spare.take() == used
    spare.give_back(used)


def test_a_store_stays_closed_when_its_test_is_over(
    server: postgres.Server, spare: SpareDatabases, tmp_path: Path
) -> None:
    used = spare.take()
    store = StoreOfTest(server.url(used), tmp_path)
    with store.transaction() as db:
        db.execute(WRITES[0])
    store.end()
    with pytest.raises(StoreError) as raised, store.reading():
        pass
    assert raised.value.for_operator == "the test is over"
    spare.give_back(used)
