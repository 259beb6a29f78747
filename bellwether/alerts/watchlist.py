"""What a chat watches: it joins, adds symbols and removes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bellwether.alerts import subscriptions_table
from bellwether.alerts.subscriptions_table import Subscription
from bellwether.ask.forecasts import resolve
from bellwether.core.clock import Clock
from bellwether.core.errors import AmbiguousSymbol, LimitReached
from bellwether.core.i18n.translate import said
from bellwether.core.types import Instrument
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import chats_table
from bellwether.market.symbols.match import read
from bellwether.market.symbols.normalize import clean_question
from bellwether.market.symbols.spellings import as_symbol
from bellwether.market.symbols.universe import Universe, instrument_of
from bellwether.services import Services


@dataclass(frozen=True, slots=True)
class Watched:
    """What happened to a watchlist."""

    instrument: Instrument
    changed: bool  #: False when it was so already
    count: int  #: symbols on the list now


def join(store: Store, clock: Clock, chat_id: int, language: str, thread: int | None = None) -> bool:
    """Remember a chat that talks to us, and write to it again if it had stopped us: then it is True."""
    return store.repeated(lambda db: chats_table.join(db, chat_id, language, clock(), thread))


def watch(services: Services, chat_id: int, text: str, language: str, thread: int | None = None) -> Watched:
    """Put a symbol on a chat's watchlist; digests go to the topic `thread` of a forum group from now on.

    Raises LimitReached, StoreError and the errors of `resolve`.
    """
    instrument = resolve(services, text)
    limit, now = services.settings.alerts.watch_limit, services.clock()

    def add(db: Connection) -> Watched:
        chats_table.join(db, chat_id, language, now, thread)
        watched = subscriptions_table.of_chat(db, chat_id)
        if len(watched) >= limit and instrument.symbol not in {one.symbol for one in watched}:
            raise LimitReached(
                said("You already watch {count} stocks, the most I can; /unwatch one first.", count=limit)
            )
        changed = subscriptions_table.add(db, chat_id, instrument.symbol, instrument.calendar, now)
        return Watched(instrument, changed, len(watched) + changed)

    return services.store.repeated(add)


@dataclass(frozen=True, slots=True)
class WatchedTogether:
    """What happened to a watchlist to which many were put at once."""

    added: int
    already: int  #: that were on it before
    beyond: int  #: for which there was no room
    count: int  #: symbols on the list now


def watch_together(
    services: Services, chat_id: int, instruments: Iterable[Instrument], language: str, thread: int | None = None
) -> WatchedTogether:
    """Put many on a chat's watchlist, in their order, as far as there is room. Raises StoreError."""
    limit, now = services.settings.alerts.watch_limit, services.clock()
    wanted = {instrument.symbol: instrument for instrument in instruments}
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, language, now, thread)
        watched = {one.symbol for one in subscriptions_table.of_chat(db, chat_id)}
        new = [instrument for symbol, instrument in wanted.items() if symbol not in watched]
        fitting = new[: max(0, limit - len(watched))]
        for instrument in fitting:
            subscriptions_table.add(db, chat_id, instrument.symbol, instrument.calendar, now)
    added = len(fitting)
    return WatchedTogether(added, len(wanted) - len(new), len(new) - added, len(watched) + added)


def unwatch(store: Store, universe: Universe, chat_id: int, text: str) -> Watched:
    """Take a symbol off a chat's watchlist, also one that the market does not know any more. Raises AmbiguousSymbol."""
    asked = clean_question(text)

    def remove(db: Connection) -> Watched:
        symbols = [one.symbol for one in subscriptions_table.of_chat(db, chat_id)]
        watched = Universe(universe.get(symbol) or instrument_of(symbol) for symbol in symbols)
        meant = read(asked, watched).candidates
        if len(meant) > 1:
            raise AmbiguousSymbol(asked, meant)
        instrument = meant[0] if meant else _not_watched(universe, asked)
        changed = subscriptions_table.remove(db, chat_id, instrument.symbol)
        return Watched(instrument, changed, len(symbols) - changed)

    return store.repeated(remove)


def _not_watched(universe: Universe, asked: str) -> Instrument:
    known = read(asked, universe).candidates
    return known[0] if len(known) == 1 else instrument_of(as_symbol(asked) or asked)


def watchlist(store: Store, chat_id: int) -> list[Subscription]:
    """What a chat watches, oldest first."""
    with store.glance() as db:
        return subscriptions_table.of_chat(db, chat_id)
