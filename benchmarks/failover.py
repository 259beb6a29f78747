"""How long people wait when the host that answers them ends, killed or told to stop, and another takes over.

Two real `serve` processes, each with a folder of its own, on one PostgreSQL by TCP and the strict Bot API server of the
tests, while thirty chats ask twelve times a second. What is measured is the longest time without any answer, whether
anything stayed unanswered, and that nothing was answered twice but what was on its way at that instant.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import postgres
from tests.support.bot_api_server.server import TelegramServer
from tests.support.hosts import (
    Questions,
    ServingHost,
    answered_twice,
    longest_silence,
    settings_of,
    twice_without_reason,
)
from tests.support.ports import free_port

KILLED_LIMIT, STOPPED_LIMIT = 30.0, 3.0  #: seconds
BEFORE, AFTER = 10.0, 5.0  #: seconds of questions


@dataclass(frozen=True)
class Ended:
    """What one end of a host did to people."""

    silence: float  #: seconds
    asked: int
    unanswered: int
    twice: int
    twice_without_reason: int


def measure() -> tuple[Ended, Ended]:
    """A host that is killed, and one that is told to stop. Raises NoServer."""
    server = postgres.Server(free_port())
    try:
        with tempfile.TemporaryDirectory() as folder, TelegramServer(flood_limits=True) as telegram:
            settings = settings_of(telegram, server.url(server.new()))
            questions = Questions(telegram)
            one = ServingHost(Path(folder) / "one", settings, "bot,jobs")
            try:
                one.wait_for("connected as")
                killed, two = _end(one, ServingHost.kill, Path(folder) / "two", settings, questions)
                try:
                    stopped, three = _end(two, ServingHost.stop, Path(folder) / "three", settings, questions)
                    three.remove()
                finally:
                    two.remove()
            finally:
                one.remove()
            if telegram.violations:
                raise SystemExit(f"the Bot API server refused: {telegram.violations[:3]}")
            return killed, stopped
    finally:
        server.remove()


def _end(
    host: ServingHost, how: Callable[[ServingHost], None], folder: Path, settings: dict[str, str], questions: Questions
) -> tuple[Ended, ServingHost]:
    """End a host while people ask, with another one waiting."""
    other = ServingHost(folder, settings, "bot,jobs")
    other.wait_for("talks to Telegram")
    first = len(questions.asked)
    with questions.being_asked():
        time.sleep(BEFORE)
        at = time.time()
        how(host)
        other.wait_for("connected as")
        taken_over_at = time.time()
        time.sleep(AFTER)
    try:
        answers = questions.wait_for_answers(120)
    except AssertionError:
        answers = questions.answers()
    ours = {word: answers[word] for _, word in questions.asked[first:]}
    without = len(twice_without_reason(ours, at, taken_over_at))
    unanswered = sum(not times for times in ours.values())
    return Ended(longest_silence(ours, at), len(ours), unanswered, len(answered_twice(ours)), without), other


def main() -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    try:
        ends = measure()
    except postgres.NoServer as problem:
        print(f"skip failover: {problem}")
        return 0
    status = 0
    for what, ended, limit in zip(("killed", "told to stop"), ends, (KILLED_LIMIT, STOPPED_LIMIT), strict=True):
        holds = ended.silence <= limit and not ended.unanswered and not ended.twice_without_reason
        status |= not holds
        print(
            f"{'ok  ' if holds else 'MISS'} the host that answers is {what}: another goes on in {ended.silence:.1f} s"
            f" (at most {limit:g}); of {ended.asked} questions {ended.unanswered} unanswered (none), {ended.twice}"
            f" answered twice, {ended.twice_without_reason} of them not on their way at that instant (none)"
        )
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
