"""Many new rows in one statement, where the tables' modules write one row after the other.

INSERT INTO t (a, b) VALUES (:a, :b) ...    INSERT INTO t (a, b) SELECT * FROM unnest(%(a)s::bigint[], NULL, ...) ...

Each column is sent as one array, of the type that its values have. Where a row may be met twice by one statement, as in
an ON CONFLICT DO UPDATE, PostgreSQL refuses that, so such statements are left as they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from bellwether.db.connection import Values

AT_ONCE = 1_000  #: rows of one statement
_INSERT = re.compile(
    r"(?P<head>INSERT INTO \w+ \([\w, ]+\)) VALUES \((?P<values>:\w+(?:, :\w+)*)\)(?P<end>| ON CONFLICT DO NOTHING)"
)
_TYPES = {bool: "bigint", int: "bigint", float: "float8", str: "text", bytes: "bytea"}


def together(sql: str, many: Iterable[Values]) -> Iterator[tuple[bytes, dict[str, list[Any]]]] | None:
    """The statements that add many rows, with their values; None for a statement that does something else."""
    match = _INSERT.fullmatch(sql)
    return None if match is None else _statements(match, many)


def _statements(match: re.Match[str], many: Iterable[Values]) -> Iterator[tuple[bytes, dict[str, list[Any]]]]:
    names = [value[1:] for value in match["values"].split(", ")]
    rows = iter(many)
    while part := list(islice(rows, AT_ONCE)):
        columns = {name: [row[name] for row in part] for name in names}
        types = {name: _type(column) for name, column in columns.items()}
        sent = ", ".join(f"%({name})s::{types[name]}[]" for name in names if types[name])
        given = ", ".join(f"c{number}" for number, name in enumerate(names) if types[name])
        wanted = ", ".join(f"c{number}" if types[name] else "NULL" for number, name in enumerate(names))
        rows_of = f"unnest({sent}) AS given ({given})" if sent else f"generate_series(1, {len(part)})"
        sql = f"{match['head']} SELECT {wanted} FROM {rows_of}{match['end']}"
        yield sql.encode(), {name: column for name, column in columns.items() if types[name]}


def _type(column: Sequence[object]) -> str:
    """The type of a column's values; empty where all are None, which are of no type."""
    kinds = {type(value) for value in column if value is not None}
    return "float8" if float in kinds else _TYPES[kinds.pop()] if kinds else ""
