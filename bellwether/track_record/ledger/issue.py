"""What counts as issued, and its way into the ledger: a row before it is shown.

Issued is a forecast whose outcome nobody could know when it was made: of a market that lives, and whose target had not
closed. The sample market's and those for a day in the past are none, and are never mixed with them.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import numpy as np

from bellwether.core.errors import StoreError
from bellwether.core.i18n.translate import said
from bellwether.core.types import Bars, Floats, Forecast, Outlook, issues_forecasts
from bellwether.db.database import Store
from bellwether.forecasting.forecaster import forecast_at
from bellwether.market.calendar import closes_at
from bellwether.track_record.ledger import checkpoint, ledger_table, score_sums_table
from bellwether.track_record.ledger.ledger_table import ToEnter, to_days

UNRECORDED = said("This forecast could not be entered into the track record: the database does not work just now.")
log = logging.getLogger(__name__)


def is_issued(outlook: Outlook, forecast: Forecast) -> bool:
    """Whether its outcome still lies ahead, in a market that lives."""
    if not issues_forecasts(outlook.source):
        return False
    return forecast.made_at < closes_at(outlook.instrument.calendar, forecast.target_session)


def issue(store: Store, outlook: Outlook, forecast: Forecast) -> Forecast:
    """Enter a forecast into the ledger before anybody sees it, once however often it is made.

    A database that cannot be written must not keep the forecast from the person: it is then returned with a caveat that
    says so, and the reason goes to the log.
    """
    if not is_issued(outlook, forecast):
        return forecast
    try:
        with store.glance() as db:  # most are asked for again and again: nobody waits for a writer then
            if ledger_table.CHAIN.known_among(db, [forecast.forecast_id]):
                return forecast
        record(store, [row_of(outlook, forecast)])
    except StoreError as problem:
        log.error("A forecast of %s is not in the ledger: %s", forecast.symbol, problem.for_operator)
        return replace(forecast, caveats=(*forecast.caveats, UNRECORDED))
    return forecast


def record(store: Store, forecasts: Iterable[ToEnter]) -> int:
    """Append those that are not there yet, all or none; how many. Raises StoreError."""
    with store.transaction() as db:
        added = ledger_table.append(db, forecasts)
        counts = Counter((row.model_id, row.shown, row.horizon, to_days(row.cutoff)) for row in added)
        score_sums_table.count_issued(db, counts)
    if added:
        checkpoint.note(store)
    return len(added)


def rows_of(outlook: Outlook, horizons: Iterable[int], made_at: datetime, *, shown: bool = True) -> list[ToEnter]:
    """The ledger's rows of an outlook at some horizons, without those that are not issued."""
    made = (forecast_at(outlook, horizon, made_at) for horizon in horizons)
    digest = read_digest(outlook)
    return [row_of(outlook, forecast, shown=shown, digest=digest) for forecast in made if is_issued(outlook, forecast)]


def row_of(outlook: Outlook, forecast: Forecast, *, shown: bool = True, digest: str = "") -> ToEnter:
    """The ledger's row of one forecast."""
    return ToEnter(
        forecast_id=forecast.forecast_id if shown else shadow_id(forecast.forecast_id),
        symbol=forecast.symbol,
        cutoff=forecast.cutoff,
        horizon=forecast.horizon,
        target_session=forecast.target_session,
        made_at=forecast.made_at,
        model_id=forecast.model_id,
        source=forecast.source,
        shown=shown,
        adjusted_close=float(outlook.bars.closes[-1]),
        quoted_close=forecast.last_close,
        log_returns=forecast.log_returns,
        baseline=forecast.baseline.log_returns,
        usual_probability_of_growth=forecast.usual_probability_of_growth,
        probability_of_growth=forecast.probability_of_growth,
        stretched=forecast.calibration.factor if forecast.calibration is not None else None,
        bars_sha256=digest or read_digest(outlook),
        calendar=outlook.instrument.calendar,
        calibration=forecast.calibration,
    )


def shadow_id(forecast_id: str) -> str:
    """The id of the same answer by a model that is only tried: were it shown later, that would be another row."""
    return f"s{forecast_id[1:]}"


def read_digest(outlook: Outlook) -> str:
    """sha256 of everything an outlook was made from, in hexadecimal digits.

    That is the symbol's bars and the market's closes: for each series its name, its sessions as int64 days since 1970,
    and its numbers as little-endian float64; a series that was not known is left out. Then, where the model read days
    of reports, its input `calendar` as float32; and where ranges were stretched the evening's numbers as float64, those
    of the model by head and those of the plain rule.
    """
    digest = hashlib.sha256()
    bars = outlook.bars
    _feed(digest, bars, bars.values, bars.quoted_closes)
    for series in outlook.market:
        if series is not None:
            _feed(digest, series, series.closes)
    if outlook.calendar is not None:
        digest.update(np.ascontiguousarray(outlook.calendar, "<f4").tobytes())
    if outlook.evening is not None:
        digest.update(np.array([outlook.evening.model, outlook.evening.plain], "<f8").tobytes())
    return digest.hexdigest()


def _feed(digest: "hashlib._Hash", bars: Bars, *numbers: Floats) -> None:
    digest.update(bars.symbol.encode())
    digest.update(bars.sessions.astype("<i8").tobytes())
    for series in numbers:
        digest.update(np.ascontiguousarray(series, "<f8").tobytes())
