"""The range of a list held in equal parts, and who carries most of the risk."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bellwether.ask.lists import MOST, forecast_list
from bellwether.core.errors import BellwetherError
from bellwether.forecasting import list_sentences
from bellwether.forecasting.list_forecast import ListForecast, ListMember
from bellwether.market.symbols.names_typed import names_typed
from bellwether.track_record.ledger.lists import NOT_ENTERED
from web.api.requests import only_known
from web.dependencies import HorizonOf, ServicesOf, VisitorListsOf
from web.middleware.access import MANY_VISITS, check_pace
from web.middleware.visitor import visitor
from web.pages.render import page, tag_of
from web.problems import HttpProblem, printable, problem_of

LONGEST = 1000  #: characters of the list
router = APIRouter(include_in_schema=False)


async def _counted_names(request: Request, symbols: Annotated[str, Query(max_length=LONGEST)] = "") -> list[str]:
    """The names of the list; each counts as one visit. Raises HttpProblem for whoever is to wait."""
    names = await run_in_threadpool(names_typed, symbols, request.app.state.services.universe)
    if request.client is not None and (more := min(len(names), MOST) - 1) > 0:  # one was counted at the door
        check_pace(request.app.state.visits, visitor(request.scope), MANY_VISITS, more)
    return names


@router.get("/risk", dependencies=[Depends(only_known)])
def risk(
    request: Request,
    services: ServicesOf,
    visitor_lists: VisitorListsOf,
    horizon: HorizonOf,
    names: Annotated[list[str], Depends(_counted_names)],
) -> Response:
    """A form, and the answer to it; what cannot be answered is named beside what can."""
    made: ListForecast | None = None
    problem: HttpProblem | None = None
    if names:
        try:
            made = forecast_list(services, names, horizon, may_enter=visitor_lists.may_enter(request.scope))
        except BellwetherError as refused:
            problem = problem_of(refused)
    told = (made.forecast_id, made.caveats, made.left_out) if made is not None else ()
    # what is not entered for this visitor may be for the next one: not to be kept
    is_kept = problem is None and (made is None or NOT_ENTERED not in made.caveats)
    return page(
        request,
        "risk.html",
        problem.kind.status if problem is not None else 200,
        tag=tag_of(request, "risk", names, horizon, told) if is_kept else "",
        horizon=horizon,
        asked=printable(", ".join(names)),
        most=MOST,
        made=made,
        lone=list_sentences.only(made) if made is not None else None,
        parts=_by_share(made) if made is not None else [],
        told=list_sentences,
        problem=problem,
    )


def _by_share(made: ListForecast) -> list[ListMember]:
    """Whose part of the loss is the largest first."""
    return sorted(made.members, key=lambda member: (-(member.share or 0.0), member.forecast.symbol))
