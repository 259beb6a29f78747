"""Fields that stand encrypted in a database, and marks that only the holder of the key can make.

Both come from one secret of 256 random bits by HMAC-SHA256, each for its own purpose, so neither tells the other.
"""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # else it is imported where something is sealed, which most services never do
    from cryptography.fernet import Fernet


class Unsealable(Exception):
    """What was sealed cannot be read: another key sealed it, or it was damaged."""


class Sealer:
    """Seals texts, and makes marks, by one secret."""

    def __init__(self, secret: str) -> None:
        """`secret` has 64 hexadecimal digits."""
        self._secret = bytes.fromhex(secret)

    def seal(self, text: str) -> str:
        """The text, encrypted and authenticated; another one each time."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The text that was sealed, from exactly what `seal` gave. Raises Unsealable."""
        from cryptography.fernet import InvalidToken

        if not _is_canonical(sealed):
            raise Unsealable
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unsealable from None

    def mark(self, purpose: str, about: str) -> str:
        """64 hexadecimal digits that tell nothing of what they are about, and are always the same for it."""
        return self._derived(f"mark {purpose}\0{about}").hex()

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet

        return Fernet(base64.urlsafe_b64encode(self._derived("seal")))

    def _derived(self, label: str) -> bytes:
        return hmac.new(self._secret, label.encode(), hashlib.sha256).digest()


def _is_canonical(sealed: str) -> bool:
    """Whether this is the one way to write its bytes: base64 overlooks foreign characters and the last unused bits."""
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(sealed)) == sealed.encode()
    except ValueError:
        return False
