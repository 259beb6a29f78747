"""/receipt: the ledger's row of an issued forecast, and how anybody can prove that it was never changed."""

import re
from html import escape
from math import expm1

from bellwether.ask import forecasts
from bellwether.core.errors import BadSymbol
from bellwether.core.i18n.translate import N_, said, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90
from bellwether.forecasting import sentences
from bellwether.services import Services
from bellwether.track_record.ledger.receipts import Receipt
from bot.commands.base import ChatContext, Command
from bot.commands.forecast import question_and_horizon
from bot.replies import Reply

_ID = re.compile(r"f[0-9a-f]{6,}", re.IGNORECASE)


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """The receipt of an id, or of today's forecast of a symbol."""
    wanted = text.strip()
    if not wanted:
        raise BadSymbol(said("Which forecast? For example: /receipt AAPL, or /receipt with the id of a forecast."))
    if not _ID.fullmatch(wanted):
        wanted = forecasts.answer(services, *question_and_horizon(services, wanted)).forecast.forecast_id
    return Reply(_text(forecasts.receipt(services, wanted)))


def _text(one: Receipt) -> str:
    low, high = (
        sentences.signed_percent(expm1(one.log_returns[Q10])),
        sentences.signed_percent(expm1(one.log_returns[Q90])),
    )
    heading = _("Receipt of forecast {id}").format(id=escape(one.forecast_id))
    told = _(
        "On {date} at {time} UTC I said of {symbol}, from the close of {cutoff}: 8 in 10 outcomes {low} to {high} by "
        "{target} (model {model}, prices from {source})."
    ).format(
        date=sentences.day(one.made_at.date()),
        time=f"{one.made_at:%H:%M}",
        symbol=escape(one.symbol),
        cutoff=sentences.day(one.cutoff),
        low=low,
        high=high,
        target=sentences.day(one.target_session),
        model=escape(one.model_id),
        source=escape(one.source),
    )
    proof = _(
        "Row {row} of the ledger, which is only ever added to.\nhash <code>{hash}</code>\n"
        "hash before <code>{hash_before}</code>\ncontent <code>{content}</code>"
    ).format(row=one.row, hash=one.hash, hash_before=one.hash_before, content=one.content)
    how = _("How to check: {how}.").format(how=escape(translated(one.how_to_check)))
    return "\n\n".join([f"<b>{heading}</b>", told, _outcome(one), proof, f"<i>{how}</i>"])


def _outcome(one: Receipt) -> str:
    came = one.outcome
    if came is None:
        return _("Its time is not over yet, so there is no outcome.")
    if came.log_return is None:
        return _("It has no outcome: no price came, as after a delisting.")
    held = one.log_returns[Q10] <= came.log_return <= one.log_returns[Q90]
    moved = sentences.signed_percent(expm1(came.log_return))
    message = _("What came: {growth}, inside the range.") if held else _("What came: {growth}, outside the range.")
    return message.format(growth=moved)


COMMAND = Command("receipt", N_("ID or SYMBOL"), N_("proof of what a forecast said"), answer)
