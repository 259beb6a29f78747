"""The whole universe forecast once a session, so that the record does not depend on what people ask.

served symbols | those whose newest session has no complete row yet | outlook | all heads | ledger

Each forecast is made alone, in a tenth of a millisecond, and not in one batch of windows: matrix kernels round a window
in the last bit by how many others it came with, and one that somebody asks for would then have another id than the same
one here.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError, StoreError
from bellwether.core.types import HEADS, MARKET_SERIES, Instrument, Outlook
from bellwether.market.calendar import SETTLING, last_closed_session
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table
from bellwether.track_record.ledger.issue import record, rows_of
from bellwether.track_record.ledger.ledger_table import ToEnter

AT_ONCE = 50  #: symbols in one transaction: others want to write too
log = logging.getLogger(__name__)

Ask = Callable[[Services, Instrument], list[tuple[Outlook, bool]]]  #: the outlooks to enter, and whether each is shown


@dataclass(slots=True)
class Forecasted:
    """What one run did."""

    issued: int = 0  #: forecasts, one for each head
    there: int = 0  #: symbols whose session was entered already
    late: int = 0  #: symbols whose prices of the session are not in yet
    failed: int = 0


def forecast_universe(
    services: Services, stopping: Callable[[], bool] = lambda: False, ask: Ask | None = None
) -> Forecasted:
    """Enter what is missing of the newest session of every served symbol. Safe to run late, twice or not at all.

    `ask` makes the outlooks of a symbol; by default those of the served model and of the ones tried beside it. Raises
    StoreError.
    """
    did = Forecasted()
    rows: list[ToEnter] = []
    made = ask or forecasts.outlooks_to_enter
    for count, one in enumerate(instrument for instrument in services.universe if _is_scored(instrument)):
        if stopping():
            break
        try:
            rows += _rows(services, one, made, did)
        except StoreError:
            raise
        except BellwetherError as problem:
            did.failed += 1
            log.info("No forecast of %s for the record: %s", one.symbol, problem)
        if count % AT_ONCE == AT_ONCE - 1:
            did.issued += record(services.store, rows)
            rows = []
    did.issued += record(services.store, rows) if rows else 0
    return did


def _rows(services: Services, one: Instrument, made: Ask, did: Forecasted) -> list[ToEnter]:
    """The rows that a symbol lacks for its newest session."""
    now = services.clock()
    session = last_closed_session(one.calendar, now - SETTLING)
    if _is_entered(services, one.symbol, session):
        did.there += 1
        return []
    rows: list[ToEnter] = []
    for outlook, shown in made(services, one):
        if outlook.bars.cutoff != session:
            did.late += 1
            return []
        rows += rows_of(outlook, HEADS, now, shown=shown)
    return rows


def _is_entered(services: Services, symbol: str, session: date) -> bool:
    """Whether something was shown at all heads, and the served model and those tried beside it are in at all of them.

    What people asked for is not all: a silenced model and the tried ones were shown to nobody, and must not miss just
    the sessions and symbols that people care for. A model that is silent on a symbol for its prices is asked again.
    """
    with services.store.reading() as db:
        entered = ledger_table.entered(db, symbol, session)
    if not {horizon for _, shown, horizon in entered if shown} >= set(HEADS):
        return False
    models = [services.model, *services.shelf.named(services.settings.models.shadow)]
    there = {(model, horizon) for model, _, horizon in entered}
    return there >= {(model.card.model_id, head) for model in models if model is not None for head in HEADS}


def _is_scored(one: Instrument) -> bool:
    """What the model reads as the market itself is no share."""
    return one.symbol not in MARKET_SERIES
