"""The first migrations: the tables that each part of the service began with. `sqlite_migrations` goes on from here."""

from typing import Any

from sqlite_utils.migrations import Migrations

migrations = Migrations("bellwether")


@migrations()
def first_tables(db: Any) -> None:
    """Chats, what they watch, what arrived and what is owed."""
    db.execute(
        "CREATE TABLE chats (chat_id INTEGER PRIMARY KEY, language TEXT NOT NULL, timezone TEXT NOT NULL,"
        " paused INTEGER NOT NULL, joined_at TEXT NOT NULL)"
    )
    db.execute(
        "CREATE TABLE subscriptions (chat_id INTEGER REFERENCES chats(chat_id), symbol TEXT, calendar TEXT NOT NULL,"
        " created_at TEXT NOT NULL, PRIMARY KEY (chat_id, symbol))"
    )
    db.execute(
        "CREATE TABLE inbox (update_id INTEGER PRIMARY KEY, body TEXT NOT NULL, received_at TEXT NOT NULL,"
        " attempts INTEGER NOT NULL, done_at TEXT)"
    )
    db["inbox"].create_index(["done_at"])
    db.execute(
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY, dedup_key TEXT NOT NULL, chat_id INTEGER NOT NULL,"
        " kind TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,"
        " not_before TEXT NOT NULL, expires_at TEXT NOT NULL, claimed_until TEXT, created_at TEXT NOT NULL,"
        " sent_at TEXT, last_error TEXT)"
    )
    db["outbox"].create_index(["dedup_key"], unique=True)
    db["outbox"].create_index(["state", "not_before"])


@migrations()
def kept_bars(db: Any) -> None:
    """Bars of live sources, and what the sources say about their symbols."""
    db.execute(
        "CREATE TABLE instruments (source TEXT, symbol TEXT, name TEXT NOT NULL, exchange TEXT NOT NULL,"
        " calendar TEXT NOT NULL, currency TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,"
        " asked_at TEXT NOT NULL, layout INTEGER NOT NULL, PRIMARY KEY (source, symbol))"
    )
    db.execute(
        "CREATE TABLE bars (source TEXT, symbol TEXT, year INTEGER, data BLOB NOT NULL, checksum INTEGER NOT NULL,"
        " PRIMARY KEY (source, symbol, year))"
    )


@migrations()
def sound_delivery(db: Any) -> None:
    """What attempts leave behind, which process may send, and indexes for many chats."""
    for column in ("uncertain", "strikes", "parts_sent"):
        db["outbox"].add_column(column, int, not_null_default=0)
    db["outbox"].add_column("failed_at", str)
    db["outbox"].create_index(["chat_id", "state"])
    db.execute("CREATE INDEX idx_outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL")
    db["subscriptions"].create_index(["chat_id", "calendar"])
    db.execute(
        "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, machine TEXT NOT NULL,"
        " beats INTEGER NOT NULL, taken_at TEXT NOT NULL, beat_at TEXT NOT NULL)"
    )


@migrations()
def remembered_searches(db: Any) -> None:
    """What a source found for words that we do not know."""
    db.execute("CREATE TABLE symbol_searches (question TEXT PRIMARY KEY, found TEXT NOT NULL, asked_at TEXT NOT NULL)")
    db["symbol_searches"].create_index(["asked_at"])


@migrations()
def kept_statements(db: Any) -> None:
    """Companies' quarters as their sources gave them."""
    db.execute(
        "CREATE TABLE statements (source TEXT, symbol TEXT, currency TEXT NOT NULL, next_earnings TEXT,"
        " quarters TEXT NOT NULL, asked_at TEXT NOT NULL, PRIMARY KEY (source, symbol))"
    )


