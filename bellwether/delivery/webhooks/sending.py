"""One message to one webhook, over HTTP. The only module of the product that imports httpx, but for the client.

check the address | connect to the one that was checked | POST, signed | the status; no redirect is followed
"""

import asyncio
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import httpx

from bellwether import __version__
from bellwether.core.connections import Part, naming_the_fault
from bellwether.core.errors import BadWebhook
from bellwether.core.pools import pool
from bellwether.delivery.channels.addresses import CheckedAddress, Lookup, check, look_up
from bellwether.delivery.webhooks.signing import headers
from bellwether.delivery.webhooks.webhooks_table import Webhook

TIMEOUT = 15.0  #: seconds for all of it
_LONGEST_WAIT = 86_400.0  #: seconds that a Retry-After is believed
_LOOK_UPS = 8  #: of names, at once: as many as messages


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What came of a try."""

    status: int | None  #: None: there was no answer
    error: str  #: empty when it arrived
    milliseconds: int
    retry_after: float | None = None  #: seconds

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more, ever."""
        return self.status == 410


class WebhookSender:
    """Sends to webhooks; one for the process."""

    @naming_the_fault(Part.WEBHOOKS)
    def __init__(self, *, private: bool, look_up: Lookup = look_up, trusted: ssl.SSLContext | None = None) -> None:
        """`private` lets messages go to our own network; `trusted` is who may certify a receiver, the usual ones.

        Raises ConfigError where the environment keeps anybody from connecting.
        """
        self._private, self._look_up = private, look_up
        self._threads = pool(_LOOK_UPS, "webhook-name")
        # made once: reading the list of authorities takes longer than a message. No authority from the environment
        self._trusted = trusted or httpx.create_ssl_context(trust_env=False)

    async def send(self, hook: Webhook, event_id: str, body: str, now: datetime) -> WebhookResponse:
        """One try. Raises nothing: what went wrong is in the answer."""
        start = time.monotonic()
        content = body.encode()
        status: int | None = None
        error, wait = "", None
        try:
            async with asyncio.timeout(TIMEOUT):
                # in threads of its own: a name that nobody answers for holds up no chat
                looking = partial(check, hook.url, private=self._private, look_up=self._look_up)
                target = await asyncio.get_running_loop().run_in_executor(self._threads, looking)
                signed = headers(event_id, content, hook.secrets(now), now)
                answer = await _post(target, content, signed, self._trusted)
            status, wait = answer.status_code, _seconds(answer.headers.get("retry-after", ""))
            if not answer.is_success:
                error = "redirects are not followed" if answer.is_redirect else f"it answered {status}"
        except BadWebhook as problem:
            error = str(problem)
        except (TimeoutError, httpx.TimeoutException):
            error = f"no answer within {TIMEOUT:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            error = f"no connection ({type(problem).__name__})"
        return WebhookResponse(status, error, round(1000 * (time.monotonic() - start)), wait)


async def _post(
    target: CheckedAddress, content: bytes, signed: dict[str, str], trusted: ssl.SSLContext
) -> httpx.Response:
    """POST to the checked address; the certificate must be the name's."""
    at = f"[{target.address}]" if ":" in target.address else target.address
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    sent = {
        "Host": host if target.port == usual else f"{host}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": f"Bellwether/{__version__}",
        **signed,
    }
    # trust_env off: a proxy from the environment would look the name up again
    async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=trusted) as client:
        url = f"{target.scheme}://{at}:{target.port}{target.path}"
        extensions = {"sni_hostname": target.host}
        async with client.stream("POST", url, content=content, headers=sent, extensions=extensions) as answer:
            return answer  # what it says besides its status is not read


def _seconds(retry_after: str) -> float | None:
    return min(float(retry_after), _LONGEST_WAIT) if retry_after.isascii() and retry_after.isdecimal() else None
