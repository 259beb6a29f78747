"""A mail by the operator's SMTP server: one text as words and as HTML, and its stop in one click (RFC 8058)."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from html import escape
from urllib.parse import unquote, urlsplit

from bellwether.delivery.channels.abilities import Markup, rendered
from bellwether.delivery.channels.target_error import TargetError
from bellwether.delivery.retry import Cause
from bellwether.delivery.targets.target import StopReason

_PATIENCE = 20.0  #: seconds for each answer of the server
_LONGEST_SUBJECT = 90  #: characters


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, before it is written."""

    to: str
    subject: str
    text: str  #: Telegram's simplest HTML
    key: str  #: equal keys are one mail: its Message-ID is made of it
    answers: str  #: the key of the mail that it answers; empty for none
    stop_url: str  #: empty where there is no page
    at: datetime


def subject_of(text: str) -> str:
    """The first line of a text, as a subject."""
    line = next((line.strip() for line in rendered(text, Markup.PLAIN).splitlines() if line.strip()), "Bellwether")
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1].rstrip()}…"


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
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    if mail.stop_url:
        message["List-Unsubscribe"] = f"<{mail.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered(mail.text, Markup.PLAIN))
    message.add_alternative(
        '<!doctype html><html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(mail.subject)}</title></head>"
        '<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36em; margin: 1em auto; padding: 0 1em">'
        f"{rendered(mail.text, Markup.HTML)}</body></html>",
        subtype="html",
    )
    return message


def send(message: EmailMessage, server: str) -> None:
    """Send a mail by a server, smtps://user:password@host:port or smtp://... Raises TargetError. Blocks."""
    parts = urlsplit(server)
    host, user = parts.hostname or "", unquote(parts.username or "")
    try:
        with _connected(parts.scheme, host, parts.port) as smtp:
            if user:
                smtp.login(user, unquote(parts.password or ""))
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as problem:
        (code, _told), *_rest = problem.recipients.values()
        if code in {550, 551, 553}:  # no such mailbox; it moved; it is none
            raise TargetError(f"its server answered {code}", Cause.CLOSED, stops=StopReason.REFUSED) from None
        raise TargetError(f"its server answered {code}", Cause.NOT_NOW) from None
    except smtplib.SMTPResponseException as problem:
        refused = isinstance(problem, smtplib.SMTPDataError) and problem.smtp_code >= 500
        cause = Cause.REFUSED if refused else Cause.NOT_NOW
        raise TargetError(f"the mail server answered {problem.smtp_code}", cause) from None
    except (smtplib.SMTPException, OSError) as problem:
        raise TargetError(f"the mail server does not answer ({type(problem).__name__})", Cause.UNANSWERED) from None


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    """Raises SMTPException and OSError."""
    trusted = ssl.create_default_context()
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_PATIENCE, context=trusted)
    smtp = smtplib.SMTP(host, port or 587, timeout=_PATIENCE)
    smtp.ehlo_or_helo_if_needed()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=trusted)
    return smtp
