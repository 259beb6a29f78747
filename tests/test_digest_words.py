"""The digest as it is read: one headline, what stands out, the rest in a line each, in one message; and weekly ones."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.alerts import ask, watchlist
from bellwether.alerts.digest_decisions import standing_out, turned_out
from bellwether.alerts.observed_digest import DigestTopic
from bellwether.alerts.rules.local_time import end_of_week
from bellwether.alerts.rules.rarity import Rarity, Side
from bellwether.alerts.text.digest import Digest, Digests, headline
from bellwether.alerts.text.digest_lines import DigestEntry, Move, seen_length, why
from bellwether.alerts.text.digest_notes import how_they_turned_out
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import AlertSettings, DigestMode
from bellwether.core.i18n.numbers import signed_percent
from bellwether.core.i18n.translate import LANGUAGES, said, use_language
from bellwether.core.types import Instrument
from bellwether.track_record.grading import Grade, GradedRange, Range
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.test_evaluate_rules import DAY, EVENING, owed, services_at

CRASH = datetime(
    2020, 3, 16, 21, 0, tzinfo=UTC
)  #: an hour after New York closed; nearly everything fell out of its range
FRIDAY = datetime(2021, 12, 17, 22, 0, tzinfo=UTC)


def test_forty_symbols_fit_one_message_in_every_language(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    chats = {code: 1001 + number for number, code in enumerate(LANGUAGES)}
    for code, chat_id in chats.items():
        server.open_chat(chat_id)
        for instrument in list(services.provider.universe())[:40]:
            watchlist.watch(services, chat_id, instrument.symbol, code)
    tick(services, CRASH - 3 * DAY)
    with services.store.transaction() as db:
        db.execute("DELETE FROM outbox")
    tick(services, CRASH)
    with running_bot(services):
        server.wait_for(lambda s: all(s.messages(chat_id) for chat_id in chats.values()))
    texts = {str(row["text"]) for row in owed(services)}
    assert len(texts) == len(LANGUAGES)
    for chat_id in chats.values():
        (digest,) = server.messages(chat_id)
        assert digest.text.count("(AAPL)") + digest.text.count("\nAAPL ") == 1
        assert len([button for row in digest.buttons for button in row]) == 5, "those that it names first"
    english = server.messages(chats["en"])[0].text
    assert english.startswith("Restless day: none of 40 stayed inside. Look at "), english
    assert "chance" not in english and "likel" not in english


def test_a_named_symbol_is_one_press_away(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    server.open_chat(1001)
    watchlist.watch(services, 1001, "KO", "en")
    with running_bot(services):
        tick(services, EVENING)
        server.wait_for(lambda s: s.messages(1001))
        server.press(1001, server.last(1001).message_id, "Chart of KO")
        server.wait_for(lambda s: len(s.messages(1001)) == 2)
        digest, forecast = server.messages(1001)
    assert forecast.kind == "photo"
    assert "Coca-Cola" in forecast.text
    assert digest.edits == 0


# ---- what stands out


def entry(symbol: str, move: float = 0.0, surprise: float = 0.0, held: bool | None = None) -> DigestEntry:
    day = date(2021, 12, 30)
    told = Range(symbol, day - timedelta(days=1), 1, day, -0.02, 0.02)
    ended = None if held is None else (told, GradedRange(move, held))
    instrument = Instrument(symbol, f"{symbol} & Co", "", "XNYS", "USD")
    return DigestEntry(instrument, None, Move(move, surprise=surprise), ended=ended)


def current(symbol: str, move: float = 0.0, surprise: float = 0.0, held: bool | None = None) -> DigestEntry:
    from tests.test_rules_alert import forecast

    return replace(entry(symbol, move, surprise, held), forecast=forecast())


def test_the_most_unusual_stands_first_and_what_is_usual_does_not_stand_out() -> None:
    rare = replace(current("RARE"), rarity=Rarity(Side.HIGH, 0.004, 250))
    calm, out, big = current("CALM", held=True), current("OUT", 0.03, 1.5, held=False), current("BIG", 0.06, 2.5)
    assert standing_out([calm, out, big, rare]) == [rare, big, out]
    assert why(out, weekly=False) == (
        "<b>OUT &amp; Co</b> moved +3.0\u00a0%; 8 in 10 outcomes were expected between −2.0\u00a0% and +2.0\u00a0%."
    )
    assert why(big, weekly=True) == "<b>BIG &amp; Co</b> moved +6.0\u00a0% in the week, 2.5 times as much as usual."
    assert why(rare, weekly=False).endswith("its outlook is rarer than on nearly all of the last 250 days.")


@pytest.mark.parametrize(
    ("inside", "first", "weekly", "said"),
    [
        (Grade(1, 38, 40), 2, False, "Calm day: 38 of 40 stayed inside. Look at A &amp; Co, B &amp; Co."),
        (Grade(1, 4, 6), 1, False, "Mixed day: 4 of 6 stayed inside. Look at A &amp; Co."),
        (Grade(5, 30, 40), 0, True, "Mixed week: 30 of 40 stayed inside."),
        (Grade(1, 3, 6), 0, False, "Restless day: only 3 of 6 stayed inside."),
        (Grade(1, 12, 40), 5, False, "Restless day: only 12 of 40 stayed inside. Look at A &amp; Co, B &amp; Co, C "),
        (Grade(5, 40, 40), 0, True, "Calm week: 40 of 40 stayed inside."),
        (None, 1, False, "Look at A &amp; Co."),
        (None, 0, False, "Nothing unusual today."),
        (None, 0, True, "Nothing unusual this week."),
    ],
)
def test_the_headline_says_how_the_day_was_and_whom_to_look_at(
    inside: Grade | None, first: int, weekly: bool, said: str
) -> None:
    entries = [current(symbol) for symbol in "ABCDEF"]
    assert headline(Digest(entries, entries[:first], date(2021, 12, 30), inside, weekly)).startswith(said)


def test_a_headline_about_one_symbol_names_it_and_one_without_prices_says_so() -> None:
    alone = [entry("A")]
    assert headline(Digest(alone, alone, date(2021, 12, 30), Grade(1, 0, 1))) == "A &amp; Co left its range."
    assert headline(Digest(alone, [], date(2021, 12, 30))) == "No closing prices yet."
    two = [entry("A", held=False), entry("B")]
    assert headline(Digest(two, two, date(2021, 12, 30), Grade(1, 0, 1))) == (
        "A &amp; Co left its range. Look at B &amp; Co."
    )


# ---- the headline and the line below it


def ended(held: bool, horizon: int = 1) -> tuple[Range, GradedRange]:
    day = date(2021, 12, 30)
    return Range("", day - timedelta(days=horizon), horizon, day, -0.02, 0.02), GradedRange(0.0, held)


topics = st.builds(
    lambda number, until_now, longer, unjudged: DigestTopic(
        replace(current(f"S{number}"), ended=None if until_now is None else ended(until_now)),
        is_stale=False,
        is_late=False,
        ended=tuple(
            ([] if until_now is None else [ended(until_now)]) + ([] if longer is None else [ended(longer, 10)])
        ),
        unjudged=unjudged,
    ),
    st.integers(0, 99),
    st.sampled_from([None, False, True, True, True]),
    st.sampled_from([None, False, True]),
    st.integers(0, 2),
)


@given(st.lists(topics, min_size=1, max_size=40), st.booleans())
def test_the_headline_and_the_line_below_it_never_contradict_each_other(seen: list[DigestTopic], weekly: bool) -> None:
    inside, others = turned_out(seen)
    unjudged = sum(topic.unjudged for topic in seen)
    assert sum(grade.of for grade in others) + (inside.of if inside else 0) == sum(len(topic.ended) for topic in seen)
    for language in LANGUAGES:
        with use_language(language):
            entries = [topic.entry for topic in seen]
            first = headline(Digest(entries, [], date(2021, 12, 30), inside, weekly))
            below = how_they_turned_out(others, unjudged, headed=inside is not None)
        counted = [int(figure) for figure in re.findall(r"(?<![S\d])\d+", first)]
        if inside is None or inside.of == 1:
            assert counted == []
        elif inside.held or language == "de":
            assert counted == [inside.held, inside.of]
        else:
            assert counted == [inside.of]
        told = [int(figure) for figure in re.findall(r"\d+", below)]
        assert told == [
            *([8, 10] if inside else []),
            *(figure for grade in others for figure in (grade.held, grade.of, 2)),  # "for 2 weeks"
            *([8, 10] if others and not inside else []),
            *([unjudged] if unjudged else []),
        ]
        if language == "en" and inside is not None and inside.of > 1:
            assert ("Calm" in first) == (inside.held / inside.of >= 0.8)
            assert ("only" in first) <= ("Restless" in first)


def test_a_caveat_that_differs_in_its_symbol_alone_is_said_once_with_all_of_them() -> None:
    made = current("A").forecast
    assert made is not None
    entries = [
        replace(current(symbol), forecast=replace(made, caveats=(said("Not taught with {symbol}.", symbol=symbol),)))
        for symbol in ("BA", "T")
    ]
    assert "\nNot taught with BA, T.\n" in Digests(10).write(Digest(entries, [], date(2021, 12, 30)))


# ---- once a week


@pytest.mark.parametrize(
    ("calendars", "day", "end"),
    [
        ({"XNYS"}, date(2021, 12, 14), date(2021, 12, 17)),
        ({"XNYS"}, date(2021, 12, 24), date(2021, 12, 23)),  # Christmas Eve was a holiday
        ({"XNYS", "XTKS"}, date(2021, 12, 20), date(2021, 12, 23)),  # the last day on which both traded
        ({"XNYS", "24/7"}, date(2021, 12, 18), date(2021, 12, 17)),  # coins have no weekend, and no digest of their own
    ],
)
def test_a_week_ends_with_its_last_session_on_which_most_exchanges_trade(
    calendars: set[str], day: date, end: date
) -> None:
    assert end_of_week(calendars, day) == end


def test_a_weekly_digest_comes_once_a_week_about_the_whole_of_it(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "KO", "PFE"):
        watchlist.watch(services, 7, symbol, "en")
    ask.change_alert_settings(services, 7, AlertSettings(digest_mode=DigestMode.WEEKLY), "en")
    for days in range(8):
        tick(services, FRIDAY - 7 * DAY + days * DAY)
    assert [row["dedup_key"] for row in owed(services)] == ["digest:7:2021-12-10", "digest:7:2021-12-17"]
    text = str(owed(services)[1]["text"])
    assert " week: " in text and "of 3 stayed inside" in text
    assert "Ranges that ended today" not in text, "those that the digest of the week before told are in the headline"
    closes = services.provider.bars("KO", date(2021, 12, 17)).quoted_closes
    assert f"(KO) ${closes[-1]:.2f}, {signed_percent(closes[-1] / closes[-6] - 1)}: " in text
    assert "its change in the week" in text
    with services.store.reading() as db:
        told = list(db.execute("SELECT DISTINCT horizon, target_session FROM told_ranges WHERE cutoff = '2021-12-17'"))
    assert (4, "2021-12-23") in told, "until the next one, over a short week"


def test_the_seen_length_is_what_telegram_counts() -> None:
    assert seen_length("<blockquote expandable><b>A &amp; B</b> 😀</blockquote>") == len("A & B ") + 2
