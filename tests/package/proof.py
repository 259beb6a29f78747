"""Little helpers of the image's proof: asking the service, waiting for it, and saying what was measured."""

import http.client
import subprocess
import time
from collections.abc import Callable

_PATIENCE = 120


def say(what: str, figure: str) -> None:
    """A line of the proof."""
    print(f"{what + ':':<28} {figure}", flush=True)


def fail(why: str) -> str:
    """End it."""
    raise AssertionError(why)


def ask(port: int, path: str) -> bytes:
    """The body that the service answers with."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asked.request("GET", path)
    answer = asked.getresponse()
    body = answer.read()
    assert answer.status == 200, f"{path}: {answer.status} {body[:300]!r}"
    return body


def until_ready(port: int, running: "subprocess.Popen[bytes]") -> None:
    """Wait until the service can be used."""

    def is_ready() -> bool:
        try:
            return b'"status":"ready"' in ask(port, "/readyz")
        except OSError:
            return False

    until(is_ready, running, "it does not become ready")


def until(holds: Callable[[], bool], running: "subprocess.Popen[bytes]", otherwise: str) -> None:
    """Wait until this holds, as long as the program runs."""
    patience = time.monotonic() + _PATIENCE
    while time.monotonic() < patience and running.poll() is None:
        if holds():
            return
        time.sleep(0.05)
    fail(otherwise)
