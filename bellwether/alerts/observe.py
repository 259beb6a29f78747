"""What rules look at: each symbol and session once, however many rules and chats look at it.

outlook                 all horizons of one symbol
| issue                 once for each horizon asked for: into the ledger, since an alert may tell it
| past_quantiles        once for the symbol, when some rule asks how rare its outlook is
| ReportDates           once for the symbol, when some rule asks for its earnings
"""

import logging
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from functools import partial

from bellwether.alerts.rules.judge import Observation, RuleReason, Unseen
from bellwether.alerts.rules.rarity import COMPARED, Rarity, rarity
from bellwether.ask import forecasts, point_in_time
from bellwether.core.alert_types import FORECASTS, AlertRule, RuleKind
from bellwether.core.errors import BellwetherError, DoubtfulBars
from bellwether.core.types import MARKET_CALENDAR, Instrument, Outlook
from bellwether.forecasting.past_quantiles import past_quantiles
from bellwether.market.bars import STALE_AFTER
from bellwether.market.calendar import session_after
from bellwether.market.earnings.provider import next_told
from bellwether.market.holes import Gap, last_gap
from bellwether.market.provider import Provider
from bellwether.services import Services

_QUARTER = timedelta(days=120)  #: within which whoever reports has reported
log = logging.getLogger(__name__)


def observe(services: Services, symbol: str, session: date, rules: Sequence[AlertRule]) -> Observation:
    """What these rules of a symbol need to know after a session; its bars may end before.

    Raises MarketDataError, UnknownSymbol, BadDate or UnusableBars; their `waiting_helps` says whether to look again.
    """
    outlook = forecasts.outlook(services, services.provider.instrument(symbol), session)
    instrument, bars = outlook.instrument, outlook.bars
    horizons = {rule.horizon for rule in rules if rule.kind in FORECASTS}
    unusual = {rule.horizon for rule in rules if rule.kind is RuleKind.UNUSUAL}
    announced = any(rule.kind is RuleKind.EARNINGS for rule in rules)
    return Observation(
        instrument,
        bars,
        forecasts={horizon: forecasts.issue(services, outlook, horizon).forecast for horizon in horizons},
        rarities=rarities(services, outlook, unusual),
        next_session=session_after(instrument.calendar, bars.cutoff, 1),
        earnings=next_earnings(services, instrument, bars.cutoff) if announced else None,
        gap=last_gap(instrument.calendar, bars),
        is_cut=point_in_time.is_cut(services.provider, instrument, bars.cutoff),
    )


def observe_session(services: Services, symbol: str, session: date, rules: Sequence[AlertRule]) -> Observation | Unseen:
    """The same after this very session; or why there is no telling, now or at all."""
    try:
        seen = observe(services, symbol, session, rules)
    except BellwetherError as problem:
        if problem.waiting_helps:
            log.warning("No alerts on %s for now: %s", symbol, problem)
            return Unseen(RuleReason.WAITING_FOR_PRICES)
        log.warning("No alerts on %s: %s", symbol, problem)
        # prices in doubt are there: the symbol has not vanished, however long the doubt lasts
        return Unseen(RuleReason.NO_FIGURE, until=session if isinstance(problem, DoubtfulBars) else None)
    if seen.session == session:
        return seen
    # prices that ended long ago will not come; those of a market that is not live have other sessions
    if not services.provider.live or (session - seen.session).days <= STALE_AFTER:
        return Unseen(RuleReason.WAITING_FOR_PRICES)
    return Unseen(RuleReason.NO_FIGURE, until=seen.session)


def lacks_close(provider: Provider, symbol: str, session: date) -> bool:
    """Whether the close before a session is missing in the bars that are kept.

    Asking the source for the close again is the refresh's work.
    """
    try:
        bars = provider.bars(symbol, session)
        named = bars.origin.instrument if bars.origin else None
        calendar = (named or provider.instrument(symbol)).calendar
    except BellwetherError:
        return False  # whoever looks tells why
    return bars.cutoff == session and last_gap(calendar, bars) is Gap.HOLE


def rarities(services: Services, outlook: Outlook, horizons: Collection[int]) -> dict[int, Rarity | None]:
    """How rare an outlook is among the symbol's own of the sessions before, by horizon; all None without a model."""
    end, instrument = outlook.bars.cutoff, outlook.instrument
    model = services.models.for_day(end) if outlook.problem is None else None
    if model is None or not horizons:
        return dict.fromkeys(horizons)
    said = past_quantiles(
        model,
        outlook.bars,
        point_in_time.market_until(services.provider, point_in_time.market_end(instrument, end)),
        COMPARED + 1,
        None
        if instrument.calendar == MARKET_CALENDAR
        else lambda session: point_in_time.market_end(instrument, session),
    )
    # today's row is the last: by the same model and from the same bars as those it is compared with
    return {horizon: rarity(said[-1, horizon - 1], said[:-1, horizon - 1]) for horizon in horizons if len(said)}


def next_earnings(services: Services, instrument: Instrument, session: date) -> date | None:
    """When the company reports next after a session, or reported last while that is not told; None where nobody says.

    A report that is over is a figure too: without one a rule would be taken for one on a symbol that is gone.
    """
    told = partial(next_told, services.reports, instrument, services.clock().date())
    return told(session) or told(session - _QUARTER)
