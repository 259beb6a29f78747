"""Several symbols side by side."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from bellwether.ask import forecasts
from bellwether.charts.ranges import range_chart
from bellwether.charts.renderer import to_svg
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.core.types import Forecast, Shape, Theme
from bellwether.market.symbols.names_typed import names_typed
from bellwether.market.symbols.universe import Universe
from bellwether.services import Services
from web.dependencies import HorizonOf, ServicesOf
from web.pages.charts import drawn
from web.pages.render import page, tag_of
from web.problems import HttpProblem, printable, problem_of

FEWEST, MOST = 2, 5
LONGEST = 400  #: characters of the list
router = APIRouter(include_in_schema=False)
Symbols = Annotated[str, Query(max_length=LONGEST)]


@router.get("/compare")
def compare(request: Request, services: ServicesOf, horizon: HorizonOf, symbols: Symbols = "") -> Response:
    """2 to 5 symbols in one small table and one chart; what cannot be answered is named beside what can."""
    names = _names(symbols, services.universe)
    made, problems = _answers(services, names, horizon)
    enough = len(made) >= FEWEST
    if names and not problems and not enough:
        problems = [HttpProblem("bad_request", f"Please name {FEWEST} to {MOST} different stocks, with commas.")]
    tag = tag_of(request, "compare", symbols, horizon, [(each.forecast_id, each.caveats) for each in made])
    return page(
        request,
        "compare.html",
        200 if enough or not names else problems[0].kind.status,
        tag=tag if enough and not problems else "",
        horizon=horizon,
        asked=printable(", ".join(names)),
        compared=made if enough else [],
        problems=problems,
        caveats=tuple(dict.fromkeys(caveat for forecast in made for caveat in forecast.caveats)) if enough else (),
    )


def _compared(services: ServicesOf, symbols: Symbols, horizon: str = str(DEFAULT_HORIZON)) -> list[Forecast]:
    """The forecasts that a chart compares: all of them or none. What is wrong with the symbols is told first."""
    made, problems = _answers(services, _names(symbols, services.universe), parse_horizon(horizon))
    if problems or len(made) < FEWEST:
        text = problems[0].detail if problems else f"Please name {FEWEST} to {MOST} stocks."
        raise HttpProblem("bad_request", text)
    return made


@router.get("/compare/chart.svg")
async def compare_chart(
    request: Request,
    compared: Annotated[list[Forecast], Depends(_compared)],
    theme: Theme = "light",
    shape: Shape = "wide",
) -> Response:
    """The chart of a comparison."""
    return await drawn(request, lambda: to_svg(range_chart(compared, theme, shape)), "image/svg+xml")


def _names(symbols: str, universe: Universe) -> list[str]:
    """The names that were typed. Raises HttpProblem at too many."""
    names = names_typed(symbols, universe)
    if len(names) > MOST:
        raise HttpProblem("bad_request", f"Please name {FEWEST} to {MOST} stocks; these are {len(names)}.")
    return names


def _answers(services: Services, names: list[str], horizon: int) -> tuple[list[Forecast], list[HttpProblem]]:
    """A forecast for each name, once for each symbol, and what was wrong with the others."""
    made: dict[str, Forecast] = {}
    problems = []
    for name in names:
        try:
            forecast = forecasts.answer(services, name, horizon).forecast
        except BellwetherError as problem:
            problems.append(problem_of(problem))
        else:
            made.setdefault(forecast.symbol, forecast)
    return list(made.values()), problems
