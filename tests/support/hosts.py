"""Hosts of the service: real `serve` processes with folders of their own, on one database and one Bot API server."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.support.bot_api_server.server import TelegramServer
from tests.support.service import environment
from tests.support.waiting import wait_until

IN_FLIGHT = 1.0  #: seconds before the end of a host: what was answered then may not be marked as answered
#: the service, with another LAPSE and BEAT of its leases
_HASTY = (
    "import sys; from bellwether.hosts import lease; lease.LAPSE, lease.BEAT = map(float, sys.argv[1:3]);"
    " del sys.argv[1:3]; from bellwether.cli.main import main; main(prog_name='bellwether')"
)


class ServingHost:
    """One `serve` process."""

    def __init__(self, folder: Path, settings: dict[str, str], only: str = "", lapse: float | None = None) -> None:
        """Starts it; with a `lapse`, other hosts take over after so many seconds rather than half a minute."""
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        program = ["-m", "bellwether"] if lapse is None else ["-c", _HASTY, str(lapse), str(lapse / 5)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "serve", *(["--only", only] if only else [])],
                env=environment(folder, settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def number(self) -> int:
        """That of its process."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self.log.read_text("utf-8", errors="replace")

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until it says something, as often."""
        wait_until(lambda: self.said.count(text) >= times, threading.Condition(), 60, lambda: self.said)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Tell it to stop; returns at once."""
        self._process.send_signal(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it hang."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """Wait for its end; its exit status."""
        return self._process.wait(30)

    def remove(self) -> None:
        """End it, however it is."""
        if self._process.poll() is None:
            self.kill()


def settings_of(telegram: TelegramServer, url: str) -> dict[str, str]:
    """What all hosts of a service have alike, as in the environment."""
    return {
        "DATABASE__URL": url,
        "TELEGRAM__TOKEN": telegram.token,
        "TELEGRAM__BASE_URL": telegram.base_url,
        "TELEGRAM__BASE_FILE_URL": telegram.base_file_url,
        "TELEGRAM__POLL_TIMEOUT": "10",
    }


@dataclass
class Questions:
    """People who ask all the time: each names something nobody knows, which the answer repeats."""

    telegram: TelegramServer
    chats: int = 30
    a_second: float = 12.0
    asked: list[tuple[int, str]] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def being_asked(self) -> Iterator[None]:
        """Ask until the block ends."""
        for chat in range(1, self.chats + 1) if not self.asked else ():
            self.telegram.open_chat(chat)
        self._end.clear()
        thread = threading.Thread(target=self._ask, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _ask(self) -> None:
        while not self._end.wait(1 / self.a_second):
            number = len(self.asked)
            chat, word = number % self.chats + 1, f"QQ{number}X"
            self.telegram.say(chat, f"/forecast {word}")
            self.asked.append((chat, word))

    def answers(self) -> dict[str, list[float]]:
        """When each word was answered, as the server's clock tells."""
        times: dict[str, list[float]] = {word: [] for _, word in self.asked}
        for chat in range(1, self.chats + 1):
            for message in self.telegram.messages(chat, include_deleted=True):
                word = next((part.strip(".,") for part in message.text.split() if part.startswith("QQ")), "")
                if word in times:
                    times[word].append(message.sent_at.timestamp())
        return times

    def wait_for_answers(self, timeout: float = 60) -> dict[str, list[float]]:
        """Wait until everything is answered."""
        wait_until(lambda: not self.unanswered(), threading.Condition(), timeout, lambda: str(self.unanswered()))
        return self.answers()

    def answered(self) -> list[str]:
        """What has been answered so far."""
        return [word for word, times in self.answers().items() if times]

    def unanswered(self) -> list[str]:
        """What nobody has answered so far."""
        return [word for word, times in self.answers().items() if not times]


def longest_silence(answers: dict[str, list[float]], since: float) -> float:
    """The longest time without any answer, from an instant on: how long people waited for the next host."""
    times = sorted({since, *(at for many in answers.values() for at in many if at > since)})
    return max((later - at for at, later in pairwise(times)), default=0.0)


def twice_without_reason(
    answers: dict[str, list[float]], ended_at: float, taken_over_at: float
) -> dict[str, list[float]]:
    """What was answered twice though its first answer was not on its way when a host ended.

    On their way are those of the second before the end, which may not be marked as answered, and those that it still
    sent until another had taken over.
    """
    twice = answered_twice(answers)
    return {word: times for word, times in twice.items() if not ended_at - IN_FLIGHT < min(times) <= taken_over_at}


def answered_twice(answers: dict[str, list[float]]) -> dict[str, list[float]]:
    """What was answered more than once."""
    return {word: times for word, times in answers.items() if len(times) > 1}
