"""Every session's bars of many symbols, fetched once the exchanges have closed.

symbols | batches, with pauses | which are not kept up to their last session | CachedProvider.refresh

A run can be cut off anywhere and started again: what is there is not asked for again.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed, wait
from dataclasses import dataclass, field

from bellwether.alerts import rules_table, subscriptions_table
from bellwether.core.errors import BadSymbol, BellwetherError, StoreError
from bellwether.core.types import MARKET_SERIES
from bellwether.db.database import Store
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import remote
from bellwether.market.symbols.spellings import as_symbol
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services

BATCH = 40  #: symbols between two pauses
LONGEST_PAUSE = 2.0  #: seconds; random up to this, so that a refresh is no burst


@dataclass(slots=True)
class Refreshed:
    """What a refresh did."""

    fetched: int = 0
    there: int = 0  #: kept already up to the last session
    failed: dict[str, str] = field(default_factory=dict)  #: why, by symbol
    stopped: str = ""  #: why the rest was not asked for; empty when all were

    def __str__(self) -> str:
        """In a sentence or two."""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{self.fetched} fetched, {self.there} were there already{failed}. {self.stopped}".rstrip()


def symbols_of(text: str) -> tuple[str, ...]:
    """ "AAPL, MSFT" as symbols. Raises BadSymbol."""
    symbols = []
    for part in text.replace(",", " ").split():
        symbol = as_symbol(part)
        if symbol is None:
            raise BadSymbol(f"“{part[:30]}” is no symbol; please give some like AAPL,MSFT.")
        symbols.append(symbol)
    if not symbols:
        raise BadSymbol("Please give at least one symbol, for example AAPL.")
    return tuple(symbols)


def every_symbol(store: Store, universe: Universe) -> tuple[str, ...]:
    """What is served every session, what somebody watches or has a rule about, and what every forecast reads."""
    with store.reading() as db:
        watched = [*subscriptions_table.symbols_of_awake_chats(db), *rules_table.symbols_of_awake_chats(db)]
    return tuple(dict.fromkeys([*MARKET_SERIES, *watched, *(instrument.symbol for instrument in universe)]))


def refresh_all(services: Services, stop: Callable[[], bool]) -> Refreshed | None:
    """Bring everything up to the last session, from the source asked first; None when it is none that is asked."""
    provider = remote(services.provider)
    return (
        refresh(provider, every_symbol(services.store, services.universe), stop=stop) if provider is not None else None
    )


def refresh(
    provider: CachedProvider,
    symbols: Sequence[str],
    *,
    stop: Callable[[], bool] = lambda: False,
    done: Callable[[str], object] = lambda symbol: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Refreshed:
    """Bring each symbol up to its last closed session, with as many connections at once as the provider may have.

    `done` is called with each symbol that is through. Ends early when the source stops answering: it needs rest, and
    the next run goes on from there; and when the prices cannot be kept, for the next run would ask for them again.
    """
    did = Refreshed()
    wanted = list(dict.fromkeys(symbols))
    for start in range(0, len(wanted), BATCH):
        before = did.fetched
        _refresh_batch(provider, wanted[start : start + BATCH], did, done)
        did.stopped = did.stopped or _why_stop(provider, stop)
        if did.stopped:
            break
        if did.fetched > before and start + BATCH < len(wanted):
            sleep(random.uniform(0, LONGEST_PAUSE))
    return did


def _why_stop(provider: CachedProvider, stop: Callable[[], bool]) -> str:
    """Why the rest is not asked for; empty to go on."""
    if provider.asker.state is not BreakerState.CLOSED:
        return f"Ended early, for {provider.describe()} is not answering; the next run goes on from here."
    return "Ended early, as asked; the next run goes on from here." if stop() else ""


def _refresh_batch(
    provider: CachedProvider, batch: Iterable[str], did: Refreshed, done: Callable[[str], object]
) -> None:
    """One batch, counted in `did`."""
    running = {provider.workers.submit(provider.refresh, symbol): symbol for symbol in batch}
    try:
        for outcome in as_completed(running):
            symbol = running[outcome]
            try:
                fetched = outcome.result()
            except StoreError as problem:
                did.stopped = f"Ended early, for prices cannot be kept. {problem.for_operator}"
                wait([each for each in running if not each.cancel()])  # nothing goes on behind the caller's back
                return
            except BellwetherError as problem:
                did.failed[symbol] = str(problem)
            else:
                did.fetched, did.there = did.fetched + fetched, did.there + (not fetched)
            done(symbol)
    finally:  # Ctrl-C ends it now, not after the batch
        for outcome in running:
            outcome.cancel()
