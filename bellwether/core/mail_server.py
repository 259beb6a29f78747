"""The operator's mail server, from its address. Pure."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

_PORTS = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where it is, and who we are there."""

    host: str
    port: int
    tls: bool  #: from the first byte on; else by STARTTLS where the server has it
    user: str = ""
    password: str = field(default="", repr=False)


def read(address: str) -> MailServer | None:
    """The server of smtps://user:password@host:port or smtp://...; None for no such address.

    No error tells why: what is wrong is mostly a sign of the password that was not escaped.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    tail = (parts.path.removeprefix("/"), parts.query, parts.fragment)
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or any(tail):
        return None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def checked(address: SecretStr) -> SecretStr:
    """A setting that is such an address, or empty."""
    text = address.get_secret_value()
    if text and read(text) is None:
        hint = (
            "Input should be like smtps://user:password@mail.example:465 or smtp://..., with what is no letter or "
            "digit of the password written like %2F, or be empty"
        )
        raise PydanticCustomError("mail_server", hint)
    return address
