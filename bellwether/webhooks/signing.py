"""Signatures by the Standard Webhooks convention: https://www.standardwebhooks.com. Pure.

HMAC-SHA256 over "id.timestamp.body" with the bytes behind `whsec_`, in base64. While a secret is being rotated there
are two signatures, so that a receiver may change over whenever it likes.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret to be shared with the receiver."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(event_id: str, body: bytes, keys: Iterable[str], now: datetime) -> dict[str, str]:
    """What travels with a message; `keys` are the secrets, the newest first. Receivers allow 5 minutes."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((event_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
