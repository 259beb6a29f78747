"""The pages that explain: how it works, what is kept about a visitor, how programs ask."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.delivery.readers import ask as readers
from bellwether.forecasting.caveats import OLD
from bellwether.forecasting.to_json import forecast_json
from web.api.openapi import ADMIN, KEY_NEEDED
from web.dependencies import ExampleOf, ServicesOf
from web.pages.example import SYMBOL, Shown
from web.pages.render import page, tag_of
from web.problems import KINDS

router = APIRouter(include_in_schema=False)


@router.get("/how-it-works")
def how_it_works(request: Request, services: ServicesOf) -> Response:
    """From prices to a range, in three pictures."""
    card = services.model.card if services.model else None
    age = knowledge_age(card.seen_to, services.clock().date()) if card else None
    tag = tag_of(request, card.model_id if card else "", age)
    return page(request, "how.html", tag=tag, card=card, age=age)


@dataclass(frozen=True, slots=True)
class KnowledgeAge:
    """How old what a model knows is, as it is drawn."""

    learned_to: date
    told: str  #: the time since then: "2 years 8 months"
    first: int  #: year in which the drawing begins
    width: int  #: of what it learned from, of 358
    is_old: bool  #: nothing of the last year is in it


def knowledge_age(learned_to: date, today: date) -> KnowledgeAge:
    """The last years of what it learned from, four or more, and all the time since."""
    days = max((today - learned_to).days, 0)
    years, months = divmod(days * 12 // 365, 12)
    parts = [
        f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in ((years, "year"), (months, "month")) if count
    ]
    shown = max(4 * 365, days)
    first = (learned_to - timedelta(days=shown)).year
    width = round(358 * shown / (shown + days))
    return KnowledgeAge(learned_to, " ".join(parts) or "less than a month", first, width, timedelta(days=days) > OLD)


@router.get("/privacy")
def privacy(request: Request, services: ServicesOf) -> Response:
    """What is kept about whom, and for how long."""
    a_minute = services.settings.web.requests_a_minute
    mails_offered = readers.offered(services)
    tag = tag_of(request, "privacy", a_minute, mails_offered)
    return page(request, "privacy.html", tag=tag, a_minute=a_minute, mails_offered=mails_offered)


@router.get("/developers")
def developers(request: Request, services: ServicesOf, example: ExampleOf) -> Response:
    """How to call the API: a real answer, how to get a key, every address and every problem."""
    shown = example.get()
    return page(
        request,
        "developers.html",
        example=SYMBOL,
        answer=_in_full(shown),
        addresses=_by_subject(request.app.openapi()),
        plans=services.settings.api.plans if services.settings.api.limits else {},
        kinds=KINDS,
        a_minute=services.settings.web.requests_a_minute,
    )


def _in_full(shown: Shown) -> str:
    """The example as the API answers it, or why it is not there."""
    if shown.made is None:
        return shown.silence or "It is being made; please load this page again in a moment."
    return json.dumps(forecast_json(shown.made), indent=2, ensure_ascii=False)


_NEEDED = {repr(KEY_NEEDED): "needed", repr(ADMIN): "operator's"}


@dataclass(frozen=True, slots=True)
class Address:
    """One address and method."""

    method: str  #: in capitals
    parts: tuple[str, ...]  #: of the path, each with the slash before it: where a line may break
    says: str  #: what is there, in a sentence or two
    key: str  #: whether it takes one


def _by_subject(description: dict[str, Any]) -> dict[str, list[Address]]:
    """The addresses of an OpenAPI description under the name of what they are about, in its order."""
    subjects: dict[str, list[Address]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            subjects.setdefault(operation["tags"][0], []).append(_address(method, path, operation))
    return subjects


def _address(method: str, path: str, operation: dict[str, Any]) -> Address:
    says = operation["description"].partition("\n\n")[0].replace("\n", " ").replace("`", "")
    key = _NEEDED.get(repr(operation.get("security")), "optional")
    return Address(method.upper(), tuple(f"/{part}" for part in path.strip("/").split("/")), says, key)
