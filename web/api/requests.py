"""What callers send: the parameters that many addresses share, pages of long lists, and what all bodies have in common.

A parameter or name that an address does not have is refused: a typing error would be answered with a default,
unnoticed.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.requests import Request

from bellwether.ask import forecasts
from bellwether.core.errors import near_name
from bellwether.core.parsing import parse_date
from bellwether.core.plans import MOST_ITEMS
from bellwether.services import Services
from web.api.caller import Caller
from web.problems import HttpProblem

ItemT = TypeVar("ItemT")
LONGEST_NAME = 100  #: characters of a symbol, or of the name that stands for one
MOST_OF_A_PAGE = 1000  #: items
_ESCAPED = 12  #: bytes of one character at most, written as two halves: \ud83d\ude00
_AROUND = 32  #: bytes around each name: quotes, a comma, a line of its own and how far it is moved in
_REST = 8_192  #: bytes for everything else that a question can have
#: bytes of a body; derived from the longest question, a batch, so that none is refused for its length
MOST_BODY = MOST_ITEMS * (LONGEST_NAME * _ESCAPED + _AROUND) + _REST

Symbol = Annotated[str, Path(description="A symbol or a company's name", examples=["AAPL"])]
AsOf = Annotated[
    str | None,
    Query(
        description="The last day that may be known to the forecast, for a look back; default is the last close",
        examples=["2021-06-30"],
        json_schema_extra={"format": "date"},
    ),
]
Limit = Annotated[int, Query(ge=1, le=MOST_OF_A_PAGE, description="Items of this page")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="`next_cursor` of the page before; the first page without")
]


class Question(BaseModel):
    """A body; what it does not know, it does not take."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _with_one_unknown(cls, body: Any) -> Any:
        """Leave out all unknown names but the first: each would be complained about, and there may be 60,000."""
        if not isinstance(body, dict) or len(body) <= len(cls.model_fields):
            return body
        unknown = next(name for name in body if name not in cls.model_fields)
        return {name: value for name, value in body.items() if name in cls.model_fields} | {unknown: body[unknown]}


def day_of(as_of: str | None, caller: Caller, now: datetime) -> date | None:
    """The last day that may be known; None is today. Raises BadDate, and NotInPlan where the plan reaches less far."""
    day = parse_date(as_of) if as_of is not None else None
    caller.check_day(day, now.date())
    return day


def check_symbol(services: Services, caller: Caller, text: str) -> None:
    """Raises NotInPlan for a symbol or name that the caller's plan has not, and the errors of `forecasts.resolve`."""
    if caller.plan.symbols:
        caller.check_symbol(forecasts.resolve(services, text).symbol)


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a long list. What is in a cursor is nobody's business but ours."""

    limit: int
    cursor: str | None

    @property
    def after(self) -> int:
        """The number of the last item before the page; 0 for the first. Raises HttpProblem for what is no cursor."""
        if self.cursor is None:
            return 0
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
            word, _, number = text.partition(" ")
            if word == "after" and number.isdecimal() and len(number) < 19:
                return int(number)
        except (binascii.Error, ValueError):
            pass
        raise HttpProblem("bad_request", "That is no cursor of ours; leave it out for the first page.")

    def cut(self, items: Sequence[ItemT], number: Callable[[ItemT], int]) -> tuple[list[ItemT], str | None]:
        """The page out of `limit + 1` items, and the cursor of the next one, if there is one."""
        shown = list(items[: self.limit])
        if len(items) <= self.limit:
            return shown, None
        return shown, base64.urlsafe_b64encode(f"after {number(shown[-1])}".encode()).decode().rstrip("=")


async def page_of(limit: Limit = 100, cursor: Cursor = None) -> Page:
    """As an address has it."""
    return Page(limit, cursor)


PageOf = Annotated[Page, Depends(page_of)]


async def only_known(request: Request) -> None:
    """Compare what is asked with what the address has. Raises HttpProblem."""
    route = request.scope["route"]
    described = request.app.openapi()["paths"].get(route.path_format, {}).get(request.method.lower())
    if described is None:  # a file among the pages
        known = _query_of(route.dependant)
    else:
        known = [parameter["name"] for parameter in described.get("parameters", ()) if parameter["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            hint = near_name(name, known, "it has") if known else "it has none."
            raise HttpProblem("bad_request", f"This address has no parameter “{name[:40]}”; {hint}")
    once(request)


def once(request: Request) -> None:
    """Raises HttpProblem for a parameter that is given twice: one of the two would be answered, the other unnoticed."""
    names = [name for name, _value in request.query_params.multi_items()]
    for name in request.query_params:
        if names.count(name) > 1:
            raise HttpProblem("bad_request", f"Please give the parameter “{name[:40]}” once; it is here twice or more.")


def _query_of(dependant: Dependant) -> list[str]:
    """The names that an endpoint and what it depends on read from the query."""
    below = [name for dependency in dependant.dependencies for name in _query_of(dependency)]
    return [parameter.alias for parameter in dependant.query_params] + below
