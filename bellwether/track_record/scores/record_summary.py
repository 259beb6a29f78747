"""The few numbers of the record that stand beside a new forecast: the record of its own symbol and horizon.

the symbol's at this horizon | else all symbols' at this horizon | between two heads the worse of theirs
"""

import json
import logging
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from bellwether.core.errors import StoreError
from bellwether.core.types import HEADS, Forecast, RecordSummary, SkillVerdict, issues_forecasts
from bellwether.db.database import Store
from bellwether.forecasting import caveats
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.scores.simulated_record import content_of, newest_file, path_of
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.scores.types import TrackRecord

YEAR = timedelta(weeks=53)  #: so that it holds the 52 weeks without which there is no interval
SUMMARY = "simulated_summary.json"  #: of a replay, for a command line that must not wait for all of it
_EVERYONE = ""  #: in place of a symbol: all of them together
_SESSIONS_A_WEEK = 5
_HOLIDAYS = timedelta(weeks=2)  #: by which the end of a horizon may be later than its weeks
Summaries = dict[tuple[str, int], RecordSummary]  #: by symbol and horizon
log = logging.getLogger(__name__)


def with_record(store: Store, forecast: Forecast, *, simulated: bool) -> Forecast:
    """The forecast with the record of its symbol and horizon; as it was where there is none, or it can't be read."""
    if simulated:
        summaries = _read(*newest_file(store, SUMMARY))
        record = _beside(forecast, lambda symbol, head: summaries.get((symbol, head)))
        of_model = None
    else:
        record, of_model = _live_records(store, forecast)
    if record is None:
        return forecast
    explanation = replace(forecast.explanation, beside=record)
    return replace(forecast, explanation=explanation, caveats=caveats_with(forecast, of_model))


def with_tested_models(store: Store, made: ListForecast) -> ListForecast:
    """A list's range of which what is said of old models is as in answers on one symbol, by the record of all."""
    tested: dict[str, str] = {}
    for forecast in {member.forecast.learned_to: member.forecast for member in made.members}.values():
        of_all = replace(forecast, symbol=_EVERYONE, horizon=made.horizon)
        told = with_record(store, of_all, simulated=not issues_forecasts(made.source))
        tested |= dict(zip(of_all.caveats, told.caveats, strict=True))
    return replace(made, caveats=tuple(tested.get(caveat, caveat) for caveat in made.caveats))


def _live_records(store: Store, forecast: Forecast) -> tuple[RecordSummary | None, RecordSummary | None]:
    """What is said of ranges as they were served, and of those of the forecast's own model where it is called old."""
    try:
        with store.glance() as db:
            settled = outcomes_table.CHAIN.head(db).rows
        if not settled:
            return None, None
        live = partial(_live, store, settled, forecast.made_at.date())
        of_model = _beside(forecast, partial(live, forecast.model_id)) if _is_untested(forecast) else None
        return _beside(forecast, partial(live, None)), of_model
    except StoreError as problem:
        log.warning("The record could not be read: %s", problem.for_operator)
        return None, None


def _is_untested(forecast: Forecast) -> bool:
    return forecast.learned_to is not None and caveats.untested_since(forecast.learned_to) in forecast.caveats


def caveats_with(forecast: Forecast, of_model: RecordSummary | None) -> tuple[str, ...]:
    """The caveats; that an old model is untested gives way to the live record of this model, once that can judge.

    `of_model` is of the last year, of which such a model saw nothing. What another model issued says nothing of it.
    """
    if forecast.learned_to is None or of_model is None or of_model.coverage_80 is None:
        return forecast.caveats
    if of_model.verdict is SkillVerdict.TOO_EARLY or of_model.years:
        return forecast.caveats
    untested = caveats.untested_since(forecast.learned_to)
    tested = caveats.tested_since(forecast.learned_to, of_model.coverage_80, of_model.forecasts)
    return tuple(tested if caveat == untested else caveat for caveat in forecast.caveats)


def _beside(forecast: Forecast, summary: Callable[[str, int], RecordSummary | None]) -> RecordSummary | None:
    """The symbol's record where it is large enough to judge, else everyone's; `summary` finds one at a head."""
    heads = _heads(forecast.horizon)
    near: list[RecordSummary] = []
    for symbol in (forecast.symbol, _EVERYONE):
        near = [record for head in heads if (record := summary(symbol, head)) is not None]
        if len(near) == len(heads) and all(record.verdict is not SkillVerdict.TOO_EARLY for record in near):
            return min(near, key=lambda record: record.coverage_80 or 0.0)  # lest it look better than it is
    return min(near, key=lambda record: record.forecasts, default=None)


def _heads(horizon: int) -> tuple[int, ...]:
    """The head at this horizon, or the two it lies between."""
    right = bisect_left(HEADS, horizon)
    return (horizon,) if HEADS[right] == horizon else HEADS[right - 1 : right + 1]


def summary_of(record: TrackRecord, horizon: int, years: str = "") -> RecordSummary:
    """What is said of the record of one horizon in a line."""
    score = record.score
    return RecordSummary(
        horizon=horizon,
        forecasts=score.forecasts,
        coverage_80=score.coverage_80,
        baseline_coverage_80=score.baseline_coverage_80,
        skill=score.skill,
        verdict=score.verdict,
        own=record.symbol is not None,
        years=years,
    )


@lru_cache(maxsize=8192)
def _live(
    store: Store, settled: int, today: date, model_id: str | None, symbol: str, horizon: int
) -> RecordSummary | None:
    """Of outcomes within the last year. `settled` counts them: with each new one the record is another.

    Of a model that is asked for, what it issued while it was only tried counts as well.
    """
    since = today - YEAR - timedelta(weeks=horizon // _SESSIONS_A_WEEK) - _HOLIDAYS
    found = live_record(store, RecordFilter(symbol or None, horizon, model_id, since), with_reasons=False)
    return summary_of(found, horizon) if found.score.forecasts else None


def write_summary(
    store: Store, symbols: tuple[str, ...], record: Callable[[RecordFilter], TrackRecord], years: str
) -> None:
    """Keep what stands beside forecasts of the sample market; `record` gives the simulated record that is asked for."""
    kept: dict[str, dict[int, Any]] = {}
    for symbol in (*symbols, _EVERYONE):
        for head in HEADS:
            found = record(RecordFilter(symbol=symbol or None, horizon=head))
            if found.score.forecasts:
                summary = summary_of(found, head, years)
                kept.setdefault(symbol, {})[head] = asdict(summary) | {"verdict": summary.verdict.name}
    path_of(store, SUMMARY).write_text(json.dumps(kept) + "\n", encoding="utf-8")


@lru_cache(maxsize=2)
def _read(file: Path | None, changed: int) -> Summaries:
    """`changed` makes a new version of the file another one."""
    try:
        kept: dict[str, dict[str, Any]] = json.loads(content_of(file, SUMMARY))
        return {
            (symbol, int(head)): RecordSummary(**facts | {"verdict": SkillVerdict[facts["verdict"]]})
            for symbol, by_head in kept.items()
            for head, facts in by_head.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        log.warning("The simulated record's summary cannot be read: %s", problem)
        return {}
