"""What rules look at: each symbol and session once, however many rules and chats look at it.

outlook                 all horizons of one symbol
| issue                 once for each horizon asked for: into the ledger, since an alert may tell it
| past_quantiles        once for the symbol, when some rule asks how rare its outlook is
| Fundamentals          once for the symbol, when some rule asks for its earnings
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bellwether.alerts.rules.judge import Observation
from bellwether.alerts.rules.rarity import COMPARED, Rarity, rarity
from bellwether.ask import forecasts, point_in_time
from bellwether.core.alert_types import FORECASTS, AlertRule, RuleKind
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Instrument, Outlook
from bellwether.forecasting.past_quantiles import past_quantiles
from bellwether.market.calendar import session_after
from bellwether.market.holes import last_gap
from bellwether.services import Services


@dataclass(frozen=True, slots=True)
class ObservedSymbol:
    """A symbol after a session."""

    instrument: Instrument
    sight: Observation


def observe(services: Services, symbol: str, session: date, rules: Iterable[AlertRule]) -> ObservedSymbol:
    """What these rules of a symbol need to know after a session; its bars may end before.

    Raises MarketDataError, UnknownSymbol, BadDate or UnusableBars; their `waiting_helps` says whether to look again.
    """
    asked = list(rules)
    outlook = forecasts.outlook(services, services.provider.instrument(symbol), session)
    horizons = {rule.horizon for rule in asked if rule.kind in FORECASTS}
    unusual = {rule.horizon for rule in asked if rule.kind is RuleKind.UNUSUAL}
    sight = Observation(
        bars=outlook.bars,
        forecasts={horizon: forecasts.issue(services, outlook, horizon).forecast for horizon in horizons},
        rarities=rarities(services, outlook, unusual),
        next_session=session_after(outlook.instrument.calendar, outlook.bars.cutoff, 1),
        earnings=next_earnings(services, symbol) if any(rule.kind is RuleKind.EARNINGS for rule in asked) else None,
        gap=last_gap(outlook.instrument.calendar, outlook.bars),
        is_cut=point_in_time.is_cut(services, outlook.instrument, outlook.bars.cutoff),
    )
    return ObservedSymbol(outlook.instrument, sight)


def rarities(services: Services, outlook: Outlook, horizons: Iterable[int]) -> dict[int, Rarity | None]:
    """How rare an outlook is among the symbol's own of the sessions before, by horizon; all None without a model."""
    asked = list(horizons)
    end = outlook.bars.cutoff
    model = services.shelf.for_day(end) if outlook.problem is None else None
    if model is None or not asked:
        return dict.fromkeys(asked)
    one = outlook.instrument
    said = past_quantiles(
        model,
        outlook.bars,
        point_in_time.market_of(services, one, end),
        COMPARED + 1,
        None
        if one.calendar == point_in_time.MARKET_CALENDAR
        else lambda session: point_in_time.market_end(one, session),
    )
    # today's row is the last: by the same model and from the same bars as those it is compared with
    return {horizon: rarity(said[-1, horizon - 1], said[:-1, horizon - 1]) for horizon in asked if len(said)}


def next_earnings(services: Services, symbol: str) -> date | None:
    """When the company reports next; None where nobody says."""
    try:
        return services.fundamentals.statements(symbol).next_earnings
    except BellwetherError:
        return None
