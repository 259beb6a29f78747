"""The daily record of what was served, and the incidents that are kept of it.

score_sums | the sessions that are in | those of the market's calendar | the rule
"""

from datetime import date, timedelta

from bellwether.core.incident import OpenIncident
from bellwether.core.types import MARKET_CALENDAR
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.market.calendar import is_session, session_after
from bellwether.track_record.incidents import incidents_table
from bellwether.track_record.incidents.rule import WINDOW, enough, incidents, share_lately
from bellwether.track_record.incidents.types import DailyRecord, Incident

NEARLY_ALL = 0.9  #: share of the newest session's outcomes that must be in
HALF = 0.5  #: the same of an earlier one; the rest of its prices are late or in doubt, and may never come
_A_MONTH = timedelta(days=31)  #: holds WINDOW sessions at any time of the year


def daily_record(db: Connection, since: date | None = None) -> DailyRecord:
    """How ranges held on each session that is in, from those on that are forecast from a cutoff at `since`."""
    counts = [row for row in incidents_table.daily_counts(db, since) if row[2] and is_session(MARKET_CALENDAR, row[0])]
    rows = [
        (session_after(MARKET_CALENDAR, cutoff, 1), held, of)
        for at, (cutoff, issued, of, held) in enumerate(counts, 1)
        if of >= (NEARLY_ALL if at == len(counts) else HALF) * issued
    ]
    return enough(DailyRecord.of_rows(rows))


def found(db: Connection) -> list[Incident]:
    """What the rule says now: the newest incident that is kept, with its end where it has come, and later ones."""
    last = incidents_table.newest(db)
    if last is None:
        return incidents(daily_record(db))
    record = daily_record(db, last.first - _A_MONTH)
    if last.ended is not None:
        return [last, *incidents(record.since(last.ended, after=True))]
    return incidents(record.since(last.first), last)


def kept(store: Store) -> list[Incident]:
    """All that were announced, the oldest first; of one that goes on its depth so far. Raises StoreError."""
    with store.reading() as db:
        every = incidents_table.every(db)
        if not every or every[-1].ended is not None:
            return every
        last = every[-1]
        so_far = incidents(daily_record(db, last.first - _A_MONTH).since(last.first), last)
    # an end that is not entered yet is the evening job's to tell
    return [*every[:-1], Incident(last.kind, last.first, last.announced, last.lately, so_far[0].depth)]


def going_on(store: Store) -> OpenIncident | None:
    """The incident of now; None in calm times. Raises StoreError."""
    with store.glance() as db:
        last = incidents_table.newest(db)
    if last is None or last.ended is not None:
        return None
    with store.reading() as db:
        record = daily_record(db, last.announced - _A_MONTH)
    lately = share_lately(record, 0, len(record) - 1) if len(record) else last.lately
    return OpenIncident(last.id, last.kind, last.first, min(WINDOW, len(record)) or WINDOW, lately)
