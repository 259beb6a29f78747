"""What can be done about what a message tells. A row keeps it in short; a face that has buttons makes them of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class OfferKind(Enum):
    """What can be done."""

    FORECAST = "forecast"  #: see the forecast of a symbol over a horizon, with its chart
    QUIETER = "quieter"  #: hear less often of what a rule waits for
    STOP = "stop"  #: remove a rule
    REVENUE = "revenue"  #: see what the company behind a symbol may take in
    UNWATCH = "unwatch"  #: hear no more of a symbol that is watched


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be done."""

    kind: OfferKind
    about: str  #: of a forecast "SYMBOL:HORIZON", of a rule its number, else a symbol


def forecast_of(symbol: str, horizon: int) -> Offer:
    """To see a forecast, `horizon` sessions ahead."""
    return Offer(OfferKind.FORECAST, f"{symbol}:{horizon}")


def of_rule(rule_id: int) -> tuple[Offer, ...]:
    """To hear less often of a rule's figure, or no more."""
    return (Offer(OfferKind.QUIETER, str(rule_id)), Offer(OfferKind.STOP, str(rule_id)))


def of_report(symbol: str) -> tuple[Offer, ...]:
    """To see what is expected of the company next, or to hear of it no more."""
    return (Offer(OfferKind.REVENUE, symbol), Offer(OfferKind.UNWATCH, symbol))


def in_short(offers: Iterable[Offer]) -> str:
    """As a row keeps them: "forecast:PFE:10 stop:12". No symbol has a space."""
    return " ".join(f"{offer.kind.value}:{offer.about}" for offer in offers)


def read_offers(kept: str) -> tuple[Offer, ...]:
    """Those of a row. What a later version offers is left out."""
    parted = (word.partition(":") for word in kept.split())
    known = {kind.value for kind in OfferKind}
    return tuple(Offer(OfferKind(kind), about) for kind, _, about in parted if kind in known)
