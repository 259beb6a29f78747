"""Mails leave by the operator's SMTP server."""

import smtplib
import ssl
from email.message import EmailMessage

from bellwether.core.mail_server import MailServer
from bellwether.delivery.channels.target_error import TargetError
from bellwether.delivery.retry import Cause
from bellwether.delivery.targets.target import StopReason

_PATIENCE = 20.0  #: seconds for each answer of the server


def send(message: EmailMessage, server: MailServer) -> None:
    """Send a mail by a server. Raises TargetError. Blocks."""
    try:
        with _connected(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
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
    except ValueError as problem:  # which may quote the name or the password, where they are no ASCII
        raise TargetError(f"a mail could not be written ({type(problem).__name__})", Cause.NOT_NOW) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    """Raises SMTPException and OSError."""
    trusted = ssl.create_default_context()
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=trusted)
    smtp = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    smtp.ehlo_or_helo_if_needed()
    if smtp.has_extn("starttls"):
        smtp.starttls(context=trusted)
    return smtp
