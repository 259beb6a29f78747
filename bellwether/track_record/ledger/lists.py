"""Forecasts of lists in a hash chain of their own: a row before it is shown, and its outcome once the target closed.

open forecasts that are due, some at a time | what each symbol did, as its own forecasts are settled | their mean
| outcomes, work list and sums in one transaction

Where the price of one symbol never came the list has no outcome: what the others did is not what was forecast. One that
waits for a source holds up no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from functools import cached_property, lru_cache

import numpy as np

from bellwether.core.clock import Clock
from bellwether.core.errors import BadDate, MarketDataError, NoPrices, StoreError, UnknownSymbol
from bellwether.core.i18n.translate import said
from bellwether.core.types import MARKET_CALENDAR, MARKET_SERIES, Bars, issues_forecasts
from bellwether.db.database import Store
from bellwether.forecasting.list_forecast import MODEL_ID, ListForecast, ListRecord
from bellwether.market.calendar import SETTLING, closes_at, last_closed_session, session_after
from bellwether.market.provider import Provider
from bellwether.track_record.ledger import checkpoint, list_ledger_table, list_sums_table
from bellwether.track_record.ledger.issue import UNRECORDED
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.ledger.list_ledger_table import DueList, IssuedList, ListedSymbol, ListOutcome, Lost
from bellwether.track_record.ledger.outcomes_table import Outcome, PastForecast
from bellwether.track_record.ledger.settle import PATIENCE, outcome_of

AT_ONCE = 1_000  #: forecasts of lists in one transaction: others want to write too
#: for which a source may fail for one symbol without a single answer, from when it first failed; where it answers and
#: has no price, the patience is that of `settle`
FAILING = timedelta(days=30)
FAILED_DAYS = 10  #: on which it must have failed by then: of a host that was off for long one failure says nothing
_SILENCE = timedelta(days=7)  #: by which the market's prices may lie back while failures for a symbol count
FEWEST = 2  #: stocks of a list
VISITORS_A_DAY = 100  #: lists of visitors, whom nobody knows, that are entered in a day (UTC): a row stays for ever
NOT_ENTERED = said(
    "This range is not in the track record: of lists that visitors of the page name, only some are entered in a day. "
    "One that you ask for in the chat or with a key always is."
)
_BARS = 300  #: symbols whose bars a run holds in memory
log = logging.getLogger(__name__)


def is_issued(made: ListForecast) -> bool:
    """Whether it is a list, and the outcome of each of its symbols still lies ahead, in a market that lives.

    One whose exchange has no session left by the target stays where it is, which is no outcome to wait for.
    """
    if len(made.members) < FEWEST or not issues_forecasts(made.source):
        return False
    if made.made_at >= closes_at(made.calendar, made.target):
        return False
    own = ((each.calendar, each.forecast.cutoff, session_after(each.calendar, made.target, 0)) for each in made.members)
    return all(made.made_at < closes_at(calendar, last) for calendar, cutoff, last in own if last > cutoff)


def issue(store: Store, made: ListForecast, may_enter: Callable[[], bool] | None = None) -> ListForecast:
    """Enter a forecast before anybody sees it, once however often it is made.

    For a visitor whom nobody knows `may_enter` tells whether one more list of theirs may be; all of them together may
    have VISITORS_A_DAY. The answer says where it is not entered. A database that cannot be written must not keep it
    from the person: it then says so, and the reason goes to the log.
    """
    if not is_issued(made):
        return made
    try:
        with store.glance() as db:
            if list_ledger_table.FORECASTS.known_among(db, [made.forecast_id]):
                return made
        if may_enter is not None and not may_enter():
            return replace(made, caveats=(*made.caveats, NOT_ENTERED))
        with store.transaction() as db:
            full = may_enter is not None and not list_ledger_table.count_visit(db, made.made_at.date(), VISITORS_A_DAY)
            added = not full and list_ledger_table.append(db, row_of(made))
        if added:
            checkpoint.note(store)
    except StoreError as problem:
        log.error("A forecast of a list is not in the ledger: %s", problem.for_operator)
        return replace(made, caveats=(*made.caveats, UNRECORDED))
    return replace(made, caveats=(*made.caveats, NOT_ENTERED)) if full else made


def with_record(store: Store, made: ListForecast) -> ListForecast:
    """The forecast with how issued ranges of lists of its length turned out; without where that cannot be read."""
    if not issues_forecasts(made.source):
        return made
    try:
        with store.reading() as db:
            score = list_sums_table.score(db, made.horizon)
    except StoreError as problem:
        log.warning("The record of lists could not be read: %s", problem.for_operator)
        return made
    return replace(made, record=ListRecord(score.settled, score.held))


def row_of(made: ListForecast) -> IssuedList:
    """The row of a forecast."""
    return IssuedList(
        forecast_id=made.forecast_id,
        members=tuple(
            ListedSymbol(member.forecast.symbol, member.calendar, member.forecast.cutoff, member.forecast.model_id)
            for member in made.members
        ),
        horizon=made.horizon,
        calendar=made.calendar,
        cutoff=made.cutoff,
        target=made.target,
        made_at=made.made_at,
        model_id=MODEL_ID,
        source=made.source,
        growths=made.growths,
        plain=made.plain,
    )


@dataclass(slots=True)
class ListSettling:
    """What one run did."""

    settled: int = 0
    lost: int = 0  #: without an outcome, for good
    waiting: int = 0  #: due, but a price is not in yet

    def __str__(self) -> str:
        """In a sentence."""
        return f"{self.settled} outcomes of lists added, {self.lost} will have none, {self.waiting} wait for prices."


def settle(
    store: Store, provider: Provider, clock: Clock, stopping: Callable[[], bool] = lambda: False
) -> ListSettling:
    """Add the outcomes that are known by now. Safe to run late, twice or not at all. Raises StoreError."""
    did, prices, after = ListSettling(), _Prices(provider, clock), 0
    while not stopping():
        with store.reading() as db:
            due = list_ledger_table.due(db, clock().date(), after, AT_ONCE)
        if not due:
            break
        after = due[-1][0]
        came = [(row, prices.came_of(row)) for row in due]
        outcomes = [each for _, each in came if isinstance(each, ListOutcome)]
        failing, answered = prices.failing(came), [row.seq for row, each in came if _answers_again(row, each)]
        added = _add(store, outcomes, failing, answered, clock) if outcomes or failing or answered else []
        lost = sum(each.growth is None for each in added)
        did.lost += lost
        did.settled += len(added) - lost
        did.waiting += len(due) - len(outcomes)
    if did.settled or did.lost:
        checkpoint.note(store)
    return did


def rebuild(store: Store) -> None:
    """Make the work list and the sums again from the rows, all or nothing. Raises StoreError."""
    with store.transaction() as db:
        for chain in (list_ledger_table.FORECASTS, list_ledger_table.OUTCOMES):
            chain.begin(db)
        list_ledger_table.await_again(db)
        list_sums_table.rebuild(db)


def _add(
    store: Store, outcomes: Sequence[ListOutcome], failing: Sequence[int], answered: Sequence[int], clock: Clock
) -> list[ListOutcome]:
    now = clock()
    with store.transaction() as db:
        added = list_ledger_table.settle(db, outcomes, now)
        list_sums_table.count(db)
        list_ledger_table.note_failures(db, failing, now.date())
        list_ledger_table.note_answers(db, answered)
    return added


class _Wait(Enum):
    """Why there is no outcome yet."""

    PRICE = "a price may yet come"
    FAILING = "the source fails for a symbol"


def _answers_again(due: DueList, came: ListOutcome | _Wait) -> bool:
    """Whether it waits for a price alone, after failures of the source."""
    return came is _Wait.PRICE and due.failing_since is not None


class _Prices:
    """The bars that one run reads, those of a symbol mostly once."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider, self._clock = provider, clock
        self._bars = lru_cache(_BARS)(self._read)
        self._failing = set[str]()  # not asked again in this run

    def came_of(self, due: DueList) -> ListOutcome | _Wait:
        """What came of a list. One symbol that has no outcome for good is enough for it to have none."""
        returns, waits = list[float](), set[_Wait]()
        for member in due.members:
            came = self._outcome(member, due.target)
            if isinstance(came, _Wait):
                if came is _Wait.FAILING and self._has_failed_long(due):
                    return ListOutcome(due.seq, None, Lost.NO_SOURCE, member.symbol)
                waits.add(came)
            elif came.log_return is None:
                return ListOutcome(due.seq, None, Lost.NO_PRICE, member.symbol)
            else:
                returns.append(came.log_return)
        if waits:
            return _Wait.FAILING if _Wait.FAILING in waits else _Wait.PRICE
        return ListOutcome(due.seq, float(np.expm1(returns).mean()))

    def failing(self, came: Sequence[tuple[DueList, ListOutcome | _Wait]]) -> list[int]:
        """The rows for which the source fails today and no failure of today is noted.

        None where it does not even have the market's prices of late: it then fails for all, which says nothing of one.
        """
        today = self._clock().date()
        failing = [row.seq for row, each in came if each is _Wait.FAILING and row.failed_on != today]
        return failing if failing and self._newest >= today - _SILENCE else []

    def _has_failed_long(self, due: DueList) -> bool:
        """Whether the source goes on failing, while it has the market's prices."""
        since = due.failing_since
        return (
            since is not None
            and self._clock().date() - since >= FAILING
            and due.failed_days >= FAILED_DAYS
            and self._newest >= session_after(MARKET_CALENDAR, due.target, PATIENCE)
        )

    def _outcome(self, member: ListedSymbol, target: date) -> Outcome | _Wait:
        """What a symbol did up to its own last session by the target."""
        session = session_after(member.calendar, target, 0)
        if member.symbol in self._failing:
            return _Wait.FAILING
        try:
            bars = self._bars(member.symbol, last_closed_session(member.calendar, self._clock() - SETTLING))
        except MarketDataError:  # its answer may yet come
            self._failing.add(member.symbol)
            return _Wait.FAILING
        forecast = PastForecast(
            0, "", member.symbol, to_days(member.cutoff), 0, to_days(session), "", 1, b"", calendar=member.calendar
        )
        return outcome_of(forecast, bars, max(self._newest, bars.cutoff if bars else date.min)) or _Wait.PRICE

    @cached_property
    def _newest(self) -> date:
        """The last session up to which the source has the market's prices: proof that it was not just silent."""
        try:
            market = self._bars(MARKET_SERIES[0], self._clock().date())
        except MarketDataError:
            return date.min
        return market.cutoff if market is not None else date.min

    def _read(self, symbol: str, end: date) -> Bars | None:
        """The bars of a symbol; None where the source answers, and has none. Raises MarketDataError."""
        try:
            return self._provider.bars(symbol, end)
        except (UnknownSymbol, NoPrices, BadDate):
            return None
