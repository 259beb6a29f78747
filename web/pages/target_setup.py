"""Where alerts of a chat go too, set up on a page: a link of the chat leads here, opens once, and is good for an hour.

What it opens is bound to the forms of the page, so it needs no cookie, and no other site can send one of them.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.core.errors import BadTarget, LimitReached
from bellwether.delivery.targets import ask, page_links, sentences
from bellwether.delivery.targets.page_links import Visit
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, TargetState
from bellwether.services import Services
from web.dependencies import ServicesOf
from web.pages.form import NEVER_KEPT, Form, FormOf
from web.pages.render import page
from web.problems import HttpProblem

#: how to get at an address: in words, and how it is written
_GUIDES = {
    TargetKind.MAIL: ("Your mail address.", "ann@example.com"),
    TargetKind.DISCORD: (
        "In the settings of the channel: Integrations, Webhooks, New Webhook, then Copy Webhook URL.",
        "https://discord.com/api/webhooks/…",
    ),
    TargetKind.SLACK: (
        "At api.slack.com/apps create an app for your workspace, switch on Incoming Webhooks, add one to a channel.",
        "https://hooks.slack.com/services/…",
    ),
    TargetKind.NTFY: (
        "In the app subscribe to a topic with a name that nobody can guess.",
        "https://ntfy.sh/my-secret-topic",
    ),
    TargetKind.MATRIX: (
        "Let an account of its own into the room: its access token, its server and the room.",
        "matrixs://TOKEN@matrix.example/!ROOM:matrix.example",
    ),
    TargetKind.GOTIFY: ("Create an application: your server and its token.", "gotifys://gotify.example/TOKEN"),
    TargetKind.PUSHOVER: (
        "At pushover.net create an application: your user key and its token.",
        "pover://USER_KEY@TOKEN",
    ),
    TargetKind.TEAMS: ("Give the channel the workflow for webhook requests, and copy its address.", "https://…"),
    TargetKind.OTHER: (
        "As apprise writes it; github.com/caronc/apprise lists how each app is written.",
        "scheme://…",
    ),
}
router = APIRouter(include_in_schema=False)


@router.get("/channels")
def come_back() -> Response:
    """The forms' own address, opened once more: whoever opened the link is known by its forms alone."""
    raise _over()


@router.get("/channels/{token}")
def look(request: Request, services: ServicesOf, token: str) -> Response:
    """A button that opens the link."""
    if not page_links.is_good(services, token):
        raise _over()
    return _page(request, services, None)


@router.post("/channels/{token}")
def open_link(request: Request, services: ServicesOf, token: str) -> Response:
    """Open the link, once."""
    visit = page_links.open_once(services, token)
    if visit is None:
        raise _over()
    return _page(request, services, visit)


@router.post("/channels")
def change(request: Request, services: ServicesOf, form: FormOf) -> Response:
    """Do what a form of the page asks for; what is in the way stands above it."""
    visit = page_links.visit(services, form.get("visit", ""))
    if visit is None:
        raise _over()
    what = _CHANGES.get(form.get("do", ""))
    if what is None:
        raise HttpProblem("not_found", "There is nothing at this address.")
    try:
        done = what(services, visit, form)
    except (BadTarget, LimitReached) as problem:
        return _page(request, services, visit, 400, problem=problem.for_person)
    return _page(request, services, visit, done=done)


def _add(services: Services, visit: Visit, form: Form) -> str:
    target = ask.add(services, visit.chat_id, form.get("address", ""), visit.language)
    return f"A code is on its way to {sentences.name(target)}. It is good for a day."


def _prove(services: Services, visit: Visit, form: Form) -> str:
    target = ask.prove(services, visit.chat_id, form.get("code", ""))
    return f"Done. Alerts and digests go to {sentences.name(target)} too."


def _stop(services: Services, visit: Visit, form: Form) -> str:
    return f"Nothing more goes to {sentences.name(ask.stop(services, visit.chat_id, _number(form)))}."


def _resume(services: Services, visit: Visit, form: Form) -> str:
    return f"Alerts and digests go to {sentences.name(ask.resume(services, visit.chat_id, _number(form)))} again."


def _delete(services: Services, visit: Visit, form: Form) -> str:
    return f"{sentences.name(ask.remove(services, visit.chat_id, _number(form)))} is deleted."


_CHANGES: dict[str, Callable[[Services, Visit, Form], str]] = {
    "add": _add,
    "prove": _prove,
    "stop": _stop,
    "resume": _resume,
    "delete": _delete,
}


def _number(form: Form) -> int:
    """Of a target; -1, which none has, for what is no number."""
    text = form.get("target", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1


def _state(target: Target) -> str:
    if target.state is TargetState.PROVED:
        return "alerts and digests go there"
    if target.state is TargetState.UNPROVED:
        return "waits for its code"
    if target.stopped_why is StopReason.CHAT:
        return "stopped by you"
    return "stopped: somebody there, or the service itself, wanted no more"


def _page(
    request: Request, services: Services, visit: Visit | None, status: int = 200, *, problem: str = "", done: str = ""
) -> Response:
    targets = ask.of_chat(services, visit.chat_id) if visit is not None else []
    response = page(
        request,
        "channels.html",
        status,
        visit=visit,
        problem=problem,
        done=done,
        targets=[(target, sentences.name(target), _state(target), ask.may_resume(target)) for target in targets],
        waits_for_code=any(target.state is TargetState.UNPROVED for target in targets),
        guides=[(sentences.label(kind), *_GUIDES[kind]) for kind in ask.offered(services)],
    )
    response.headers["Cache-Control"] = NEVER_KEPT
    return response


def _over() -> HttpProblem:
    text = "This link is over: it opens once, and is good for an hour. In the chat, /alerts gives you a new one."
    return HttpProblem("not_found", text)
