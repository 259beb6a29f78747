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
