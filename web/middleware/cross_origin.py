"""Pages of other sites that call the API from a browser (CORS): those of the setting `API__ORIGINS`, by default none.

It stands before keys are looked at, as a browser asks first whether it may call, and sends no key with that.
The operator's addresses stay closed to pages, whatever is set: their token has no place in a browser.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from web.middleware.access import ADMIN_ADDRESSES, API

METHODS = ("GET", "POST", "DELETE")
#: of a question; Authorization has the key
HEADERS = ("Authorization", "Content-Type", "Accept", "If-None-Match", "Last-Event-ID")
#: of an answer, which a page could not read otherwise
EXPOSED = (
    "Content-Disposition",
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Left-Out",
    "X-Request-ID",
)
_A_DAY = 86_400  #: seconds for which a browser need not ask again


class CrossOrigin:
    """ASGI middleware; one per process."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        """`origins` such as https://app.example; "*" is every one, and none of them closes the API to pages."""
        self._app = app
        self._opened = (
            CORSMiddleware(app, origins, METHODS, HEADERS, expose_headers=EXPOSED, max_age=_A_DAY) if origins else app
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        app = self._opened if path.startswith(API) and not path.startswith(ADMIN_ADDRESSES) else self._app
        await app(scope, receive, send)
