"""How a source is asked: within a time-out, again where that may help, by few at once, and not while it is down.

circuit          is the source asked at all?
| pool           at most so many questions at once
| one try        half of what time is left
| again          after a random pause, twice at most
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from bellwether.core.errors import NoPrices, SourceError, Trouble, UnknownSymbol
from bellwether.core.pools import pool
from bellwether.market.remote.circuit_breaker import BreakerState, Circuit

Answer = TypeVar("Answer")
AGAIN = 2  #: tries after the first
FIRST_WAIT = 0.5  #: seconds; a wait is random up to this, up to twice this the second time (full jitter)
SHARE = 0.6  #: of the time left goes into one try, so that a slow one leaves room for another
SHORTEST_TRY = 0.05  #: of the whole time-out; with less left, another try is not worth starting
NO_PRICES = frozenset({Trouble.DAMAGED_STATEMENTS, Trouble.DAMAGED_SEARCH})  #: damage of answers that are not prices
MAY_PASS = frozenset({Trouble.FAILING, Trouble.SILENT, Trouble.CUT_OFF})  #: worth another try at once


class GuardedSource:
    """Asks one source on behalf of everybody."""

    def __init__(
        self,
        source: str,
        *,
        timeout: float,
        connections: int,
        prepare: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`source` as people call it; `timeout` in seconds is for a whole question, all its tries together.

        `prepare` is called once before the first question: loading a library is not the source's slowness.
        """
        self.connections = connections  #: questions at once
        self._source, self._timeout = source, timeout
        self._prepare, self._clock, self._sleep = prepare, clock, sleep
        self._circuit = Circuit()
        self._guard = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def state(self) -> BreakerState:
        """Whether the source is asked at the moment."""
        return self._circuit.state(self._clock())

    def ask(self, question: Callable[[float], Answer]) -> Answer:
        """The answer. `question` asks once, within the seconds it is given.

        Raises SourceError when the source does not answer in time or is left alone, and what the question raises.
        """
        with self._guard:
            admitted = self._circuit.admit(self._clock())
            if admitted is None:
                raise SourceError(self._source, Trouble.RESTING)
            self._circuit = admitted
            if self._pool is None:  # made late: most commands never ask
                self._prepare()
                self._pool = pool(self.connections, "prices")
            future: Future[Answer] = self._pool.submit(self._tries, question, self._clock() + self._timeout)
        failure: SourceError | None = SourceError(self._source, Trouble.RESTING)  # what a bug counts as
        try:
            answer = future.result(self._timeout)
            failure = None
            return answer
        except TimeoutError:
            future.cancel()
            failure = SourceError(self._source, Trouble.SILENT)
            raise failure from None
        except (UnknownSymbol, NoPrices):
            failure = None
            raise
        except SourceError as problem:
            failure = problem
            raise
        finally:
            self._note(failure)

    def _tries(self, question: Callable[[float], Answer], deadline: float) -> Answer:
        for already in range(AGAIN + 1):
            left = deadline - self._clock()
            try:
                return question(max(left * SHARE, SHORTEST_TRY * self._timeout))
            except SourceError as problem:
                wait = random.uniform(0, FIRST_WAIT * 2**already)
                too_late = self._clock() + wait + SHORTEST_TRY * self._timeout > deadline
                if problem.trouble not in MAY_PASS or already == AGAIN or too_late:
                    raise
            self._sleep(wait)
        raise AssertionError("unreachable")

    def _note(self, failure: SourceError | None) -> None:
        with self._guard:
            if failure is None:
                self._circuit = self._circuit.succeeded()
                return
            if failure.about:
                # of other answers than prices one word for all: statements may change their form while prices come
                what = failure.trouble.name if failure.trouble in NO_PRICES else failure.about
                self._circuit = self._circuit.garbled(self._clock(), what)
                return
            # a time-out has cost somebody all of it; the next ones need not wait as long to learn the same
            self._circuit = self._circuit.failed(
                self._clock(), at_once=failure.trouble is Trouble.SILENT, wish=failure.retry_after
            )
