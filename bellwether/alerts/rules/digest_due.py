"""The heart of the alerts, pure: what is due at an instant, with a named reason, also for "no"."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

PRICE_PATIENCE = timedelta(hours=3)  #: how long a digest waits for prices of its session before it goes without


class DigestReason(Enum):
    """Why a digest is sent now, or is not."""

    DUE = "the session is closed, its prices are in, and the digest is still fresh"
    DUE_WITHOUT_PRICES = "the session is closed and its prices did not come in time"
    NOT_YET = "the session closed too recently"
    WAITING_FOR_PRICES = "the prices of the session are not in yet"
    NO_CURRENT_PRICES = "the prices of everything watched are long out of date; there is nothing to report"
    TOO_LATE = "the digest would not be fresh any more"
    NOTHING_UNUSUAL = "the chat wants a digest only when something is unusual, and nothing was"
    NOTHING_WATCHED = "the chat watches nothing"


class Prices(Enum):
    """How the bars of a watchlist stand to the slot's session."""

    IN = "every symbol that traded has its bar"
    LATE = "some bar is missing"
    OUT_OF_DATE = "no symbol has a bar of the last week"


@dataclass(frozen=True, slots=True)
class DigestSlot:
    """The newest session that every watched exchange has finished, and when its digest is due."""

    session: date
    due_at: datetime
    fresh_until: datetime
    calendars: frozenset[str]  #: those that traded on this session
    weeks: tuple[date, date] | None = None  #: of a weekly one: the sessions of the one before and of the one after


def decide_digest(slot: DigestSlot | None, prices: Prices, now: datetime) -> DigestReason:
    """Whether the digest of a slot is to be sent now."""
    if slot is None:
        return DigestReason.NOTHING_WATCHED
    if now < slot.due_at:
        return DigestReason.NOT_YET
    if now >= slot.fresh_until:
        return DigestReason.TOO_LATE
    if prices is Prices.IN:
        return DigestReason.DUE
    if prices is Prices.OUT_OF_DATE:
        return DigestReason.NO_CURRENT_PRICES
    return DigestReason.WAITING_FOR_PRICES if now < slot.due_at + PRICE_PATIENCE else DigestReason.DUE_WITHOUT_PRICES
