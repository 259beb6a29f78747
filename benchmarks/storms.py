"""How often the rule of incidents cries wolf, and how soon it is right: made-up calm decades, and the real years since
1990.

    python -m benchmarks.storms                                        # thirty calm decades of each kind
    python -m benchmarks.storms --prices FILE [FILE ...]               # the years in tables of daily prices besides
    python -m benchmarks.storms --prices FILE [FILE ...] --choose      # how sensitivity was chosen

The ranges are the plain rule's, one session ahead, as the service would have served them each evening: made of closes
up to it, and stretched by how the last ones held. The shape of the rule is that of the card of SHAPE_OF. Of the real
years a spell of turbulence is told by something that knows nothing of ranges: ^VIX closed at 25 or more and at half as
much again as its mean over the 60 sessions before, as it had not for 60 sessions. An announcement without such a day
from its begin until 15 sessions after it is a wolf. Prices are tables as those of `shared/data`: symbol, date, close.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from bellwether.core.config import load_settings
from bellwether.core.incident import IncidentKind
from bellwether.core.types import Floats, Sessions, to_date
from bellwether.market.universe_state import is_stock
from bellwether.services import build_services
from bellwether.track_record.incidents.plain_record import MIN_RETURNS, plain_record
from bellwether.track_record.incidents.rule import SENSITIVITY, Sensitivity, incidents
from bellwether.track_record.incidents.types import DailyRecord, Incident

DECADES, YEARS, STOCKS, YEAR = 30, 10, 100, 252
CHOSEN_TO = 2010  #: the last year on which anything was chosen
BETWEEN_BOTH = 0.25  #: announcements a year in calm decades, of each direction at most, when it was chosen
SOON, LATE = 15, 15  #: sessions within which an announcement belongs to a spell; what none at all counts
SHAPE_OF = "daily-range-3"
INDEX, FEAR = "^GSPC", "^VIX"
Make = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True)
class Calm:
    """A market without storms of its own: GARCH(1,1) of the common factor, and milder ones of each share."""

    answer: float  #: how much of a squared return enters the next variance
    memory: float
    tails: float  #: degrees of freedom of Student's t
    common: float  #: share of the variance that all have in common

    def returns(self, rng: np.random.Generator, sessions: int, stocks: int = STOCKS) -> Floats:
        """Log returns, (sessions, stocks)."""
        factor = rng.standard_t(self.tails, sessions) / np.sqrt(self.tails / (self.tails - 2))
        own = rng.standard_t(4, (sessions, stocks)) / np.sqrt(2)
        exposure = rng.uniform(0.6, 1.4, stocks) * np.sqrt(self.common)
        variance, own_variance = 1.0, np.ones(stocks)
        moved = np.empty((sessions, stocks))
        for at in range(sessions):
            together = np.sqrt(variance) * factor[at]
            apart = np.sqrt(own_variance) * own[at]
            moved[at] = exposure * together + np.sqrt(1 - self.common) * apart
            variance = 1 - self.answer - self.memory + self.answer * together**2 + self.memory * variance
            own_variance = 0.03 + 0.05 * np.minimum(apart**2, 25) + 0.92 * own_variance
        returns: Floats = 0.015 * moved
        return returns


KINDS = {
    "constant volatility, t4": Calm(0.0, 0.0, 4, 0.3),
    "GARCH .08 .90, t5": Calm(0.08, 0.90, 5, 0.3),
    "GARCH .10 .88, t5": Calm(0.10, 0.88, 5, 0.3),
    "GARCH .10 .88, t4, closer": Calm(0.10, 0.88, 4, 0.4),
}


def standardised() -> Floats:
    """The plain rule's shape, by the card of the model that knew no year after 2018, (heads, levels)."""
    services = build_services(load_settings(market={"source": "sample"}, models={"serve": SHAPE_OF}))
    assert services.model is not None
    return services.model.card.standardised_quantiles


def simulated(make: Make, decades: int, shape: Floats) -> list[DailyRecord]:
    """The records of some decades."""
    days = np.datetime64("2000-01-01") + np.arange(YEARS * YEAR + MIN_RETURNS + 1)
    return [plain_record(days, make(np.random.default_rng(seed)), shape) for seed in range(decades)]


