"""What goes to targets is looked for by indexes: it costs the same however much else is owed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bellwether.db import encryption
from bellwether.db.database import Store, stamp
from bellwether.db.migrations import migrations
from bellwether.delivery import outbox_table
from bellwether.delivery.messages import RecipientKind, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder, Draft
from bellwether.delivery.targets import target_outbox_table, targets_table
from bellwether.delivery.targets.target import TargetKind
from tests.support.database import new_database, store_at

ANN = 7
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
pytestmark = pytest.mark.sqlite  # which alone counts what it does


def _owe(store: Store, chats: range) -> None:
    with store.transaction() as db:
        until = NOW + timedelta(hours=12)
        outbox_table.enqueue_all(
            db, (Draft(f"digest:{chat}:1", recipient_of(chat), "digest", "words", NOW, until) for chat in chats), NOW
        )


def _steps(store: Store, begin: int, others: int) -> list[int]:
    """What the database does to spread one message, to see that none is new, and to claim one for a target."""
    _owe(store, range(begin, begin + others))
    _owe(store, range(begin + others, begin + others + 1))
    counted: list[int] = []
    with store.transaction() as db:
        target = targets_table.add(db, ANN + begin, TargetKind.NTFY, "sealed", "…", str(begin), NOW)
        targets_table.prove(db, target.id, NOW)
        until = NOW + timedelta(hours=12)
        outbox_table.enqueue(db, Draft(f"x:{begin}", recipient_of(ANN + begin), "move", "words", NOW, until), NOW)
        done: list[Any] = []
        for work in (
            lambda: target_outbox_table.spread(db, NOW, 10),
            lambda: target_outbox_table.spread(db, NOW, 10),
            lambda: outbox_table.claim_next(db, NOW, RecipientKind.TARGET, ClaimOrder.IN_ORDER),
        ):
            steps = [0]

            def count(steps: list[int] = steps) -> int:
                steps[0] += 1
                return 0

            db.conn.set_progress_handler(count, 1)  # type: ignore[attr-defined]
            done.append(work())
            db.conn.set_progress_handler(None, 1)  # type: ignore[attr-defined]
            counted.append(steps[0])
        assert done[:2] == [1, 0] and done[2] is not None
        outbox_table.mark_sent(db, done[2], NOW)
    return counted


def test_spreading_and_claiming_cost_the_same_however_many_chats_are_owed_something(tmp_path: Path) -> None:
    store = store_at(new_database(tmp_path / "t.sqlite3"))
    few, many = _steps(store, 10_000, 5), _steps(store, 20_000, 2_000)
    assert all(after < before + 100 for before, after in zip(few, many, strict=True)), (few, many)


def test_equal_addresses_are_looked_up_by_an_index(tmp_path: Path) -> None:
    with store_at(new_database(tmp_path / "t.sqlite3")).reading() as db:
        plan = db.execute("EXPLAIN QUERY PLAN SELECT * FROM targets WHERE mark = :mark", {"mark": "m"}).fetchall()
    assert "idx_targets_mark" in str(plan)


def test_what_was_owed_before_the_tables_knew_of_spreading_is_still_spread(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    old = Database(encryption.connect(path, "", isolation_level=None), execute_plugins=False)
    migrations.apply(old, stop_before="spreading")
    for chat in (ANN, ANN + 1):
        old.conn.execute(
            "INSERT INTO outbox (dedup_key, recipient_kind, recipient_id, kind, text, state, attempts, not_before,"
            " expires_at, created_at) VALUES (?, 'chat', ?, 'move', 'words', 'sent', 1, ?, ?, ?)",
            (f"move:{chat}:1", chat, stamp(NOW), stamp(NOW + timedelta(hours=12)), stamp(NOW)),
        )
    old.conn.execute(
        "INSERT INTO targets (chat_id, kind, address, shown, mark, state, created_at, asked_at, proved_at)"
        " VALUES (?, 'ntfy', 'sealed', '', 'mark', 'proved', ?, ?, ?)",
        (ANN, *[stamp(NOW)] * 3),
    )
    old.conn.close()
    with store_at(path).transaction() as db:
        assert target_outbox_table.spread(db, NOW, 10) == 1
        assert target_outbox_table.spread(db, NOW, 10) == 0
        (row,) = db.rows("SELECT * FROM outbox WHERE recipient_kind = 'target'")
    assert (row["dedup_key"], row["lane"]) == (f"target:1:move:{ANN}:1", "ntfy")
