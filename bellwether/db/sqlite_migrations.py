"""What SQLite went through, after `first_migrations`, before there was PostgreSQL. `db.migrations` goes on from here.

PostgreSQL begins with what these left: see `postgres_baseline.sql`.
"""

from typing import Any

from bellwether.db.first_migrations import migrations, only_add

__all__ = ["migrations"]


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
        only_add(db, table, key)


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


@migrations()
def offered_with_messages(db: Any) -> None:
    """What can be done about a message by buttons under it; nothing for those made before."""
    db["outbox"].add_column("offers", str, not_null_default="")


@migrations()
def days_of_reports(db: Any) -> None:
    """When companies report, as sources have told it: a date that moves is another row, and none is ever rewritten."""
    db.execute(
        "CREATE TABLE announcements (id INTEGER PRIMARY KEY, source TEXT NOT NULL, symbol TEXT NOT NULL, day TEXT"
        " NOT NULL, last_day TEXT, time_of_day TEXT NOT NULL, known_from TEXT, withdrawn_from TEXT)"
    )
    db["announcements"].create_index(["source", "symbol", "day"])
    db.execute(
        "CREATE TABLE announcements_asked (source TEXT, symbol TEXT, asked_at TEXT NOT NULL,"
        " PRIMARY KEY (source, symbol))"
    )
    told = ("id", "source", "symbol", "day", "last_day", "time_of_day", "known_from")
    db.execute(
        f"CREATE TRIGGER announcements_no_rewriting BEFORE UPDATE OF {', '.join(told)} ON announcements"
        " BEGIN SELECT raise(ABORT, 'what was told of a report is never changed'); END"
    )


@migrations()
def universe_evenings(db: Any) -> None:
    """How all stocks together moved by session, and by how much ranges are widened; for what was issued, how much."""
    db.execute(
        "CREATE TABLE universe_state (source TEXT, session INTEGER, stocks INTEGER NOT NULL, moved REAL NOT NULL,"
        " apart REAL NOT NULL, PRIMARY KEY (source, session)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE evening_widths (source TEXT, model_id TEXT, session INTEGER, numbers TEXT NOT NULL,"
        " PRIMARY KEY (source, model_id, session)) WITHOUT ROWID"
    )
    db["ledger"].add_column("widened", str)


@migrations()
def ranges_before_evenings(db: Any) -> None:
    """How many forecasts were stretched by their evening, and whether they would have held without; so far none was."""
    for column in ("stretched", "unstretched_inside_80"):
        db.execute(f"ALTER TABLE score_sums ADD COLUMN {column} REAL NOT NULL DEFAULT 0")
    db.execute("UPDATE score_sums SET unstretched_inside_80 = inside_80")


@migrations()
def unreadable_days_of_reports(db: Any) -> None:
    """When a source last told of a company what could be read; so far only such answers were noted."""
    db.execute("ALTER TABLE announcements_asked ADD COLUMN answered_at TEXT")
    db.execute("UPDATE announcements_asked SET answered_at = asked_at")