def announcements_a_year(
    records: Sequence[DailyRecord], sensitivity: Mapping[IncidentKind, Sensitivity] = SENSITIVITY
) -> dict[IncidentKind, float]:
    """How many there are a year, by direction."""
    told = [incident.kind for record in records for incident in incidents(record, sensitivity=sensitivity)]
    years = sum(len(record) for record in records) / YEAR
    return {direction: told.count(direction) / years for direction in sensitivity}


@dataclass(frozen=True)
class Past:
    """The real years: returns of all stocks, and the days on which fear began."""

    sessions: Sessions  #: (n,)
    returns: Floats  #: (n, symbols), in the order in which an evening's pool takes them
    fear: Floats  #: (n,) ^VIX

    @classmethod
    def read(cls, files: Iterable[Path]) -> "Past":
        """From tables of prices."""
        rows = pd.concat([pd.read_parquet(file, columns=["symbol", "date", "close"]) for file in files])
        closes = rows.pivot(index="date", columns="symbol", values="close").astype(float)
        closes = closes[closes[INDEX].notna()]
        stocks = sorted(filter(is_stock, closes.columns), key=lambda symbol: (crc32(symbol.encode()), symbol))
        returns = np.diff(np.log(closes[stocks].to_numpy()), axis=0, prepend=np.nan)
        return cls(closes.index.to_numpy().astype("datetime64[D]"), returns, closes[FEAR].ffill().to_numpy())

    def turbulence(self) -> list[int]:
        """The places of the first days of spells of turbulence."""
        usual = pd.Series(self.fear).rolling(60, min_periods=40).mean().shift(1).to_numpy()
        afraid = np.flatnonzero((self.fear >= 25) & (self.fear >= 1.5 * usual))
        return [int(day) for at, day in enumerate(afraid) if at == 0 or day - afraid[at - 1] > 60]

    def calm_decade(self, rng: np.random.Generator) -> Floats:
        """Quarters drawn from those of the years chosen on in which ^VIX stayed below 20.

        Each is brought to one mean swing, so that where two are joined there is no storm.
        """
        chosen = self.sessions <= np.datetime64(f"{CHOSEN_TO}-12-31")
        whole = np.isfinite(self.returns[1:][chosen[1:]]).mean(axis=0) > 0.999
        quiet = np.where(chosen, self.fear, np.inf) < 20
        starts = [at for at in range(1, len(quiet) - MIN_RETURNS) if quiet[at : at + MIN_RETURNS].all()]
        drawn = rng.choice(starts, YEARS * YEAR // MIN_RETURNS + 2)
        quarters = [self.returns[at : at + MIN_RETURNS, whole] for at in drawn]
        even = [0.01 * quarter / np.nanmean(np.abs(quarter)) for quarter in quarters]
        return np.concatenate(even)[: YEARS * YEAR + MIN_RETURNS + 1]


def delays(told: Sequence[Incident], past: Past, until: int) -> list[tuple[int, int | None]]:
    """Of each spell until a year the place of its first day, and the sessions until the announcement; None for none.

    0 where an incident was under way already.
    """
    spells = [day for day in past.turbulence() if to_date(past.sessions[day]).year <= until]
    return [(day, _delay(told, past.sessions, day)) for day in spells]


def _delay(told: Sequence[Incident], sessions: Sessions, day: int) -> int | None:
    for incident in told:
        announced = int(np.searchsorted(sessions, np.datetime64(incident.announced)))
        over = int(np.searchsorted(sessions, np.datetime64(incident.ended))) if incident.ended else len(sessions)
        if announced <= day + SOON and over >= day:
            return max(0, announced - day)
    return None


def is_wolf(incident: Incident, past: Past) -> bool:
    """Whether there was no turbulence from its begin until some sessions after its announcement."""
    first, last = (int(np.searchsorted(past.sessions, np.datetime64(d))) for d in (incident.first, incident.announced))
    usual = pd.Series(past.fear).rolling(60, min_periods=40).mean().shift(1).to_numpy()
    afraid = (past.fear >= 25) & (past.fear >= 1.5 * usual)
    return not afraid[first : last + SOON + 1].any()


def _tell_calm(records: dict[str, list[DailyRecord]]) -> None:
    print("| calm decades | sessions held, mean and sd | too rarely, a year | too often, a year | together |")
    print("|---|---|---|---|---|")
    for name, decades in records.items():
        shares = np.concatenate([record.shares for record in decades])
        a_year = announcements_a_year(decades)
        rarely, often = a_year[IncidentKind.TOO_RARELY], a_year[IncidentKind.TOO_OFTEN]
        print(
            f"| {name} | {shares.mean():.0%}, {shares.std():.0%} | {rarely:.2f} | {often:.2f} | {rarely + often:.2f} |"
        )


def _tell_past(past: Past, record: DailyRecord) -> None:
    told = incidents(record)
    late = dict(delays(told, past, 9999))
    print(
        "\n| began | announced | over | the ten sessions then | the worst ten | turbulence |\n|---|---|---|---|---|---|"
    )
    for incident in told:
        note = "" if incident.kind is IncidentKind.TOO_RARELY else " (too often)"
        near = "no" if is_wolf(incident, past) else "yes"
        print(
            f"| {incident.first} | {incident.announced}{note} | {incident.ended} | {100 * incident.lately:.0f} of 100"
            f" | {100 * incident.depth:.0f} | {near} |"
        )
    rare = [incident for incident in told if incident.kind is IncidentKind.TOO_RARELY]
    for name, last in (("1990 to 2010", 2010), ("1990 to 2021", 2021), ("all", 9999)):
        part = [incident for incident in rare if incident.announced.year <= last]
        wolves = sum(is_wolf(incident, past) for incident in part)
        print(f"{name}: {len(part)} announcements of too rarely, {wolves} without turbulence.")
    for day, sessions in late.items():
        print(f"turbulence from {past.sessions[day]}: announced after {sessions} sessions")


def _choose(past: Past, record: DailyRecord, calm: dict[str, list[DailyRecord]]) -> None:
    """For each slack and cap the least limit that keeps calm decades quiet, and what it does on the years to choose."""
    until = record.until(to_date(np.datetime64(f"{CHOSEN_TO}-12-31")))
    print("\n| slack | cap | limit | announced | mean sessions until then |\n|---|---|---|---|---|")
    for slack, cap in product((0.25, 0.5, 0.75), (2.0, 2.5, 3.0, 4.0)):
        limit = _least_limit(calm, IncidentKind.TOO_RARELY, slack, cap)
        told = incidents(until, sensitivity={IncidentKind.TOO_RARELY: Sensitivity(slack, limit, cap)})
        late = [LATE if sessions is None else sessions for _, sessions in delays(told, past, CHOSEN_TO)]
        print(f"| {slack} | {cap} | {limit:.2f} | {len(told)} | {np.mean(late):.2f} |", flush=True)
    for slack in (0.5, 0.75, 1.0):
        limit = _least_limit(calm, IncidentKind.TOO_OFTEN, slack, 3.0)
        told = incidents(until, sensitivity={IncidentKind.TOO_OFTEN: Sensitivity(slack, limit)})
        print(f"too often: slack {slack}, limit {limit:.2f}: {len(told)} announced")


def _least_limit(calm: dict[str, list[DailyRecord]], direction: IncidentKind, slack: float, cap: float) -> float:
    low, high = 2.0, 16.0
    while high - low > 0.25:
        limit = (low + high) / 2
        made = {direction: Sensitivity(slack, limit, cap)}
        worst = max(announcements_a_year(records, made)[direction] for records in calm.values())
        low, high = (limit, high) if worst > BETWEEN_BOTH else (low, limit)
    return high


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prices", type=Path, nargs="+", default=[], metavar="FILE")
    parser.add_argument("--decades", type=int, default=DECADES, help="of each kind")
    parser.add_argument("--choose", action="store_true")
    asked = parser.parse_args()
    shape, length = standardised(), YEARS * YEAR + MIN_RETURNS + 1
    makes: dict[str, Make] = {name: partial(_of_kind, kind, length) for name, kind in KINDS.items()}
    past = Past.read(asked.prices) if asked.prices else None
    if past is not None:
        makes[f"real calm quarters, to {CHOSEN_TO}"] = past.calm_decade
    calm = {name: simulated(make, asked.decades, shape) for name, make in makes.items()}
    _tell_calm(calm)
    if past is not None:
        record = plain_record(past.sessions, past.returns, shape)
        _tell_past(past, record)
        if asked.choose:
            _choose(past, record, calm)


def _of_kind(kind: Calm, sessions: int, rng: np.random.Generator) -> Floats:
    return kind.returns(rng, sessions)


if __name__ == "__main__":
    main()
