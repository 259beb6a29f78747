"""One storm: when it began, how deep it went, when it was over, and how each day's ranges held."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether.ask import incidents
from web.dependencies import ServicesOf
from web.pages.render import page, tag_of

router = APIRouter(include_in_schema=False)


@router.get("/incidents")
def all_incidents() -> Response:
    """All storms are on the page of the record."""
    return RedirectResponse("/track-record#storms", 302)


@router.get("/incidents/{incident_id}")
def incident(request: Request, services: ServicesOf, incident_id: str) -> Response:
    """The page of a storm, by the day on which it was announced."""
    storm = incidents.named(services, incident_id)
    tag = tag_of(request, "incident", storm.incident, storm.others, len(storm.days), int(storm.days.held.sum()))
    return page(request, "incident.html", tag=tag, described=storm, incident=storm.incident, days=storm.days)
