"""The range of a list held in equal parts, and who carries most of the risk."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bellwether.ask.lists import MOST, forecast_list
from bellwether.core.errors import BellwetherError
from bellwether.forecasting import list_sentences
from bellwether.forecasting.list_forecast import ListForecast, ListMember
from web.dependencies import HorizonOf, ServicesOf
from web.pages.render import page, tag_of
from web.problems import HttpProblem, printable, problem_of

LONGEST = 1000  #: characters of the list
router = APIRouter(include_in_schema=False)


@router.get("/risk")
def risk(
    request: Request,
    services: ServicesOf,
    horizon: HorizonOf,
    symbols: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Response:
    """A form, and the answer to it; what cannot be answered is named beside what can."""
    names = [name for part in symbols.split(",") if (name := " ".join(part.split()))]
    made: ListForecast | None = None
    problem: HttpProblem | None = None
    if names:
        try:
            made = forecast_list(services, names, horizon)
        except BellwetherError as refused:
            problem = problem_of(refused)
    told = (made.forecast_id, made.caveats, made.left_out) if made is not None else ()
    return page(
        request,
        "risk.html",
        problem.kind.status if problem is not None else 200,
        tag=tag_of(request, "risk", symbols, horizon, told) if problem is None else "",
        horizon=horizon,
        asked=printable(", ".join(names)),
        most=MOST,
        made=made,
        parts=_by_share(made) if made is not None else [],
        told=list_sentences,
        problem=problem,
    )


def _by_share(made: ListForecast) -> list[ListMember]:
    """Whose part of the loss is the largest first."""
    return sorted(made.members, key=lambda member: (-(member.share or 0.0), member.forecast.symbol))
