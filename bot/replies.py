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


Rows = tuple[tuple[Button, ...], ...]  #: of buttons, as they stand under a reply


@dataclass(frozen=True, slots=True)
class Document:
    """A file to keep."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person. `text` is HTML of the simplest kind: b, i, code and escaped characters."""

    text: str
    chart: bytes | None = None  #: PNG; the text is then its caption
    buttons: Rows = ()
    document: Document | None = None  #: the text is then its caption; never together with a chart


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


def past_forecast_text(made: Forecast, who_answers: str, what_came: str) -> str:
    """A forecast as of a past day, with what the model could know then and what came. Fits under a picture."""
    headline = f"<b>As of {wording.day(made.cutoff)}: {escape(_from_small(wording.headline(made)))}</b>"
    body = escape(f"{wording.last_price(made)} {wording.numbers(made)}")
    came = f"<b>{escape(what_came)}</b>"
    caveats = f"<i>{escape(' '.join((*made.caveats, wording.NOT_ADVICE)))}</i>"
    whole = "\n\n".join([headline, escape(who_answers), body, came, caveats])
    if utf16_length(whole) <= LONGEST_CAPTION:
        return whole
    return "\n\n".join([headline, escape(who_answers), came, caveats])


def _from_small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def as_text(html: str) -> str:
    """Our simple HTML as plain text."""
    return unescape(re.sub(r"</?[a-z]+>", "", html))


def utf16_length(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
