"""Make the simulated record of a market that ended: replay it, keep the sums, throw the rest away."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bellwether.core.errors import BadDate
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.jobs.file_evidence import file_evidence
from bellwether.jobs.replay import replay, rows_in, simulated_from
from bellwether.market.calendar import sessions_between
from bellwether.services import Services
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.misses.simulated_evidence import EVIDENCE, by_week, save_evidence
from bellwether.track_record.scores.record_summary import write_summary
from bellwether.track_record.scores.simulated_record import path_of, save, simulated_record, years_of
from bellwether.track_record.scores.track_record import RecordFilter


def sessions_of(services: Services, first: date, last: date) -> int:
    """How many sessions a replay has. Raises BadDate when it can't have any."""
    if services.provider.live:
        raise BadDate("Only a market that has ended can be replayed; set BELLWETHER_MARKET__SOURCE=sample.")
    if first > last:
        raise BadDate(f"The replay would end on {last}, before it begins on {first}.")
    return sessions_between(next(iter(services.universe)).calendar, first - timedelta(days=1), last)


def simulate(
    services: Services,
    first: date,
    last: date,
    *,
    every: int = 1,
    done: Callable[[date], object] = lambda session: None,
) -> tuple[Path, int]:
    """Replay these days into a file beside the database; it and how many forecasts. Raises BadDate."""
    sessions_of(services, first, last)
    out = path_of(services.store)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent) as folder:
        past = replay(services, first, last, Path(folder) / "replay.sqlite3", every=every, done=done)
        count = rows_in(past.store)
        file_evidence(past, most=None)
        with past.store.reading() as db:
            counts = evidence_table.by_symbol(db)
        save_evidence(path_of(services.store, EVIDENCE), by_week(counts, BASELINE_ID))
        save(out, simulated_from(past.store, tuple(instrument.symbol for instrument in services.universe)))
        past.store.close()
    years = years_of(simulated_record(services.store, RecordFilter()))
    write_summary(
        services.store,
        tuple(instrument.symbol for instrument in services.universe),
        partial(simulated_record, services.store),
        years,
    )
    return out, count
