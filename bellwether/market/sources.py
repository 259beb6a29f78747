"""From the settings to the market that answers: the source, those asked when it does not, and what keeps their bars."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Protocol, runtime_checkable

from bellwether.core.config import Market, Source
from bellwether.db.database import Store
from bellwether.market.kept_state import KeptState
from bellwether.market.provider import Provider, RemoteSource
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.market.remote.fallback import FallbackProvider
from bellwether.market.remote.guarded_source import GuardedSource


@runtime_checkable
class _HasState(Protocol):
    """A market whose universe's state is kept in the database."""

    state: KeptState | None


def open_market(market: Market, store: Store, clock: Callable[[], datetime]) -> Provider:
    """The market that the settings name. Asks nobody.

    Each source's module is imported only when it is named. Raises ConfigError or MarketDataError when the settings
    name something that is not there.
    """
    first, *others = (_open(name, market, store, clock) for name in dict.fromkeys([market.source, *market.fallbacks]))
    if not others:
        return first
    return FallbackProvider(first, tuple(others))


def remote(provider: Provider) -> CachedProvider | None:
    """The remote source that is asked first; None when a market is all on this machine."""
    while not isinstance(provider, CachedProvider):
        if not isinstance(provider, FallbackProvider):
            return None
        provider = provider.first
    return provider


def kept_state(provider: Provider) -> KeptState | None:
    """Where the state of a market's universe is kept; None for one that brings its own, or has none."""
    while isinstance(provider, FallbackProvider):
        provider = provider.first
    return provider.state if isinstance(provider, _HasState) else None


def _open(name: Source, market: Market, store: Store, clock: Callable[[], datetime]) -> Provider:
    """One source; a remote one with its bars kept."""
    module = import_module("bellwether.market.yahoo.source" if name == "yahoo" else f"bellwether.market.{name}")
    source: Provider | RemoteSource = module.open_source(market)
    if not isinstance(source, RemoteSource):
        if isinstance(source, _HasState):
            source.state = KeptState(store, source.name)
        return source
    asker = GuardedSource(
        source.describe(), timeout=market.timeout, connections=market.connections, prepare=source.prepare
    )
    return CachedProvider(source, asker, store, clock)
