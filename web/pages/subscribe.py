"""To subscribe with a mail address: typed here, confirmed from a mail, then chosen on a page of its own.

The answer is the same whether an address is known, was asked today, or wants nothing: it tells no stranger anything.
A look at the link of the mail changes nothing, for mail programs look at links by themselves.
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether.access.addresses import network
from bellwether.core.errors import BadTarget, LimitReached
from bellwether.core.i18n.translate import nearest
from bellwether.delivery.readers import ask
from web.dependencies import ServicesOf
from web.middleware.visitor import visitor
from web.pages.form import NEVER_KEPT, FormOf
from web.pages.render import page
from web.problems import HttpProblem

router = APIRouter(include_in_schema=False)


@router.get("/subscribe")
def subscribe(request: Request, services: ServicesOf) -> Response:
    """The form."""
    if not ask.offered(services):
        text = "Mails are not offered here: whoever runs this service has set up no mail server."
        raise HttpProblem("not_found", text)
    return _page(request)


@router.post("/subscribe")
def send_mail(request: Request, services: ServicesOf, form: FormOf) -> Response:
    """Send a mail to the address, if it may have one; what is wrong with the address stands above the form."""
    language = nearest(request.headers.get("accept-language", "").partition(",")[0].partition(";")[0])
    try:
        ask.subscribe(services, form.get("address", ""), language, network(visitor(request.scope)))
    except (BadTarget, LimitReached) as problem:
        return _page(request, 429 if isinstance(problem, LimitReached) else 400, problem=problem.for_person)
    return _page(request, step="sent")


@router.get("/subscribe/confirm/{token}")
def look(request: Request, services: ServicesOf, token: str) -> Response:
    """A button that confirms it."""
    mailbox = ask.to_confirm(services, token)
    if mailbox is None:
        raise _lapsed()
    return _page(request, step="confirm", shown=mailbox.shown)


@router.post("/subscribe/confirm/{token}")
def confirm(services: ServicesOf, token: str) -> Response:
    """Confirm it, and go on to the page where stocks and alerts are chosen."""
    page_token = ask.confirm(services, token)
    if page_token is None:
        raise _lapsed()
    return RedirectResponse(f"/subscription/{page_token}", 303, {"Cache-Control": NEVER_KEPT})


def _page(request: Request, status: int = 200, *, step: str = "form", problem: str = "", shown: str = "") -> Response:
    response = page(request, "subscribe.html", status, step=step, problem=problem, shown=shown)
    if step != "form":
        response.headers["Cache-Control"] = NEVER_KEPT
    return response


def _lapsed() -> HttpProblem:
    return HttpProblem("not_found", "This link has lapsed: it is good for a day. Please subscribe once more.")
