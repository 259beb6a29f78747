"""How the tables came to be. A migration is never edited once released; a change is a new one."""

from typing import Any

from sqlite_utils.migrations import Migrations

migrations = Migrations("bellwether")


@migrations()
def first_tables(db: Any) -> None:
    """Chats, what they watch, what arrived and what is owed."""
    db["chats"].create(
        {"chat_id": int, "language": str, "timezone": str, "paused": int, "joined_at": str},
        pk="chat_id",
        not_null={"language", "timezone", "paused", "joined_at"},
    )
    db["subscriptions"].create(
        {"chat_id": int, "symbol": str, "calendar": str, "created_at": str},
        pk=("chat_id", "symbol"),
        not_null={"calendar", "created_at"},
        foreign_keys=[("chat_id", "chats", "chat_id")],
    )
    db["inbox"].create(
        {"update_id": int, "body": str, "received_at": str, "attempts": int, "done_at": str},
        pk="update_id",
        not_null={"body", "received_at", "attempts"},
    )
    db["inbox"].create_index(["done_at"])
    db["outbox"].create(
        {
            "id": int,
            "dedup_key": str,
            "chat_id": int,
            "kind": str,
            "text": str,
            "state": str,
            "attempts": int,
            "not_before": str,
            "expires_at": str,
            "claimed_until": str,
            "created_at": str,
            "sent_at": str,
            "last_error": str,
        },
        pk="id",
        not_null={
            "dedup_key",
            "chat_id",
            "kind",
            "text",
            "state",
            "attempts",
            "not_before",
            "expires_at",
            "created_at",
        },
    )
    db["outbox"].create_index(["dedup_key"], unique=True)
    db["outbox"].create_index(["state", "not_before"])


