"""Signatures by the Standard Webhooks convention, made by its own library: https://www.standardwebhooks.com. Pure.

While a secret is being rotated there are two signatures, so that a receiver may change over whenever it likes.
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

_BYTES = 32


def new_secret() -> str:
    """A secret to be shared with the receiver."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(event_id: str, body: bytes, keys: Iterable[str], now: datetime) -> dict[str, str]:
    """What travels with a message; `keys` are the secrets, the newest first. Receivers allow 5 minutes."""
    at = now.astimezone(UTC)  # the library takes any other hour for UTC
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(event_id, at, body.decode()) for key in keys),
    }
