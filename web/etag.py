"""ETags: whether the browser that asks has the answer already (RFC 9110, 13.1.2), and made by which code it was."""

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers

import bellwether

_OPAQUE = re.compile(r'"[^"]*"')


def is_known(tag: str, asked: Headers) -> bool:
    """Whether `tag` is among those that a request names, by weak comparison; "*" names every one."""
    named = ",".join(asked.getlist("if-none-match"))
    return bool(tag) and (named.strip() == "*" or tag.removeprefix("W/") in _OPAQUE.findall(named))


@cache
def code_version() -> str:
    """Ten hexadecimal digits that differ where the code does, as it may draw or say the same facts otherwise.

    Of the code itself and not of the version's number, as many run it from a checkout. Read once, in some 20 ms.
    """
    digest = hashlib.sha256(bellwether.__version__.encode())
    for package in (Path(bellwether.__file__).parent, Path(__file__).parent):
        for file in sorted(package.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]
