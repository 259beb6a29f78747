"""How the tables came to be. A migration is never edited once released; a change is a new one, at the end of this file.

One description serves both kinds of database: a function gives the statements, in the words of SQLite, and
`postgres_dialect.defined` writes them anew for PostgreSQL. They run in the order in which they stand. Before these
SQLite went through `first_migrations` and `sqlite_migrations`, which PostgreSQL has from the start, as its baseline.
"""

from collections.abc import Callable, Iterable
from typing import Any

from bellwether.db.sqlite_migrations import migrations

__all__ = ["ON_BOTH", "Statements", "migrations", "on_both"]

Statements = Callable[[], Iterable[str]]

ON_BOTH: dict[str, Statements] = {}  #: by name, in their order


def on_both(statements: Statements) -> Statements:
    """Have both kinds of database go through what a function gives."""

    def on_sqlite(db: Any) -> None:
        for statement in statements():
            db.execute(statement)

    name = statements.__name__
    migrations(name=name)(on_sqlite)
    ON_BOTH[name] = statements
    return statements


@on_both
def several_senders() -> Iterable[str]:
    """The processes that send for a bot, where several do, and what each tells the others."""
    yield (
        "CREATE TABLE senders (bot TEXT NOT NULL, holder TEXT NOT NULL, share INTEGER NOT NULL, beats INTEGER NOT NULL,"
        " answered TEXT NOT NULL, refused TEXT NOT NULL, PRIMARY KEY (bot, holder))"
    )


@on_both
def serving_hosts() -> Iterable[str]:
    """The processes that serve, and what each is made of."""
    yield (
        "CREATE TABLE hosts (name TEXT PRIMARY KEY, parts TEXT NOT NULL, version TEXT NOT NULL,"
        " settings TEXT NOT NULL, models TEXT NOT NULL, beat_at TEXT NOT NULL)"
    )


@on_both
def targets() -> Iterable[str]:
    """Where chats want to hear of alerts and digests too, and when anybody was asked whether a target is theirs."""
    return (
        "CREATE TABLE targets (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, kind TEXT NOT NULL,"
        " address TEXT NOT NULL, shown TEXT NOT NULL, mark TEXT NOT NULL, state TEXT NOT NULL,"
        " created_at TEXT NOT NULL, asked_at TEXT NOT NULL, wrong_codes INTEGER NOT NULL DEFAULT 0, proved_at TEXT,"
        " stopped_why TEXT, failures INTEGER NOT NULL DEFAULT 0, failing_since TEXT)",
        "CREATE INDEX idx_targets_chat_id ON targets (chat_id)",
        # no chat is named here: what somebody was asked must outlive the erasure of who asked
        "CREATE TABLE target_requests (id INTEGER PRIMARY KEY, mark TEXT NOT NULL, at TEXT NOT NULL)",
        "CREATE INDEX idx_target_requests_mark ON target_requests (mark, at)",
    )


@on_both
def spreading() -> Iterable[str]:
    """Which messages are still to be spread over targets, and by which of their services those to targets go."""
    return (
        "ALTER TABLE outbox ADD COLUMN to_spread INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE outbox ADD COLUMN lane TEXT NOT NULL DEFAULT ''",
        # those that were spread before have rows of the same keys, so nothing comes twice
        "UPDATE outbox SET to_spread = 1 WHERE recipient_kind IN ('chat', 'terminal', 'reader')"
        " AND recipient_id IN (SELECT chat_id FROM targets)",
        "UPDATE outbox SET lane = (SELECT kind FROM targets WHERE id = recipient_id)"
        " WHERE recipient_kind = 'target' AND recipient_id IN (SELECT id FROM targets)",
        "CREATE INDEX idx_outbox_to_spread ON outbox (to_spread, id) WHERE to_spread = 1",
        # beside what is owed to all chats theirs is little, and is not to be looked for among it
        "CREATE INDEX idx_outbox_targets ON outbox (state, recipient_kind, not_before, id)"
        " WHERE recipient_kind = 'target'",
        "CREATE INDEX idx_targets_mark ON targets (mark)",
    )


@on_both
def reader_links() -> Iterable[str]:
    """How often a reader made the links of earlier mails void; since when a target gives a reason to be stopped."""
    return (
        "ALTER TABLE targets ADD COLUMN link_generation INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE targets ADD COLUMN refusal TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE targets ADD COLUMN refusing_since TEXT",
    )


@on_both
def why_ranges_missed() -> Iterable[str]:
    """What speaks for a cause, of each outcome by its number, and how often it came."""
    return (
        "CREATE TABLE outcome_evidence (id INTEGER PRIMARY KEY, held INTEGER, evidence INTEGER NOT NULL,"
        " rule INTEGER NOT NULL)",
        "CREATE TABLE evidence_sums (model_id TEXT NOT NULL, shown INTEGER NOT NULL, horizon INTEGER NOT NULL,"
        " cutoff INTEGER NOT NULL, held INTEGER NOT NULL, evidence INTEGER NOT NULL, forecasts INTEGER NOT NULL,"
        " PRIMARY KEY (model_id, shown, horizon, cutoff, held, evidence))",
    )


