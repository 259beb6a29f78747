"""Suggestions while somebody types; the plain form works without them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from bellwether.market.symbols import suggest as suggestions
from bellwether.market.symbols.normalize import LONGEST_QUESTION
from web.dependencies import ServicesOf

router = APIRouter(include_in_schema=False)
_KEPT = "public, max-age=300, s-maxage=300"  # what is known by name changes with a new release


@router.get("/suggest")
def suggest(services: ServicesOf, q: Annotated[str, Query(max_length=LONGEST_QUESTION)] = "") -> JSONResponse:
    """What may be meant, the likeliest first: [{symbol, name, exchange}]."""
    found = suggestions.suggest(q, services.universe)
    body = [{"symbol": one.symbol, "name": one.name, "exchange": one.exchange} for one in found]
    return JSONResponse(body, headers={"Cache-Control": _KEPT})
