"""Where a webhook may go: to addresses of the open internet, never into the network that this service stands in.

The name is looked up here, every address that it has is checked, and the connection goes to one of those that were
checked: a name that answers differently the second time leads nowhere else.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from bellwether.core.errors import BadWebhook

LONGEST = 500  #: characters of an address
Lookup = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """A checked address."""

    url: str
    scheme: str
    host: str  #: as it is written: what the certificate must name
    port: int
    path: str  #: with its query
    address: str  #: the IP address to connect to


def look_up(host: str, port: int) -> list[str]:
    """The IP addresses of a name. Raises OSError."""
    known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in known))


def check(url: str, *, private: bool, look_up: Lookup = look_up) -> CheckedAddress:
    """The address as it may be connected to. Raises BadWebhook; `private` lets it stay within our own network."""
    scheme, host, port, path = _parts(url, private)
    try:
        addresses = look_up(host, port)
    except (OSError, UnicodeError):
        raise BadWebhook(f"The name {host[:80]} cannot be found; please check the address.") from None
    if not addresses:
        raise BadWebhook(f"The name {host[:80]} has no address.")
    for address in addresses:
        if not private and not is_open(address):
            raise BadWebhook(f"{host[:80]} leads to a private or reserved address, where webhooks do not go.")
    return CheckedAddress(url, scheme, host, port, path, addresses[0])


def is_open(address: str) -> bool:
    """Whether an IP address is one of the open internet; also one within an IPv6 address that stands for it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        within = [parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())]
        if parsed in _NAT64:
            within.append(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
        if any(inner is not None and not _is_global(inner) for inner in within):
            return False
    return _is_global(parsed)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _is_global(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:  # fec0::/10, which Python takes for global
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


def _parts(url: str, private: bool) -> tuple[str, str, int, str]:
    """Scheme, host, port and path. Raises BadWebhook."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        text = f"The address must have at most {LONGEST} plain characters and no spaces; write é.com as xn--9ca.com."
        raise BadWebhook(text)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadWebhook("That is no address; please write it like https://example.com/hook.") from None
    allowed = {"https", "http"} if private else {"https"}
    if parts.scheme not in allowed or not parts.hostname:
        raise BadWebhook("The address must begin with https://, such as https://example.com/hook.")
    if parts.username is not None or parts.password is not None:
        raise BadWebhook("Please leave name and password out of the address; the signature proves who sends.")
    if parts.fragment:
        raise BadWebhook("Please leave the part after # out of the address; it is never sent.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path
