"""The whole market: its widest, narrowest and most unusual outlooks, and every symbol as table and as CSV."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from bellwether.ask.market_overview import Overview, Overviews
from web.api.requests import only_known
from web.dependencies import HorizonOf, OverviewsOf, ServicesOf
from web.pages import market_view
from web.pages.render import page, tag_of
from web.problems import HttpProblem, printable
from web.rows import csv_text

_TOP = 5  #: rows in each of the short lists
_LONGEST_SECTOR = 64  #: letters of one that are repeated to whoever asked for it
router = APIRouter(include_in_schema=False)
Sort = Annotated[market_view.Column, Query()]


@router.get("/market")
def market(
    request: Request,
    services: ServicesOf,
    overviews: OverviewsOf,
    horizon: HorizonOf,
    sort: Sort = "name",
    order: Literal["up", "down"] = "up",
    sector: str = "",
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """Everything that is served, or one sector of it, sorted as asked, a page at a time."""
    sectors = sorted({instrument.sector for instrument in services.universe if instrument.sector})
    if sector and sector not in sectors:
        text = f"There is no sector {printable(sector[:_LONGEST_SECTOR])!r} here; the market's page has a list of them."
        raise HttpProblem("bad_request", text)
    overview = overviews.get(horizon)
    if overview is None:
        return page(request, "market.html", horizon=horizon, overview=None)
    chosen = market_view.of_sector(overview, sector)
    return page(
        request,
        "market.html",
        tag=tag_of(request, horizon, sort, order, sector, number, overview.made_at) if overview.is_whole else "",
        horizon=horizon,
        overview=overview,
        chosen=chosen,
        sector=sector,
        sectors=sectors,
        sort=sort,
        order=order,
        listing=market_view.listing(chosen, sector, sort, order, number),
        groups=market_view.extremes(chosen, _TOP),
        columns=market_view.columns(horizon, sector, sort, order),
    )


@router.get("/market.csv", dependencies=[Depends(only_known)])
def market_csv(overviews: OverviewsOf, horizon: HorizonOf) -> Response:
    """The same table for spreadsheets; 503 while it is worked out."""
    overview = overviews.get(horizon)
    if overview is None or not overview.is_whole:
        return Response(
            "The table is being worked out; please ask again in a moment.\n", 503, {"Retry-After": "10"}, "text/plain"
        )
    headers = {
        "Content-Disposition": f'attachment; filename="bellwether-{overview.cutoff}-{horizon}.csv"',
        "Cache-Control": "public, max-age=0, must-revalidate, s-maxage=30",
    }
    return Response(csv_text(market_view.csv_rows(overview)), headers=headers, media_type="text/csv; charset=utf-8")


def overview_or_none(overviews: Overviews, horizon: int) -> Overview | None:
    """The overview for a page that can do without, as far as there is one now."""
    try:
        return overviews.get(horizon, patience=0)
    except Exception:  # it has been logged where it happened
        return None
