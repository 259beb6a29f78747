"""Mails leave by the operator's SMTP server."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from bellwether.delivery.channels.target_error import TargetError
from bellwether.delivery.retry import Cause
from bellwether.delivery.targets.target import StopReason

_PATIENCE = 20.0  #: seconds for each answer of the server


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
