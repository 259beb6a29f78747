"""How far the answer to one update has come: what of it is said already, and whether anything may have arrived."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from telegram.error import TelegramError

from bot.telegram.errors import as_delivery_error


@dataclass(slots=True)
class Progress:
    """How far the answer to one update has come; it outlives a failed try."""

    said: list[str] = field(default_factory=list)  #: the parts of a long text that arrived, in order
    may_have_arrived: bool = False  #: something was sent of which it is not known that it did not arrive


_CURRENT: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def answering(progress: Progress) -> Iterator[None]:
    """Count what is sent in the block to this answer."""
    before = _CURRENT.set(progress)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def current() -> Progress:
    """Return the progress of the answer under way, else a new one that nobody reads."""
    return _CURRENT.get() or Progress()


@contextmanager
def sending() -> Iterator[None]:
    """Make one request in the block. Only a refusal, or no connection, proves that nothing arrived."""
    progress = current()
    before, progress.may_have_arrived = progress.may_have_arrived, True
    try:
        yield
    except TelegramError as error:
        if not as_delivery_error(error).uncertain:
            progress.may_have_arrived = before
        raise
