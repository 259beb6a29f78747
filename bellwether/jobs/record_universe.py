"""The whole universe forecast once a session, so that the record does not depend on what people ask.

served symbols | those whose newest session has no complete row yet | outlook | all heads | ledger

Each forecast is made alone, in a tenth of a millisecond, and not in one batch of windows: matrix kernels round a window
in the last bit by how many others it came with, and one that somebody asks for would then have another id than the same
one here.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError, StoreError
from bellwether.core.types import HEADS, MARKET_SERIES, Instrument, Outlook
from bellwether.db.database import Store
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table
from bellwether.track_record.ledger.issue import record, rows_of
from bellwether.track_record.ledger.ledger_table import ToEnter

AT_ONCE = 50  #: symbols in one transaction: others want to write too
log = logging.getLogger(__name__)

#: the outlooks of an instrument to enter, and whether each is shown
OutlooksOf = Callable[[Instrument], list[tuple[Outlook, bool]]]


@dataclass(slots=True)
class Forecasted:
    """What one run did."""

    issued: int = 0  #: forecasts, one for each head
    there: int = 0  #: symbols whose session was entered already
    late: int = 0  #: symbols whose prices of the session are not in yet
    failed: int = 0


def forecast_universe(
    services: Services, stopping: Callable[[], bool] = lambda: False, outlooks_of: OutlooksOf | None = None
) -> Forecasted:
    """Enter what is missing of the newest session of every served symbol. Safe to run late, twice or not at all.

    `outlooks_of` are by default those of the served model and of the ones tried beside it. Raises StoreError.
    """
    did, store = Forecasted(), services.store
    models = [services.model, *services.models.named(services.settings.models.shadow)]
    wanted = {(model.card.model_id, head) for model in models if model is not None for head in HEADS}
    outlooks_of = outlooks_of or partial(forecasts.outlooks_to_enter, services)
    rows: list[ToEnter] = []
    # what the model reads as the market itself is no share
    shares = (instrument for instrument in services.universe if instrument.symbol not in MARKET_SERIES)
    for count, instrument in enumerate(shares):
        if stopping():
            break
        now = services.clock()
        session = last_closed_session(instrument.calendar, now - SETTLING)
        try:
            if _is_entered(store, instrument.symbol, session, wanted):
                did.there += 1
            else:
                rows += _rows(outlooks_of(instrument), session, now, did)
        except StoreError:
            raise
        except BellwetherError as problem:
            did.failed += 1
            log.info("No forecast of %s for the record: %s", instrument.symbol, problem)
        if count % AT_ONCE == AT_ONCE - 1:
            did.issued += record(store, rows)
            rows = []
    did.issued += record(store, rows) if rows else 0
    return did


def _rows(outlooks: Sequence[tuple[Outlook, bool]], session: date, now: datetime, did: Forecasted) -> list[ToEnter]:
    """The rows of a symbol's newest session; none while prices of it are missing."""
    if any(outlook.bars.cutoff != session for outlook, _ in outlooks):
        did.late += 1
        return []
    return [row for outlook, shown in outlooks for row in rows_of(outlook, HEADS, now, shown=shown)]


def _is_entered(store: Store, symbol: str, session: date, wanted: set[tuple[str, int]]) -> bool:
    """Whether something was shown at all heads, and the `wanted` models and heads are in.

    What people asked for is not all: a silenced model and the tried ones were shown to nobody, and must not miss just
    the sessions and symbols that people care for. A model that is silent on a symbol for its prices is asked again.
    """
    with store.reading() as db:
        entered = ledger_table.entered(db, symbol, session)
    shown_at = {horizon for _, shown, horizon in entered if shown}
    return shown_at >= set(HEADS) and {(model, horizon) for model, _, horizon in entered} >= wanted
