"""The developer API's answer about the business behind a stock."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.ask import forecasts as market
from bellwether.client.answers.revenue import GrowthResponse
from bellwether.core.parsing import parse_date
from bellwether.revenue import ask
from bellwether.revenue.to_json import growth_json
from web.api.caller import CallerOf
from web.api.forecasts import AsOf, Symbol
from web.api.negotiate import FormatOf, answer
from web.api.openapi_responses import KEY, security, table
from web.dependencies import ServicesOf

KEPT = 300  #: seconds: reports come once a quarter
router = APIRouter(prefix="/api/v1", tags=["forecasts"])


@router.get(
    "/growth/{symbol}",
    response_model=GrowthResponse,
    responses=table(409, 422),
    operation_id="growth",
    openapi_extra=security(KEY),
)
def growth(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    wanted: FormatOf,
    symbol: Symbol,
    as_of: AsOf = None,
) -> Response:
    """What the company behind a stock may take in, next quarter and four quarters ahead, as growth over a year."""
    day = parse_date(as_of) if as_of is not None else None
    caller.check_day(day, services.clock().date())
    if caller.plan.symbols:
        caller.check_symbol(market.resolve(services, symbol).symbol)
    made = ask.growth(services, symbol, day).forecast
    body = growth_json(made)
    rows = [{"symbol": made.symbol, "as_of": body["as_of"]} | one for one in body["horizons"]]
    tag = repr((made.forecast_id(0), body["caveats"], body["explanation"]))
    return answer(request, body, wanted, rows=rows, name=f"growth_{made.symbol}", tag=tag, keep=KEPT)
