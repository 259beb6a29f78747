"""The table `symbol_searches`: what a source found for words that we do not know, so that it is not asked twice.

The words themselves are not kept: /privacy promises that.
"""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta

from bellwether.core.types import Instrument
from bellwether.db.connection import Connection
from bellwether.db.database import is_recent, stamp, unstamp
from bellwether.db.sql import EVERYTHING, put

FOUND_FOR = timedelta(days=30)  #: listings change rarely
NOTHING_FOR = timedelta(days=1)  #: a new listing should be found the next day
MOST_KEPT = 20_000  #: questions, at most about 20 MB; anyone can make them up


def recall(db: Connection, question: str, now: datetime) -> tuple[Instrument, ...] | None:
    """What was found for a question; None when it was not asked, too long ago, or cannot be read."""
    sql = "SELECT found, asked_at FROM symbol_searches WHERE question = :question"
    matching = db.rows(sql, {"question": _key(question)})
    if not matching:
        return None
    try:
        instruments = tuple(Instrument(**fields) for fields in json.loads(str(matching[0]["found"])))
        at = unstamp(str(matching[0]["asked_at"]))
    except (ValueError, TypeError):  # of another version, or damaged
        return None
    return instruments if is_recent(at, now, FOUND_FOR if instruments else NOTHING_FOR) else None


def keep(db: Connection, question: str, instruments: tuple[Instrument, ...], now: datetime) -> None:
    """Remember an answer, and forget what is too old to count or more than is kept."""
    db.execute(
        put("symbol_searches", ("question",), ("found", "asked_at")),
        {
            "question": _key(question),
            "found": json.dumps([asdict(instrument) for instrument in instruments]),
            "asked_at": stamp(now),
        },
    )
    db.execute("DELETE FROM symbol_searches WHERE asked_at < :oldest", {"oldest": stamp(now - FOUND_FOR)})
    db.execute(
        "DELETE FROM symbol_searches WHERE question IN"
        f" (SELECT question FROM symbol_searches ORDER BY asked_at DESC LIMIT {EVERYTHING} OFFSET :most)",
        {"most": MOST_KEPT},
    )


def _key(question: str) -> str:
    """A digest: in either case it is one question, and what people typed is not kept."""
    return hashlib.sha256(question.casefold().encode("utf-8", "surrogatepass")).hexdigest()
