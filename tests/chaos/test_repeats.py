"""What excuses an answer that came again, and what does not."""

from __future__ import annotations

import pytest

from tests.chaos.repeats import EVERYBODY, Trouble, copies_of, unexcused
from tests.support.bot_api_server.server import Effect, SeenRequest

TYPED = "/q1x"
PORTS = {1: "host-0", 2: "host-1"}


def sent(at: float, port: int = 1, *, told: bool = True, method: str = "sendMessage") -> Effect:
    return Effect(SeenRequest(method, {"text": "Unknown: /q1x"}, at, port), 7, 1, at, told)


def test_an_answer_that_came_again_without_a_trouble_is_told() -> None:
    assert unexcused(TYPED, [sent(100)], PORTS, []) == []
    assert unexcused(TYPED, [sent(100), sent(200, 2)], PORTS, []) == ["sent by host-0 at 100.0, and by host-1 at 200.0"]


def test_a_request_that_got_no_answer_is_made_again() -> None:
    assert unexcused(TYPED, [sent(100, told=False), sent(102, told=False), sent(104)], PORTS, []) == []


@pytest.mark.parametrize(
    ("trouble", "is_excused"),
    [
        (Trouble("ended", "host-0", 101, 101), True),
        (Trouble("ended", EVERYBODY, 101, 101), True),
        (Trouble("ended", "host-1", 101, 101), False),  # it was not the one that had to mark it
        (Trouble("ended", "host-0", 150, 150), False),  # marked long before
        (Trouble("ended", "host-0", 150, 150, frozenset({TYPED, "/q2x"})), True),  # a mark that still waited
        (Trouble("ended", "host-0", 150, 150, frozenset({"/q2x"})), False),  # another's
        (Trouble("ended", "host-0", 350, 350, frozenset({TYPED})), False),  # no mark waits that long
        (Trouble("lose database", "host-0", 60, 140), True),
        (Trouble("hang", "host-1", 60, 195), True),  # the other did not know that it had lost the lease meanwhile
        (Trouble("hang", "host-1", 60, 150), False),  # it had had time enough to learn it
    ],
)
def test_a_trouble_excuses_what_was_on_its_way_there(trouble: Trouble, is_excused: bool) -> None:
    assert (unexcused(TYPED, [sent(100), sent(200, 2)], PORTS, [trouble]) == []) is is_excused


def test_a_trouble_excuses_one_copy() -> None:
    trouble = Trouble("lose database", "host-0", 90, 140)
    assert len(unexcused(TYPED, [sent(100), sent(105), sent(110)], PORTS, [trouble])) == 1


def test_what_changes_a_message_is_no_copy_of_it() -> None:
    effects = [sent(101, method="editMessageMedia"), sent(102), sent(100)]
    assert [copy.at for copy in copies_of("/q1x", 7, effects)] == [100, 102]
    assert copies_of("/q2x", 7, effects) == copies_of("/q1x", 8, effects) == []
