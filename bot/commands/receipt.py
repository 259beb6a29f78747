"""/receipt: the ledger's row of an issued forecast, and how anybody can prove that it was never changed.

receipt:NAME   one of the sample market's, where nothing is issued
"""

import re
from html import escape
from math import expm1

from bellwether.ask import forecasts
from bellwether.ask.sample_receipts import Receipts, sample_name
from bellwether.core.errors import BadSymbol
from bellwether.core.i18n.translate import N_, said, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import Q10, Q90, issues_forecasts
from bellwether.forecasting import sentences
from bellwether.track_record.ledger.receipts import Receipt
from bellwether.track_record.misses.sentences import of_one
from bot.commands.base import ChatContext, Command, Press
from bot.commands.stock_typed import question_and_horizon
from bot.replies import Button, Reply

_ID = re.compile(r"f[0-9a-f]{6,}", re.IGNORECASE)
_NAME = re.compile(r"\S+-\d{4}-\d{2}-\d{2}-\d{1,2}")  #: of one of the sample's
_SAMPLES = 3  #: that are offered
_PURPOSE = N_(
    "A receipt is the proof that a forecast was written down before anybody knew what would come, and never changed."
)
_NONE_ISSUED = N_(
    "This is the sample market: its forecasts are made anew from old prices, so nothing is written down and none has a "
    "receipt. Press one of its biggest misses to see what a receipt looks like:"
)


def answer(chat: ChatContext, text: str) -> Reply:
    """Give the receipt of an id, or of today's forecast of a symbol."""
    wanted = text.strip()
    if not wanted:
        raise BadSymbol(said("Which forecast? For example: /receipt AAPL, or /receipt with the id of a forecast."))
    if _ID.fullmatch(wanted) or _NAME.fullmatch(wanted):
        return _shown(chat, wanted)
    question, horizon = question_and_horizon(chat.services.universe, wanted)
    if not issues_forecasts(chat.services.provider.name):
        return _samples(chat, forecasts.resolve(chat.services, question).symbol)
    return _shown(chat, forecasts.answer(chat.services, question, horizon).forecast.forecast_id)


def _shown(chat: ChatContext, name: str) -> Reply:
    return Reply(_text(Receipts(chat.services).get(name)))


def _samples(chat: ChatContext, symbol: str) -> Reply:
    """Say why nothing of the sample market has a receipt, and offer those it shows, of this symbol first."""
    misses = sorted(forecasts.track_record(chat.services).misses, key=lambda miss: miss.symbol != symbol)
    buttons = tuple(
        (
            Button(
                f"{miss.symbol}, {sentences.day(miss.cutoff)}",
                f"receipt:{sample_name(miss.symbol, miss.cutoff, miss.horizon)}",
            ),
        )
        for miss in misses[:_SAMPLES]
    )
    return Reply(f"{_(_PURPOSE)}\n\n{_(_NONE_ISSUED)}", buttons=buttons)


def _text(receipt: Receipt) -> str:
    issued = issues_forecasts(receipt.source)
    heading = _("Receipt of forecast {id}").format(id=escape(receipt.forecast_id))
    message = (
        _(
            "On {date} at {time} UTC I said of {symbol}, from the close of {cutoff}: 8 in 10 outcomes {low} to {high} "
            "by {target} (model {model}, prices from {source})."
        )
        if issued
        else _(
            "On {date} at {time} UTC I would have said of {symbol}, from the close of {cutoff}: 8 in 10 outcomes "
            "{low} to {high} by {target} (model {model}, prices from {source})."
        )
    )
    told = message.format(
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
    if issued:
        row = _("Row {row} of the ledger, which is only ever added to.").format(row=receipt.row)
        row = f"{row} {_(_PURPOSE)}"
    else:  # of what stands in no ledger it is the proof of nothing
        row = _("Simulated: made anew from past prices, to show what a receipt is. It stands in no ledger.")
    proof = _(
        "hash <code>{hash}</code>\nhash before <code>{hash_before}</code>\ncontent <code>{content}</code>"
    ).format(hash=receipt.hash, hash_before=receipt.hash_before, content=receipt.content)
    how = _("How to check: {how}.").format(how=escape(translated(receipt.how_to_check)))
    folded = f"<blockquote expandable>{proof}\n{how}</blockquote>"
    return "\n\n".join([f"<b>{heading}</b>", f"{told} {_outcome(receipt)}", row, folded])


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
    told = message.format(growth=_growth(came.log_return))
    return told if held or came.evidence is None else f"{told} {of_one(came.evidence)}"


COMMAND = Command(
    "receipt",
    N_("ID or TICKER"),
    N_("proof of what a forecast said"),
    answer,
    {"receipt": Press(lambda chat, given: _shown(chat, given.text(0)))},
)
