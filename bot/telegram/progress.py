"""How far the answer to one update has come: what of it is said already, and whether anything may have arrived."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from telegram.error import TelegramError

from bot.telegram.errors import as_delivery_error


@dataclass(slots=True)
class Progress:
    """Of one update; it outlives a failed try."""

    said: list[str] = field(default_factory=list)  #: the parts of a long text that arrived, in order
    may_have_arrived: bool = False  #: something was sent of which it is not known that it did not arrive


_CURRENT: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def answering(progress: Progress) -> Iterator[None]:
    """What is sent in the block belongs to this answer."""
    before = _CURRENT.set(progress)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def current() -> Progress:
    """That of the answer under way; a new one that nobody reads where there is none."""
    return _CURRENT.get() or Progress()


@contextmanager
def sending() -> Iterator[None]:
    """One request in the block. Only Telegram's no, or no connection, leaves nothing that may have arrived."""
    progress = current()
    before, progress.may_have_arrived = progress.may_have_arrived, True
    try:
        yield
    except TelegramError as error:
        if not as_delivery_error(error).uncertain:
            progress.may_have_arrived = before
        raise
