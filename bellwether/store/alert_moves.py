"""A chat moves or goes: what it asked to be told, how, and what it was told, go with it."""

from sqlite_utils import Database


def move(db: Database, old: int, new: int) -> None:
    """Everything about alerts of the chat `old` belongs to `new`, which must be known. What `new` has already stays."""
    values = {"old": old, "new": new}
    for table in ("alert_rules", "alert_settings"):
        db.conn.execute(f"UPDATE OR IGNORE {table} SET chat_id = :new WHERE chat_id = :old", values)
        db.conn.execute(f"DELETE FROM {table} WHERE chat_id = :old", values)
    # the keys name messages of the outbox, which are renamed in the same way
    renamed = ", ".join(
        f"{key} = replace({key}, ':' || :old || ':', ':' || :new || ':')"
        for key in ("message_key", "digest_key", "outcome_key")
    )
    db.conn.execute(f"UPDATE alerts SET chat_id = :new, {renamed} WHERE chat_id = :old", values)


def forget(db: Database, chat_id: int) -> None:
    """Remove everything about alerts of a chat."""
    for table in ("alert_rules", "alert_settings", "alerts"):
        db.conn.execute(f"DELETE FROM {table} WHERE chat_id = ?", (chat_id,))
