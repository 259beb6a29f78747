"""Asking a source: tries again only where it may help, never past the time-out, and not while it is down."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bellwether.core.errors import DamagedAnswer, NoPrices, SourceError, Trouble, UnknownSymbol
from bellwether.market.remote.circuit_breaker import FAILURES, FIRST_PAUSE, MOST_DAMAGED, BreakerState
from bellwether.market.remote.guarded_source import AGAIN, FIRST_WAIT, GuardedSource


class Time:
    """A clock that only sleeping and tests move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def asker(clock: Time) -> GuardedSource:
    return GuardedSource("The source", timeout=15, connections=2, clock=clock, sleep=clock.sleep)


def answers(*what: object) -> Callable[[float], object]:
    """A question that raises or returns these one after the other."""
    left: Iterator[object] = iter(what)

    def question(_: float) -> object:
        one = next(left)
        if isinstance(one, Exception):
            raise one
        return one

    return question


def trouble(kind: Trouble, retry_after: float | None = None) -> SourceError:
    return SourceError("The source", kind, retry_after)


@pytest.mark.parametrize("kind", [Trouble.FAILING, Trouble.CUT_OFF, Trouble.SILENT])
def test_what_may_pass_is_tried_again_after_a_random_pause(asker: GuardedSource, clock: Time, kind: Trouble) -> None:
    assert asker.ask(answers(trouble(kind), trouble(kind), "prices")) == "prices"
    assert len(clock.slept) == AGAIN
    assert all(0 <= wait <= FIRST_WAIT * 2**number for number, wait in enumerate(clock.slept))
    assert asker.state is BreakerState.CLOSED


def test_pauses_are_random(clock: Time) -> None:
    for _ in range(5):
        asker = GuardedSource("The source", timeout=15, connections=1, clock=clock, sleep=clock.sleep)
        asker.ask(answers(trouble(Trouble.FAILING), "prices"))
    assert len(set(clock.slept)) == 5


@pytest.mark.parametrize("kind", [Trouble.LIMITED, Trouble.REFUSED, Trouble.PAGE, Trouble.GARBLED])
def test_what_does_not_pass_by_itself_is_asked_once(asker: GuardedSource, clock: Time, kind: Trouble) -> None:
    with pytest.raises(SourceError) as told:
        asker.ask(answers(trouble(kind)))
    assert told.value.trouble is kind
    assert clock.slept == []


@pytest.mark.parametrize("answer", [UnknownSymbol("X"), NoPrices("none")], ids=["unknown", "empty"])
def test_that_a_symbol_is_unknown_or_empty_is_no_failure_of_the_source(asker: GuardedSource, answer: Exception) -> None:
    for _ in range(3 * FAILURES):
        with pytest.raises(type(answer)):
            asker.ask(answers(answer))
    assert asker.state is BreakerState.CLOSED


def test_a_source_that_keeps_failing_is_left_alone_and_asked_again_later(asker: GuardedSource, clock: Time) -> None:
    for _ in range(FAILURES):
        with pytest.raises(SourceError, match="refuses"):
            asker.ask(answers(trouble(Trouble.REFUSED)))
    for _ in range(10):
        with pytest.raises(SourceError, match="is not answering"):
            asker.ask(answers())  # never called: it has no answer to give
    clock.now += FIRST_PAUSE
    assert asker.ask(answers("prices")) == "prices"
    assert asker.state is BreakerState.CLOSED


def test_damage_counts_by_symbol_and_that_of_statements_or_searches_leaves_prices_alone(
    asker: GuardedSource, clock: Time
) -> None:
    for number in range(2 * MOST_DAMAGED):
        for kind in (Trouble.DAMAGED_STATEMENTS, Trouble.DAMAGED_SEARCH):
            with pytest.raises(DamagedAnswer):
                asker.ask(answers(DamagedAnswer("The source", f"S{number}", kind)))
    assert (asker.state, clock.slept) == (BreakerState.CLOSED, [])  # and none is tried again
    assert asker.ask(answers("prices")) == "prices"
    for number in range(MOST_DAMAGED):
        with pytest.raises(DamagedAnswer):
            asker.ask(answers(DamagedAnswer("The source", f"S{number}")))
    assert asker.state is BreakerState.OPEN


def test_a_limit_is_honoured_at_once_and_to_the_second(asker: GuardedSource, clock: Time) -> None:
    with pytest.raises(SourceError, match="limiting"):
        asker.ask(answers(trouble(Trouble.LIMITED, 90)))
    clock.now += 89
    with pytest.raises(SourceError, match="is not answering"):
        asker.ask(answers())
    clock.now += 1
    assert asker.ask(answers("prices")) == "prices"


def test_a_bug_in_a_source_is_raised_and_frees_the_probe(asker: GuardedSource, clock: Time) -> None:
    for _ in range(FAILURES):
        with pytest.raises(ZeroDivisionError):
            asker.ask(answers(ZeroDivisionError()))
    clock.now += FIRST_PAUSE
    with pytest.raises(ZeroDivisionError):
        asker.ask(answers(ZeroDivisionError()))
    clock.now += 2 * FIRST_PAUSE
    assert asker.ask(answers("prices")) == "prices"


def test_all_tries_together_keep_to_the_time_out(asker: GuardedSource, clock: Time) -> None:
    began, tries = clock.now, []

    def slow(seconds: float) -> object:
        tries.append(seconds)
        clock.now += seconds
        raise trouble(Trouble.SILENT)

    with pytest.raises(SourceError, match="in time"):
        asker.ask(slow)
    assert 2 <= len(tries) <= AGAIN + 1  # a slow try leaves room for another
    assert clock.now - began <= 15.5
    assert asker.state is BreakerState.OPEN  # the next ones need not wait as long


def test_a_question_that_hangs_past_everything_is_given_up() -> None:
    asker, over = GuardedSource("The source", timeout=0.2, connections=1), threading.Event()
    with pytest.raises(SourceError, match="does not answer in time"):
        asker.ask(lambda _: over.wait(20))
    over.set()


def test_only_so_many_are_asked_at_once() -> None:
    asker = GuardedSource("The source", timeout=10, connections=3)
    running, most, guard = 0, 0, threading.Lock()

    def question(_: float) -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with guard:
            running -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: asker.ask(question), range(24)))
    assert most == 3