@on_both
def incidents() -> Iterable[str]:
    """Spells in which ranges of all stocks held too rarely or too often, and which chats want to hear of them."""
    return (
        "CREATE TABLE incidents (id TEXT PRIMARY KEY, kind TEXT NOT NULL, first_session INTEGER NOT NULL,"
        " announced INTEGER NOT NULL, lately REAL NOT NULL, noted_at TEXT NOT NULL)",
        "CREATE TABLE incident_ends (id TEXT PRIMARY KEY, ended INTEGER NOT NULL, depth REAL NOT NULL,"
        " noted_at TEXT NOT NULL)",
        "ALTER TABLE alert_settings ADD COLUMN storms INTEGER NOT NULL DEFAULT 0",
    )


@on_both
def published_heads() -> Iterable[str]:
    """Where the hash chains ended each day, as it was published, and the time stamp of who has no part in this."""
    yield (
        "CREATE TABLE published_heads (day TEXT PRIMARY KEY, published_at TEXT NOT NULL, statement TEXT NOT NULL,"
        " message_key TEXT NOT NULL DEFAULT '', stamp BLOB, stamped_at TEXT, authority TEXT NOT NULL DEFAULT '',"
        " stamp_error TEXT NOT NULL DEFAULT '')"
    )


def _never_changed(table: str) -> Iterable[str]:
    """Have the database itself refuse to change a row, or to delete one."""
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT raise(ABORT, 'rows of {table} are never changed'); END"
        )


def _only_added(table: str, key: str) -> Iterable[str]:
    """The same, and have it refuse to add a row anywhere but at the end."""
    yield from _never_changed(table)
    yield (
        f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table}"
        f" WHEN NEW.{key} <> (SELECT coalesce(max({key}), 0) + 1 FROM {table})"
        f" BEGIN SELECT raise(ABORT, 'rows of {table} are only added at the end'); END"
    )


@on_both
def issued_lists() -> Iterable[str]:
    """Every forecast of a list that was issued and what came of it, neither ever changed."""
    return (
        "CREATE TABLE list_ledger (seq INTEGER PRIMARY KEY, forecast_id TEXT NOT NULL, members TEXT NOT NULL,"
        " horizon INTEGER NOT NULL, calendar TEXT NOT NULL, cutoff INTEGER NOT NULL, target INTEGER NOT NULL,"
        " made_at INTEGER NOT NULL, model_id TEXT NOT NULL, source TEXT NOT NULL, growths TEXT NOT NULL,"
        " plain TEXT NOT NULL, hash BLOB NOT NULL)",
        "CREATE UNIQUE INDEX idx_list_ledger_forecast_id ON list_ledger (forecast_id)",
        "CREATE INDEX idx_list_ledger_target ON list_ledger (target)",
        "CREATE TABLE list_outcomes (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES list_ledger(seq),"
        " growth REAL, settled_at INTEGER NOT NULL, hash BLOB NOT NULL)",
        "CREATE UNIQUE INDEX idx_list_outcomes_seq ON list_outcomes (seq)",
        *_only_added("list_ledger", "seq"),
        *_only_added("list_outcomes", "id"),
    )


@on_both
def list_work() -> Iterable[str]:
    """Which forecasts of lists are open, how the others turned out by horizon, and why some never will.

    The sums begin empty: outcomes beyond those that they count are counted with the next that come.
    """
    return (
        "CREATE TABLE list_pending (seq INTEGER PRIMARY KEY, target INTEGER NOT NULL, failing_since INTEGER)",
        "INSERT INTO list_pending (seq, target) SELECT seq, target FROM list_ledger WHERE NOT EXISTS"
        " (SELECT 1 FROM list_outcomes WHERE list_outcomes.seq = list_ledger.seq)",
        "DROP INDEX idx_list_ledger_target",
        "CREATE TABLE list_sums (horizon INTEGER PRIMARY KEY, settled INTEGER NOT NULL, lost INTEGER NOT NULL,"
        " held INTEGER NOT NULL, compared INTEGER NOT NULL, held_compared INTEGER NOT NULL,"
        " plain_held INTEGER NOT NULL)",
        "CREATE TABLE list_lost (seq INTEGER PRIMARY KEY, symbol TEXT NOT NULL, reason TEXT NOT NULL)",
        # of visitors alone, whom nobody knows: how many of their lists were entered today
        "CREATE TABLE list_visits (day INTEGER PRIMARY KEY, entered INTEGER NOT NULL)",
    )


@on_both
def incidents_stay() -> Iterable[str]:
    """What was announced, and when it was over, is never changed: each has an id of its own, so is entered once."""
    return (*_never_changed("incidents"), *_never_changed("incident_ends"))


@on_both
def days_of_failure() -> Iterable[str]:
    """On how many days a source failed for an open forecast of a list, and when last."""
    return (
        "ALTER TABLE list_pending ADD COLUMN failed_on INTEGER",
        "ALTER TABLE list_pending ADD COLUMN failed_days INTEGER NOT NULL DEFAULT 0",
    )


@on_both
def lost_lists_stay() -> Iterable[str]:
    """Why a forecast of a list has no outcome for good is never changed."""
    return _never_changed("list_lost")
