"""Draws charts in a process of its own: drawing takes 90 ms in which no other Python of the same process can run.

    Renderer.draw -> {"as": "png", "specification": ...} line | vl-convert | length, bytes -> Renderer.draw

Run as a file it is that process, which ends when its input does, so none outlives the service.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import weakref
from functools import lru_cache
from typing import IO, Any, Literal

Format = Literal["png", "svg"]

LONGEST = 15.0  #: seconds for one drawing, the start of the process included; one that takes longer hangs
_TRIES = 2  #: the process may have been killed since it last drew
_YIELDING = 10  #: niceness: whoever waits for words comes before whoever waits for a picture
IDLE = 600  #: seconds without a drawing after which the process ends: at rest it would keep 130 MB
_SCALE = 2.0  #: of a PNG to its specification, where nobody says another
_LENGTH = struct.Struct(">?I")  #: whether it was drawn, and how many bytes follow: the picture, or what went wrong


class Renderer:
    """One drawing process, started when it is first needed and again if it dies; one drawing at a time."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process's number, once it draws."""
        return self._process.pid if self._process is not None else None

    def draw(self, specification: str, wanted: Format, scale: float = _SCALE) -> bytes:
        """A Vega-Lite specification (JSON) as a picture. Raises RuntimeError for one that cannot be drawn.

        A process that was killed, or hangs for LONGEST, is replaced by another, which draws.
        """
        request = json.dumps({"as": wanted, "scale": scale, "specification": specification}).encode() + b"\n"
        with self._one_at_a_time:
            for _ in range(_TRIES):
                try:
                    drawn, answer = self._ask(request)
                    break
                except (OSError, EOFError):
                    self._stop()
            else:
                raise RuntimeError("the chart cannot be drawn: each process for it was killed, or hung")
        if not drawn:
            raise RuntimeError(f"the chart cannot be drawn: {answer.decode(errors='replace')}")
        return answer

    def start(self) -> None:
        """Start the process, so that the first drawing need not wait for it."""
        with self._one_at_a_time:
            self._running()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                # -P: this folder's modules must not hide the library's
                [sys.executable, "-P", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the service; its end is this one's
            )
            weakref.finalize(self, _end, self._process)
        return self._process

    def _ask(self, request: bytes) -> tuple[bool, bytes]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        # everybody else waits for this one, and a read from a pipe knows no end of patience
        watch = threading.Timer(LONGEST, process.kill)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            drawn, length = _LENGTH.unpack(_exactly(process.stdout, _LENGTH.size))
            return drawn, _exactly(process.stdout, length)
        finally:
            watch.cancel()

    def close(self) -> None:
        """End the process; the next drawing starts another."""
        with self._one_at_a_time:
            self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None


_RENDERER = Renderer()  #: of the whole service: a second one would cost another 100 MB


def prepare() -> None:
    """Make ready to draw, in the background: it takes half a second."""
    _RENDERER.start()


def to_png(specification: dict[str, Any], scale: float = _SCALE) -> bytes:
    """A Vega-Lite specification as a PNG, so many times its size: sharp on a phone."""
    return _drawn(json.dumps(specification), "png", scale)


def to_svg(specification: dict[str, Any]) -> str:
    """The same as an SVG."""
    return _drawn(json.dumps(specification), "svg").decode()


@lru_cache(maxsize=384)  # the same chart is drawn once: 90 ms, and 60 kB to keep
def _drawn(specification: str, wanted: Format, scale: float = _SCALE) -> bytes:
    return _RENDERER.draw(specification, wanted, scale)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def _exactly(stream: IO[bytes], count: int) -> bytes:
    """So many bytes. Raises EOFError when the other side ended before."""
    read = stream.read(count)
    if len(read) < count:
        raise EOFError
    return read


def _draw_until_input_ends() -> None:
    import vl_convert

    if hasattr(os, "nice"):  # not on Windows
        os.nice(_YIELDING)

    _end_if_idle(True)
    for line in sys.stdin.buffer:
        _end_if_idle(False)
        request = json.loads(line)
        try:
            picture = (
                vl_convert.vegalite_to_png(request["specification"], scale=request["scale"])
                if request["as"] == "png"
                else vl_convert.vegalite_to_svg(request["specification"]).encode()
            )
            drawn = True
        except ValueError as problem:  # the library's only error
            drawn, picture = False, str(problem).encode()
        sys.stdout.buffer.write(_LENGTH.pack(drawn, len(picture)) + picture)
        sys.stdout.buffer.flush()
        _end_if_idle(True)


def _end_if_idle(waiting: bool) -> None:
    """Give the memory back when nobody has asked for long; the next drawing starts another process."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(IDLE if waiting else 0)


if __name__ == "__main__":
    try:
        _draw_until_input_ends()
    except BrokenPipeError:  # whoever asked has ended meanwhile
        os._exit(0)
