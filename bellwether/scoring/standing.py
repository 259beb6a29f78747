"""Whether the served model may answer, by its record; and what an answer looks like when it may not."""

import logging
from dataclasses import replace
from functools import lru_cache

from bellwether.errors import StoreError
from bellwether.forecasting.caveats import about_silence
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.scoring.silence import standing_of
from bellwether.scoring.track_record import Asked, symbol_table, whole_table
from bellwether.scoring.types import Standing, StandingOf
from bellwether.store import outcomes
from bellwether.store.database import Store
from bellwether.types import Outlook, Problem

log = logging.getLogger(__name__)


def standing(store: Store, model_id: str, symbol: str = "", symbols: int = 1) -> StandingOf:
    """Where a model stands over all symbols, or with one of as many as are tested. Raises StoreError."""
    with store.reading() as db:
        settled = outcomes.head(db).rows
    return _standing(store, settled, model_id, symbol, symbols)


def heard(store: Store, outlook: Outlook, symbols: int) -> Outlook:
    """The same outlook, or the plain rule's where the model is silenced over all or with this one of the symbols.

    Where the record cannot be read the model is heard.
    """
    if outlook.problem is not None:
        return outlook
    try:
        stands = (
            standing(store, outlook.model_id),
            standing(store, outlook.model_id, outlook.instrument.symbol, symbols),
        )
    except StoreError as problem:
        log.warning("The record could not be asked whether the model may speak: %s", problem.for_operator)
        return outlook
    return silenced(outlook) if any(one.standing is Standing.SILENCED for one in stands) else outlook


def silenced(outlook: Outlook) -> Outlook:
    """The plain rule's answer in place of the model's, which says why."""
    return replace(
        outlook,
        log_returns=outlook.baseline,
        model_id=BASELINE_ID,
        records=(),
        problem=Problem.SILENCED,
        caveats=(*outlook.caveats, about_silence(Problem.SILENCED)),
    )


@lru_cache(maxsize=2048)
def _standing(store: Store, settled: int, model_id: str, symbol: str, symbols: int) -> StandingOf:
    """`settled` counts the outcomes: with each new one the answer may be another."""
    with store.reading() as db:
        if not symbol:
            return standing_of(whole_table(db, Asked(model_id=model_id)), model_id)
        table = symbol_table(outcomes.of_symbol(db, symbol, None))
    return standing_of(table.take(table.model == model_id), model_id, symbol, symbols)
