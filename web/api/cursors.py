"""Pages of a long list: a cursor says where the last one ended. What is in it is nobody's business but ours."""

import base64
import binascii
from typing import Annotated

from fastapi import Query, Request

from web.problems import ProblemError, bad_request

MOST = 1000  #: items of one page
Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of this page")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="`next_cursor` of the page before; the first page without")
]


def cursor_of(last: int) -> str:
    """The cursor behind the item of this number."""
    return base64.urlsafe_b64encode(f"after {last}".encode()).decode().rstrip("=")


def after(cursor: str | None) -> int:
    """The number of the last item before a page; 0 for the first. Raises ProblemError for what is no cursor."""
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        word, _, number = text.partition(" ")
        if word == "after" and number.isdecimal() and len(number) < 19:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise ProblemError(bad_request("That is no cursor of ours; leave it out for the first page."))


def link_to_next(request: Request, cursor: str | None) -> dict[str, str]:
    """The next page as a header (RFC 8288); nothing behind the last."""
    if cursor is None:
        return {}
    url = request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
