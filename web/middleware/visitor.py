"""Who asks, as limits count them.

connection | is it a proxy that we trust? uvicorn puts whom X-Forwarded-For names in its place | visitor

uvicorn reads that header from its end, past the proxies that are trusted, so what a visitor wrote in it counts for
nothing. What is left to see to: this machine's own calls are not counted, and nobody may pass for this machine.
"""

from starlette.types import Scope

from bellwether.access.addresses import is_local, parsed

UNNAMED = "behind a proxy"  #: all for whom a proxy asks without saying who they are
#: no program that asks for itself sends one of these
_OF_PROXIES = {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"forwarded", b"via"}


def visitor(scope: Scope) -> str:
    """The address of whoever asks; `UNNAMED` where a proxy on this machine, or one that we trust, does not tell it."""
    address: str = (scope.get("client") or ("",))[0]
    if (parsed(address) is None or is_local(address)) and any(name in _OF_PROXIES for name, _ in scope["headers"]):
        return UNNAMED
    return address
