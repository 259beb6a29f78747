"""Everything that is kept about a reader: to take along, or to delete for good.

It is reached by a link of its own, mailed when it is asked for and good for an hour: the link to a reader's page stands
in each mail, and whoever was sent such a mail on is to see nothing more than what is chosen there, nor end it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from bellwether.delivery import chats
from bellwether.delivery.readers import ask
from bellwether.delivery.readers.ask import Reader
from web.dependencies import ServicesOf
from web.pages.form import NEVER_KEPT, FormOf
from web.pages.render import page
from web.problems import HttpProblem

_FILE = "bellwether-my-data.json"
router = APIRouter(include_in_schema=False)


def _reader(services: ServicesOf, token: str) -> Reader:
    reader = ask.by_access(services, token)
    if reader is None:
        text = "This link has lapsed: it is good for an hour. Your page, by the link in any mail, sends a new one."
        raise HttpProblem("not_found", text)
    return reader


ReaderOf = Annotated[Reader, Depends(_reader)]


@router.get("/subscribe/access/{token}")
def look(request: Request, reader: ReaderOf, token: str) -> Response:
    """A link to the file, and a button that deletes."""
    return _page(request, reader, token)


@router.get("/subscribe/access/{token}/data.json")
def export(services: ServicesOf, reader: ReaderOf) -> Response:
    """Everything that is kept about this reader."""
    headers = {"Content-Disposition": f'attachment; filename="{_FILE}"', "Cache-Control": NEVER_KEPT}
    content = chats.export(services.store, services.clock, reader.owner)
    return Response(content, headers=headers, media_type="application/json")


@router.get("/subscribe/access/{token}/delete")
def come_back(reader: ReaderOf, token: str) -> Response:
    """The form's own address, opened once more."""
    return RedirectResponse(f"/subscribe/access/{token}", 303, {"Cache-Control": NEVER_KEPT})


@router.post("/subscribe/access/{token}/delete")
def delete(request: Request, services: ServicesOf, reader: ReaderOf, token: str, form: FormOf) -> Response:
    """Delete everything, once the box is ticked."""
    if form.get("sure") != "yes":
        return _page(request, reader, token, 400, "Please tick the box first: what is deleted does not come back.")
    chats.erase(services.store, services.clock, reader.owner)
    return _page(request, reader, token, step="deleted")


def _page(
    request: Request, reader: Reader, token: str, status: int = 200, problem: str = "", *, step: str = "choose"
) -> Response:
    response = page(request, "access.html", status, step=step, token=token, problem=problem, shown=reader.mailbox.shown)
    response.headers["Cache-Control"] = NEVER_KEPT
    return response
