"""What people say in their own words gets the answer of the command for it, over Telegram and without any face."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.core.alert_types import Direction, RuleKind
from bellwether.services import Services
from bot import terminal
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.support.talk import Talk, as_read

ANN, BEN, GROUP = 1001, 1002, -1002002

pytestmark = pytest.mark.usefixtures("unhurried")

#: what somebody says in a fresh chat, and what they read
SAID = [
    ("hello", "Hello, Ann! I tell how far a stock may move"),
    ("thanks a lot", "You're welcome"),
    ("bye", "Goodbye!"),
    ("what can you do?", "What you can ask"),
    ("apple next week", "Over the next week Apple will probably end between"),
    ("bitcoin tomorrow", "I have nothing called “bitcoin” in the sample market. There are 42 stocks"),
    ("shell", "I have nothing called “shell” in the sample market. There are 42 stocks"),
    ("apple in 2 months", "You asked for “2 months”; the nearest for which I keep a record is 3 months."),
    ("apple in a year", "You asked for “a year”; the nearest"),
    ("should I buy apple?", "I give no advice"),
    ("any tips?", "Nobody can tell which stock is best"),
    ("apple vs microsoft", "Apple may move the most, Microsoft the least"),
    ("AAPL MSFT", "Apple may move the most, Microsoft the least"),
    ("how did you do on tesla", "Tesla"),
    ("what is your track record", "ranges held"),
    ("what happened today", "Close of 8 March."),
    ("why did apple fall", "From 7 March 2024 to 8 March 2024"),
    ("apple revenue", "Apple will probably take in"),
    ("what does this mean", "What a forecast says"),
    ("watch tesla and apple", "You watch Tesla (TSLA) now."),
    ("show my list", "You watch:"),
    ("what happened today?", "Tesla"),
    ("stop watching tesla", "You no longer watch TSLA"),
    ("my alerts", "You have no alerts yet."),
    ("settings", "How I write to you"),
    ("stop", "I write nothing more of my own accord"),
    ("the weather in paris", "I'm not sure what you mean"),
    ("👍", "You're welcome"),
]


def test_every_kind_of_request_is_answered_over_telegram(server: TelegramServer, tmp_path: Path) -> None:
    with running_bot(bot_services(server, tmp_path)):
        for said, answer in SAID:
            assert answer in as_read(server.ask(ANN, said).text), said


def test_an_alert_in_words_is_told_back_exactly_and_can_be_undone(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        made = server.ask(ANN, "tell me when nvidia drops 5 %")
        assert "NVDA: a fall of 5 % or more from one close to the next" in as_read(made.text)
        (rule,) = ask.rules_of(services.store, ANN)
        assert (rule.kind, rule.direction, rule.threshold) == (RuleKind.MOVE, Direction.BELOW, -0.05)
        server.press(ANN, made.message_id, "Remove")
        server.wait_for(lambda seen: (last := seen.last(ANN)) is not None and "Removed: NVDA" in last.text)
    assert ask.rules_of(services.store, ANN) == []


@pytest.mark.parametrize(
    ("said", "answer", "label"),
    [
        ("alert me nvidia 5%", "a move of 5 % or more from one close to the next. Which way?", "Down"),
        ("tell me when nvidia drops", "what should I tell you?", "Big move in one day"),
        ("tell me when apple falls 5% in a month", "not within “a month”", "Price below $162.19 (−5.0 %)"),
        ("tell me if nvidia moves 5% this week", "not within “week”", "+5.0 % in one day"),
        ("tell me when apple gets unusual", "How unusual must it be", "1 day in 50"),
    ],
)
def test_what_an_alert_in_words_does_not_say_is_asked_and_never_supposed(
    talk: Talk, said: str, answer: str, label: str
) -> None:
    assert answer in talk.say(said)
    assert ask.rules_of(talk.services.store, talk.chat_id) == []
    talk.press(label)


@pytest.mark.parametrize(
    ("said", "answer", "label"),
    [
        ("apple yesterday", "“yesterday” has passed", "How earlier forecasts turned out"),
        ("apple by 29 february", "You asked for “29 february”; the nearest", "· 3 months ·"),  # the next is of 2028
        ("AAPL -5 days", "“-5 days” has passed", "What changed?"),
        ("I bought apple 2 weeks ago, should I sell", "I give no advice", "Alert me…"),  # the time is of the purchase
        ("apple last week", "“last week” has passed", "What lies ahead"),
        ("apple on 1 march 2024", "“1 march 2024” has passed", "What lies ahead"),
        ("apple in 3 months and 1 week", "You asked for “3 months and 1 week”", "· 3 months ·"),
        ("where will apple be in 3 days", "1 day, 1 week, 2 weeks, 1 month, 3 months.", "· 1 week ·"),
        ("where will apple be in 3 days", "For exactly that length write “apple 3d”.", "· 1 week ·"),
        ("apple in 2 hours", "You asked for “2 hours”; the nearest for which I keep a record is 1 day.", "· 1 day ·"),
        ("apple in 0 days", "You asked for “0 days”", "· 1 day ·"),
        ("apple in minus 5 days", "“minus 5 days” has passed", "What lies ahead"),
        ("apple next week and next month", "Ask for “next month” by itself.", "· 1 week ·"),
        ("apple at christmas 2026", "The prices here end on 8 March 2024", "· 3 months ·"),
        ("apple friday", "“friday” is 15 March 2024. The prices here end on 8 March 2024", "· 1 week ·"),
        ("I own 10 apple and 5 nvidia", "not how many of each you own", "Watch these every evening"),
        ("I own 10 apple and 5 nvidia", "counts each as an equal part", "The range of all together"),
        (
            "i have 10 apple shares and 5 nvidia, how much can i lose in a month?",
            "next month",
            "The range of all together",
        ),
        ("how risky are apple, tesla and microsoft together?", "Over the next two weeks this list", "1 month"),
        ("risk of apple and tesla in equal parts in a month", "Over the next month this list", "1 week"),
        ("/risk apple tesla 1w", "Over the next week this list", "1 month"),
        ("what don't you know?", "I know no news", "How good are the forecasts?"),
        ("¿Qué no sabes?", "I know no news", "What does this mean?"),
        ("what does 8 in 10 mean?", "Imagine ten days", "What a forecast says"),
        ("what does 72 of 100 held mean?", "looks back at my earlier ranges", "What a forecast says"),
        ("earnings alphabet", "will probably report around 23 April 2024", "Tell me the day before"),
        ("storms", "Days on which my ranges of all stocks held too rarely", "Tell me of storms"),
        ("Sturm", "Days on which my ranges of all stocks held too rarely", "Tell me of storms"),
        ("is there a storm?", "none goes on now", "Tell me of storms"),
        ("when does google report", "will probably report around 23 April 2024", "Tell me the day before"),
        ("wann berichtet google", "will probably report around 23 April 2024", "Tell me the day before"),
        ("chance that apple falls 10% in a month", "over the next month: 5 % to 10 %.", "· 1 month ·"),
        ("will nvidia be above 1000 by summer?", "chance of ending above $1,000.00 (+14.2 %)", "· 3 months ·"),
        ("will nvidia be above 1000 by summer?", "“summer” is 21 June 2024", "· 3 months ·"),
        ("worst that could happen to tesla", "1 in 20, Tesla loses over", "· 2 weeks ·"),
        ("apple earnings date", "is not known to me", "Where may it be?"),
        (
            "why was your last apple forecast wrong?",
            "jumped past the range in a single night",
            "How earlier forecasts turned out",
        ),
        ("why did the forecast for tesla fail?", "Found when looking for why", "How earlier forecasts turned out"),
        ("why was your last forecast wrong?", "1 in 10 of such ranges should fail", "How earlier forecasts turned out"),
        ("why do you say beat when fewer held?", "So a score decides", "What a forecast says"),
        ("how good are you?", "against that rule's (95 % interval", "Details"),
        ("why is the range wider today", "Which stock?", "AAPL"),
        ("/settings channels", "I can't write to other apps here", "All my alerts"),
        ("alerts by mail", "I can't write to other apps here", "All my alerts"),
        ("send alerts to discord", "I can't write to other apps here", "All my alerts"),
        ("email me", "I can't write to other apps here", "All my alerts"),
        ("also send to", "I can't write to other apps here", "All my alerts"),
        ("email me when apple falls 5%", "It comes here. Where it goes besides, by mail", "Also send to…"),
        ("/forecast apple next week", "Over the next week Apple", "· 1 week ·"),
        ("/forecast AAPL yesterday", "“yesterday” has passed", "What lies ahead"),
        ("/alerts apple falls 5% in a month", "not within “a month”", "−5.0 % in one day"),
        ("/alerts AAPL 5%", "Which way?", "Down"),
        ("/forecast coca colla", "Did you mean Coca-Cola?", "Coca-Cola"),
        ("my portfolio is 10 apple 5 msft", "not how many of each you own", "Watch these every evening"),
        ("how did you do on apple last week", "as a whole here, not of “last week” alone", "Details"),
        ("Discord", "I can't write to other apps here", "All my alerts"),
        ("where can alerts be sent?", "I can't write to other apps here", "All my alerts"),
        ("can you send me alerts by email?", "I can't write to other apps here", "All my alerts"),
        ("wohin können alarme geschickt werden", "I can't write to other apps here", "All my alerts"),
        ("¿adónde se pueden enviar las alertas?", "I can't write to other apps here", "All my alerts"),
        ("para onde podem ser enviados os alertas", "I can't write to other apps here", "All my alerts"),
        ("куда можно отправлять оповещения", "I can't write to other apps here", "All my alerts"),
        ("can you text me on whatsapp?", "I don't write by WhatsApp or SMS.", "All my alerts"),
        ("¿me puedes escribir por whatsapp?", "I don't write by WhatsApp or SMS.", "All my alerts"),
        ("send me an sms when apple falls", "I don't write by WhatsApp or SMS.", "Big move in one day"),
        ("tell me when there is a storm", "none goes on now", "Tell me of storms"),
        ("when was the last storm?", "The last storm, 22 A", "Tell me of storms"),
        ("tell me when apple gets unusual in the next month", "It ends with 22 December 2026.", "1 day in 50"),
        ("tell me when apple drops in a month", "ends with 22 December 2026, write its number", "Big move in one day"),
        ("email me the forecast of apple every day", "the digest of all that you watch", "Also send to…"),
        ("apple in the last hour", "“the last hour” has passed", "What lies ahead"),
        ("tell me when apple falls 5% in the last hour", "not at “the last hour”", "Remove"),
    ],
)
def test_what_is_not_to_be_had_as_it_was_asked_is_said_with_the_way_to_what_is(
    talk: Talk, said: str, answer: str, label: str
) -> None:
    assert answer in talk.say(said)
    talk.press(label)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("apple by 31 february", "31 february"),
        ("apple on 31 april", "31 april"),
        ("apple by 29 february 2025", "29 february 2025"),
        ("apple by 2025-02-30", "2025-02-30"),
        ("/forecast AAPL by 31 april", "31 april"),
        ("tell me when apple reaches 200 by 31 april", "31 april"),
    ],
)
def test_a_day_that_no_calendar_has_is_no_other_day(talk: Talk, said: str, day: str) -> None:
    assert talk.say(said) == f"There is no such day: “{day}”."
    assert ask.rules_of(talk.services.store, talk.chat_id) == []


def test_where_prices_come_from_and_when_several_companies_report_is_told(talk: Talk) -> None:
    assert "the sample market" in (told := talk.say("where do your prices come from?")) and "8 March 2024" in told
    assert "You watch nothing yet" in talk.say("when do the companies on my list report?")
    talk.say("/watch AAPL, GOOGL")
    for said in ("when do the companies on my list report?", "when is the next report of apple and google?"):
        told = talk.say(said)
        assert "When Apple (AAPL) reports next is not known" in told and "around 23 April 2024" in told


def test_a_price_in_words_with_a_time_ends_with_it(talk: Talk) -> None:
    assert "It ends with 14 December 2026." in talk.say("tell me when apple reaches 200 within 3 weeks")


def test_a_price_in_words_is_a_level_on_the_side_that_is_still_to_come(talk: Talk) -> None:
    assert "AAPL: a close above $250.00" in talk.say("tell me when apple reaches $250")


def test_what_is_not_understood_gets_three_buttons_that_lead_somewhere(talk: Talk) -> None:
    for at in range(3):
        talk.say("the weather in paris")
        assert len(talk.labels) == 3
        assert len(talk.press(talk.labels[at])) > 40


def test_a_company_that_is_lacking_is_never_called_misspelt(talk: Talk) -> None:
    told = talk.say("what about shell")
    assert "spelling" not in told
    assert talk.labels == ["All stocks"]
    listed = talk.press("All stocks")
    assert "42 stocks and indices are ready here" in listed
    assert "Apple · AAPL" in listed


@pytest.mark.parametrize(("said", "near"), [("AAPPL", ["AAPL"]), ("adidas", ["All stocks"])])
def test_only_what_is_really_near_is_offered(talk: Talk, said: str, near: list[str]) -> None:
    talk.say(said)
    assert talk.labels == near


@pytest.mark.parametrize(
    ("said", "language", "answer"),
    [
        ("hola", "es", "¡Hola!"),
        ("avísame cuando nvidia caiga un 5 %", "es", "NVDA"),
        ("¿qué tal tesla?", "es", "Tesla"),
        ("danke", "de", "Gern geschehen"),
        ("Apple nächste Woche", "de", "In einer Woche"),
        ("soll ich Apple kaufen?", "de", "Ich gebe keinen Rat"),
        ("olá", "pt", "Olá!"),
        ("apple ou microsoft", "pt", "Microsoft"),
        ("привет", "ru", "Здравствуйте!"),
        ("что с теслой", "ru", "Tesla"),  # noqa: RUF001
        ("hola", "de", "Hallo!"),
        ("amd", "en", "nothing called “amd”"),
    ],
)
def test_every_language_is_understood_and_answered_in_the_chats_own(
    talk: Talk, said: str, language: str, answer: str
) -> None:
    talk.language = language
    assert answer in talk.say(said)


@pytest.mark.parametrize("said", ["hola", "danke", "hi", "hey there", "merci", "ok", "nice", "now", "привет"])
def test_no_greeting_becomes_a_company(talk: Talk, said: str) -> None:
    talk.say(said)
    assert talk.shown.chart is None


def test_in_a_group_only_admins_change_something_in_their_own_words_too(server: TelegramServer, tmp_path: Path) -> None:
    server.open_chat(GROUP, "Traders", type="supergroup")
    server.appoint(GROUP, BEN)
    services = bot_services(server, tmp_path)

    def answer(text: str, by: int) -> str:
        before = len(server.messages(GROUP))
        server.say(GROUP, f"@bellwether_bot {text}", user_id=by)
        server.wait_for(lambda seen: len(seen.messages(GROUP)) > before)
        return server.messages(GROUP)[before].text

    with running_bot(services):
        assert "only its admins" in answer("watch tesla please", ANN)
        assert watchlist.watchlist(services.store, GROUP) == []
        assert "You now watch Tesla" in answer("watch tesla please", BEN)


def test_the_terminal_understands_the_same(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\nwhat about tesla next week\n/quit\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "Hello! I tell how far" in said
    assert "Over the next week Tesla" in said
