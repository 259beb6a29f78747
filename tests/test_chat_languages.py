"""The conversation, the digest and the alerts in every language; nobody hears another's."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.alert_outcomes import report_outcomes
from bellwether.alerts.text.digest import Digest, Digests
from bellwether.alerts.text.digest_lines import DigestEntry
from bellwether.alerts.tick import tick
from bellwether.ask import forecasts
from bellwether.ask.beside import beside
from bellwether.charts.fan import fan_chart
from bellwether.charts.ranges import range_chart
from bellwether.core.alert_types import AlertSettings, DigestMode, RuleKind, RuleRequest
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.types import Forecast, Outlook
from bellwether.delivery import chat_wishes
from bellwether.delivery.lateness import sent_late
from bellwether.services import Services
from bot import charts, conversation, terminal
from bot.commands import COMMANDS, ChatContext
from bot.inline_cards import cards
from bot.replies import as_text
from tests.support.account import live_services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.database import store_at
from tests.support.running_bot import bot_services, running_bot
from tests.support.sample import SAMPLE_LAST
from tests.support.talk import Talk, as_read, check_reply
from tests.test_evaluate_rules import DAY, EVENING, add, owed, services_at

OTHERS = [code for code in LANGUAGES if code != "en"]
CHATS = {"en": 7, "es": 8, "de": 9, "pt": 10, "ru": 11}
#: words of English that none of the other languages has
ENGLISH = re.compile(r"\b(the|of|and|you|your|with|is|are|were|this|that|its|it|from|by|than)\b", re.IGNORECASE)
SAID = (
    *("/start", "AAPL", "/forecast AAPL 1d", "AAPL 7d", "apple 3m", "/compare AAPL MSFT 1m", "/why AAPL", "/help"),
    *("/asof 2020-03-02 AAPL", "/track", "/track AAPL", "/meaning", "/privacy", "/list", "/watch AAPL", "/watch MSFT"),
    *("/list", "/unwatch AAPL", "/unwatch AAPL", "/alerts", "/alerts AAPL", "/alerts AAPL move 3%", "/alerts AAPL"),
    *("/alerts AAPL move 3%", "/alerts AAPL price 200", "/alerts AAPL price 99999", "/alerts AAPL risk 10% 1m once"),
    *("/alerts AAPL unusual", "/alerts AAPL growth -2%", "/alerts AAPL chance below 40%", "/alerts", "/alerts 1"),
    *("/alerts 1 15%", "/alerts 1 remove", "/alerts 99", "/alerts AAPL risk 200%", "/alerts AAPL move 3% until"),
    *("/settings", "/settings timezone Berlin", "/settings time 18:30", "/settings quiet 22-7", "/settings budget 0"),
    *("/settings budget 5", "/settings digest unusual", "/settings time 25", "/settings quiet late", "/settings xyzzy"),
    *("/settings timezone CST", "/settings timezone +3", "/settings budget many", "/settings language klingon"),
    *("/settings", "/receipt f0123456789", "/receipt", "/feedback", "/feedback hola", "/export_me", "/delete_me"),
    *("/stop", "/nonsense", "AAPPL", "", "x" * 250, "AAPL 99w", "/asof 1850-01-01 AAPL", "/asof soon AAPL", "\0"),
    *("/why", "/growth AAPL", "/growth", "/growth ^GSPC", "/settings wording expert", "AAPL", "/settings"),
    *("/settings charts dark", "/settings charts", "/settings", "AAPL"),
    *("/watch", "/unwatch", "/forecast", "/compare AAPL", "/compare AAPL apple", "/asof 2021-99-99 AAPL"),
)


def in_english(text: str) -> list[str]:
    """The English words in a text, but for what has no other language: commands, names and addresses."""
    bare = re.sub(r"/\w+[^,.;:\n]*|«[^»]*»|“[^”]*”|„[^“]*“|\w+/\w+|hashlib.*", " ", text)
    return ENGLISH.findall(bare)


@pytest.mark.parametrize("code", OTHERS)
def test_whatever_is_said_is_answered_in_the_language_of_the_app_within_telegrams_limits(
    services: Services, code: str
) -> None:
    talk = Talk(services, 1001, f"{code}-XX")
    for text in SAID:
        told = talk.say(text)  # it also checks lengths and marks, of buttons too
        assert in_english(told) == [], (text, told)
        assert in_english("\n".join(talk.labels)) == [], (text, talk.labels)


@pytest.mark.parametrize("code", OTHERS)
def test_whatever_is_pressed_is_answered_in_it_too(services: Services, code: str) -> None:
    talk = Talk(services, 1001, code)
    pressed = set()
    for text in ("AAPL", "/alerts AAPL price 200", "/alerts", "/settings", "/delete_me", "/asof 2020-03-02 AAPL"):
        talk.say(text)
        first = talk.shown
        for action in [one.action for row in first.buttons for one in row]:
            verb = action.rpartition(":")[0] or action
            if verb in pressed or action.startswith("set:language"):
                continue
            pressed.add(verb)
            told = talk.send(action)
            assert in_english(f"{told}\n{talk.notice}") == [], (action, told, talk.notice)
            assert in_english("\n".join(talk.labels)) == [], (action, talk.labels)
    assert in_english(talk.send("no:such:button")) == []
    assert len(pressed) > 15


@pytest.mark.parametrize("code", OTHERS)
def test_the_headline_has_prices_and_the_day_as_its_language_writes_them(services: Services, code: str) -> None:
    talk = Talk(services, 1001, code)
    first, told = talk.say("AAPL"), talk.send("details:AAPL:10")
    price, share, day = {
        "es": ("161,34 US$", "55 %", "22 de marzo de 2024"),
        "de": ("161,34 $", "55 %", "22. März 2024"),
        "pt": ("US$ 161,34", "55%", "22 de março de 2024"),
        "ru": ("161,34 $", "55 %", "22 марта 2024"),
    }[code]
    assert price in first.splitlines()[1]
    assert price in told
    assert share in told
    assert day in told


@pytest.mark.parametrize("typed", ["AAPL 2 Wochen", "apple 10 tage", "AAPL 2 semanas", "AAPL 2 недели"])
def test_a_period_is_understood_in_their_words(services: Services, typed: str) -> None:
    assert "In zwei Wochen steht Apple" in Talk(services, 1, "de").say(typed)


@pytest.mark.parametrize("code", OTHERS)
def test_a_receipt_is_told_in_it_too(tmp_path: Path, code: str) -> None:
    services = live_services(tmp_path, date(2021, 12, 30))
    told = Talk(services, 1001, code).say("/receipt AAPL")
    assert "<code>" not in told
    assert in_english(told) == [], told


def test_an_english_app_and_one_of_a_language_we_lack_are_answered_in_english(services: Services) -> None:
    english = Talk(services, 1, "en-GB").say("AAPL")
    assert english.startswith("Apple (AAPL)\nOver the next two weeks Apple will probably end between $161.34")
    assert Talk(services, 2, "fr").say("AAPL") == english


# ---- the language that is chosen


def test_a_language_is_chosen_by_two_taps_and_given_back_by_two(services: Services) -> None:
    talk = Talk(services, 1001, "de")
    assert "Sprache: Deutsch, wie in Telegram" in talk.say("/settings")
    assert "Welche Sprache" in talk.press("Sprache / Language")
    assert talk.labels[:5] == list(LANGUAGES.values())
    assert "Язык: Русский" in talk.press("Русский")
    assert talk.notice == "Geändert."
    assert "вероятно" in talk.say("AAPL")
    talk.say("/settings")
    talk.press("Язык / Language")
    assert "Sprache: Deutsch, wie in Telegram" in talk.press("Как в Telegram")
    assert "wahrscheinlich" in talk.say("AAPL")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("de", "de"),
        ("Deutsch", "de"),
        ("german", "de"),
        ("РУССКИЙ", "ru"),
        ("Spanish", "es"),
        ("português", "pt"),
        ("pt-BR", "pt"),
        ("en", "en"),
    ],
)
def test_a_language_can_be_typed(services: Services, typed: str, code: str) -> None:
    talk = Talk(services, 1001, "de")
    assert LANGUAGES[code] in talk.say(f"/settings language {typed}")
    assert chat_wishes.preferences(services.store, 1001).language == code
    talk.say("/settings language telegram")
    assert chat_wishes.preferences(services.store, 1001).language is None


@pytest.mark.parametrize(
    ("code", "quoted"), [("en", "“99d”"), ("de", "„99d“"), ("es", "«99d»"), ("pt", "“99d”"), ("ru", "«99d»")]
)
def test_what_was_typed_is_quoted_as_the_language_quotes(services: Services, code: str, quoted: str) -> None:
    assert quoted in Talk(services, 1001, code).say("/forecast AAPL 99d")


def test_a_language_we_do_not_speak_is_refused_with_those_we_do(services: Services) -> None:
    talk = Talk(services)
    told = talk.say("/settings language klingon")
    assert "I don't speak “klingon” yet" in told
    assert all(name in told for name in LANGUAGES.values())
    assert chat_wishes.preferences(services.store, 1001).language is None


def test_what_a_chat_chose_goes_with_its_other_settings(services: Services) -> None:
    talk = Talk(services, 1001, "de")
    talk.say("/settings language es")
    talk.say("/settings quiet 22-7")
    assert chat_wishes.alert_settings(services.store, 1001).language == "es"
    assert "español" in conversation.answer(ChatContext(services, 1001, "de"), "/settings").text.lower()


def test_without_the_database_the_apps_language_is_spoken(services: Services, tmp_path: Path) -> None:
    broken = replace(services, store=store_at(tmp_path))  # a folder is no file
    assert "wahrscheinlich" in Talk(broken, 1001, "de").say("AAPL")


# ---- many at once


def test_chats_of_all_languages_at_once_hear_each_only_their_own(services: Services) -> None:
    questions = ["/help", "/meaning", "AAPL", "/settings", "AAPPL", "/track AAPL"]
    alone = {
        (code, text): conversation.answer(ChatContext(services, chat, code), text).text
        for code, chat in CHATS.items()
        for text in questions
    }
    asked = [(code, text) for text in questions * 4 for code in CHATS]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda one: conversation.answer(ChatContext(services, CHATS[one[0]], one[0]), one[1]).text, asked
        )
        assert [alone[one] for one in asked] == list(answers)


# ---- what comes of the service's own accord


def test_each_chat_gets_its_digest_and_its_alerts_in_its_language(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for code, chat in CHATS.items():
        watchlist.watch(services, chat, "AAPL", f"{code}-XX")
        add(services, RuleRequest(RuleKind.MOVE, 0.0001), chat_id=chat)
    for code, chat in CHATS.items():  # as `add` was told "en", like an app that has changed its language since
        watchlist.join(services.store, services.clock, chat, code)
    assert tick(services, EVENING).written == len(CHATS)
    texts = {(int(str(row["recipient_id"])), str(row["kind"])): as_text(str(row["text"])) for row in owed(services)}
    after = {
        "en": "Close of 30 December.",
        "es": "Cierre del 30 de diciembre.",
        "de": "Schlusskurse vom 30. Dezember.",
        "pt": "Fechamento de 30 de dezembro.",
        "ru": "Итоги 30 декабря.",
    }
    for code, chat in CHATS.items():
        digest, alert = texts[chat, "digest"], texts[chat, "move"]
        assert digest.splitlines()[1] == after[code]
        if code != "en":
            assert in_english(digest) == [], digest
            assert in_english(alert) == [], alert
    assert "−0,7\u00a0%" in texts[CHATS["de"], "move"]
    assert "−0.7\u00a0%" in texts[CHATS["en"], "move"]


def test_a_chosen_language_holds_for_digests_whatever_the_app_speaks(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    ask.change_alert_settings(services, 7, AlertSettings(language="ru"), "en")
    watchlist.watch(services, 8, "AAPL", "de")
    ask.change_alert_settings(services, 8, AlertSettings(language="en"), "de")
    tick(services, EVENING)
    russian, english = (str(row["text"]) for row in owed(services))
    assert "Итоги 30 декабря." in russian
    assert "Close of 30 December." in english


def test_an_alert_that_waits_for_the_digest_and_its_outcome_are_in_the_chats_language(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 9, "AAPL", "de")
    wishes = [
        RuleRequest(RuleKind.GROWTH, -0.2, horizon=5),
        RuleRequest(RuleKind.RISK, 0.001),
        RuleRequest(RuleKind.UNUSUAL, 0.5),
    ]
    for wish in wishes:
        add(services, wish, chat_id=9)
    watchlist.join(services.store, services.clock, 9, "de")
    settings = AlertSettings(weekly_budget=1, digest_mode=DigestMode.UNUSUAL)
    ask.change_alert_settings(services, 9, settings, "de")
    tick(services, EVENING - 20 * DAY)
    own, digest = sorted((as_text(str(row["text"])) for row in owed(services)), key=len)
    assert "Schlusskurs vom 10. Dezember · Ihr Alarm" in own
    assert "Alarme, zu denen keine eigene Nachricht kam:" in digest
    assert in_english(own) == in_english(digest) == [], (own, digest)
    report_outcomes(services, EVENING + DAY)
    answers = [as_text(str(row["text"])) for row in owed(services) if row["kind"] == "outcome"]
    assert answers
    assert all("So ging es aus" in answer and in_english(answer) == [] for answer in answers)


def test_the_lines_of_one_symbol_are_kept_for_each_language(services: Services) -> None:
    made = forecasts.answer(services, "AAPL", 10).forecast
    digests = Digests(10)
    digest = Digest([DigestEntry(services.provider.instrument("AAPL"), made)], [], SAMPLE_LAST)
    written = {}
    for code in LANGUAGES:
        with use_language(code):
            written[code] = digests.write(digest)
    assert len(set(written.values())) == len(LANGUAGES)
    assert digests.write(digest) == written["en"]
    with use_language("ru"):
        assert digests.write(digest) == written["ru"]


@pytest.mark.parametrize(
    ("hours", "said"), [(1, "1 час назад"), (3, "3 часа назад"), (5, "5 часов назад"), (11, "11 часов"), (21, "21 час")]
)
def test_hours_have_their_three_forms(hours: int, said: str) -> None:
    from datetime import timedelta

    with use_language("ru"):
        assert said in sent_late(timedelta(hours=hours))


# ---- charts, cards, menus, the terminal


def asked_of(services: Services) -> tuple[Outlook, Forecast]:
    asked = forecasts.answer(services, "AAPL", 10)
    return asked.outlook, asked.forecast


@pytest.mark.parametrize("code", OTHERS)
def test_a_chart_speaks_the_language_too(services: Services, code: str) -> None:
    outlook, made = asked_of(services)
    with use_language(code):
        fan, ranges = fan_chart(outlook, 10, "light"), range_chart([made], "dark")
    assert in_english(f"{fan['title']['text']} {fan['title']['subtitle']}") == []
    for one in (fan, ranges):
        assert one["config"]["locale"]["number"]["decimal"] == ","
        assert len(one["config"]["locale"]["time"]["months"]) == 12
    assert "locale" not in fan_chart(outlook, 10, "light")["config"]


def test_a_chart_is_drawn_in_the_language_it_was_made_in_whoever_draws_it(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    with use_language("ru"):
        russian = charts.fan(services, asked, "light")
        there = forecasts.chart_png(asked, "light", "chat", beside(services, asked))
    english = charts.fan(services, asked, "light")
    assert russian.key != english.key
    assert russian.draw() == there
    assert english.draw() != there


def test_cards_to_share_are_in_the_language_of_whoever_types(services: Services) -> None:
    Talk(services, 5, "de").say("/settings language ru")
    spanish, chosen = cards(ChatContext(services, 4, "es"), "AAPL")[0], cards(ChatContext(services, 5, "de"), "AAPL")[0]
    assert spanish.description.startswith("Probablemente de ")
    assert spanish.link == "Gráfico y más"
    assert chosen.description.startswith("Вероятно, от ")


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({"LANG": "de_DE.UTF-8"}, "Niemand"),
        ({"LC_ALL": "ru_RU.UTF-8", "LANG": "de_DE.UTF-8"}, "никто"),
        ({"LANG": "C.UTF-8"}, "Nobody"),
        ({}, "Nobody"),
    ],
)
def test_the_terminal_speaks_the_language_of_its_environment(
    services: Services,
    environment: dict[str, str],
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin.readline", lambda: "", raising=False)
    terminal.hold(services)
    assert word.lower() in capsys.readouterr().out.lower()


def test_over_telegram_two_people_are_answered_each_in_their_language(server: TelegramServer, tmp_path: Path) -> None:
    for code, chat in CHATS.items():
        server.open_chat(chat, language_code=code)
    with running_bot(bot_services(server, tmp_path)):
        for chat in CHATS.values():  # all at once
            server.say(chat, "/meaning")
        heard = {code: server.wait_for(lambda s, chat=chat: s.last(chat)).text for code, chat in CHATS.items()}
        asked = server.ask(CHATS["de"], "/alerts AAPL")
        server.press(CHATS["de"], asked.message_id, "Große Tagesbewegung")
        server.wait_for(lambda s: "Welche Bewegung" in s.last(CHATS["de"]).text)
        server.press(CHATS["de"], asked.message_id, "3\u00a0%")
        done = server.wait_for(lambda s: (last := s.last(CHATS["de"])) and "Erledigt." in last.text and last)
        assert "ein Anstieg oder Rückgang um 3\u00a0% oder mehr von einem Schlusskurs zum nächsten" in done.text
        assert server.answered_callbacks[-1].text == "Erledigt."
    titles = {"en": "a forecast says", "es": "dice un pronóstico", "de": "eine Prognose sagt", "pt": "uma previsão diz"}
    for code, title in (titles | {"ru": "говорит прогноз"}).items():
        assert title in heard[code].splitlines()[0]


def test_telegram_is_given_a_menu_for_each_language_and_kind_of_chat(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.wait_for(lambda s: len(s.calls("setMyCommands")) == 3 * len(LANGUAGES))
    codes = [call.get("language_code", "") for call in server.calls("setMyCommands")]
    assert sorted(codes) == sorted(["", *OTHERS] * 3)
    menus = "\n".join(str(call["commands"]) for call in server.calls("setMyCommands"))
    assert "Ihre Sprache, Zeitzone" in menus
    assert "ваш язык, часовой пояс" in menus


def test_an_inline_answer_is_kept_for_the_one_who_typed(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        server.type_inline(4, "AAPL")
        call = server.wait_for(lambda s: s.calls("answerInlineQuery"))[0]
    assert str(call["is_personal"]).lower() == "true"


def test_every_command_is_described_in_every_language() -> None:
    from bellwether.core.i18n.translate import gettext

    for code in OTHERS:
        with use_language(code):
            for command in COMMANDS:
                assert gettext(command.summary) != command.summary, (code, command.name)


def test_a_switch_of_language_is_no_leak_into_the_next_answer(services: Services) -> None:
    first = Talk(services, 1, "ru").say("/meaning")
    second = Talk(services, 2, "de").say("/meaning")
    assert "говорит прогноз" in first.splitlines()[0]
    assert "Was eine Prognose sagt" in second.splitlines()[0]
    assert as_read(first) == first
    check_reply(conversation.answer(ChatContext(services, 1, "ru"), "/privacy"))
