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
from bellwether.track_record.ledger import receipts
from bellwether.track_record.ledger.receipts import Receipt
from bot.commands.base import ChatContext, Command
from bot.commands.stock_typed import question_and_horizon
from bot.replies import Reply

_ID = re.compile(r"f[0-9a-f]{6,}", re.IGNORECASE)


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the receipt of an id, or of today's forecast of a symbol."""
    wanted = text.strip()
    if not wanted:
        raise BadSymbol(said("Which forecast? For example: /receipt AAPL, or /receipt with the id of a forecast."))
    if not _ID.fullmatch(wanted):
        question, horizon = question_and_horizon(chat.services.universe, wanted)
        wanted = forecasts.answer(chat.services, question, horizon).forecast.forecast_id
    return Reply(_text(receipts.receipt(chat.services.store, wanted)))


def _text(receipt: Receipt) -> str:
    heading = _("Receipt of forecast {id}").format(id=escape(receipt.forecast_id))
    told = _(
        "On {date} at {time} UTC I said of {symbol}, from the close of {cutoff}: 8 in 10 outcomes {low} to {high} by "
        "{target} (model {model}, prices from {source})."
    ).format(
        date=sentences.day(receipt.made_at.date()),
        time=f"{receipt.made_at:%H:%M}",
        symbol=escape(receipt.symbol),
        cutoff=sentences.day(receipt.cutoff),
        low=_growth(receipt.log_returns[Q10]),
        high=_growth(receipt.log_returns[Q90]),
        target=sentences.day(receipt.target_session),
        model=escape(receipt.model_id),
        source=escape(receipt.source),
    )
    proof = _(
        "Row {row} of the ledger, which is only ever added to.\nhash <code>{hash}</code>\n"
        "hash before <code>{hash_before}</code>\ncontent <code>{content}</code>"
    ).format(row=receipt.row, hash=receipt.hash, hash_before=receipt.hash_before, content=receipt.content)
    how = _("How to check: {how}.").format(how=escape(translated(receipt.how_to_check)))
    return "\n\n".join([f"<b>{heading}</b>", told, _outcome(receipt), proof, f"<i>{how}</i>"])


def _growth(log_return: float) -> str:
    return sentences.signed_percent(expm1(log_return))


def _outcome(receipt: Receipt) -> str:
    came = receipt.outcome
    if came is None:
        return _("Its time is not over yet, so there is no outcome.")
    if came.log_return is None:
        return _("It has no outcome: no price came, as after a delisting.")
    held = receipt.log_returns[Q10] <= came.log_return <= receipt.log_returns[Q90]
    message = _("What came: {growth}, inside the range.") if held else _("What came: {growth}, outside the range.")
    return message.format(growth=_growth(came.log_return))


COMMAND = Command("receipt", N_("ID or TICKER"), N_("proof of what a forecast said"), answer)
