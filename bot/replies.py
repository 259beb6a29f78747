"""What the conversation answers, as values: text, chart, buttons. Nothing here knows Telegram."""

import re
from dataclasses import dataclass
from html import escape, unescape

from bellwether import wording
from bellwether.types import Forecast

LONGEST_CAPTION = 1024  #: UTF-16 units that fit under a picture


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press under a reply."""

    label: str
    action: str  #: what comes back when it is pressed; at most 64 bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person. `text` is HTML of the simplest kind: b, i and escaped characters."""

    text: str
    chart: bytes | None = None  #: PNG; the text is then its caption
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """The answer to a button: a short notice, the message it sits under made new, or one more message."""

    notice: str = ""
    edit: Reply | None = None
    reply: Reply | None = None


def forecast_text(made: Forecast) -> str:
    """A forecast for a chat: the sentence, the numbers, how far to trust it. Fits under a picture.

    The lines are ordered by worth; where they do not all fit, the explanation of the width goes first, never a caveat.
    """
    headline = f"<b>{escape(wording.headline(made))}</b>"
    body = [escape(wording.last_price(made)) + " " + escape(wording.numbers(made))]
    trust = [escape(wording.trust(made))]
    why = [escape(wording.why(made))]
    caveats = [f"<i>{escape(' '.join((*made.caveats, wording.NOT_ADVICE)))}</i>"]
    for parts in ([headline, *body, *why, *trust, *caveats], [headline, *body, *trust, *caveats]):
        text = "\n\n".join(parts)
        if utf16_length(text) <= LONGEST_CAPTION:
            return text
    return "\n\n".join([headline, *caveats])


def as_text(html: str) -> str:
    """Our simple HTML as plain text."""
    return unescape(re.sub(r"</?[a-z]+>", "", html))


def utf16_length(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
