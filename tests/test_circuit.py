"""The circuit breaker: a table of what opens and closes it, and laws that hold whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.market.remote.circuit_breaker import (
    FAILURES,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_WISH,
    MOST_DAMAGED,
    BreakerState,
    Circuit,
)


def opened(now: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(FAILURES):
        circuit = circuit.failed(now)
    return circuit


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    circuit = Circuit()
    for _ in range(FAILURES - 1):
        circuit = circuit.failed(0.0)
        assert circuit.state(0.0) is BreakerState.CLOSED
    assert circuit.failed(0.0).state(0.0) is BreakerState.OPEN


def test_an_answer_between_failures_counts_them_from_nothing_again() -> None:
    circuit = Circuit()
    for _ in range(5 * FAILURES):
        circuit = circuit.failed(0.0).succeeded()
    assert circuit == Circuit()


def test_while_open_nothing_is_asked_and_then_one_question_is() -> None:
    circuit = opened()
    assert circuit.admit(FIRST_PAUSE - 0.1) is None
    probe = circuit.admit(FIRST_PAUSE)
    assert probe is not None
    assert probe.admit(FIRST_PAUSE + 100) is None  # one at a time
    assert probe.succeeded().state(FIRST_PAUSE) is BreakerState.CLOSED


def test_each_failed_probe_doubles_the_pause_up_to_the_longest() -> None:
    circuit, now, pauses = opened(), 0.0, []
    for _ in range(8):
        assert circuit.open_until is not None
        pauses.append(circuit.open_until - now)
        now = circuit.open_until
        probe = circuit.admit(now)
        assert probe is not None
        circuit = probe.failed(now)
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("wish", "pause"),
    [(120.0, 120.0), (0.0, FIRST_PAUSE), (1e9, LONGEST_WISH)],
    ids=["kept", "at least a little", "not for ever"],
)
def test_a_source_that_asks_to_be_left_alone_is(wish: float, pause: float) -> None:
    circuit = Circuit().failed(5.0, wish=wish)
    assert circuit.admit(5.0 + pause - 0.1) is None
    assert circuit.admit(5.0 + pause) is not None


def test_a_time_out_opens_it_at_once() -> None:
    assert Circuit().failed(0.0, at_once=True).state(1.0) is BreakerState.OPEN


def test_failures_of_questions_from_before_do_not_lengthen_the_pause() -> None:
    circuit = opened()
    assert circuit.failed(1.0).failed(2.0) == circuit


def test_damage_is_the_symbols_until_it_is_of_many_different_ones_in_a_row() -> None:
    circuit = Circuit().failed(0.0).failed(1.0)
    for number in range(MOST_DAMAGED - 1):
        for _ in range(5):
            circuit = circuit.garbled(2.0, f"S{number}")
        assert (circuit.state(2.0), circuit.failures) == (BreakerState.CLOSED, 0)  # it answers
    assert circuit.succeeded().garbled(2.0, "ANOTHER").state(2.0) is BreakerState.CLOSED
    changed = circuit.garbled(2.0, "ANOTHER")
    assert changed.state(2.0 + FIRST_PAUSE - 0.1) is BreakerState.OPEN
    probed = changed.admit(2.0 + FIRST_PAUSE)
    assert probed is not None
    known = probed.garbled(13.0, "S0")
    assert (known.state(13.0), known.admit(13.0) is None) == (BreakerState.HALF_OPEN, False)
    again = probed.garbled(13.0, "YET ANOTHER")
    assert again.state(13.0 + 2 * FIRST_PAUSE - 0.1) is BreakerState.OPEN
    assert again.failed(40.0).succeeded() == Circuit()


def test_an_outage_is_over_when_an_answer_comes_that_cannot_be_read() -> None:
    probed = opened().admit(FIRST_PAUSE)
    assert probed is not None
    assert probed.garbled(FIRST_PAUSE, "S").state(FIRST_PAUSE) is BreakerState.CLOSED


MOVES = st.lists(
    st.tuples(st.sampled_from(["ask", "ok", "fail", "limit", "silent", "damage"]), st.floats(0, 400)), max_size=40
)


@given(MOVES)
def test_it_never_stays_shut_for_ever_and_never_lets_two_probes_out(moves: list[tuple[str, float]]) -> None:
    circuit, now, out = Circuit(), 0.0, 0
    for move, passed in moves:
        now += passed
        if move == "ask":
            admitted = circuit.admit(now)
            if admitted is None:
                assert circuit.state(now) is not BreakerState.CLOSED
                continue
            assert not (circuit.state(now) is BreakerState.HALF_OPEN and circuit.probing)
            circuit, out = admitted, out + 1
        elif out:
            out -= 1
            if move == "ok":
                circuit = circuit.succeeded()
                assert circuit.state(now) is BreakerState.CLOSED
            elif move == "damage":
                circuit = circuit.garbled(now, f"S{out % 12}")
            else:
                circuit = circuit.failed(now, at_once=move == "silent", wish=90.0 if move == "limit" else None)
        if circuit.open_until is not None:
            assert circuit.open_until <= now + LONGEST_WISH
    if not circuit.probing:
        assert circuit.admit(now + LONGEST_WISH) is not None
