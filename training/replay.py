"""Years of a market in a price file, lived through day by day as the service would have: its account of these years.

    price files -> a market that has ended -> quarters of the calendar -> replay of each -> joined -> record

What a quarter's forecasts come to depends on prices alone, not on other quarters, so workers can share them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from bellwether.core.announcement import Announcement
from bellwether.core.config import load_settings
from bellwether.core.errors import MarketDataError
from bellwether.core.types import MARKET_SERIES
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.jobs.file_evidence import file_evidence
from bellwether.jobs.replay import Days, joined, replay, rows_in, simulated_from
from bellwether.jobs.simulate import sessions_of
from bellwether.market.earnings.file import read_announcements
from bellwether.market.earnings.provider import ToldReports
from bellwether.market.file import FileProvider
from bellwether.market.symbols.universe import Universe
from bellwether.market.universe_state import StateBars, counts_for_state, state_of
from bellwether.models.model_card import RANGE, folders_of
from bellwether.services import Services, build_services
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.scores.sentences import lines
from bellwether.track_record.scores.simulated_record import Simulated, save
from bellwether.track_record.scores.track_record import RecordFilter, record_of
from training.missed import tables
from training.shipped_model import ShippedModel
from training.workers import HERE, Workers

MONTHS = 3  #: of a part


class PastMarket(FileProvider):
    """A price file whose last session is the last there is, with the state of its universe on each day."""

    live = False

    def __init__(self, files: Sequence[Path]) -> None:
        """Read the files. Raises MarketDataError when one of them cannot be used."""
        super().__init__(files)
        stocks = [instrument.symbol for instrument in self.universe() if counts_for_state(instrument)]
        self._whole = state_of(self._bars[symbol] for symbol in stocks if symbol in self._bars).as_series()

    def universe_state(self, end: date) -> StateBars:
        """How the universe as a whole moved up to a session: a day is made of what came before it alone."""
        return tuple(None if series is None else series.until(end) for series in self._whole)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What every part of a replay is told."""

    market: PastMarket
    reports: dict[str, tuple[Announcement, ...]]
    models: tuple[ShippedModel, ...]
    served: str
    first: date
    last: date
    every: int

    def services(self, folder: Path) -> Services:
        """The service over this market, with its files in a folder of its own."""
        for model in self.models:
            model.put_in(folder / "models")
        settings = load_settings(
            market={"source": "sample", "universe": ""},
            models={"folder": folder / "models", "serve": self.served, "shadow": []},
            database={"path": folder / "bellwether.sqlite3", "key": ""},
        )
        reports = ToldReports(lambda symbol: self.reports.get(symbol, ()))
        universe = Universe(self.market.universe())
        return replace(build_services(settings), provider=self.market, universe=universe, reports=reports)


def record(
    files: Sequence[Path],
    served: Path,
    first: date,
    last: date,
    out: Path,
    every: int = 1,
    earnings: Path | None = None,
    workers: Workers = HERE,
) -> None:
    """Write what is kept of a replay of these days to `out`, and print the record.

    Each day is answered by a model of the folder around `served` that had not seen it, where there is one. Raises
    MarketDataError, ModelError and BadDate.
    """
    market = PastMarket(files)
    models = tuple(ShippedModel.of(folder) for folder in folders_of(served.parent, RANGE))
    past = Past(market, read_announcements(earnings) if earnings else {}, models, served.name, first, last, every)
    with TemporaryDirectory() as folder:
        services = past.services(Path(folder))
        sessions_of(services, first, last)  # refuses days without any
        if services.model is None:
            raise MarketDataError(services.model_problem)
    lived = workers.map(live_through, past, parts_of(first, last), "quarters")
    simulated, count = joined([part.kept for part in lived]), sum(part.forecasts for part in lived)
    evidence = sum((part.evidence for part in lived), Counter())
    out.parent.mkdir(parents=True, exist_ok=True)
    save(out, simulated)
    told = record_of(simulated.everyone, simulated.misses, RecordFilter(), simulated=True, evidence=evidence)
    print("\n".join(lines(told)))
    if told.why_missed is not None:
        print("\n".join(["", *tables(told.why_missed), ""]))
    print(f"{count:,} forecasts were replayed; what is kept of them is in {out}")


def parts_of(first: date, last: date) -> list[Days]:
    """The days in parts that end with quarters of the calendar: no week within a month lies in two."""
    parts = []
    while first <= last:
        after = first.year * 12 + (first.month - 1) // MONTHS * MONTHS + MONTHS
        end = date(after // 12, after % 12 + 1, 1) - timedelta(days=1)
        parts.append((first, min(end, last)))
        first = end + timedelta(days=1)
    return parts


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """One part of a replay."""

    kept: Simulated
    forecasts: int  #: that were entered
    evidence: Counter[tuple[int, bool, int]]  #: ranges by horizon, whether they held, and what speaks for a cause


def live_through(past: Past, part: Days) -> Lived:
    """One part, and why its ranges missed."""
    symbols = tuple(
        instrument.symbol for instrument in past.market.universe() if instrument.symbol not in MARKET_SERIES
    )
    with TemporaryDirectory() as folder, tqdm(desc=f"from {part[0]}", unit="session", mininterval=0.5) as progress:
        services = past.services(Path(folder))
        lived = replay(
            services,
            past.first,
            past.last,
            Path(folder) / "replay.sqlite3",
            every=past.every,
            only=part,
            done=lambda session: progress.update(),
        )
        file_evidence(lived, most=None)
        with lived.store.reading() as db:
            evidence = evidence_table.counts(db, None, None, None, None, unless=BASELINE_ID)
        result = Lived(simulated_from(lived.store, symbols), rows_in(lived.store), evidence)
        lived.store.close()
    return result
