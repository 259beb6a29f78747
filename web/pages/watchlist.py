"""A list that a visitor brings along: what it was read as, links, and what to paste in Telegram. Nothing is kept."""

from collections.abc import Sequence
from typing import Annotated, TypeGuard

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from bellwether.ask.holdings import Understood, understand
from bellwether.ask.lists import MOST as MOST_JOINED
from bellwether.core.errors import BadFile
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Instrument
from bellwether.delivery.readers import ask as readers
from bellwether.market.holdings.kinds import MOST_BYTES
from bellwether.services import Services
from web.dependencies import BotOf, ServicesOf
from web.pages.compare import MOST as MOST_COMPARED
from web.pages.forecast_view import compare_address, risk_address
from web.pages.render import page
from web.pages.telegram_link import Bot
from web.pages.upload import Field, read_form

MOST_LOOKED_UP = 10  #: of a list that the source of prices is asked about; a visitor need not say who they are
LONGEST_COMMAND = 190  #: characters after /watch, which the bot reads in one message
_NEVER_KEPT = "private, no-store"
router = APIRouter(include_in_schema=False)


async def _form(request: Request) -> dict[str, Field]:
    return read_form(request.headers.get("content-type", ""), await request.body())


@router.get("/watchlist")
def ask_for_list(request: Request, services: ServicesOf, bot: BotOf) -> Response:
    """The form."""
    return _page(request, services, bot)


@router.post("/watchlist")
def read_list(
    request: Request, services: ServicesOf, bot: BotOf, form: Annotated[dict[str, Field], Depends(_form)]
) -> Response:
    """What a file, or what was pasted, is read as; what is wrong with it stands above the form."""
    file, pasted = form.get("file", Field(b"")), form.get("text", Field(b""))
    sent = file if file.content else pasted
    if not sent.content.strip():
        empty = "That file is empty." if file.file_name and not pasted.content.strip() else ""
        return _page(request, services, bot, problem=empty or "Please choose a file, or paste your list.")
    try:
        understood = understand(services, sent.content, sent.file_name, MOST_LOOKED_UP)
    except BadFile as problem:
        return _page(request, services, bot, problem=problem.for_person)
    return _page(request, services, bot, understood)


def commands(instruments: Sequence[Instrument]) -> list[str]:
    """What to send to the bot: as few messages as it reads."""
    lines: list[str] = []
    for instrument in instruments:
        # without spaces: a code of digits after one would be read as a horizon
        longer = f"{lines[-1]},{instrument.symbol}" if lines else ""
        if lines and len(longer) <= LONGEST_COMMAND + len("/watch "):
            lines[-1] = longer
        else:
            lines.append(f"/watch {instrument.symbol}")
    return lines


def _can_be_joined(understood: Understood | None) -> TypeGuard[Understood]:
    return understood is not None and 1 < len(understood.instruments) <= MOST_JOINED


def _page(
    request: Request, services: Services, bot: Bot, understood: Understood | None = None, problem: str = ""
) -> Response:
    first = understood.instruments[:MOST_COMPARED] if understood is not None else ()
    response = page(
        request,
        "watchlist.html",
        400 if problem else 200,
        problem=problem,
        understood=understood,
        compare=compare_address([instrument.symbol for instrument in first], DEFAULT_HORIZON) if len(first) > 1 else "",
        compared=len(first),
        risk=risk_address([each.symbol for each in understood.instruments]) if _can_be_joined(understood) else "",
        commands=commands(understood.instruments) if understood is not None else [],
        bot=bot,
        bot_name=bot.name(),
        mails_offered=readers.offered(services),
        most_kb=MOST_BYTES // 1000,
    )
    if understood is not None:
        response.headers["Cache-Control"] = _NEVER_KEPT
    return response
