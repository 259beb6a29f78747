"""Vega, with which a page draws its chart live: from the installed package that also draws the pictures."""

import gzip
from functools import cache
from importlib.metadata import version

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.charts.renderer import browser_script

SCRIPT = "/vega.js"  #: 0.9 MB, 0.3 MB packed: only asked for by a page whose chart comes into view
_VERSION = version("vl-convert-python")
router = APIRouter(include_in_schema=False)


def script_address() -> str:
    """Where a page finds it; another one for another version."""
    return f"{SCRIPT}?v={_VERSION}"


@router.get(SCRIPT)
def chart_script(request: Request, v: str = "") -> Response:
    """The script; for good under the address that names its version."""
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if v == _VERSION else "public, max-age=86400",
        "Vary": "Accept-Encoding",
    }
    packed = _packed()
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(gzip.decompress(packed), headers=headers, media_type="text/javascript")


@cache
def _packed() -> bytes:
    """Made when it is first asked for, and packed once."""
    return gzip.compress(browser_script().encode(), 9)
