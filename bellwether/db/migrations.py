"""How the tables came to be. A migration is never edited once released; a change is a new one."""

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
        _only_add(db, table, key)
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


@migrations()
def whole_and_kind_delivery(db: Any) -> None:
    """Rules that rest, chats that stopped us or live in a topic, what an alert was for, and digests never written."""
    db["chats"].add_column("stopped", int, not_null_default=0)
    db["chats"].add_column("thread", int)
    db["alert_rules"].add_column("paused", int, not_null_default=0)
    db["alert_rules"].add_column("missing_since", str)
    db["alerts"].add_column("wish", str, not_null_default="")
    db.execute("CREATE TABLE marks (name TEXT PRIMARY KEY, at TEXT NOT NULL)")
    db.execute(
        "CREATE TABLE missed_digests (session TEXT PRIMARY KEY, digests INTEGER NOT NULL, noted_at TEXT NOT NULL)"
    )


@migrations()
def chosen_languages(db: Any) -> None:
    """The language that a chat chose; without one it is spoken to in the language of its app."""
    db["alert_settings"].add_column("language", str)


@migrations()
def issued_growth(db: Any) -> None:
    """Every growth forecast that was issued and what came of it, neither ever changed."""
    db.execute(
        "CREATE TABLE growth_ledger (seq INTEGER PRIMARY KEY, forecast_id TEXT NOT NULL, symbol TEXT NOT NULL,"
        " period_end INTEGER NOT NULL, quarters_ahead INTEGER NOT NULL, target INTEGER NOT NULL, as_of INTEGER,"
        " made_at INTEGER, model_id TEXT, source TEXT, currency TEXT, base REAL, read_sha256 TEXT,"
        " growths TEXT NOT NULL, baseline TEXT NOT NULL, hash BLOB NOT NULL)"
    )
    db["growth_ledger"].create_index(["forecast_id"], unique=True)
    db["growth_ledger"].create_index(["symbol"])
    db.execute(
        "CREATE TABLE growth_outcomes (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL REFERENCES growth_ledger(seq),"
        " growth REAL NOT NULL, revenue REAL, known_on INTEGER NOT NULL, settled_at INTEGER NOT NULL,"
        " hash BLOB NOT NULL)"
    )
    db["growth_outcomes"].create_index(["seq"], unique=True)
    for table, key in (("growth_ledger", "seq"), ("growth_outcomes", "id")):
        _only_add(db, table, key)


@migrations()
def chosen_wording(db: Any) -> None:
    """Whether a chat wants all the numbers."""
    db["alert_settings"].add_column("expert", int, not_null_default=0)


@migrations()
def chosen_theme(db: Any) -> None:
    """Whether a chat wants its charts light or dark."""
    db["alert_settings"].add_column("theme", str, not_null_default="light")


@migrations()
def updates_set_aside(db: Any) -> None:
    """Why an update is not answered, and what was wrong with it."""
    db["inbox"].add_column("set_aside", str)
    db["inbox"].add_column("reason", str, not_null_default="")
    db["inbox"].create_index(["set_aside"])


@migrations()
def doubtful_splits(db: Any) -> None:
    """From which session on the kept prices are surely adjusted for every split told of; empty for all."""
    db["instruments"].add_column("doubtful", str)


@migrations()
def told_pauses(db: Any) -> None:
    """Why a chat was not written to, since when and until when; chats paused before this are told nothing."""
    for name in ("pause_reason", "paused_since", "pause_ended"):
        db["chats"].add_column(name, str)


@migrations()
def moves_without_a_close(db: Any) -> None:
    """The session after which a rule's move was not known, for the close before it is missing; empty for none."""
    db["alert_rules"].add_column("hole_at", str)


@migrations()
def counted_asides(db: Any) -> None:
    """Updates whose tries are used up are set aside by name, and what nobody reads again loses what people wrote.

    Few updates are set aside, so counting them need not look through all the others.
    """
    db.execute("UPDATE inbox SET set_aside = 'exhausted' WHERE done_at IS NULL AND attempts >= 5")
    db.execute("UPDATE inbox SET body = '' WHERE set_aside = 'failed' AND body <> ''")
    db.execute("DROP INDEX idx_inbox_set_aside")
    db.execute("CREATE INDEX idx_inbox_set_aside ON inbox (set_aside, received_at, reason) WHERE set_aside IS NOT NULL")


@migrations()
def named_recipients(db: Any) -> None:
    """Whom a message is for, where keys and webhooks were chats far below zero; the id of an event has a column.

    Rules and alerts of a key keep their owner's number, and so do the dedup keys made of it: see `delivery.messages`.
    """
    db.execute("ALTER TABLE outbox RENAME COLUMN chat_id TO recipient_id")
    db["outbox"].add_column("recipient_kind", str, not_null_default="chat")
    db["outbox"].add_column("event_id", str)
    keys, webhooks = -(10**16), -2 * 10**16  # the owner of key n was the chat keys - n, webhook n the one webhooks - n
    db.execute("UPDATE outbox SET recipient_kind = 'terminal' WHERE recipient_id = 0")
    db.execute(
        f"UPDATE outbox SET recipient_kind = 'webhook', recipient_id = {webhooks} - recipient_id,"
        f" dedup_key = replace(dedup_key, ':' || recipient_id || ':', ':' || ({webhooks} - recipient_id) || ':'),"
        " event_id = substr(text, 1, instr(text, char(10)) - 1), text = substr(text, instr(text, char(10)) + 1)"
        f" WHERE recipient_id <= {webhooks}"
    )
    owners = f"recipient_kind = 'key', recipient_id = {keys} - recipient_id"
    db.execute(f"UPDATE outbox SET {owners} WHERE recipient_id <= {keys}")
    db.execute("DROP INDEX idx_outbox_chat_id_state")
    db["outbox"].create_index(["recipient_id", "recipient_kind", "state"])


def _only_add(db: Any, table: str, key: str) -> None:
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
