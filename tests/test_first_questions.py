"""What a stranger without background asks in the first ten minutes, and what they read."""

from datetime import date

import pytest

from bellwether.alerts import watchlist
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.delivery import chat_wishes
from bellwether.forecasting.sentences import HORIZON_LABELS
from bellwether.services import Services
from bot.horizon_asked import HorizonAsked, horizon_asked
from bot.understand.days import date_of
from bot.understand.meaning import Request
from bot.understand.understand import understand
from tests.support.talk import Talk


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("delete everything about me", "en"),
        ("lösche alles", "de"),
        ("borra mis datos", "es"),
        ("apaga tudo", "pt"),
        ("удали мои данные", "ru"),
    ],
)
def test_whoever_wants_everything_deleted_is_asked_once_and_then_it_is_gone(
    talk: Talk, said: str, language: str
) -> None:
    talk.language = language
    talk.say("/watch AAPL")
    talk.say(said)
    assert [row.symbol for row in watchlist.watchlist(talk.services.store, talk.chat_id)] == ["AAPL"]
    talk.press(talk.labels[0])
    assert watchlist.watchlist(talk.services.store, talk.chat_id) == []


@pytest.mark.parametrize(
    ("said", "code", "answer"),
    [
        ("español", "es", "Desde ahora hablo español aquí."),
        ("deutsch bitte", "de", "Ich spreche hier ab jetzt Deutsch."),
        ("can you speak portuguese", "pt", "A partir de agora falo português aqui."),
        ("на русском", "ru", "Теперь я говорю здесь по-русски."),
    ],
)
def test_a_language_that_is_named_is_spoken_from_then_on_and_a_button_goes_back(
    talk: Talk, said: str, code: str, answer: str
) -> None:
    assert answer in talk.say(said)
    assert chat_wishes.preferences(talk.services.store, talk.chat_id).language == code
    assert talk.labels == ["English"]
    assert talk.press("English") == (
        "I speak English here from now on. The button goes back; so does /settings language."
    )
    assert chat_wishes.preferences(talk.services.store, talk.chat_id).language == "en"


def test_the_language_that_is_spoken_already_is_said_to_be(talk: Talk) -> None:
    assert "I speak English here already" in talk.say("in English please")
    assert chat_wishes.preferences(talk.services.store, talk.chat_id).language is None


@pytest.mark.parametrize(
    ("said", "language", "offer"),
    [
        ("soll ich jetzt Apple kaufen?", "en", "Auf Deutsch antworten"),
        ("¿qué va a pasar con tesla la próxima semana?", "en", "Responder en español"),
        ("o que vai acontecer com a tesla na próxima semana?", "de", "Responder em português"),
        ("что будет с теслой через месяц", "es", "Отвечать по-русски"),  # noqa: RUF001
        ("what will happen to tesla next week", "ru", "Answer in English"),
        ("hilfe", "en", "Auf Deutsch antworten"),
        ("ayuda", "en", "Responder en español"),
        ("ajuda", "de", "Responder em português"),
        ("помощь", "en", "Отвечать по-русски"),
        ("¿subirá apple?", "en", "Responder en español"),
    ],
)
def test_a_whole_sentence_in_another_language_is_answered_with_an_offer_to_speak_it(
    talk: Talk, said: str, language: str, offer: str
) -> None:
    talk.language = language
    talk.say(said)
    assert talk.labels[0] == offer
    talk.press(offer)
    talk.say(said)
    assert not any("ntwort" in label or "espond" in label or "твечать" in label for label in talk.labels)


@pytest.mark.parametrize("said", ["tesla", "hola", "bank of america", "AAPL 10d", "Deutsche Telekom", "gracias amigo"])
def test_a_name_or_a_single_word_brings_no_offer_of_a_language(talk: Talk, said: str) -> None:
    talk.say(said)
    offers = {"Auf Deutsch antworten", "Responder en español", "Responder em português"}
    assert not offers & set(talk.labels)


@pytest.mark.parametrize(
    ("said", "language", "missing", "shown"),
    [
        ("mcdonalds or starbucks", "en", "nothing called “starbucks” here", "McDonald's"),
        ("apple, microsoft oder siemens", "de", "„siemens“: Das gibt es hier nicht", "AAPL"),
        ("starbucks o bitcoin", "es", "nada llamado «starbucks», «bitcoin»", ""),
        ("ikea", "en", "nothing called “ikea”", ""),
        ("soll ich BMW kaufen?", "de", "BMW", ""),
        ("cómo ves mercadona", "es", "«mercadona»", ""),
    ],
)
def test_a_company_that_is_lacking_is_named_and_the_others_are_shown(
    talk: Talk, said: str, language: str, missing: str, shown: str
) -> None:
    talk.language = language
    told = talk.say(said)
    assert missing in told
    assert shown in told
    assert (talk.shown.chart is None) == (not shown)


@pytest.mark.parametrize(
    ("said", "language", "answer"),
    [
        ("will the market crash?", "en", "Nobody knows whether the market will fall or rise"),
        ("kommt eine Rezession?", "de", "weiß niemand"),
        ("¿va a caer la bolsa?", "es", "Nadie sabe"),
        ("a bolsa vai quebrar?", "pt", "Ninguém sabe"),
        ("рынок рухнет?", "ru", "не знает никто"),
    ],
)
def test_of_the_market_nobody_knows_anything_but_how_far_its_index_may_move(
    talk: Talk, said: str, language: str, answer: str
) -> None:
    talk.language = language
    told = talk.say(said)
    assert answer in told
    assert "^GSPC" in told
    assert talk.shown.chart is not None


