"""Every page there is, and the states a service may be in when somebody opens one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Bars
from bellwether.market.sample import SampleProvider
from bellwether.services import Services
from tests.support.web import sample_services

#: an address of each page, in each of the shapes it may have
PAGES = (
    "/",
    "/stocks/AAPL",
    "/stocks/%5EVIX?horizon=63",
    "/stocks/KO?as_of=2020-03-16",
    "/stocks/KO?as_of=2024-03-07",
    "/market?sort=width&order=down",
    "/compare",
    "/compare?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE",
    "/risk",
    "/risk?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE",
    "/watchlist",
    "/track-record",
    "/track-record?symbol=AAPL&horizon=10",
    "/incidents/2020-03-02",
    "/how-it-works",
    "/privacy",
    "/developers",
)
#: pages that say what is wrong
ERRORS = (
    "/?symbol=appl",
    "/stocks/nope-nope",
    "/stocks/index",
    "/stocks/AAPL?horizon=64",
    "/stocks/AAPL?as_of=tomorrow",
    "/compare?symbols=A,B,C,D,E,F",
    "/market?sort=size",
    "/receipts/f0",
    "/incidents/2019-05-01",
    "/channels",
    "/stocks/AAPL/earnings.ics",
    "/nope",
)


class Outage(SampleProvider):
    """A market that does not answer."""

    def bars(self, symbol: str, end: date) -> Bars:
        """Never any."""
        raise MarketDataError("The prices are not available just now; please try again later.")


class Bug(SampleProvider):
    """A market with a bug in it."""

    def bars(self, symbol: str, end: date) -> Bars:
        """An exception that nobody foresaw."""
        raise RuntimeError("secret detail")


def _outage(folder: Path) -> Services:
    return replace(sample_services(folder), provider=Outage())


def _bug(folder: Path) -> Services:
    return replace(sample_services(folder), provider=Bug())


def _no_model(folder: Path) -> Services:
    return sample_services(folder, models={"folder": folder})


def _nothing_yet(folder: Path) -> Services:
    """A live service on its first day: no prices kept, none to be had, an empty ledger."""
    services = sample_services(folder, market={"source": "yahoo"})

    def ask(*_: object) -> object:
        raise MarketDataError("The prices are not available just now; please try again later.")

    services.provider.asker.ask = ask  # type: ignore[attr-defined]
    return services


def _no_database(folder: Path) -> Services:
    """Its file is no database."""
    services = sample_services(folder, database={"path": folder / "damaged.sqlite3"})
    (folder / "damaged.sqlite3").write_bytes(b"no database " * 1000)
    return services


#: what may be wrong, by name
STATES: dict[str, Callable[[Path], Services]] = {
    "provider down": _outage,
    "a bug": _bug,
    "no model": _no_model,
    "nothing yet": _nothing_yet,
    "no database": _no_database,
}
