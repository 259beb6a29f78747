"""ETags: whether the browser that asks has the answer already (RFC 9110, 13.1.2)."""

import re

from starlette.datastructures import Headers

_OPAQUE = re.compile(r'"[^"]*"')


def is_known(tag: str, asked: Headers) -> bool:
    """Whether `tag` is among those that a request names, by weak comparison; "*" names every one."""
    named = ",".join(asked.getlist("if-none-match"))
    return bool(tag) and (named.strip() == "*" or tag.removeprefix("W/") in _OPAQUE.findall(named))
