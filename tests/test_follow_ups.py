"""What goes on from the question before: its stock and its horizon, and a number alone under an alert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bellwether.alerts import ask
from bellwether.core.alert_types import Direction, RuleKind
from bellwether.core.chat_memory import ALERT_KEPT, MOST, STOCKS_KEPT, Asker, ChatMemory
from bellwether.services import Services
from bot import conversation
from bot.understand.number_alone import number_alone
from tests.support.talk import Talk, as_read

pytestmark = pytest.mark.usefixtures("unhurried")

ANN, BEN, GROUP = 1001, 1002, -1002002

#: language, what follows on "apple", and what of the answer tells that it was about Apple, and what of it
FOLLOWS = [
    ("en", "and next month?", "Over the next month Apple"),
    ("en", "and in a week?", "Over the next week Apple"),
    ("en", "3 months", "Over the next three months Apple"),
    ("en", "why?", "From 7 March 2024"),
    ("en", "so will it go up or down?", "Over the next two weeks Apple"),
    ("en", "is that a lot?", "The range of Apple"),
    ("en", "how sure are you?", "Of Apple,"),
    ("en", "how much could I lose?", "Over the next two weeks Apple"),
    ("en", "should I sell?", "I give no advice"),
    ("de", "und in einem Monat?", "In einem Monat steht Apple"),
    ("de", "warum?", "Apple"),
    ("de", "wie sicher bist du?", "Apple"),
    ("de", "soll ich verkaufen?", "Apple (AAPL)"),
    ("es", "¿y el mes que viene?", "Apple (AAPL)"),
    ("es", "¿por qué?", "Apple"),
    ("es", "¿debo vender?", "Apple (AAPL)"),
    ("pt", "e no mês que vem?", "Apple (AAPL)"),
    ("pt", "devo vender?", "Apple (AAPL)"),
    ("ru", "и через месяц?", "Apple (AAPL)"),
    ("ru", "почему?", "Apple"),
    ("ru", "продавать?", "Apple (AAPL)"),
]


@pytest.mark.parametrize(("language", "said", "answer"), FOLLOWS)
def test_a_question_without_a_stock_is_about_the_one_before(
    services: Services, language: str, said: str, answer: str
) -> None:
    talk = Talk(services, ANN, language)
    talk.say("apple")
    assert answer in talk.say(said)


@pytest.mark.parametrize("said", ["and next month?", "why?", "should I sell?", "how much could I lose?"])
def test_with_nothing_before_it_the_stock_is_asked_for(talk: Talk, said: str) -> None:
    assert "Which stock? Press one" in talk.say(said)


def test_another_stock_is_answered_at_the_horizon_of_before(talk: Talk) -> None:
    talk.say("apple next month")
    assert "Over the next month Tesla" in talk.say("and tesla?")
    assert "Over the next two weeks Microsoft" in talk.say("microsoft")


def test_a_pressed_horizon_counts_as_asked(talk: Talk) -> None:
    talk.say("apple")
    talk.press("3 months")
    assert "Over the next three months Tesla" in talk.say("what about tesla?")


def test_a_comparison_goes_on_with_all_of_its_stocks(talk: Talk) -> None:
    talk.say("apple vs microsoft")
    assert "Over the next week Apple may move the most, Microsoft the least" in talk.say("and in a week?")
    assert "Which stock?" in talk.say("why?")


def test_what_is_asked_of_all_stocks_stays_so(talk: Talk) -> None:
    talk.say("apple")
    assert "Of all stocks" in talk.say("what is your track record")
    assert "Nobody can tell which stock is best" in talk.say("which stock should I buy?")


def test_who_owns_a_stock_gets_no_advice_but_its_range_and_a_way_to_watch_it(talk: Talk) -> None:
    told = talk.say("I own 10 apple")
    assert told.startswith("I give no advice")
    assert "Over the next two weeks Apple" in told
    assert talk.labels[0] == "Watch it every evening"
    talk.press(talk.labels[0])
    assert "every evening" in talk.notice or "on your list" in talk.notice


def test_shares_with_a_hyphen_are_of_the_company(services: Services) -> None:
    talk = Talk(services, ANN, "de")
    told = talk.say("Ich habe ein paar Apple-Aktien")
    assert told.startswith("Ich gebe keinen Rat")
    assert "In zwei Wochen steht Apple" in told


@pytest.mark.parametrize("said", ["is it going up?", "why did it fall?", "where will it be in a month"])
def test_it_is_the_stock_of_before_where_there_was_one(talk: Talk, said: str) -> None:
    talk.say("apple")
    assert "Apple" in talk.say(said)


@pytest.mark.parametrize("said", ["tell me a joke", "I have a question", "what time is it", "the weather tomorrow"])
def test_what_is_asked_of_no_stock_is_not_taken_for_the_one_before(talk: Talk, said: str) -> None:
    talk.say("apple")
    assert "Apple will" not in talk.say(said)


def test_an_alert_without_a_stock_is_of_the_one_before(services: Services) -> None:
    talk = Talk(services, ANN, "es")
    talk.say("apple")
    assert "AAPL" in talk.say("avísame si baja un 5 %")
    (rule,) = ask.rules_of(services.store, ANN)
    assert (rule.symbol, rule.threshold) == ("AAPL", -0.05)


def test_people_in_a_group_and_chats_do_not_share_what_was_asked(services: Services) -> None:
    ann, ben = (replace(Talk(services, GROUP).chat, person=person) for person in (ANN, BEN))
    conversation.answer(ann, "apple")
    assert "Which stock?" in conversation.answer(ben, "and next month?").text
    assert "Which stock?" in Talk(services, BEN).say("and next month?")
    assert "Apple" in conversation.answer(ann, "and next month?").text


def test_what_was_asked_is_told_in_the_policy_and_forgotten_with_everything_else(talk: Talk) -> None:
    assert "The last stock you asked about, for an hour, in memory only" in talk.say("/privacy")
    talk.say("apple")
    talk.say("/delete_me")
    talk.press("Erase everything")
    assert "Which stock?" in talk.say("and next month?")


def test_the_memory_is_short_and_bounded() -> None:
    now = 0.0
    memory = ChatMemory(lambda: now)
    ann = Asker(ANN)
    memory.note(ann, ("AAPL",), 21)
    memory.note(ann, ("TSLA",))
    last = memory.last(ann)
    assert last is not None
    assert (last.symbols, last.horizon) == (("TSLA",), 21)
    memory.note_alert(ann, 1)
    now = ALERT_KEPT + 1
    assert memory.alert(ann) is None
    now = STOCKS_KEPT + 1
    assert memory.last(ann) is None
    for chat_id in range(MOST + 10):
        memory.note(Asker(chat_id), ("AAPL",))
    assert sum(memory.last(Asker(chat_id)) is not None for chat_id in range(MOST + 10)) == MOST


# ---- a number alone


@pytest.mark.parametrize(
    ("said", "language", "amount"),
    [
        ("155", "en", "155"),
        ("$155", "en", "155"),
        ("150.5", "en", "150.5"),
        ("$1,234.50", "en", "1234.5"),
        ("7 %", "en", "7%"),
        ("-5%", "en", "-5%"),
        ("make it 160", "en", "160"),
        ("lieber 150,5", "de", "150.5"),
        ("1.234,50 €", "de", "1234.5"),
        ("mejor 160", "es", "160"),
        ("muda para 1.234,5", "pt", "1234.5"),
        ("лучше 1 234,50", "ru", "1234.5"),
        ("3 months", "en", None),
        ("apple 155", "en", None),
        ("BRK.B", "en", None),
        ("155 160", "en", None),
    ],
)
def test_a_number_alone_is_read_as_its_language_writes_it(said: str, language: str, amount: str | None) -> None:
    found = number_alone(said, language)
    assert (found.written if found is not None else None) == amount


def test_a_number_after_an_alert_changes_that_alert(talk: Talk) -> None:
    talk.say("tell me when apple reaches $200")
    for said, level, side in (
        ("155", 155.0, Direction.BELOW),
        ("$1,234.50", 1234.5, Direction.ABOVE),
        ("make it 160", 160.0, Direction.BELOW),
    ):
        assert talk.say(said).startswith("Changed.")
        (rule,) = ask.rules_of(talk.services.store, talk.chat_id)
        assert (rule.kind, rule.threshold, rule.direction) == (RuleKind.PRICE, level, side)


def test_a_share_after_a_price_and_other_money_are_asked_about(talk: Talk) -> None:
    talk.say("tell me when apple reaches $200")
    for said in ("€160", "160 euros", "160 EUR"):
        assert "AAPL is quoted in USD" in talk.say(said)
    assert "a close below $160.00" in talk.say("160 dollars")
    assert talk.say("7 %").startswith("7 % from the last close")
    talk.press(talk.labels[1])
    (rule,) = ask.rules_of(talk.services.store, talk.chat_id)
    assert (rule.threshold, rule.direction) == (158.77, Direction.BELOW)


def test_a_share_after_a_move_keeps_its_side(talk: Talk) -> None:
    talk.say("tell me when nvidia drops 5 %")
    talk.say("7 %")
    talk.say("better 4.5")
    (rule,) = ask.rules_of(talk.services.store, talk.chat_id)
    assert (rule.threshold, rule.direction) == (-0.045, Direction.BELOW)
    assert talk.say("$250") == "What do you mean by $250?"
    assert talk.labels[0] == "NVDA reaches 250: alert me"


def test_a_number_out_of_the_blue_is_asked_about(talk: Talk) -> None:
    assert talk.say("155") == "What do you mean by 155?"
    assert talk.labels == ["A stock called 155", "My alerts", "What can I ask?"]
    talk.say("apple")
    talk.say("155")
    assert "AAPL: a close below $155.00" in talk.press("AAPL reaches 155: alert me")


def test_an_alert_that_is_gone_takes_no_number(talk: Talk) -> None:
    talk.say("tell me when apple reaches $200")
    talk.press("Remove")
    assert talk.say("155") == "What do you mean by 155?"


@pytest.mark.parametrize("between", ["apple vs microsoft", "/feedback hello", "bla bla"])
def test_a_number_after_something_else_changes_no_alert(talk: Talk, between: str) -> None:
    talk.say("tell me when nvidia drops 5 %")
    talk.say(between)
    assert talk.say("1").startswith("What do you mean by 1?")
    (rule,) = ask.rules_of(talk.services.store, talk.chat_id)
    assert rule.threshold == -0.05


def test_only_admins_of_a_group_change_an_alert_by_a_number(talk: Talk) -> None:
    talk.say("tell me when apple reaches $200")
    assert "only its admins" in talk.member().say("155")


@pytest.mark.parametrize(
    ("language", "said", "explained"),
    [
        ("en", "what does 72 of 100 mean", "How many held."),
        ("en", "what does held mean", "How many held."),
        ("de", "was heißt 72 von 100", "Wie viele stimmten."),
        ("es", "¿qué significa 72 de 100?", "Cuántos se cumplieron."),
        ("pt", "o que significa 72 de 100", "Quantas se cumpriram."),
        ("ru", "что значит 72 из 100", "Сколько сбылось."),
    ],
)
def test_how_many_of_100_held_is_explained_by_itself(
    services: Services, language: str, said: str, explained: str
) -> None:
    talk = Talk(services, ANN, language)
    told = talk.say(said)
    assert told.startswith(explained)
    assert len(talk.labels) == 1
    assert len(as_read(talk.press(talk.labels[0]))) > len(told)
