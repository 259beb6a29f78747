"""The symbols of one tick's digests: each symbol and session is worked out once, whoever watches it.

outlook        all horizons of one symbol
| issue        the digest's horizon, and until the next digest: into the ledger first
| move         from the close that the last digest was about
| outcome      ranges told before that end with this session
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from bellwether.alerts.observe import rarities
from bellwether.alerts.observed_digest import DigestTopic, OpenDigest
from bellwether.alerts.rules.budget import surprise_of_move
from bellwether.alerts.rules.digest_due import DigestSlot
from bellwether.alerts.rules.rarity import RARE, Rarity, Remark, remark
from bellwether.alerts.text.digest_lines import DigestEntry, Move
from bellwether.ask import forecasts, lists
from bellwether.core.errors import BellwetherError
from bellwether.core.types import Q10, Q90, Bars, Forecast, Outlook, Problem, to_date
from bellwether.forecasting.change_sentences import about_hole_between
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.market.calendar import session_after, sessions_between
from bellwether.market.holes import Gap, gap, last_steps
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from bellwether.track_record.grading import Range, outcome
from bellwether.track_record.ledger.lists import issue as issue_list

TOMORROW = 1  #: sessions: the range that the next digest can grade
FEWEST_TOGETHER, MOST_TOGETHER = 2, 30  #: symbols of a list whose range a digest tells
MOST_LISTS = 100  #: different ones that one tick joins, some 20 ms each
MOST_OUTLOOKS = 1_000  #: kept for that until the tick ends
_WEEK = 7  #: sessions that a week has at the most
_Key = tuple[str, date, tuple[date, date] | None]  #: symbol, session, and the weeks around it: not a chat's own times
log = logging.getLogger(__name__)


class DigestBuilder:
    """The topics of one tick."""

    def __init__(self, services: Services) -> None:
        """Nothing is asked for yet."""
        self._services = services
        self._topics: dict[_Key, DigestTopic] = {}
        self._rare_topics: dict[_Key, DigestTopic] = {}
        self._outlooks: dict[tuple[str, date], Outlook] = {}  # as they are shown
        self._lists: dict[tuple[tuple[str, ...], date], ListForecast | None] = {}
        self._looks: dict[tuple[str, date], tuple[Remark, Rarity | None]] = {}

    def topic(self, symbol: str, slot: DigestSlot, ending: Sequence[Range]) -> DigestTopic:
        """What to say about one symbol, as of a session, with which the ranges `ending` end."""
        key = (symbol, slot.session, slot.weeks)
        if key not in self._topics:
            self._topics[key] = self._make(symbol, slot, ending)
        return self._topics[key]

    def together(self, digest: OpenDigest) -> ListForecast | None:
        """The range of all symbols of a digest held in equal parts, entered first; None where there is none.

        The same list is joined once. After MOST_LISTS different ones the evening goes on without: a crowd's digests
        must not wait for them, and /risk tells of each at any time.
        """
        symbols = tuple(sorted(digest.symbols))
        key = (symbols, digest.slot.session)
        if not FEWEST_TOGETHER <= len(symbols) <= MOST_TOGETHER:
            return None
        if key not in self._lists:
            if len(self._lists) >= MOST_LISTS:
                return None
            self._lists[key] = self._join(symbols, digest.slot.session)
        return self._lists[key]

    def _join(self, symbols: Sequence[str], session: date) -> ListForecast | None:
        known = [(symbol, session) for symbol in symbols if (symbol, session) in self._outlooks]
        if len(known) < len(symbols):
            return None  # one has no answer, and its line says why
        outlooks = {symbol: self._outlooks[symbol, session] for symbol in symbols}
        try:
            made = lists.of_outlooks(self._services, outlooks, self._services.settings.alerts.horizon)
        except BellwetherError as problem:
            log.warning("No range of a list of %d for the digest: %s", len(symbols), problem)
            return None
        return issue_list(self._services.store, made) if not made.left_out else None

    def with_rarity(self, topic: DigestTopic, slot: DigestSlot) -> DigestTopic:
        """The same, and how rare the outlook is, where it is; that costs a year of forecasts."""
        symbol = topic.entry.instrument.symbol
        _, rare = self._look_once(symbol, slot.session)
        if rare is None or rare.share > RARE:
            return topic
        key = (symbol, slot.session, slot.weeks)
        if key not in self._rare_topics:
            self._rare_topics[key] = replace(topic, entry=replace(topic.entry, rarity=rare))
        return self._rare_topics[key]

    def remark(self, digest: OpenDigest) -> Remark:
        """The first thing that makes a session worth a digest."""
        if digest.folded:
            return Remark.ALERT_WAITS
        remarks = (self._look_once(symbol, digest.slot.session)[0] for symbol in digest.symbols)
        return next((remark for remark in remarks if remark is not Remark.NOTHING), Remark.NOTHING)

    def _look_once(self, symbol: str, session: date) -> tuple[Remark, Rarity | None]:
        key = (symbol, session)
        if key not in self._looks:
            self._looks[key] = self._look(symbol, session)
        return self._looks[key]

    def _make(self, symbol: str, slot: DigestSlot, ending: Sequence[Range]) -> DigestTopic:
        horizon, session = self._services.settings.alerts.horizon, slot.session
        try:
            instrument = self._services.provider.instrument(symbol)
            outlook = forecasts.outlook(self._services, instrument, session)
            asked = forecasts.issue(self._services, outlook, horizon)
        except BellwetherError as problem:
            log.warning("No forecast of %s for the digest: %s", symbol, problem)
            known = self._services.universe.get(symbol) or instrument_of(symbol)
            entry = DigestEntry(known, None, failure=problem.text)
            return DigestTopic(entry, is_stale=False, is_late=problem.waiting_helps)
        made = asked.forecast
        if len(self._outlooks) < MOST_OUTLOOKS:
            self._outlooks[symbol, session] = asked.outlook
        stale = made.problem is Problem.STALE
        expected = session if self._services.provider.live else None
        nearer = _until_next(slot, instrument.calendar)
        ranges = {horizon: made}
        if horizon != nearer:
            ranges = {nearer: forecasts.issue(self._services, outlook, nearer).forecast, horizon: made}
        # while a close is missing, the next session is one that has been: its range would be told after the event
        ahead = {
            at: made_ahead
            for at, made_ahead in ranges.items()
            if expected is None or made_ahead.target_session > expected
        }
        graded = [(told, outcome(told, outlook.bars)) for told in ending if _was_told_in(slot, told, horizon)]
        ended = tuple((told, came) for told, came in graded if came is not None)
        until_now = (pair for pair in ended if _is_until_now(slot, pair[0]))
        move, note = _move(slot, instrument.calendar, outlook.bars)
        return DigestTopic(
            DigestEntry(
                instrument,
                made,
                move,
                nearer=ahead.get(nearer) if horizon != nearer else None,
                expected=expected,
                ended=next(until_now, None),
                note=note if expected is None or made.cutoff >= expected else "",
            ),
            stale,
            is_late=made.cutoff < session and not stale,
            told=tuple(_range(symbol, forecast) for forecast in ahead.values()),
            ended=ended,
            unjudged=len(graded) - len(ended),
        )

    def _look(self, symbol: str, session: date) -> tuple[Remark, Rarity | None]:
        horizon = self._services.settings.alerts.horizon
        try:
            outlook = forecasts.outlook(self._services, self._services.provider.instrument(symbol), session)
        except BellwetherError:
            return Remark.NOTHING, None
        rare = rarities(self._services, outlook, [horizon]).get(horizon)
        steps = last_steps(outlook.instrument.calendar, outlook.bars)
        return remark(None if rare is None else rare.share, surprise_of_move(outlook.bars, steps)), rare


def _until_next(slot: DigestSlot, calendar: str) -> int:
    """How many sessions a symbol has until the next digest."""
    if slot.weeks is None:
        return TOMORROW
    return max(1, sessions_between(calendar, slot.session, slot.weeks[1]))


def _was_told_in(slot: DigestSlot, told: Range, horizon: int) -> bool:
    """Whether a range is one of those that digests of this sort tell."""
    return told.horizon == horizon or _is_until_now(slot, told)


def _is_until_now(slot: DigestSlot, told: Range) -> bool:
    """Whether a range was told by the digest before for the time until this one."""
    if slot.weeks is None:
        return told.horizon == TOMORROW
    return told.horizon <= _WEEK and told.cutoff <= slot.weeks[0]


def _move(slot: DigestSlot, calendar: str, bars: Bars) -> tuple[Move | None, str]:
    """How far a symbol has gone since the digest before, if that is known, and what has to be said of that."""
    before = slot.weeks[0] if slot.weeks is not None else bars.cutoff - timedelta(days=1)
    at = int(np.searchsorted(bars.sessions, np.datetime64(before), side="right")) - 1
    if at < 0:
        return None, ""
    start = to_date(bars.sessions[at])
    growth = float(bars.quoted_closes[-1] / bars.quoted_closes[at]) - 1
    steps = max(sessions_between(calendar, start, bars.cutoff), 1)
    surprise = surprise_of_move(bars, steps, len(bars) - 1 - at)
    if slot.weeks is not None:
        return Move(growth, None if start == session_after(calendar, before, 0) else start, surprise), ""
    since = start if gap(calendar, start, bars.cutoff) is not Gap.NONE else None
    return Move(growth, since, surprise), about_hole_between(start, bars.cutoff, calendar)


def _range(symbol: str, made: Forecast) -> Range:
    """What is told, as it will be graded."""
    low, high = made.log_returns[Q10], made.log_returns[Q90]
    return Range(symbol, made.cutoff, made.horizon, made.target_session, low, high)
