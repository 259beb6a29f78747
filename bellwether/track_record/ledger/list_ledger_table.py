"""The tables `list_ledger` and `list_outcomes`: every issued forecast of a list and what came, never changed.

Beside them `list_pending`, the work list of those that are open, `list_lost`, why some have no outcome for good, which
is never changed either but stands in no chain, and `list_visits`, how many of visitors were entered today. A list
stands there without who asked for it. Days are stored as days since 1970, instants as microseconds since then.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, NamedTuple

from bellwether.db.connection import Connection
from bellwether.db.sql import insert
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


class Lost(Enum):
    """Why a forecast has no outcome for good; the end of a sentence."""

    NO_PRICE = "a price of one of their stocks never came"
    NO_SOURCE = "the source of prices went on failing for one of their stocks"


class ListOutcome(NamedTuple):
    """What came of a forecast."""

    seq: int  #: its row
    growth: float | None  #: simple return of the list; None where there is none for good
    lost: Lost | None = None  #: why
    symbol: str = ""  #: for which


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
    seq = FORECASTS.append(db, [row])
    db.execute(insert("list_pending", ("seq", "target")), {"seq": seq, "target": to_days(issued.target)})
    return True


def count_visit(db: Connection, today: date, most: int) -> bool:
    """Count an entry for a visitor; False where today has as many as may be. In a transaction that may write."""
    day = to_days(today)
    db.execute("DELETE FROM list_visits WHERE day < :day", {"day": day})
    sql = (
        "INSERT INTO list_visits (day, entered) VALUES (:day, 1) ON CONFLICT (day) DO UPDATE"
        " SET entered = list_visits.entered + 1 WHERE list_visits.entered < :most"
    )
    return db.execute(sql, {"day": day, "most": most}).rowcount == 1


class DueList(NamedTuple):
    """An open forecast whose target has come."""

    seq: int  #: its row
    target: date
    members: tuple[ListedSymbol, ...]
    failing_since: date | None  #: when the source first failed for one of its symbols, without having answered since
    failed_on: date | None  #: when it last did
    failed_days: int  #: on how many days it did


def due(db: Connection, today: date, after: int, most: int) -> list[DueList]:
    """Open forecasts after a row whose target has come, in their order."""
    sql = (
        "SELECT list_pending.seq, list_pending.target, members, failing_since, failed_on, failed_days FROM list_pending"
        " JOIN list_ledger USING (seq) WHERE list_pending.target <= :today AND list_pending.seq > :after"
        " ORDER BY list_pending.seq LIMIT :most"
    )
    rows = db.execute(sql, {"today": to_days(today), "after": after, "most": most})
    return [
        DueList(seq, from_days(target), _members(members), _day(since), _day(last), days)
        for seq, target, members, since, last, days in rows
    ]


def note_failures(db: Connection, failing: Iterable[int], today: date) -> None:
    """Note of these rows that the source fails today, once a day. In a transaction that may write."""
    sql = (
        "UPDATE list_pending SET failing_since = coalesce(failing_since, :today), failed_on = :today,"
        " failed_days = failed_days + 1 WHERE seq = :seq AND coalesce(failed_on, -1) < :today"
    )
    db.executemany(sql, [{"seq": seq, "today": to_days(today)} for seq in failing])


def note_answers(db: Connection, answered: Iterable[int]) -> None:
    """Note of these rows that the source answers for all of their symbols. In a transaction that may write."""
    sql = "UPDATE list_pending SET failing_since = NULL, failed_on = NULL, failed_days = 0 WHERE seq = :seq"
    db.executemany(sql, [{"seq": seq} for seq in answered])


def _day(stored: int | None) -> date | None:
    return from_days(stored) if stored is not None else None


def _members(stored: str) -> tuple[ListedSymbol, ...]:
    return tuple(
        ListedSymbol(symbol, calendar, from_days(cutoff), model_id)
        for symbol, calendar, cutoff, model_id in json.loads(stored)
    )


def settle(db: Connection, outcomes: Sequence[ListOutcome], now: datetime) -> list[ListOutcome]:
    """Add what came of those that are still open; which. In a transaction that may write."""
    OUTCOMES.begin(db)
    added = [
        came
        for came in outcomes
        # none is deleted where another process was first
        if db.execute("DELETE FROM list_pending WHERE seq = :seq", {"seq": came.seq}).rowcount == 1
    ]
    OUTCOMES.append(db, [(came.seq, came.growth, to_microseconds(now)) for came in added])
    db.executemany(
        insert("list_lost", ("seq", "symbol", "reason")),
        [{"seq": came.seq, "symbol": came.symbol, "reason": came.lost.name} for came in added if came.lost is not None],
    )
    return added


_OPEN = (
    "SELECT seq, target FROM list_ledger WHERE NOT EXISTS"
    " (SELECT 1 FROM list_outcomes WHERE list_outcomes.seq = list_ledger.seq)"
)


def await_again(db: Connection) -> None:
    """Make the work list again from the rows, in a transaction that may write. What stays keeps its failures."""
    db.execute(
        f"DELETE FROM list_pending WHERE NOT EXISTS (SELECT 1 FROM ({_OPEN}) AS awaited"
        " WHERE awaited.seq = list_pending.seq AND awaited.target = list_pending.target)"
    )
    db.execute(f"INSERT INTO list_pending (seq, target) {_OPEN} AND seq NOT IN (SELECT seq FROM list_pending)")


def unproved(db: Connection) -> list[str]:
    """What is wrong with the outcomes, each a sentence: those of no forecast, a second one, reasons against them."""
    orphans = "SELECT count(*) FROM list_outcomes WHERE seq NOT IN (SELECT seq FROM list_ledger)"
    twice = "SELECT count(*) - count(DISTINCT seq) FROM list_outcomes"
    contradicted = (
        "SELECT count(*) FROM list_lost WHERE NOT EXISTS"
        " (SELECT 1 FROM list_outcomes WHERE list_outcomes.seq = list_lost.seq AND growth IS NULL)"
    )
    counts = [(db.execute(sql).fetchone() or (0,))[0] for sql in (orphans, twice, contradicted)]
    sentences = (
        "outcomes belong to forecasts of lists that are not there.",
        "outcomes were added to forecasts of lists that had one.",
        "reasons for having no outcome belong to lists that have one or may yet have one.",
    )
    return [f"{count} {sentence}" for count, sentence in zip(counts, sentences, strict=True) if count]


def forgotten(db: Connection) -> int:
    """How many open forecasts are not on the work list, or are there with another target."""
    sql = (
        f"SELECT count(*) FROM (SELECT seq, target FROM ({_OPEN}) AS of_rows"
        " EXCEPT SELECT seq, target FROM list_pending) AS missing"
    )
    (count,) = db.execute(sql).fetchone()
    return int(count)
