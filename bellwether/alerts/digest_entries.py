"""The symbols of one tick's digests: each symbol and session is worked out once, whoever watches it.

outlook        all horizons of one symbol
| issue        the digest's horizon, and the next session: into the ledger first
| previous     the same one session earlier: what has changed
| outcome      ranges told before that end with this session
"""

import logging
from collections.abc import Sequence
from datetime import date

from bellwether.alerts.observe import rarities
from bellwether.alerts.observed_digest import DigestTopic, OpenDigest
from bellwether.alerts.rules.budget import surprise_of_move
from bellwether.alerts.rules.rarity import Remark, remark
from bellwether.alerts.text.digest import DigestEntry
from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Q10, Q90, Forecast, Problem
from bellwether.market.holes import last_steps
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.grading import Range, outcome

TOMORROW = 1  #: sessions: the range that the next digest can grade
log = logging.getLogger(__name__)


class DigestBuilder:
    """The topics of one tick."""

    def __init__(self, services: Services) -> None:
        """Nothing is asked for yet."""
        self._services = services
        self._topics: dict[tuple[str, date], DigestTopic] = {}
        self._remarks: dict[tuple[str, date], Remark] = {}

    def topic(self, symbol: str, session: date, ending: Sequence[Range]) -> DigestTopic:
        """What to say about one symbol, as of the session, with which the ranges `ending` end."""
        key = (symbol, session)
        if key not in self._topics:
            self._topics[key] = self._make(symbol, session, ending)
        return self._topics[key]

    def remark(self, digest: OpenDigest) -> Remark:
        """The first thing that makes a session worth a digest."""
        if digest.folded:
            return Remark.ALERT_WAITS
        remarks = (self._remark(symbol, digest.slot.session) for symbol in digest.symbols)
        return next((remark for remark in remarks if remark is not Remark.NOTHING), Remark.NOTHING)

    def _remark(self, symbol: str, session: date) -> Remark:
        key = (symbol, session)
        if key not in self._remarks:
            self._remarks[key] = self._look(symbol, session)
        return self._remarks[key]

    def _make(self, symbol: str, session: date, ending: Sequence[Range]) -> DigestTopic:
        horizon = self._services.settings.alerts.horizon
        try:
            instrument = self._services.provider.instrument(symbol)
            outlook = forecasts.outlook(self._services, instrument, session)
            asked = forecasts.issue(self._services, outlook, horizon)
            before = forecasts.previous(self._services.provider, self._services.models, asked)
        except BellwetherError as problem:
            log.warning("No forecast of %s for the digest: %s", symbol, problem)
            known = self._services.universe.get(symbol) or instrument_of(symbol)
            entry = DigestEntry(known, None, None, failure=problem.text)
            return DigestTopic(entry, is_stale=False, is_late=problem.waiting_helps)
        made = asked.forecast
        stale = made.problem is Problem.STALE
        expected = session if self._services.provider.live else None
        ranges = {horizon: made}
        if horizon != TOMORROW:
            ranges = {TOMORROW: forecasts.issue(self._services, outlook, TOMORROW).forecast, horizon: made}
        # while a close is missing, the next session is one that has been: its range would be told after the event
        ahead = {
            at: made_ahead
            for at, made_ahead in ranges.items()
            if expected is None or made_ahead.target_session > expected
        }
        ended = [(told, outcome(told, outlook.bars)) for told in ending]
        next_day = ahead.get(TOMORROW) if horizon != TOMORROW else None
        return DigestTopic(
            DigestEntry(instrument, made, before, next_day=next_day, expected=expected),
            stale,
            is_late=made.cutoff < session and not stale,
            told=tuple(_range(symbol, forecast) for forecast in ahead.values()),
            ended=tuple((told, graded) for told, graded in ended if graded is not None),
            unjudged=sum(graded is None for _, graded in ended),
        )

    def _look(self, symbol: str, session: date) -> Remark:
        horizon = self._services.settings.alerts.horizon
        try:
            outlook = forecasts.outlook(self._services, self._services.provider.instrument(symbol), session)
        except BellwetherError:
            return Remark.NOTHING
        rare = rarities(self._services, outlook, [horizon]).get(horizon)
        steps = last_steps(outlook.instrument.calendar, outlook.bars)
        return remark(None if rare is None else rare.share, surprise_of_move(outlook.bars, steps))


def _range(symbol: str, made: Forecast) -> Range:
    """What is told, as it will be graded."""
    low, high = made.log_returns[Q10], made.log_returns[Q90]
    return Range(symbol, made.cutoff, made.horizon, made.target_session, low, high)
