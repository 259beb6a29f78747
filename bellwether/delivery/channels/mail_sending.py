"""Mails leave by the operator's SMTP server.

greeted, asked about the recipient: seconds, for giving up costs a try | the mail and its end: minutes for the answer

RFC 5321, 4.5.3.2, wants a client to wait minutes everywhere. Before the mail has gone out, giving up sooner only means
to try again. After it, whoever does not wait for the answer has it sent twice; so there it is the RFC's ten minutes
(4.5.3.2.6), through which `delivery.deliver` renews the message's claim.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from bellwether.core.mail_server import MailServer
from bellwether.delivery.channels.own_threads import Deadline
from bellwether.delivery.channels.target_error import OperatorFault, TargetError
from bellwether.delivery.retry import Cause
from bellwether.delivery.targets.target import StopReason

_NO_MAILBOX = re.compile(rb"5\.1\.(?:1|2|3|6|10)\b")  #: RFC 3463, 7505: of the recipient; 5.1.7 and 5.1.8 are of us
_DOUBT = timedelta(days=1)  #: so that it is said on different days
_GO_ON = 354  #: the answer to DATA alone
_LEAVE_ALONE = timedelta(hours=1)  #: whoever asks often for mailboxes that are none is taken for a spammer
PATIENCE = 20.0  #: seconds for each answer of the server before it has the mail
FOR_THE_END = 600.0  #: seconds for its answer once it has
_FAREWELL = 2.0  #: seconds for the answer to QUIT, on which nothing depends


class _Plain(smtplib.SMTP):
    """Waits longer for the answer to the mail itself than for any other."""

    sock: Any

    def __init__(self, deadline: Deadline, *args: Any, **more: Any) -> None:
        self._deadline = deadline
        super().__init__(*args, **more)

    def getreply(self) -> tuple[int, bytes]:
        code, told = super().getreply()
        if code == _GO_ON:  # what follows is the mail with its end: from here on it may have arrived
            self._deadline.put_off(FOR_THE_END)
            self.sock.settimeout(FOR_THE_END)
        elif self.sock is not None:
            self.sock.settimeout(PATIENCE)
        return code, told


class _OverTls(_Plain, smtplib.SMTP_SSL):
    """The same over TLS from its first byte."""


def send(message: EmailMessage, server: MailServer, deadline: Deadline) -> None:
    """Send a mail by a server, the deadline put off once it has the mail. Raises DeliveryError. Blocks."""
    smtp = None
    try:
        smtp = _connected(server, deadline)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.send_message(message)
        _take_leave(smtp)
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
    finally:
        if smtp is not None:
            smtp.close()


def _take_leave(smtp: smtplib.SMTP) -> None:
    """The server has the mail: whatever it answers to the end of the talk takes nothing of that back."""
    with suppress(smtplib.SMTPException, OSError):
        assert smtp.sock is not None
        smtp.sock.settimeout(_FAREWELL)
        smtp.quit()


def _connected(server: MailServer, deadline: Deadline) -> smtplib.SMTP:
    """Raises SMTPException and OSError."""
    trusted = ssl.create_default_context()
    if server.tls:
        return _OverTls(deadline, server.host, server.port, timeout=PATIENCE, context=trusted)
    smtp = _Plain(deadline, server.host, server.port, timeout=PATIENCE)
    try:
        smtp.ehlo_or_helo_if_needed()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=trusted)
    except BaseException:
        smtp.close()
        raise
    return smtp
