"""What is asked about rise, fall and loss: no direction is pretended, and the bad case is the forecast's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bellwether.alerts import ask
from bellwether.ask import forecasts
from bellwether.core.i18n.translate import use_language
from bellwether.core.types import LEVELS
from bellwether.forecasting.bad_case import bad_case
from bellwether.forecasting.chance_beyond import bounds
from tests.support.talk import Talk, as_read

pytestmark = pytest.mark.usefixtures("unhurried")
NOBODY = "Nobody knows whether it rises or falls; how far it may move can be told:"

#: an app that says nothing of a language is answered in English, with the one it was asked in offered first
SPEAKS = {
    "steigt Tesla?": "Ich spreche auch Deutsch: Drücken Sie den ersten Knopf.",
    "¿va a subir tesla?": "También hablo español: pulsa el primer botón.",
    "a tesla vai cair?": "Também falo português: toque no primeiro botão.",
}


def loss(talk: Talk, symbol: str, horizon: int) -> float:
    growths = forecasts.answer(talk.services, symbol, horizon).forecast.growths
    return -growths[LEVELS.index(0.05)]


@pytest.mark.parametrize(
    "said", ["will tesla go up?", "will tesla crash?", "steigt Tesla?", "¿va a subir tesla?", "a tesla vai cair?"]
)
def test_whether_it_rises_is_said_to_be_known_to_nobody(talk: Talk, said: str) -> None:
    before, _, rest = talk.say(said).partition(f"{NOBODY}\n\n")
    assert before in ("", f"{SPEAKS.get(said)}\n\n")
    assert rest.startswith("Tesla")


@pytest.mark.parametrize("said", ["tesla", "what about tesla", "tesla next week"])
def test_who_does_not_ask_which_way_is_not_told_so(talk: Talk, said: str) -> None:
    assert NOBODY not in talk.say(said)


def test_the_bad_case_is_the_forecasts_own_quantile(talk: Talk) -> None:
    told = talk.say("how much could I lose on tesla in a month")
    assert told.startswith(f"In a bad month, 1 in 20, Tesla loses over {loss(talk, 'TSLA', 21):.0%}".replace("%", " %"))
    assert "Over the next month Tesla" in told


def test_of_an_amount_it_says_how_much_money_in_the_currency_as_said(talk: Talk) -> None:
    share = loss(talk, "AAPL", 10)
    for said, amount, lost in (
        ("I have 1000 dollars in apple", "$1,000", f"${1000 * share:,.0f}"),
        ("I have 2,000 euros in apple", "€2,000", f"€{2000 * share:,.0f}"),
        ("I have 1000 in apple", "1,000", f"{1000 * share:,.0f}"),
    ):
        told = talk.say(said)
        assert f"loses over {100 * share:.1f} % over the next two weeks; of {amount} that is {lost}." in told
        assert told.startswith("In a bad case, 1 in 20, Apple")


@pytest.mark.parametrize(
    ("language", "said", "start", "money"),
    [
        ("de", "ich habe 1000 Euro in Apple", "In einem schlechten Fall, 1 von 20, verliert Apple", "1.000 €"),
        ("es", "tengo 1000 dólares en apple", "En un mal caso, 1 de cada 20, Apple pierde", "1.000 US$"),
        ("pt", "tenho 1000 reais em apple", "Em um caso ruim, 1 em cada 20, a Apple perde", "R$ 1.000"),
        ("ru", "у меня 1000 рублей в apple", "В плохом случае, 1 из 20, через", "1 000 ₽"),  # noqa: RUF001
        ("ru", "у меня 1 000 рублей в apple", "В плохом случае, 1 из 20, через", "1 000 ₽"),  # noqa: RUF001
        ("ru", "у меня 1\u00a0000 руб. в apple", "В плохом случае, 1 из 20, через", "1 000 ₽"),  # noqa: RUF001
        ("ru", "у меня 12\u202f000\u202f000,50 ₽ в apple", "В плохом случае", "12 000 000,50 ₽"),  # noqa: RUF001
        ("en", "I have 10 000 in apple", "In a bad case, 1 in 20, Apple", "of 10,000 that"),
        ("en", "I have €10 000 in apple", "In a bad case, 1 in 20, Apple", "of €10,000 that"),
        ("en", "I have £ 500 in apple", "In a bad case, 1 in 20, Apple", "of £500 that"),
        ("en", "I have CA$500 in apple", "In a bad case, 1 in 20, Apple", "of 500 CAD that"),
        ("en", "I have USD 500 in apple", "In a bad case, 1 in 20, Apple", "of $500 that"),
        ("en", "I have 1000 CHF in apple", "In a bad case, 1 in 20, Apple", "of 1,000 CHF that"),
        ("en", "how much could I lose on 500 cents of apple", "In a bad case, 1 in 20, Apple", "of 5 that"),
        ("en", "I have 1000 yen in apple", "In a bad case, 1 in 20, Apple", "of ¥1,000 that"),
        ("de", "ich habe 1.000,- € in Apple", "In einem schlechten Fall, 1 von 20, verliert Apple", "1.000 €"),
        (
            "es",
            "¿cuánto podría perder con 1.234,50 € en tesla en un mes?",
            "En un mal mes, 1 de cada 20,",
            "1.234,50 €",
        ),
        ("pt", "quanto posso perder com R$ 1.000 em apple em 2 semanas", "Em um caso ruim, 1 em cada 20", "R$ 1.000"),
    ],
)
def test_every_language_says_the_bad_case_and_its_own_money(
    talk: Talk, language: str, said: str, start: str, money: str
) -> None:
    told = replace(talk, language=language).say(said)
    assert told.startswith(start)
    assert money in told


@pytest.mark.parametrize("amount", ["-500 dollars", "-$500", "$-500", "\u2212500 €", "minus 500 dollars", "-1 000"])
def test_a_negative_amount_is_never_taken_for_a_positive(talk: Talk, amount: str) -> None:
    told = talk.say(f"how much could I lose on {amount} of apple")
    assert told.startswith("I don't understand a negative amount")
    assert "that is" not in told.partition("\n")[0]


@pytest.mark.parametrize(
    ("language", "said", "start"),
    [
        ("en", "I have 150 200 dollars in apple", "I can't tell how much money you mean."),
        ("en", "I have 1.000 euros in apple", "I can't tell how much money you mean."),
        ("es", "tengo 1,000 dólares en apple", "No sé de cuánto dinero hablas."),
    ],
)
def test_an_amount_that_may_be_a_thousand_times_as_large_is_asked_back(
    talk: Talk, language: str, said: str, start: str
) -> None:
    told = replace(talk, language=language).say(said)
    assert told.startswith(start)
    assert "7.7" not in told.partition("\n")[0], "the share that money is reckoned from"


def test_where_even_the_bad_case_is_a_gain_nothing_is_said_of_loss(talk: Talk) -> None:
    made = forecasts.answer(talk.services, "AAPL", 21).forecast
    assert bad_case(replace(made, log_returns=tuple(0.01 + 0.01 * at for at in range(len(LEVELS))))) == ""


@pytest.mark.parametrize("horizon", [1, 5, 10, 21, 30, 63])
@pytest.mark.parametrize("code", ["en", "es", "de", "pt", "ru"])
def test_every_horizon_reads_as_one_sentence(talk: Talk, code: str, horizon: int) -> None:
    made = forecasts.answer(talk.services, "^GSPC", horizon).forecast
    with use_language(code):
        told = as_read(bad_case(made, 50, "USD"))
    assert "  " not in told
    assert told.count(".") >= 1
    assert told.endswith(".")


def test_what_if_i_put_money_in_makes_no_alert(talk: Talk) -> None:
    talk.say("what if I put 500 euros into apple")
    assert ask.rules_of(talk.services.store, talk.chat_id) == []
    assert "of €500 that is" in talk.say("i have 500 euros in apple, what if it falls")
    assert "loses over" in talk.say("can I lose money on apple")
    assert "Apple loses over" in talk.say("how much could I lose"), "the stock that was asked about before"


@pytest.mark.parametrize("said", ["which is safer?", "was ist sicherer?", "¿cuál es más segura?", "что безопаснее?"])
def test_which_is_safer_compares_the_two_that_were_compared(talk: Talk, said: str) -> None:
    talk.say("apple vs tesla")
    assert "Tesla may move the most, Apple the least" in talk.say(said)


def test_which_is_safer_of_none_asks_for_two(talk: Talk) -> None:
    assert "/compare AAPL MSFT" in talk.say("which is safer?")


@pytest.mark.parametrize(
    ("level", "above", "shares"),
    [
        (0.05, False, (0.05, 0.05)),
        (0.05, True, (0.95, 0.95)),
        (None, False, (0.0, 0.05)),
        (None, True, (0.95, 1.0)),
    ],
)
def test_a_chance_lies_between_the_shares_of_the_nearest_quantiles(
    talk: Talk, level: float | None, above: bool, shares: tuple[float, float]
) -> None:
    made = forecasts.answer(talk.services, "TSLA", 10).forecast
    growth = made.growths[LEVELS.index(level)] if level is not None else made.growths[0] - 0.01
    assert bounds(made, growth, above=above) == pytest.approx(shares)
    beyond = (made.growths[0] + made.growths[1]) / 2
    assert bounds(made, beyond, above=False) == pytest.approx((0.05, 0.1))
