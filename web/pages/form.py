"""A small form that a browser sends, application/x-www-form-urlencoded, read; and only from a page of ours."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from web.middleware.request_body import PLAIN_FORM
from web.problems import HttpProblem

NEVER_KEPT = "private, no-store"
_MOST_FIELDS = 40
_OURS = frozenset({"same-origin", "none"})  #: "none": the address bar, or a browser's own "once more"
Form = dict[str, str]  #: what the fields hold, by name


async def _form(request: Request) -> Form:
    """Raises HttpProblem for what is no such form, and for one that a page of another site sends."""
    if request.headers.get("sec-fetch-site", "none") not in _OURS:  # browsers tell it; programs need not
        raise HttpProblem("bad_request", "That form was on a page of another site; please open ours and try again.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PLAIN_FORM:
        raise HttpProblem("unsupported_body", "Please fill in the form of the page.")
    try:
        fields = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HttpProblem("bad_request", "What was sent is no form that can be read; please try once more.") from None
    return {name: value.strip() for name, value in fields}


FormOf = Annotated[Form, Depends(_form)]
