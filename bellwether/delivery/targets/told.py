"""What a target is told, before it is rendered for what that can show. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from bellwether.core.types import Theme
from bellwether.delivery.channels.abilities import Abilities, first_line
from bellwether.delivery.messages import OutboxMessage


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page that shows more."""

    symbol: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MessageChart:
    """The chart of what a message tells."""

    png: bytes
    words: str  #: what it shows


#: the chart of a message, in the language that is spoken; None where it has none that fits what is said
ChartOf = Callable[[OutboxMessage, Theme], MessageChart | None]


@dataclass(frozen=True, slots=True)
class Told:
    """A message to a target. Its texts are Telegram's simplest HTML."""

    text: str
    links: tuple[PageLink, ...] = ()
    ending: str = ""  #: how to stop it
    answered: str = ""  #: the text of the message there that this one answers
    chart: MessageChart | None = None


def whole(told: Told, abilities: Abilities) -> str:
    """All the words of a message, for what cannot do more than show them."""
    answers = first_line(told.answered) if not abilities.replies else ""
    links = told.links if not abilities.buttons else ()
    parts = [
        f"<i>Re: {escape(answers, quote=False)}</i>" if answers else "",
        told.text,
        "\n".join(f'<a href="{escape(link.url)}">{escape(link.label)}</a>' for link in links),
        told.ending,
    ]
    return "\n\n".join(filter(None, parts))
