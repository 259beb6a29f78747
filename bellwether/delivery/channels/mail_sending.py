"""Mails leave by the operator's SMTP server."""

import re
import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage

from bellwether.core.mail_server import MailServer
from bellwether.delivery.channels.target_error import OperatorFault, TargetError
from bellwether.delivery.retry import Cause
from bellwether.delivery.targets.target import StopReason

_NO_MAILBOX = re.compile(rb"5\.1\.(?:1|2|3|6|10)\b")  #: RFC 3463, 7505: of the recipient; 5.1.7 and 5.1.8 are of us
_DOUBT = timedelta(days=1)  #: so that it is said on different days
_LEAVE_ALONE = timedelta(hours=1)  #: whoever asks often for mailboxes that are none is taken for a spammer
_PATIENCE = 20.0  #: seconds for each answer of the server


def send(message: EmailMessage, server: MailServer) -> None:
    """Send a mail by a server. Raises DeliveryError. Blocks."""
    try:
        with _connected(server) as smtp:
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as problem:
        (code, told), *_rest = problem.recipients.values()
        if _NO_MAILBOX.match(told):
            raise TargetError(
                f"its server answered {code}: no such mailbox",
                Cause.NOT_NOW,
                stops=StopReason.REFUSED,
                stops_after=_DOUBT,
                retry_after=_LEAVE_ALONE,
            ) from None
        # most say so of us: of a sender, a login or a list that we are on
        raise TargetError(f"its server answered {code}", Cause.NOT_NOW) from None
    except smtplib.SMTPResponseException as problem:
        refused = isinstance(problem, smtplib.SMTPDataError) and problem.smtp_code >= 500
        cause = Cause.REFUSED if refused else Cause.NOT_NOW
        raise OperatorFault(f"the mail server answered {problem.smtp_code}", cause) from None
    except (smtplib.SMTPException, OSError) as problem:
        raise OperatorFault(f"the mail server does not answer ({type(problem).__name__})", Cause.UNANSWERED) from None
    except ValueError as problem:  # which may quote the name or the password, where they are no ASCII
        raise OperatorFault(f"a mail could not be written ({type(problem).__name__})", Cause.NOT_NOW) from None


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
