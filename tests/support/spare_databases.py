"""Databases of PostgreSQL that tests use one after the other: what a test wrote is taken out again.

A copy of the template takes a tenth of a second and more to make, and as long to drop; most tests write a few rows.

whoever is connected is sent away | rows of the test deleted, counters set back | as the template is? kept : dropped

What a test has changed beside rows shows in the last step: tables, triggers, statistics, rows that were there before.
"""

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.support.postgres import Server

_GONE = 10.0  #: seconds in which whoever is sent away ends
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
_COUNTERS = (
    "SELECT setval(format('public.%I', sequencename), start_value, false) FROM pg_sequences"
    " WHERE schemaname = 'public' AND last_value IS NOT NULL"
)
_MADE_OF = """
SELECT md5(concat_ws(';',
    (SELECT string_agg(concat_ws(',', relname, relkind, reltuples, relrowsecurity, reloptions, relacl), ';'
        ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(concat_ws(',', attrelid, attnum, attname, atttypid, attnotnull, attcollation), ';'
        ORDER BY attrelid, attnum) FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
    (SELECT string_agg(concat_ws(',', tgrelid, tgname, tgenabled), ';' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat_ws(',', conrelid, conname, condeferrable, convalidated), ';' ORDER BY oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
    (SELECT string_agg(concat_ws(',', proname, prosrc), ';' ORDER BY oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(nspname, ';' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'),
    (SELECT count(*) FROM pg_attrdef), (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_db_role_setting)
))
"""


@dataclass(frozen=True)
class Contents:
    """What is in a database: its tables and all that belongs to them, in one number, and of tables with rows these."""

    made_of: str
    rows: dict[str, str]


def contents(conn: "psycopg.Connection[Any]") -> Contents:
    """What is in a database now."""
    [(made_of,)] = conn.execute(_MADE_OF)
    tables = [name for (name,) in conn.execute(_TABLES)]
    return Contents(made_of, {table: _rows(conn, table) for table in _with_rows(conn, tables)})


def _with_rows(conn: "psycopg.Connection[Any]", tables: list[str]) -> list[str]:
    looks = ", ".join(f"CASE WHEN EXISTS (SELECT FROM {table}) THEN '{table}' END" for table in tables)
    [(names,)] = conn.execute(f"SELECT ARRAY[{looks}]::text[]".encode())
    return [name for name in names if name]


def _rows(conn: "psycopg.Connection[Any]", table: str) -> str:
    rows = f"SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {table} t"
    [(number,)] = conn.execute(rows.encode())
    return str(number)


class SpareDatabases:
    """Those of one server that nobody uses, as new as the template, each with a connection to tidy it up by."""

    def __init__(self, server: Server, template: str) -> None:
        """`template` is as each is to be."""
        self._server, self._template = server, template
        with psycopg.connect(server.url(template), autocommit=True) as conn:
            self._wanted = contents(conn)
            self._tables = [name for (name,) in conn.execute(_TABLES)]
        self._brooms: dict[str, psycopg.Connection[Any]] = {}
        self._spare: list[str] = []

    def take(self) -> str:
        """The name of a database that is as new."""
        return self._spare.pop() if self._spare else self._server.new(self._template)

    def give_back(self, database: str) -> None:
        """A test is done with it."""
        if self._tidy(database):
            self._spare.append(database)
        else:
            self._drop(database)

    def drop_all(self) -> None:
        """Drop those that are spare."""
        while self._spare:
            self._drop(self._spare.pop())

    def _drop(self, database: str) -> None:
        if database in self._brooms:
            self._brooms.pop(database).close()
        self._server.drop(database)

    def _tidy(self, database: str) -> bool:
        """Whether it is as new again."""
        try:
            conn = self._brooms.get(database) or self._broom(database)
            _send_away_others(conn)
            with conn.transaction():
                for table in _with_rows(conn, self._tables):
                    if table not in self._wanted.rows:
                        conn.execute(f"DELETE FROM {table}".encode())
                conn.execute(_COUNTERS)
            return contents(conn) == self._wanted
        except psycopg.Error:  # a table is missing, say
            return False

    def _broom(self, database: str) -> "psycopg.Connection[Any]":
        conn = psycopg.connect(self._server.url(database), autocommit=True, prepare_threshold=0)
        self._brooms[database] = conn
        conn.execute("SET session_replication_role = replica")  # the ledger's triggers let nobody delete
        return conn


def _send_away_others(conn: "psycopg.Connection[Any]") -> None:
    patience = time.monotonic() + _GONE
    while conn.execute(_OTHERS, (conn.info.backend_pid,)).fetchall():
        if time.monotonic() > patience:
            raise psycopg.OperationalError("somebody stays connected")
        time.sleep(0.001)
