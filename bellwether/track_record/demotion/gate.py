"""The gate before a model's answers: open, or closed by its record, so that the plain rule answers in its place."""

import logging
from dataclasses import replace
from functools import lru_cache

from bellwether.core.errors import StoreError
from bellwether.core.types import Outlook, Problem
from bellwether.db.database import Store
from bellwether.forecasting.caveats import about_silence
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.track_record.demotion.sequential_test import gate_status
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.scores.track_record import RecordFilter, symbol_table, whole_table
from bellwether.track_record.scores.types import GateState, GateStatus

log = logging.getLogger(__name__)


def gate(store: Store, model_id: str, symbol: str = "", symbols: int = 1) -> GateStatus:
    """Whether a model is demoted over all symbols, or on one of the `symbols` that are tested. Raises StoreError."""
    return _status(store, _settled(store), model_id, symbol, symbols)


def _settled(store: Store) -> int:
    with store.glance() as db:
        return outcomes_table.CHAIN.head(db).rows


def apply_gate(store: Store, outlook: Outlook, symbols: int) -> Outlook:
    """The same outlook, or the plain rule's where the model is demoted over all symbols or on this one.

    Where the record cannot be read the gate is open.
    """
    if outlook.problem is not None:
        return outlook
    try:
        settled = _settled(store)
        statuses = (
            _status(store, settled, outlook.model_id, "", 1),
            _status(store, settled, outlook.model_id, outlook.instrument.symbol, symbols),
        )
    except StoreError as problem:
        log.warning("The record could not be asked whether the model may speak: %s", problem.for_operator)
        return outlook
    return demoted(outlook) if any(status.standing is GateState.SILENCED for status in statuses) else outlook


def demoted(outlook: Outlook) -> Outlook:
    """The plain rule's answer in place of the model's, which says why."""
    return replace(
        outlook,
        log_returns=outlook.baseline,
        model_id=BASELINE_ID,
        records=(),
        widened=None,
        rises=None,
        calendar=None,
        problem=Problem.SILENCED,
        caveats=(*outlook.caveats, about_silence(Problem.SILENCED)),
    )


@lru_cache(maxsize=2048)
def _status(store: Store, settled: int, model_id: str, symbol: str, symbols: int) -> GateStatus:
    """`settled` counts the outcomes: with each new one the answer may be another."""
    with store.reading() as db:
        if not symbol:
            return gate_status(whole_table(db, RecordFilter(model_id=model_id)), model_id)
        table = symbol_table(outcomes_table.of_symbol(db, symbol))
    return gate_status(table.take(table.model == model_id), model_id, symbol, symbols)