@migrations()
def alert_rules(db: Any) -> None:
    """What chats asked to be told and how, what they were told, and the ranges to be graded."""
    db.execute(
        "CREATE TABLE alert_rules (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL REFERENCES chats(chat_id),"
        " symbol TEXT NOT NULL, calendar TEXT NOT NULL, kind TEXT NOT NULL, direction TEXT NOT NULL,"
        " threshold REAL NOT NULL, horizon INTEGER NOT NULL, repeat TEXT NOT NULL, armed INTEGER NOT NULL,"
        " last_value REAL, judged TEXT, set_on TEXT, set_close REAL, expires_at TEXT, created_at TEXT NOT NULL)"
    )
    same = ["chat_id", "symbol", "kind", "direction", "threshold", "horizon"]
    db["alert_rules"].create_index(same, unique=True)
    db["alert_rules"].create_index(["calendar", "judged", "symbol"])
    db["alert_rules"].create_index(["symbol"])
    db.execute(
        "CREATE TABLE alert_settings (chat_id INTEGER PRIMARY KEY REFERENCES chats(chat_id), digest_mode TEXT NOT NULL,"
        " digest_at TEXT, quiet_since TEXT, quiet_until TEXT, weekly_budget INTEGER, changed_at TEXT, pending TEXT)"
    )
    db.execute(
        "CREATE TABLE alerts (id INTEGER PRIMARY KEY, rule_id INTEGER NOT NULL, chat_id INTEGER NOT NULL,"
        " symbol TEXT NOT NULL, calendar TEXT NOT NULL, kind TEXT NOT NULL, session TEXT NOT NULL, line TEXT NOT NULL,"
        " surprise REAL NOT NULL, message_key TEXT, digest_key TEXT, fired_at TEXT NOT NULL, horizon INTEGER,"
        " target_session TEXT, low REAL, high REAL, outcome_key TEXT)"
    )
    db["alerts"].create_index(["rule_id", "session"], unique=True)
    db["alerts"].create_index(["chat_id", "fired_at"])
    db.execute(
        "CREATE INDEX idx_alerts_open ON alerts (target_session)"
        " WHERE target_session IS NOT NULL AND outcome_key IS NULL"
    )
    db.execute(
        "CREATE TABLE told_ranges (symbol TEXT, cutoff TEXT, horizon INTEGER, target_session TEXT NOT NULL,"
        " low REAL NOT NULL, high REAL NOT NULL, PRIMARY KEY (symbol, cutoff, horizon))"
    )
    db["told_ranges"].create_index(["target_session"])
    db["outbox"].add_column("telegram_id", int)
    db["outbox"].add_column("reply_key", str)
    db["outbox"].add_column("due_at", str)


@migrations()
def issued_forecasts(db: Any) -> None:
    """Every forecast that was issued and what came of it, neither ever changed; and sums of their scores."""
    db.execute(
        "CREATE TABLE ledger (seq INTEGER PRIMARY KEY, forecast_id TEXT NOT NULL, symbol TEXT NOT NULL,"
        " cutoff INTEGER NOT NULL, horizon INTEGER NOT NULL, target INTEGER NOT NULL, made_at INTEGER NOT NULL,"
        " model_id TEXT NOT NULL, source TEXT NOT NULL, shown INTEGER NOT NULL, bars_sha256 BLOB NOT NULL,"
        " numbers BLOB NOT NULL, hash BLOB NOT NULL)"
    )
    db["ledger"].create_index(["forecast_id"], unique=True)
    db["ledger"].create_index(["symbol", "cutoff"])
    db.execute(
        "CREATE TABLE outcomes (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES ledger(seq), session INTEGER,"
        " log_return REAL, settled_at INTEGER NOT NULL, hash BLOB NOT NULL)"
    )
    db["outcomes"].create_index(["seq"], unique=True)
    for table, key in (("ledger", "seq"), ("outcomes", "id")):
        only_add(db, table, key)
    db.execute(
        "CREATE TABLE pending (seq INTEGER PRIMARY KEY REFERENCES ledger(seq), target INTEGER NOT NULL,"
        " calendar TEXT NOT NULL)"
    )
    db["pending"].create_index(["target"])
    # the sums are real numbers, one column each: see track_record/scores/columns.py
    inside = ("inside_80", "inside_90", "baseline_inside_80", "baseline_inside_90")
    below = tuple(f"below_{level}" for level in (5, 10, 25, 50, 75, 90, 95))
    sums = ("forecasts", "loss", "baseline_loss", *inside, "brier", "usual_brier", "rises", "span", *below)
    columns = ", ".join(f"{name} REAL NOT NULL" for name in sums)
    db.execute(
        "CREATE TABLE score_sums (model_id TEXT, shown INTEGER, horizon INTEGER, cutoff INTEGER, issued INTEGER"
        f" NOT NULL, lost INTEGER NOT NULL, {columns}, PRIMARY KEY (model_id, shown, horizon, cutoff))"
    )
    db.execute(
        "CREATE TABLE misses (seq INTEGER PRIMARY KEY REFERENCES ledger(seq), distance REAL NOT NULL,"
        " cutoff INTEGER NOT NULL)"
    )
    db["misses"].create_index(["distance"])


