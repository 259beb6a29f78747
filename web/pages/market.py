"""The whole market: today's widest, narrowest and most unusual outlooks, and every symbol as table and as CSV."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bellwether.ask.market_overview import PATIENCE, Overview, Overviews
from web.dependencies import HorizonOf, OverviewsOf
from web.pages import market_view
from web.pages.render import page, tag_of
from web.rows import csv_text

_TOP = 5  #: rows in each of the short lists
router = APIRouter(include_in_schema=False)
Sort = Annotated[market_view.Column, Query()]


@router.get("/market")
def market(
    request: Request,
    overviews: OverviewsOf,
    horizon: HorizonOf,
    sort: Sort = "name",
    order: Literal["up", "down"] = "up",
) -> Response:
    """Everything that is served, sorted as asked."""
    overview = overviews.get(horizon)
    return page(
        request,
        "market.html",
        tag=tag_of(request, horizon, sort, order, overview.made_at) if overview is not None else "",
        horizon=horizon,
        overview=overview,
        rows=market_view.sorted_rows(overview, sort, order) if overview is not None else [],
        groups=market_view.extremes(overview, _TOP) if overview is not None else [],
        columns=market_view.columns(horizon, sort, order),
    )


@router.get("/market.csv")
def market_csv(overviews: OverviewsOf, horizon: HorizonOf) -> Response:
    """The same table for spreadsheets; 503 while it is worked out."""
    overview = overviews.get(horizon)
    if overview is None:
        return Response(
            "The table is being worked out; please ask again in a moment.\n", 503, {"Retry-After": "10"}, "text/plain"
        )
    headers = {
        "Content-Disposition": f'attachment; filename="bellwether-{overview.cutoff}-{horizon}.csv"',
        "Cache-Control": "public, max-age=0, must-revalidate, s-maxage=30",
    }
    return Response(csv_text(market_view.csv_rows(overview)), headers=headers, media_type="text/csv; charset=utf-8")


def overview_or_none(overviews: Overviews, horizon: int, patience: float = PATIENCE) -> Overview | None:
    """The overview for a page that can do without."""
    try:
        return overviews.get(horizon, patience)
    except Exception:  # it has been logged where it happened
        return None