@pytest.mark.parametrize("said", ["which stock is best", "best stock right now", "what should I buy"])
def test_advice_without_a_stock_is_answered_by_what_can_be_asked(talk: Talk, said: str) -> None:
    assert "Nobody can tell which stock is best" in talk.say(said)
    assert talk.labels == ["AAPL", "MSFT", "NVDA", "What happened today?", "How good are the forecasts?"]


@pytest.mark.parametrize(
    "said", ["bought tesla at 200, what now", "i have 10 tesla shares, sell?", "is tesla a good idea"]
)
def test_whoever_asks_what_to_do_with_a_stock_gets_its_range_and_no_advice(talk: Talk, said: str) -> None:
    told = talk.say(said)
    assert told.startswith("I give no advice")
    assert "Tesla (TSLA)" in told


@pytest.mark.parametrize(
    "said", ["are you an AI", "are you a robot?", "who made you", "how do you make money", "is it free"]
)
def test_what_we_are_is_told_in_short(talk: Talk, said: str) -> None:
    told = talk.say(said)
    assert told.startswith("I'm software, not a person.")
    assert "cost nothing" in told


def test_a_price_without_a_stock_is_asked_back(talk: Talk) -> None:
    assert "Which stock?" in talk.say("what does it cost now")
    assert "Coca-Cola (KO)" in talk.say("price of coca cola")


@pytest.mark.parametrize(
    ("said", "language", "begins"),
    [
        ("what is the plain rule?", "en", "The plain rule."),
        ("what does volatile mean", "en", "Volatile."),
        ("what is a track record", "en", "The track record."),
        ("was ist ein Ticker", "de", "Ein Ticker."),
        ("qué significa volátil", "es", "Volátil."),
        ("o que é a regra simples", "pt", "A regra simples."),
        ("что такое простое правило", "ru", "Простое правило."),
    ],
)
def test_one_word_is_explained_in_one_paragraph_with_a_button_to_the_rest(
    talk: Talk, said: str, language: str, begins: str
) -> None:
    talk.language = language
    told = talk.say(said)
    assert told.startswith(begins)
    assert "\n" not in told
    whole = talk.press(talk.labels[0])
    assert whole.count("\n\n") > 5


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_we_are_is_told_in_every_language_within_one_message(talk: Talk, code: str) -> None:
    asked = {"en": "who are you", "es": "quién eres", "de": "wer bist du", "pt": "quem é você", "ru": "кто ты"}
    talk.language = code
    assert "LSTM" in talk.say(asked[code])


@pytest.mark.parametrize(
    ("said", "language", "answer"),
    [
        ("disney by christmas", "en", "“christmas” is 25 December 2026, 23 trading days ahead; the nearest"),
        ("apple by friday", "en", "“friday” is 27 November 2026, 4 trading days ahead; the nearest"),
        (
            "tesla until the end of the year",
            "en",
            "“the end of the year” is 31 December 2026, 27 trading days ahead; the nearest",
        ),
        ("apple by 15 March", "en", "“15 March” is 15 March 2027"),
        ("apple in 5 years", "en", "You asked for “5 years”; the nearest"),
        ("apple by 2035", "en", "You asked for “2035”; the nearest"),
        ("Apple bis zum 15. März", "de", "„15. März“: Das ist der 15. März 2027"),
        ("tesla en 5 años", "es", "Has pedido «5 años»"),
        ("tesla até o natal", "pt", "“natal”: é 25 de dezembro de 2026"),
        ("тесла до конца года", "ru", "«конца года» — это 31 декабря 2026"),
    ],
)
def test_a_day_that_is_named_is_counted_by_the_calendar_of_the_exchange(
    services: Services, monkeypatch: pytest.MonkeyPatch, said: str, language: str, answer: str
) -> None:
    monkeypatch.setattr(services.provider, "live", True)
    with use_language(language):
        horizon = horizon_asked(services, asked_of(said, language))
    assert horizon.told.startswith(answer)
    assert horizon.sessions in HORIZON_LABELS


def test_a_day_as_far_ahead_as_an_offered_horizon_needs_no_word_on_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.provider, "live", True)
    assert horizon_asked(services, asked_of("apple by monday", "en")) == HorizonAsked(5)


def asked_of(said: str, language: str) -> Request:
    asked = understand(said, language, lambda name: name.casefold() in {"apple", "tesla", "disney"})
    assert isinstance(asked, Request)
    return asked


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("apple on monday", date(2026, 11, 30)),  # today is one
        ("apple on 23 november", date(2027, 11, 23)),
        ("apple by february 30", None),  # which no calendar has
        ("apple by 2027-03-15", date(2027, 3, 15)),
        ("apple by 3/15", date(2027, 3, 15)),
        ("apple until the end of the quarter", date(2026, 12, 31)),
        ("apple in march", date(2027, 3, 15)),
        ("apple by the end of february", date(2027, 2, 28)),
        ("apple by the 15th", date(2026, 12, 15)),
        ("apple by 2030", date(2030, 1, 1)),
    ],
)
def test_the_next_day_of_a_name_is_meant(said: str, day: date | None) -> None:
    asked = understand(said, "en", lambda name: name == "apple")
    assert isinstance(asked, Request)
    assert asked.day is not None
    assert date_of(asked.day, date(2026, 11, 23)) == day


@pytest.mark.parametrize(
    "said", ["apple may rise", "apple every friday", "what did apple do last friday", "apple 24/7"]
)
def test_what_is_no_day_to_come_is_none(said: str) -> None:
    asked = understand(said, "en", lambda name: name == "apple")
    assert isinstance(asked, Request)
    assert asked.day is None
