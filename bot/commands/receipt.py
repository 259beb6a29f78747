"""/receipt: the ledger's row of an issued forecast, and how anybody can prove that it was never changed."""

import re
from html import escape
from math import expm1

from bellwether import queries, wording
from bellwether.errors import BadSymbol
from bellwether.scoring.types import Receipt
from bellwether.services import Services
from bot.commands.command import Asker, Command
from bot.commands.forecast import question_and_horizon
from bot.replies import Reply

_ID = re.compile(r"f[0-9a-f]{6,}", re.IGNORECASE)


def answer(services: Services, asker: Asker, text: str) -> Reply:
    """The receipt of an id, or of today's forecast of a symbol."""
    wanted = text.strip()
    if not wanted:
        raise BadSymbol("Which forecast? For example: /receipt AAPL, or /receipt with the id of a forecast.")
    if not _ID.fullmatch(wanted):
        wanted = queries.answer(services, *question_and_horizon(services, wanted)).forecast.forecast_id
    return Reply(_text(queries.receipt(services, wanted)))


def _text(one: Receipt) -> str:
    low, high = wording.signed_percent(expm1(one.log_returns[1])), wording.signed_percent(expm1(one.log_returns[5]))
    said = (
        f"<b>Receipt of forecast {escape(one.forecast_id)}</b>\n\n"
        f"On {one.made_at:%Y-%m-%d at %H:%M} UTC I said of {escape(one.symbol)}, from the close of "
        f"{wording.day(one.cutoff)}: 8 in 10 outcomes {low} to {high} by {wording.day(one.target_session)} "
        f"(model {escape(one.model_id)}, prices from {escape(one.source)})."
    )
    proof = (
        f"Row {one.row} of the ledger, which is only ever added to.\n"
        f"hash <code>{one.hash}</code>\nhash before <code>{one.hash_before}</code>\ncontent <code>{one.content}</code>"
    )
    return "\n\n".join([said, _outcome(one), proof, f"<i>How to check: {escape(one.how_to_check)}.</i>"])


def _outcome(one: Receipt) -> str:
    came = one.outcome
    if came is None:
        return "Its time is not over yet, so there is no outcome."
    if came.log_return is None:
        return "It has no outcome: no price came, as after a delisting."
    held = one.log_returns[1] <= came.log_return <= one.log_returns[5]
    moved = wording.signed_percent(expm1(came.log_return))
    return f"What came: {moved}, {'inside' if held else 'outside'} the range."


COMMAND = Command("receipt", "ID or SYMBOL", "proof of what a forecast said", answer)
