"""The few numbers of the record that stand beside a new forecast."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from bellwether.core.errors import StoreError
from bellwether.core.types import Forecast, RecordSummary, SkillVerdict
from bellwether.db.database import Store
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.scores.simulated_record import content_of, newest_file, path_of
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.scores.types import TrackRecord

YEAR = timedelta(weeks=53)  #: so that it holds the 52 weeks without which there is no interval
SUMMARY = "simulated_summary.json"  #: of a replay, for a command line that must not wait for all of it
log = logging.getLogger(__name__)


def with_record(store: Store, forecast: Forecast, *, simulated: bool) -> Forecast:
    """The forecast with its symbol's record of the last year; as it was where there is none, or it can't be read."""
    if simulated:
        record = _read(*newest_file(store, SUMMARY)).get(forecast.symbol)
    else:
        try:
            with store.reading() as db:
                settled = outcomes_table.CHAIN.head(db).rows
            record = _live(store, settled, forecast.symbol, forecast.made_at.date() - YEAR) if settled else None
        except StoreError as problem:
            log.warning("The record could not be read: %s", problem.for_operator)
            record = None
    return replace(forecast, explanation=replace(forecast.explanation, beside=record)) if record else forecast


def summary_of(record: TrackRecord, years: str = "") -> RecordSummary:
    """What is said of a record in a line."""
    score = record.score
    return RecordSummary(
        score.forecasts, score.coverage_80, score.skill, score.verdict, record.symbol is not None, years
    )


@lru_cache(maxsize=2048)
def _live(store: Store, settled: int, symbol: str, since: date) -> RecordSummary | None:
    """`settled` counts the outcomes: with each new one the record is another. The symbol's own, else everyone's."""
    own = summary_of(live_record(store, RecordFilter(symbol=symbol, since=since)))
    if own.forecasts:
        return own
    whole = summary_of(live_record(store, RecordFilter(since=since)))
    return whole if whole.forecasts else None


def write_summary(store: Store, records: Iterable[TrackRecord], years: str) -> None:
    """Keep what stands beside forecasts of the sample market, from the simulated records of its symbols."""
    summaries = {
        record.symbol: asdict(summary_of(record, years)) | {"verdict": record.score.verdict.name}
        for record in records
        if record.score.forecasts
    }
    path_of(store, SUMMARY).write_text(json.dumps(summaries, indent=1) + "\n", encoding="utf-8")


@lru_cache(maxsize=2)
def _read(file: Path | None, changed: int) -> dict[str, RecordSummary]:
    """`changed` makes a new version of the file another one."""
    try:
        summaries: dict[str, Any] = json.loads(content_of(file, SUMMARY))
        return {
            symbol: RecordSummary(**facts | {"verdict": SkillVerdict[facts["verdict"]]})
            for symbol, facts in summaries.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        log.warning("The simulated record's summary cannot be read: %s", problem)
        return {}
