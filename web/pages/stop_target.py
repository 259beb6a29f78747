"""The link at the end of what goes to other apps and to mailboxes: whoever reads there stops it, in one click.

A look at it changes nothing, for mail programs look at links by themselves; what stops is the POST, of the page's
button or of a mail program's (RFC 8058).
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bellwether.delivery.messages import TERMINAL, is_reader
from bellwether.delivery.targets import ask
from bellwether.delivery.targets.target import Target, TargetState
from web.dependencies import ServicesOf
from web.pages.render import page
from web.problems import HttpProblem

router = APIRouter(include_in_schema=False)


@router.get("/channels/stop/{token}")
def look(request: Request, services: ServicesOf, token: str) -> Response:
    """What the link stops, and a button for it."""
    target = ask.by_token(services, token)
    if target is None:
        raise _unknown()
    return _page(request, target, target.state is TargetState.STOPPED)


@router.post("/channels/stop/{token}")
def stop(request: Request, services: ServicesOf, token: str) -> Response:
    """Stop it, without further question."""
    target = ask.by_token(services, token)
    if target is None or not ask.stop_by_token(services, token):
        raise _unknown()
    return _page(request, target, stopped=True)


@router.post("/channels/stop/{token}/undo")
def undo(request: Request, services: ServicesOf, token: str) -> Response:
    """Let the place be asked again that was never to be."""
    target = ask.by_token(services, token)
    if target is None or not ask.allow_again(services, token):
        raise _unknown()
    return _page(request, target, stopped=True, may_be_asked=True)


@router.get("/channels/stop/{token}/undo")
def come_back(token: str) -> Response:
    """The form's own address, opened once more."""
    return RedirectResponse(f"/channels/stop/{token}", 303)


def _page(request: Request, target: Target, stopped: bool, may_be_asked: bool = False) -> Response:
    reader = is_reader(target.chat_id)  # who knows nothing of Telegram
    undo_at = "" if target.was_proved else f"{request.url.path.removesuffix('/undo')}/undo"
    return page(
        request,
        "stop.html",
        stopped=stopped,
        was_proved=target.was_proved,
        is_reader=reader,
        is_terminal=target.chat_id == TERMINAL,
        may_be_asked=may_be_asked,
        undo_at=undo_at,
    )


def _unknown() -> HttpProblem:
    text = (
        "This link is incomplete, or not known here, and stops nothing. If messages still come, copy the whole link "
        "from the end of the newest one: some apps cut it short. The link of a place that was deleted here is not "
        "known any more; nothing goes to such a place. If you had chosen there never to be asked again, that holds; "
        "only whoever runs this service can undo it."
    )
    return HttpProblem("not_found", text)
