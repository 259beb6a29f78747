"""The tables `list_ledger` and `list_outcomes`: every issued forecast of a list and what came, never changed.

A list stands there without who asked for it. Days are stored as days since 1970, instants as microseconds since then.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from bellwether.core.types import Q10, Q90
from bellwether.db.connection import Connection
from bellwether.track_record.ledger.hash_chain_table import HashChain
from bellwether.track_record.ledger.ledger_table import from_days, to_days, to_microseconds

Growths = tuple[float, ...]


class ListedSymbol(NamedTuple):
    """A symbol of a list, as its forecast was read."""

    symbol: str
    calendar: str
    cutoff: date
    model_id: str


@dataclass(frozen=True, slots=True)
class IssuedList:
    """One forecast as it is kept."""

    forecast_id: str
    members: tuple[ListedSymbol, ...]
    horizon: int  #: sessions of `calendar`
    calendar: str
    cutoff: date
    target: date
    made_at: datetime
    model_id: str  #: of the dependence
    source: str
    growths: Growths  #: simple returns at LEVELS
    plain: Growths  #: by historical simulation of the same list; empty where its past was too short


@dataclass(frozen=True, slots=True)
class ListScore:
    """How the forecasts of lists turned out."""

    issued: int
    settled: int  #: with an outcome
    held: int  #: of these, inside the 8-in-10 range
    compared: int  #: of these, with a plain rule beside them
    held_compared: int
    plain_held: int


def content(stored: Sequence[Any]) -> bytes:
    """The canonical content of a row's columns before `hash`: a JSON list without blanks."""
    return json.dumps(list(stored), separators=(",", ":")).encode()


_COLUMNS = (
    "forecast_id",
    "members",
    "horizon",
    "calendar",
    "cutoff",
    "target",
    "made_at",
    "model_id",
    "source",
    "growths",
    "plain",
)
FORECASTS = HashChain("list_ledger", ("seq", *_COLUMNS), content)
OUTCOMES = HashChain("list_outcomes", ("id", "seq", "growth", "settled_at"), content)


def append(db: Connection, issued: IssuedList) -> bool:
    """Add a forecast; False where its forecast_id is there. To be called in a transaction that may write."""
    FORECASTS.begin(db)
    if FORECASTS.known_among(db, [issued.forecast_id]):
        return False
    members = [[m.symbol, m.calendar, to_days(m.cutoff), m.model_id] for m in issued.members]
    row = (
        issued.forecast_id,
        json.dumps(members),
        issued.horizon,
        issued.calendar,
        to_days(issued.cutoff),
        to_days(issued.target),
        to_microseconds(issued.made_at),
        issued.model_id,
        issued.source,
        json.dumps(issued.growths),
        json.dumps(issued.plain),
    )
    FORECASTS.append(db, [row])
    return True


def due(db: Connection, today: date, most: int) -> list[tuple[int, date, tuple[ListedSymbol, ...]]]:
    """Open forecasts whose target has come, the oldest first: their row, target and members."""
    sql = (
        "SELECT list_ledger.seq, target, members FROM list_ledger LEFT JOIN list_outcomes USING (seq)"
        " WHERE list_outcomes.id IS NULL AND target <= :today ORDER BY list_ledger.seq LIMIT :most"
    )
    rows = db.execute(sql, {"today": to_days(today), "most": most})
    return [(seq, from_days(target), _members(members)) for seq, target, members in rows]


def _members(stored: str) -> tuple[ListedSymbol, ...]:
    return tuple(
        ListedSymbol(symbol, calendar, from_days(cutoff), model_id)
        for symbol, calendar, cutoff, model_id in json.loads(stored)
    )


def settle(db: Connection, outcomes: Sequence[tuple[int, float | None]], now: datetime) -> int:
    """Add what came of forecasts, None where a price never came; how many. In a transaction that may write."""
    OUTCOMES.begin(db)
    span = {"first": min((seq for seq, _ in outcomes), default=0), "last": max((seq for seq, _ in outcomes), default=0)}
    there = {seq for (seq,) in db.execute("SELECT seq FROM list_outcomes WHERE seq BETWEEN :first AND :last", span)}
    new = [(seq, growth, to_microseconds(now)) for seq, growth in outcomes if seq not in there]
    OUTCOMES.append(db, new)
    return len(new)


def score(db: Connection) -> ListScore:
    """How all forecasts of lists turned out."""
    rows = db.execute(
        "SELECT growths, plain, growth FROM list_ledger LEFT JOIN list_outcomes USING (seq)", {}
    ).fetchall()
    closed = [(json.loads(growths), json.loads(plain), came) for growths, plain, came in rows if came is not None]
    compared = [each for each in closed if each[1]]
    return ListScore(
        issued=len(rows),
        settled=len(closed),
        held=sum(_holds(growths, came) for growths, _, came in closed),
        compared=len(compared),
        held_compared=sum(_holds(growths, came) for growths, _, came in compared),
        plain_held=sum(_holds(plain, came) for _, plain, came in compared),
    )


def _holds(growths: Sequence[float], came: float) -> bool:
    return growths[Q10] <= came <= growths[Q90]


def unproved(db: Connection) -> list[str]:
    """What is wrong with the outcomes, each a sentence: those of no forecast, and a second one of one."""
    orphans = "SELECT count(*) FROM list_outcomes WHERE seq NOT IN (SELECT seq FROM list_ledger)"
    twice = "SELECT count(*) - count(DISTINCT seq) FROM list_outcomes"
    (gone,), (more,) = db.execute(orphans).fetchone() or (0,), db.execute(twice).fetchone() or (0,)
    problems = [f"{gone} outcomes belong to forecasts of lists that are not there."] if gone else []
    return problems + ([f"{more} outcomes were added to forecasts of lists that had one."] if more else [])