@migrations()
def kept_bars(db: Any) -> None:
    """Bars of live sources, and what the sources say about their symbols."""
    db["instruments"].create(
        {
            "source": str,
            "symbol": str,
            "name": str,
            "exchange": str,
            "calendar": str,
            "currency": str,
            "since": str,
            "until": str,
            "asked_at": str,
            "layout": int,
        },
        pk=("source", "symbol"),
        not_null={"name", "exchange", "calendar", "currency", "since", "until", "asked_at", "layout"},
    )
    db["bars"].create(
        {"source": str, "symbol": str, "year": int, "data": bytes, "checksum": int},
        pk=("source", "symbol", "year"),
        not_null={"data", "checksum"},
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
    db["leases"].create(
        {"name": str, "holder": str, "machine": str, "beats": int, "taken_at": str, "beat_at": str},
        pk="name",
        not_null={"holder", "machine", "beats", "taken_at", "beat_at"},
    )


@migrations()
def remembered_searches(db: Any) -> None:
    """What a source found for words that we do not know."""
    db["symbol_searches"].create(
        {"question": str, "found": str, "asked_at": str}, pk="question", not_null={"found", "asked_at"}
    )
    db["symbol_searches"].create_index(["asked_at"])


@migrations()
def kept_statements(db: Any) -> None:
    """Companies' quarters as their sources gave them."""
    db["statements"].create(
        {"source": str, "symbol": str, "currency": str, "next_earnings": str, "quarters": str, "asked_at": str},
        pk=("source", "symbol"),
        not_null={"currency", "quarters", "asked_at"},
    )


@migrations()
def alert_rules(db: Any) -> None:
    """What chats asked to be told and how, what they were told, and the ranges to be graded."""
    db["alert_rules"].create(
        {
            "id": int,
            "chat_id": int,
            "symbol": str,
            "calendar": str,
            "kind": str,
            "direction": str,
            "threshold": float,
            "horizon": int,
            "repeat": str,
            "armed": int,
            "last_value": float,
            "judged": str,
            "set_on": str,
            "set_close": float,
            "expires_at": str,
            "created_at": str,
        },
        pk="id",
        not_null={
            "chat_id",
            "symbol",
            "calendar",
            "kind",
            "direction",
            "threshold",
            "horizon",
            "repeat",
            "armed",
            "created_at",
        },
        foreign_keys=[("chat_id", "chats", "chat_id")],
    )
    same = ["chat_id", "symbol", "kind", "direction", "threshold", "horizon"]
    db["alert_rules"].create_index(same, unique=True)
    db["alert_rules"].create_index(["calendar", "judged", "symbol"])
    db["alert_rules"].create_index(["symbol"])
    db["alert_settings"].create(
        {
            "chat_id": int,
            "digest_mode": str,
            "digest_at": str,
            "quiet_since": str,
            "quiet_until": str,
            "weekly_budget": int,
            "changed_at": str,
            "pending": str,
        },
        pk="chat_id",
        not_null={"digest_mode"},
        foreign_keys=[("chat_id", "chats", "chat_id")],
    )
    db["alerts"].create(
        {
            "id": int,
            "rule_id": int,
            "chat_id": int,
            "symbol": str,
            "calendar": str,
            "kind": str,
            "session": str,
            "line": str,
            "surprise": float,
            "message_key": str,
            "digest_key": str,
            "fired_at": str,
            "horizon": int,
            "target_session": str,
            "low": float,
            "high": float,
            "outcome_key": str,
        },
        pk="id",
        not_null={"rule_id", "chat_id", "symbol", "calendar", "kind", "session", "line", "surprise", "fired_at"},
    )
    db["alerts"].create_index(["rule_id", "session"], unique=True)
    db["alerts"].create_index(["chat_id", "fired_at"])
    db.execute(
        "CREATE INDEX idx_alerts_open ON alerts (target_session)"
        " WHERE target_session IS NOT NULL AND outcome_key IS NULL"
    )
    db["told_ranges"].create(
        {"symbol": str, "cutoff": str, "horizon": int, "target_session": str, "low": float, "high": float},
        pk=("symbol", "cutoff", "horizon"),
        not_null={"target_session", "low", "high"},
    )
    db["told_ranges"].create_index(["target_session"])
    db["outbox"].add_column("telegram_id", int)
    db["outbox"].add_column("reply_key", str)
    db["outbox"].add_column("due_at", str)


@migrations()
def issued_forecasts(db: Any) -> None:
    """Every forecast that was issued and what came of it, neither ever changed; and sums of their scores."""
    db["ledger"].create(
        {
            "seq": int,
            "forecast_id": str,
            "symbol": str,
            "cutoff": int,
            "horizon": int,
            "target": int,
            "made_at": int,
            "model_id": str,
            "source": str,
            "shown": int,
            "bars_sha256": bytes,
            "numbers": bytes,
            "hash": bytes,
        },
        pk="seq",
        not_null={
            "forecast_id",
            "symbol",
            "cutoff",
            "horizon",
            "target",
            "made_at",
            "model_id",
            "source",
            "shown",
            "bars_sha256",
            "numbers",
            "hash",
        },
    )
    db["ledger"].create_index(["forecast_id"], unique=True)
    db["ledger"].create_index(["symbol", "cutoff"])
    db["outcomes"].create(
        {"id": int, "seq": int, "session": int, "log_return": float, "settled_at": int, "hash": bytes},
        pk="id",
        not_null={"seq", "settled_at", "hash"},
        foreign_keys=[("seq", "ledger", "seq")],
    )
    db["outcomes"].create_index(["seq"], unique=True)
    for table, key in (("ledger", "seq"), ("outcomes", "id")):
        _only_add(db, table, key)
    db["pending"].create(
        {"seq": int, "target": int, "calendar": str},
        pk="seq",
        not_null={"target", "calendar"},
        foreign_keys=[("seq", "ledger", "seq")],
    )
    db["pending"].create_index(["target"])
    # the sums are real numbers, one column each: see track_record/scores/columns.py
    inside = ("inside_80", "inside_90", "baseline_inside_80", "baseline_inside_90")
    below = tuple(f"below_{level}" for level in (5, 10, 25, 50, 75, 90, 95))
    sums = ("forecasts", "loss", "baseline_loss", *inside, "brier", "usual_brier", "rises", "span", *below)
    db["score_sums"].create(
        {"model_id": str, "shown": int, "horizon": int, "cutoff": int, "issued": int, "lost": int}
        | dict.fromkeys(sums, float),
        pk=("model_id", "shown", "horizon", "cutoff"),
        not_null={"issued", "lost", *sums},
    )
    db["misses"].create(
        {"seq": int, "distance": float, "cutoff": int},
        pk="seq",
        not_null={"distance", "cutoff"},
        foreign_keys=[("seq", "ledger", "seq")],
    )
    db["misses"].create_index(["distance"])


@migrations()
def kept_feedback(db: Any) -> None:
    """What people tell whoever runs the service."""
    db["feedback"].create(
        {"id": int, "chat_id": int, "text": str, "said_at": str, "forwarded_as": str},
        pk="id",
        not_null={"chat_id", "text", "said_at"},
    )
    db["feedback"].create_index(["chat_id", "said_at"])


@migrations()
def sent_pictures(db: Any) -> None:
    """By which name Telegram keeps a picture that was uploaded once."""
    db["sent_pictures"].create(
        {"id": int, "bot": str, "key": str, "file_id": str, "sent_at": str},
        pk="id",
        not_null={"bot", "key", "file_id", "sent_at"},
    )
    db["sent_pictures"].create_index(["bot", "key"], unique=True)


@migrations()
def api_keys(db: Any) -> None:
    """Keys of the API, their secrets, the terms that some have of their own, and what each has used up."""
    db["api_keys"].create(
        {"id": int, "owner": str, "plan": str, "scopes": str, "created_at": str, "revoked_at": str},
        pk="id",
        not_null={"owner", "plan", "scopes", "created_at"},
    )
    db["api_secrets"].create(
        {"public_id": str, "key_id": int, "digest": bytes, "created_at": str, "expires_at": str},
        pk="public_id",
        not_null={"key_id", "digest", "created_at"},
        foreign_keys=[("key_id", "api_keys", "id")],
    )
    db["api_secrets"].create_index(["key_id"])
    db["api_terms"].create(
        {"id": int, "key_id": int, "changes": str, "starts_at": str, "ends_at": str},
        pk="id",
        not_null={"key_id", "changes"},
        foreign_keys=[("key_id", "api_keys", "id")],
    )
    db["api_terms"].create_index(["key_id"])
    db["api_minutes"].create(
        {"key_id": int, "started_at": float, "used": int},
        pk="key_id",
        not_null={"started_at", "used"},
        foreign_keys=[("key_id", "api_keys", "id")],
    )
    db["api_days"].create(
        {"key_id": int, "day": int, "used": int},
        pk=("key_id", "day"),
        not_null={"used"},
        foreign_keys=[("key_id", "api_keys", "id")],
    )


@migrations()
def webhooks(db: Any) -> None:
    """Where alerts are sent to for the owners of keys, and what came of each attempt."""
    db["webhooks"].create(
        {
            "id": int,
            "key_id": int,
            "url": str,
            "secret": str,
            "old_secret": str,
            "old_until": str,
            "created_at": str,
            "disabled_at": str,
            "disabled_why": str,
        },
        pk="id",
        not_null={"key_id", "url", "secret", "created_at"},
        foreign_keys=[("key_id", "api_keys", "id")],
    )
    db["webhooks"].create_index(["key_id"])
    db["webhook_attempts"].create(
        {
            "id": int,
            "webhook_id": int,
            "event_id": str,
            "body": str,
            "attempt": int,
            "at": str,
            "milliseconds": int,
            "status": int,
            "error": str,
        },
        pk="id",
        not_null={"webhook_id", "event_id", "body", "attempt", "at", "milliseconds"},
        foreign_keys=[("webhook_id", "webhooks", "id")],
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
    db["marks"].create({"name": str, "at": str}, pk="name", not_null={"at"})
    db["missed_digests"].create(
        {"session": str, "digests": int, "noted_at": str}, pk="session", not_null={"digests", "noted_at"}
    )


@migrations()
def chosen_languages(db: Any) -> None:
    """The language that a chat chose; without one it is spoken to in the language of its app."""
    db["alert_settings"].add_column("language", str)


@migrations()
def issued_growth(db: Any) -> None:
    """Every growth forecast that was issued and what came of it, neither ever changed."""
    db["growth_ledger"].create(
        {
            "seq": int,
            "forecast_id": str,
            "symbol": str,
            "period_end": int,
            "quarters_ahead": int,
            "target": int,
            "as_of": int,
            "made_at": int,
            "model_id": str,
            "source": str,
            "currency": str,
            "base": float,
            "read_sha256": str,
            "growths": str,
            "baseline": str,
            "hash": bytes,
        },
        pk="seq",
        not_null={"forecast_id", "symbol", "period_end", "quarters_ahead", "target", "growths", "baseline", "hash"},
    )
    db["growth_ledger"].create_index(["forecast_id"], unique=True)
    db["growth_ledger"].create_index(["symbol"])
    db["growth_outcomes"].create(
        {
            "id": int,
            "seq": int,
            "growth": float,
            "revenue": float,
            "known_on": int,
            "settled_at": int,
            "hash": bytes,
        },
        pk="id",
        not_null={"seq", "growth", "known_on", "settled_at", "hash"},
        foreign_keys=[("seq", "growth_ledger", "seq")],
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
    """Whom a message is for: a kind and a number, where API keys and webhooks were chats far below zero.

    The id of a webhook's event gets a column, where it was the first line of the text. Rules and alerts of a key keep
    their owner's number, and so do the dedup keys that were made of it: see `delivery.messages`.
    """
    db.execute("ALTER TABLE outbox RENAME COLUMN chat_id TO recipient_id")
    db["outbox"].add_column("recipient_kind", str, not_null_default="chat")
    db["outbox"].add_column("event_id", str)
    keys, webhooks = -(10**16), -2 * 10**16  # the owner of key n was the chat keys - n, webhook n the one webhooks - n
    db.execute("UPDATE outbox SET recipient_kind = 'terminal' WHERE recipient_id = 0")
    db.execute(
        "UPDATE outbox SET recipient_kind = 'webhook', recipient_id = ? - recipient_id,"
        " dedup_key = replace(dedup_key, ':' || recipient_id || ':', ':' || (? - recipient_id) || ':'),"
        " event_id = substr(text, 1, instr(text, char(10)) - 1), text = substr(text, instr(text, char(10)) + 1)"
        " WHERE recipient_id <= ?",
        (webhooks, webhooks, webhooks),
    )
    db.execute(
        "UPDATE outbox SET recipient_kind = 'key', recipient_id = ? - recipient_id WHERE recipient_id <= ?",
        (keys, keys),
    )
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
