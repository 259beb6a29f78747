"""Several alerts in a sentence, an alert for the whole list, and the list emptied in words: nothing is dropped."""

import pytest

from bellwether.alerts import ask, watchlist
from tests.support.talk import Talk, as_read


@pytest.mark.parametrize(
    ("said", "alerts"),
    [
        ("tell me when tesla or nvidia drops 5%", ["TSLA move -0.05", "NVDA move -0.05"]),
        ("tell me if tesla falls below 150 or rises above 200", ["TSLA price 150", "TSLA price 200"]),
        ("tell me when microsoft is above 500 and nvidia below 800", ["MSFT price 500", "NVDA price 800"]),
        ("tell me when tesla falls 5%, nvidia rises 3%", ["TSLA move -0.05", "NVDA move 0.03"]),
        ("tell me when tesla falls 5% or below 100", ["TSLA move -0.05", "TSLA price 100"]),
        ("avísame si tesla baja de 150 o sube de 200", ["TSLA price 150", "TSLA price 200"]),
        ("sag mir wenn tesla oder nvidia 5% fällt", ["TSLA move -0.05", "NVDA move -0.05"]),
        ("me avise se a tesla cair abaixo de 150 ou subir acima de 200", ["TSLA price 150", "TSLA price 200"]),
        ("сообщи, если тесла или нвидиа упадёт на 5 %", ["TSLA move -0.05", "NVDA move -0.05"]),
    ],
)
def test_each_of_several_alerts_in_a_sentence_is_set_and_listed(talk: Talk, said: str, alerts: list[str]) -> None:
    assert "Done. 2 alerts are set" in talk.say(said)
    rules = ask.rules_of(talk.services.store, talk.chat_id)
    assert [f"{rule.symbol} {rule.kind.value} {rule.threshold:g}" for rule in rules] == alerts
    assert {f"{rule.id}: {rule.symbol}" for rule in rules} <= set(talk.labels)


def test_of_several_alerts_each_that_leaves_something_open_keeps_its_buttons(talk: Talk) -> None:
    assert talk.say("alert me tesla or nvidia 5%").count("Which way?") == 2
    shown = talk.shown
    assert "TSLA: a fall" in talk.press("TSLA: Down")
    talk.shown = shown
    assert "NVDA: a rise" in talk.press("NVDA: Up")
    assert "nothing called “shell”" in talk.say("tell me when apple or shell drops 5%")
    assert "AAPL: a fall" in as_read(talk.shown.text)


@pytest.mark.parametrize(
    "said",
    [
        "tell me when my list falls 5 %",
        "tell me when any of my stocks drops 5%",
        "avísame cuando mi lista caiga un 5%",
        "sag mir wenn meine liste 5% fällt",
        "me avise quando minha lista cair 5%",
        "сообщи, когда мой список упадёт на 5%",
    ],
)
def test_an_alert_for_the_list_is_offered_for_each_of_its_stocks(talk: Talk, said: str) -> None:
    assert "You watch nothing yet" in talk.say(said)
    talk.say("watch tesla and nvidia")
    talk.say("what about apple")
    assert "An alert is for one stock" in talk.say(said)
    assert ask.rules_of(talk.services.store, talk.chat_id) == []
    assert "TSLA: a fall of 5 %" in talk.press("+ TSLA")


@pytest.mark.parametrize(
    "said",
    [
        *("remove everything from my list", "remove all", "clear my watchlist", "empty my list"),
        *("vacía mi lista", "leere meine liste", "limpa minha lista", "очисти мой список"),
    ],
)
def test_the_list_is_emptied_after_a_question_and_nothing_else_goes(talk: Talk, said: str) -> None:
    talk.say("watch tesla and nvidia")
    talk.say("tell me when nvidia drops 5 %")
    assert "Your alerts and settings stay" in talk.say(said)
    shown = talk.shown
    assert talk.press("No, keep it") == "Nothing was removed."
    talk.shown = shown
    assert "2 stocks are off your list" in talk.press("Yes, empty the list")
    assert watchlist.watchlist(talk.services.store, talk.chat_id) == []
    assert len(ask.rules_of(talk.services.store, talk.chat_id)) == 1


def test_the_last_day_of_an_alert_is_kept_while_its_number_is_chosen(talk: Talk) -> None:
    talk.say("tell me when apple gets unusual in the next month")
    assert "It ends with 22 December 2026." in talk.press("1 day in 50")


def test_what_is_to_be_watched_has_no_share_in_the_alert_beside_it(talk: Talk) -> None:
    answered = talk.say("watch tesla and tell me when nvidia falls 5%")
    assert "NVDA: a fall of 5 %" in answered
    assert "You now watch Tesla" in answered
    assert [rule.symbol for rule in ask.rules_of(talk.services.store, talk.chat_id)] == ["NVDA"]
    assert [row.symbol for row in watchlist.watchlist(talk.services.store, talk.chat_id)] == ["TSLA"]
