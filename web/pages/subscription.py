"""The page of somebody without Telegram: their stocks, alerts and settings, and everything kept about them.

Whoever has the link is that person, for only their mailbox has it; so nothing needs a cookie, and no other site can
send one of these forms. It is in each mail, which may be forwarded: so what shows or deletes everything is reached by
another link, `reader_access`, and the reader may make all earlier ones void.
"""

import re
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from bellwether.alerts import ask as rules
from bellwether.alerts.text import alerts
from bellwether.alerts.watchlist import watchlist
from bellwether.core.alert_types import DigestMode, RuleKind
from bellwether.core.errors import BellwetherError, StoreError
from bellwether.core.i18n.translate import LANGUAGES, nearest
from bellwether.delivery.chat_wishes import alert_settings
from bellwether.delivery.readers import ask
from bellwether.delivery.readers.ask import Reader
from bellwether.delivery.targets.target import TargetState
from bellwether.market.symbols.universe import instrument_of
from bellwether.services import Services
from web.dependencies import ServicesOf
from web.pages.form import NEVER_KEPT, FormOf
from web.pages.reader_changes import CHANGES, LONGEST_LIST
from web.pages.render import page
from web.problems import HttpProblem

_COMMAND = re.compile(r"[;:] /[a-z_]+.*$")  #: what a sentence says at its end of a command of the chat
_KINDS = {
    RuleKind.PRICE: "its close passes a price",
    RuleKind.MOVE: "it moves a lot in a day",
    RuleKind.UNUSUAL: "its range becomes unusual",
    RuleKind.RISK: "a bad case gets worse",
    RuleKind.GROWTH: "the middle outcome passes a share",
    RuleKind.CHANCE: "the chance of a rise passes a share",
    RuleKind.EARNINGS: "it reports earnings the next day",
}
_DIGESTS = {
    DigestMode.ALWAYS: "after every trading day",
    DigestMode.UNUSUAL: "only when something is unusual",
    DigestMode.WEEKLY: "once a week",
}
_BUDGETS = (0, 3, 5, 10, 20)  #: as the chat offers them
router = APIRouter(include_in_schema=False)


def _reader(services: ServicesOf, token: str) -> Reader:
    reader = ask.by_token(services, token)
    if reader is None:
        text = (
            "This link leads nowhere any more: it was made void, or what it was for was deleted. The newest mail has "
            "the link that is good; to get another one, or to begin anew, subscribe once more."
        )
        raise HttpProblem("not_found", text)
    return reader


ReaderOf = Annotated[Reader, Depends(_reader)]


@router.get("/subscription/{token}")
def look(request: Request, services: ServicesOf, reader: ReaderOf) -> Response:
    """What was chosen, and forms to change it."""
    return _page(request, services, reader)


@router.get("/subscription/{token}/{what}")
def come_back(reader: ReaderOf, what: str) -> Response:
    """A form's own address, opened once more: there is nothing but the page."""
    return RedirectResponse(f"/subscription/{reader.token}", 303, {"Cache-Control": NEVER_KEPT})


@router.post("/subscription/{token}/{what}")
def change(request: Request, services: ServicesOf, reader: ReaderOf, what: str, form: FormOf) -> Response:
    """Do what a form of the page asks for; what is in the way stands above it."""
    if what not in CHANGES:
        raise HttpProblem("not_found", "There is nothing at this address.")
    try:
        notice = CHANGES[what](services, reader, form)
    except StoreError:
        raise
    except BellwetherError as problem:
        return _page(request, services, reader, 400, problem=_COMMAND.sub(".", problem.for_person))
    if what == "new-link":
        return _moved(request, reader)
    if notice:
        return _page(request, services, reader, problem=notice)
    return RedirectResponse(f"/subscription/{reader.token}", 303, {"Cache-Control": NEVER_KEPT})


def _moved(request: Request, reader: Reader) -> Response:
    """What stands at the address that has just become void."""
    response = page(request, "access.html", step="moved", shown=reader.mailbox.shown)
    response.headers["Cache-Control"] = NEVER_KEPT
    return response


def _page(request: Request, services: Services, reader: Reader, status: int = 200, problem: str = "") -> Response:
    known = services.universe
    chosen = alert_settings(services.store, reader.owner)
    watched = [known.get(row.symbol) or instrument_of(row.symbol) for row in watchlist(services.store, reader.owner)]
    waiting = [(rule, known.get(rule.symbol)) for rule in rules.rules_of(services.store, reader.owner)]
    response = page(
        request,
        "subscription.html",
        status,
        reader=reader,
        problem=problem,
        is_confirmed=reader.mailbox.state is not TargetState.UNPROVED,
        may_resume=ask.may_resume(reader),
        watched=watched,
        rules=[
            (rule, alerts.describe(rule, instrument.currency if instrument is not None else ""))
            for rule, instrument in waiting
        ],
        chosen=chosen,
        language=nearest(chosen.language or reader.language),
        languages=LANGUAGES,
        local_time=services.clock().astimezone(ZoneInfo(chosen.timezone)).strftime("%H:%M"),
        kinds=_KINDS,
        digests=_DIGESTS,
        budgets=_BUDGETS,
        longest=LONGEST_LIST,
    )
    response.headers["Cache-Control"] = NEVER_KEPT
    return response
