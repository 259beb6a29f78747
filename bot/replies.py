"""What the conversation answers, as values: text, chart, buttons. Nothing here knows Telegram."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape, unescape

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.split_html import utf16_length
from bellwether.core.types import Forecast
from bellwether.forecasting import sentences

LONGEST_CAPTION = 1024  #: UTF-16 units that fit under a picture
NO_FILE = N_("I may not send files in this chat. Its admins can allow that; then ask me once more.")


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press under a reply."""

    label: str
    action: str  #: what comes back when it is pressed; at most 64 bytes


Rows = tuple[tuple[Button, ...], ...]  #: of buttons, as they stand under a reply


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart that is drawn only if it was not drawn before: equal keys show the same."""

    key: str
    draw: Callable[[], bytes] = field(compare=False)  #: its PNG; takes a tenth of a second


@dataclass(frozen=True, slots=True)
class Document:
    """A file to keep."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a person. `text` is HTML of the simplest kind: b, i, code and escaped characters."""

    text: str
    chart: Picture | None = None  #: the text is then its caption
    buttons: Rows = ()
    full_size: bool = False  #: the chart goes as a file, in all its sharpness
    document: Document | None = None  #: the text is then its caption; never together with a chart
    forget_question: bool = False  #: what was written holds a secret: it is deleted where we may
    words_alone: str = ""  #: HTML in place of all that where the chat takes no such message; empty: the text


@dataclass(frozen=True, slots=True)
class Pressed:
    """The answer to a button: a short notice, a new content of its message, or one more message."""

    notice: str = ""
    edit: Reply | None = None
    reply: Reply | None = None


def short_text(made: Forecast) -> str:
    """Write what is seen first of a forecast: whose it is, the range in one sentence, how such ranges held, and limits.

    It fits under a picture; never is a caveat left out.
    """
    report = sentences.report(made)
    said = f"{sentences.headline(made)} {report}".rstrip()
    opening, caveats = f"{_title(made)}\n{escape(said)}", _limits(made)
    # where the span is a figure, or a report brings some, one more would be too many to be taken in at once
    start = f" {escape(sentences.start(made))}" if sentences.is_in_words(made.horizon) and not report else ""
    trust = escape(sentences.trust_line(made))
    return fitting([f"{opening}{start}", trust, caveats], [opening, trust, caveats], [opening, caveats])


def detailed_text(made: Forecast, *, expert: bool = False) -> str:
    """Write all that is known of a forecast for a chat, in four paragraphs. It fits under a picture.

    Where not all fits, the evening's part of the width goes first, then all of its explanation, then what its trust
    rests on, and never a caveat. An `expert` gets all the numbers in place of that explanation.
    """
    title, caveats, line = _title(made), _limits(made), sentences.trust_line(made)
    closed = sentences.start(made) if sentences.day_is_told(made) else sentences.last_price(made)
    ranges = _paragraph(_("The range."), sentences.ends(made), closed)
    chance = _paragraph(_("Middle outcome and chance of a rise."), sentences.middle_and_chance(made))
    wide = sentences.report(made), sentences.pace(made), sentences.evening(made)
    whys = [_paragraph(_("Why this wide."), *told) for told in (wide, wide[:-1])]
    trusted = _("How far to trust it.")
    trust = _paragraph(trusted, sentences.trust_in_short(made))
    body, line_alone = [ranges, chance], _paragraph(trusted, line)
    if expert:  # what it says of the swings and of the test is in these, to more digits
        body.append(escape(sentences.all_numbers(made)))
    return fitting(
        *([] if expert else [[title, *body, why, trust, caveats] for why in whys]),
        [title, *body, trust, caveats],
        [title, *body, line_alone, caveats],
        [title, ranges, chance, line_alone, caveats],
        [title, escape(line), caveats],
        [title, caveats],
    )


def _paragraph(heading: str, *told: str) -> str:
    return f"<b>{escape(heading)}</b> {escape(' '.join(filter(None, told)))}"


def _title(made: Forecast) -> str:
    return f"<b>{escape(sentences.title(made))}</b>"


def _limits(made: Forecast) -> str:
    return f"<i>{escape(sentences.disclaimer(made))}</i>"


def past_forecast_text(made: Forecast, who_answers: str, what_came: str) -> str:
    """Write a forecast as of a past day, with what the model could know then and what came. It fits under a picture."""
    sentence = sentences.from_small(sentences.headline(made))
    dated = _("As of {day}: {sentence}").format(day=sentences.day(made.cutoff), sentence=sentence)
    headline = f"<b>{escape(dated)}</b>"
    body = escape(" ".join(filter(None, [sentences.last_price(made), sentences.numbers(made), sentences.report(made)])))
    came = f"<b>{escape(what_came)}</b>"
    caveats = f"<i>{escape(sentences.disclaimer(made))}</i>"
    who = escape(who_answers)
    return fitting([headline, who, body, came, caveats], [headline, who, came, caveats])


def fitting(*choices: list[str]) -> str:
    """Return the paragraphs of the first choice that fits under a picture, else those of the last."""
    text = ""
    for paragraphs in choices:
        text = "\n\n".join(paragraphs)
        if utf16_length(as_text(text)) <= LONGEST_CAPTION:  # as Telegram counts: without the marks
            break
    return text


def as_text(html: str) -> str:
    """Return our simple HTML as plain text."""
    return unescape(re.sub(r"</?[a-z]+[^>]*>", "", html))


def opened(reply: Reply, *openings: str) -> Reply:
    """Put a line above an answer: the first of these with which both fit under its picture."""
    for opening in openings:
        text = f"{opening}\n\n{reply.text}"
        if reply.chart is None or utf16_length(as_text(text)) <= LONGEST_CAPTION:
            return replace(reply, text=text)
    return reply
