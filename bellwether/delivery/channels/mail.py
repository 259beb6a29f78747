"""A mail: the same as words and as HTML with its chart inside, in a thread with what it answers, stopped in one click.

    multipart/alternative
    |- text/plain
    `- multipart/related
       |- text/html         shows the picture by its Content-ID
       `- image/png

RFC 5322 (threads), 2387 (the picture), 3834 (no answering machine answers), 2919 (List-Id), 8058 (one click).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from bellwether.delivery.channels.abilities import Abilities, Markup, first_line, rendered
from bellwether.delivery.channels.mail_html import mail_html
from bellwether.delivery.targets.told import Told, whole

_LONGEST_SUBJECT = 78  #: characters: what a phone shows of it in two lines
_FEWEST = 40  #: characters of a subject that is worth ending at a mark
_HEADING = re.compile(r"\s*<b>([^<]{10,77}[.!?])</b>")
_WORDS = Abilities(replies=True)  #: of the part that is words alone


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, before it is written."""

    to: str
    subject: str
    told: Told
    key: str  #: equal keys are one mail, however often it is sent: its Message-ID is made of it
    answers: str  #: the key of the mail that it answers; empty for none
    stop_url: str  #: empty where there is no page
    at: datetime
    language: str


def subject_of(text: str, answered: str = "") -> str:
    """The first line of a text, as a subject; of an answer that of the text it answers, or programs part the two."""
    return f"Re: {_shortened(answered)}" if answered else _shortened(text)


def _shortened(text: str) -> str:
    """A sentence in bold at its begin, else its first line up to the last mark, or else the last word, that fits."""
    heading = _HEADING.match(text)
    line = first_line((heading[1] if heading is not None else "") or text) or "Bellwether"
    if len(line) <= _LONGEST_SUBJECT:
        return line.rstrip(".:")
    begins = line[:_LONGEST_SUBJECT]
    mark = max(begins.rfind(sign) for sign in (". ", "; ", ": ", ", "))
    if mark >= _FEWEST:
        return begins[:mark]
    return f"{begins[: _LONGEST_SUBJECT - 1].rpartition(' ')[0].rstrip() or begins[: _LONGEST_SUBJECT - 1]}…"


def written(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it is sent."""
    message, domain = EmailMessage(), sender.rpartition("@")[2]
    message["From"] = formataddr(("Bellwether", sender))
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.key}@{domain}>"
    if mail.answers:
        message["In-Reply-To"] = message["References"] = f"<{mail.answers}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"Bellwether <alerts.{domain}>"
    if mail.stop_url:
        message["List-Unsubscribe"] = f"<{mail.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered(whole(mail.told, _WORDS), Markup.PLAIN))
    chart = mail.told.chart
    picture = f"chart.{mail.key}@{domain}" if chart is not None else ""
    message.add_alternative(mail_html(mail.told, mail.subject, mail.language, picture), subtype="html")
    if chart is not None:
        _words, page = message.iter_parts()
        assert isinstance(page, EmailMessage)
        page.add_related(chart.png, "image", "png", cid=f"<{picture}>", disposition="inline", filename="chart.png")
    return message
