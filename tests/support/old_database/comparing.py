"""All that a database holds, and answers set side by side."""

from typing import Any

import pytest

from bellwether.db.database import Store


def dump(store: Store) -> dict[str, Any]:
    """All of a database: what made its tables, indices and triggers, and the rows of each table."""
    with store.reading() as db:
        schema = db.rows("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        tables = [str(each["name"]) for each in schema if each["type"] == "table"]
        return {"schema": schema} | {table: list(db.conn.execute(f"SELECT * FROM {table}")) for table in tables}


def same(new: Any, old: Any) -> Any:
    """The new answer with numbers that are the old ones but for the last digits, which machines compute differently."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: same(value, old.get(name)) for name, value in new.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [same(*pair) for pair in zip(new, old, strict=True)]
    if isinstance(old, float) and new == pytest.approx(old, rel=1e-9, abs=1e-12):
        return old
    return new