@migrations()
def kept_feedback(db: Any) -> None:
    """What people tell whoever runs the service."""
    db.execute(
        "CREATE TABLE feedback (id INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL, text TEXT NOT NULL,"
        " said_at TEXT NOT NULL, forwarded_as TEXT)"
    )
    db["feedback"].create_index(["chat_id", "said_at"])


@migrations()
def sent_pictures(db: Any) -> None:
    """By which name Telegram keeps a picture that was uploaded once."""
    db.execute(
        "CREATE TABLE sent_pictures (id INTEGER PRIMARY KEY, bot TEXT NOT NULL, key TEXT NOT NULL,"
        " file_id TEXT NOT NULL, sent_at TEXT NOT NULL)"
    )
    db["sent_pictures"].create_index(["bot", "key"], unique=True)


@migrations()
def api_keys(db: Any) -> None:
    """Keys of the API, their secrets, the terms that some have of their own, and what each has used up."""
    db.execute(
        "CREATE TABLE api_keys (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, plan TEXT NOT NULL, scopes TEXT NOT NULL,"
        " created_at TEXT NOT NULL, revoked_at TEXT)"
    )
    db.execute(
        "CREATE TABLE api_secrets (public_id TEXT PRIMARY KEY, key_id INTEGER NOT NULL REFERENCES api_keys(id),"
        " digest BLOB NOT NULL, created_at TEXT NOT NULL, expires_at TEXT)"
    )
    db["api_secrets"].create_index(["key_id"])
    db.execute(
        "CREATE TABLE api_terms (id INTEGER PRIMARY KEY, key_id INTEGER NOT NULL REFERENCES api_keys(id),"
        " changes TEXT NOT NULL, starts_at TEXT, ends_at TEXT)"
    )
    db["api_terms"].create_index(["key_id"])
    db.execute(
        "CREATE TABLE api_minutes (key_id INTEGER PRIMARY KEY REFERENCES api_keys(id), started_at REAL NOT NULL,"
        " used INTEGER NOT NULL)"
    )
    db.execute(
        "CREATE TABLE api_days (key_id INTEGER REFERENCES api_keys(id), day INTEGER, used INTEGER NOT NULL,"
        " PRIMARY KEY (key_id, day))"
    )


@migrations()
def webhooks(db: Any) -> None:
    """Where alerts are sent to for the owners of keys, and what came of each attempt."""
    db.execute(
        "CREATE TABLE webhooks (id INTEGER PRIMARY KEY, key_id INTEGER NOT NULL REFERENCES api_keys(id),"
        " url TEXT NOT NULL, secret TEXT NOT NULL, old_secret TEXT, old_until TEXT, created_at TEXT NOT NULL,"
        " disabled_at TEXT, disabled_why TEXT)"
    )
    db["webhooks"].create_index(["key_id"])
    db.execute(
        "CREATE TABLE webhook_attempts (id INTEGER PRIMARY KEY, webhook_id INTEGER NOT NULL REFERENCES webhooks(id),"
        " event_id TEXT NOT NULL, body TEXT NOT NULL, attempt INTEGER NOT NULL, at TEXT NOT NULL,"
        " milliseconds INTEGER NOT NULL, status INTEGER, error TEXT)"
    )
    db["webhook_attempts"].create_index(["webhook_id"])
    db["webhook_attempts"].create_index(["at"])


def only_add(db: Any, table: str, key: str) -> None:
    """Have SQLite itself refuse to change a row, to delete one, or to add one anywhere but at the end."""
    for verb in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT raise(ABORT, 'rows of {table} are never changed'); END"
        )
    db.execute(
        f"CREATE TRIGGER {table}_in_order BEFORE INSERT ON {table}"
        f" WHEN NEW.{key} <> (SELECT coalesce(max({key}), 0) + 1 FROM {table})"
        f" BEGIN SELECT raise(ABORT, 'rows of {table} are only added at the end'); END"
    )
