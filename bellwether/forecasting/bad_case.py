"""What may be lost, in a sentence: the loss that 1 in 20 outcomes exceed, also of an amount of money. Pure."""

from math import isnan

from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.numbers import percent, sum_of_money
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.types import LEVELS, Forecast
from bellwether.forecasting.sentences import within

_WORST = LEVELS.index(0.05)
_WHOLE_FROM = 100  #: units of a currency, of which cents of a loss say nothing
_SPANS = {1: N_("On a bad day"), 5: N_("In a bad week"), 21: N_("In a bad month"), 63: N_("In three bad months")}


def bad_case(forecast: Forecast, amount: float | None = None, currency: str = "") -> str:
    """ "In a bad month, 1 in 20, Tesla loses over 24 %."; "" where even the bad case is a gain.

    `amount` is what somebody has in it, in `currency`, "" where none was said: then it says what is lost of that. Of
    a negative one it says that it is not understood, since what a short position loses lies at the other end of the
    range; of NaN, an amount that can be read in two ways, it asks back.
    """
    if amount is not None and isnan(amount):
        ask = _("I can't tell how much money you mean. Please write it without anything between its thousands: 1000.")
        return " ".join(filter(None, [ask, bad_case(forecast)]))
    if amount is not None and amount < 0:
        return _("I don't understand a negative amount: what a short position may lose is another risk.")
    loss = -forecast.growths[_WORST]
    if loss <= 0:
        return ""
    stake = amount or 0.0
    values = {
        "name": with_articles(forecast.name, forecast.symbol),
        "loss": percent(loss, 0 if amount is None else 1),  # so exact that the money can be reckoned from it
        "amount": sum_of_money(stake, currency, 0 if stake == round(stake) else 2),
        "lost": sum_of_money(stake * loss, currency, 0 if stake >= _WHOLE_FROM else 2),
    }
    if forecast.horizon in _SPANS:
        message = (
            _("{span}, 1 in 20, {name:the} loses over {loss}.")
            if amount is None
            else _("{span}, 1 in 20, {name:the} loses over {loss}; of {amount} that is {lost}.")
        )
        return message.format(span=_(_SPANS[forecast.horizon]), **values)
    message = (
        _("In a bad case, 1 in 20, {name:the} loses over {loss} {span}.")
        if amount is None
        else _("In a bad case, 1 in 20, {name:the} loses over {loss} {span}; of {amount} that is {lost}.")
    )
    return message.format(span=within(forecast.horizon), **values)
