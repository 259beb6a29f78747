"""Messages of the table `outbox` that are settled: kept for a while, so that none comes twice, then forgotten."""

from datetime import datetime

from bellwether.db.connection import Connection
from bellwether.db.database import stamp

_OPEN = "message_key IS NOT NULL AND target_session IS NOT NULL AND outcome_key IS NULL"  #: an outcome is to come


def prune(db: Connection, before: datetime) -> int:
    """Forget what was settled before then, but for what an outcome is still to answer; how many rows."""
    settled = "state IN ('sent', 'failed', 'passed over', 'expired') AND expires_at < :before"
    # EXCEPT: a NOT IN that has very many rows is read anew for each message by PostgreSQL, a NOT EXISTS by SQLite
    cursor = db.execute(
        f"DELETE FROM outbox WHERE {settled} AND dedup_key IN (SELECT dedup_key FROM outbox WHERE {settled}"
        f" EXCEPT SELECT message_key FROM alerts WHERE {_OPEN}"
        " EXCEPT SELECT 'target:' || targets.id || ':' || alerts.message_key FROM targets"
        f" JOIN alerts ON alerts.chat_id = targets.chat_id WHERE {_OPEN})",
        {"before": stamp(before)},
    )
    return cursor.rowcount
