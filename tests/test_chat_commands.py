"""Every other command in the conversation: what it says, what its buttons do, and that it stays kind."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import LedgerError, NoPrices
from bellwether.core.types import to_date
from bellwether.delivery import chats_table
from bellwether.forecasting.forecaster import forecast_at
from bellwether.market.sample import SampleProvider
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import issue, receipts
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bot.commands import COMMANDS, track
from bot.commands.base import Who
from tests.conftest import MODELS
from tests.support.sample import SAMPLE_NIGHT
from tests.support.talk import Talk

CHAT = 1001


def watched(talk: Talk) -> list[str]:
    return [one.symbol for one in watchlist.watchlist(talk.services.store, CHAT)]


# ---- /start and its links


def test_the_greeting_offers_stocks_to_begin_with(talk: Talk) -> None:
    assert "as a range with its track record" in talk.say("/start")
    assert talk.labels == ["AAPL", "MSFT", "NVDA"]
    assert "Over the next two weeks Microsoft" in talk.press("MSFT")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("AAPL", "Over the next two weeks Apple"),
        ("_cGSPC", "Over the next two weeks the S&P 500 index"),
        ("apple", "Over the next two weeks Apple"),
        ("watch_MSFT", "You now watch Microsoft"),
        ("watch__cVIX", "You now watch CBOE Volatility Index"),
        *((payload, "range with its track record") for payload in ("NOPE", "VIP", "watch_NOPE", "NOPE_dXX")),
        *((payload, "range with its track record") for payload in ("watch_", "watch_ref_12345", "-_-", "--", "_")),
        ("bank_of_america_1m", "Over the next month Bank of America"),
        ("ref_12345", "range with its track record"),
        ("REF12345", "range with its track record"),
        ("12345", "range with its track record"),
        ("UTM-NEWSLETTER-2026", "range with its track record"),
        ("aGVsbG8gd29ybGQ", "range with its track record"),
        ("from_apple_friends_7", "range with its track record"),
        ("x" * 64, "range with its track record"),
        ("AAPL_99999", "range with its track record"),
    ],
)
def test_a_link_goes_where_it_says(talk: Talk, payload: str, said: str) -> None:
    assert said in talk.say(f"/start {payload}")


@pytest.mark.parametrize(
    ("payload", "said"),
    [("apple", "no prices"), ("aapl", "no prices"), ("AAPL", "no prices"), ("friends", "track record")],
)
def test_while_prices_are_away_a_link_to_a_stock_says_so_and_any_other_is_greeted(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, payload: str, said: str
) -> None:
    def away(*_: object) -> None:
        raise NoPrices("There are no prices just now.")

    monkeypatch.setattr("bellwether.ask.forecasts.answer", away)
    assert said in talk.say(f"/start {payload}")


def test_a_group_is_told_what_is_answered_there(services: Services) -> None:
    told = "In a group I answer commands such as /forecast AAPL, what begins with my name, and replies to me."
    assert told in Talk(services, -2003, may_change=False).say("/start")
    assert told not in Talk(services, 2003).say("/start")


def test_stop_silences_and_start_revives(talk: Talk) -> None:
    talk.say("/watch AAPL")
    assert "nothing more of my own accord" in talk.say("/stop")
    assert paused(talk)
    assert watched(talk) == ["AAPL"]
    assert "Apple" in talk.say("AAPL"), "questions are still answered"
    assert paused(talk)
    resumed = talk.say("/start")
    assert resumed.startswith("I write to you again.\n\nYou watch AAPL. This is the sample market")
    assert "alert" not in resumed, "of nothing nothing is said"
    assert talk.labels[-3:] == ["What do I watch?", "My alerts", "Settings"]
    assert not paused(talk)
    assert "I forecast where a stock may be" in talk.say("/start")


class Live(SampleProvider):
    """The sample market, were it live."""

    live = True


@pytest.mark.parametrize(
    ("now", "settings", "said"),
    [
        (datetime(2021, 12, 16, 12, tzinfo=UTC), "", "comes on 16 December at 21:45 (UTC time)."),
        (datetime(2021, 12, 16, 22, tzinfo=UTC), "", "The digest of them comes in a few minutes."),
        (datetime(2021, 12, 17, 12, tzinfo=UTC), "digest weekly", "comes on 17 December at 21:45 (UTC time)."),
        (
            datetime(2021, 12, 25, 12, tzinfo=UTC),
            "digest unusual",
            "comes on 27 December at 21:45 (UTC time), if something unusual has happened.",
        ),
        (datetime(2021, 12, 25, 12, tzinfo=UTC), "time 7:30", "comes on 28 December at 07:30 (UTC time)."),
    ],
)
def test_whoever_begins_again_learns_what_comes_and_when(
    services: Services, now: datetime, settings: str, said: str
) -> None:
    talk = Talk(replace(services, provider=Live(), clock=lambda: now))
    for words in ("/watch KO", "/watch AAPL, MSFT, NVDA, PFE", "/alerts AAPL move 5%", f"/settings {settings}"):
        talk.say(words)
    talk.say("/stop")
    resumed = talk.say("/start")
    assert said in resumed
    assert "You watch AAPL, KO, MSFT and 2 more." in resumed
    assert "You have 1 alert; I look at it after each trading day." in resumed


def test_stop_works_for_somebody_who_never_began(talk: Talk) -> None:
    assert "nothing more" in talk.say("/stop")


def test_in_a_group_a_member_cannot_undo_a_stop(talk: Talk) -> None:
    talk.say("/watch AAPL")
    talk.say("/stop")
    assert "track record" in talk.member().say("/start")
    assert paused(talk)
    assert "Over the next" in talk.member().say("/start watch_MSFT"), "a member sees the forecast instead"
    assert watched(talk) == ["AAPL"]


def paused(talk: Talk) -> bool:
    with talk.services.store.reading() as db:
        found = chats_table.get(db, CHAT)
    assert found is not None
    return found.paused


# ---- /compare


@pytest.mark.parametrize(
    ("said", "symbols"),
    [
        ("AAPL MSFT", ["AAPL", "MSFT"]),
        ("aapl vs msft", ["AAPL", "MSFT"]),
        ("apple and tesla", ["AAPL", "TSLA"]),
        ("apple, bank of america; ko", ["AAPL", "BAC", "KO"]),
        ("Apple, Microsoft and Coca-Cola", ["AAPL", "MSFT", "KO"]),
        ("bank of america and apple", ["BAC", "AAPL"]),
        ("AAPL MSFT NVDA TSLA KO", ["AAPL", "MSFT", "NVDA", "TSLA", "KO"]),
        ("AAPL MSFT 3m", ["AAPL", "MSFT"]),
        ("AAPL aapl MSFT", ["AAPL", "MSFT"]),
    ],
)
def test_a_comparison_has_a_line_for_each_and_one_chart(talk: Talk, said: str, symbols: list[str]) -> None:
    text = talk.say(f"/compare {said}")
    assert [line.split()[0] for line in text.splitlines() if ": −" in line] == symbols
    assert "rise" not in text, "nothing is known of the direction this far ahead"
    assert talk.shown.chart is not None
    assert talk.shown.chart.draw().startswith(b"\x89PNG")
    assert "may move the most" in text.splitlines()[0]


def test_a_comparison_changes_its_horizon_in_place(talk: Talk) -> None:
    talk.say("/compare AAPL MSFT 1w")
    assert "· 1 week ·" in talk.labels
    assert talk.press("3 months").startswith("Over the next three months")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", "2 to 5 stocks"),
        ("AAPL", "2 to 5 stocks"),
        ("AAPL MSFT NVDA TSLA KO PG", "2 to 5 stocks"),
        ("AAPL apple", "one and the same"),
        ("AAPL NOPE", "I don't know the ticker NOPE"),
        ("AAPL MSFT 0d", "1 to 63"),
        ("{} AAPL", "I don't know"),
        (", ,", "2 to 5 stocks"),
    ],
)
def test_a_comparison_that_cannot_be_is_said_kindly(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/compare {said}")


def test_a_question_back_goes_on_with_the_comparison(talk: Talk) -> None:
    assert "Which one do you mean?" in talk.say("/compare AAPL, index 1m")
    assert "Over the next month" in talk.press("^GSPC: S&P 500 index, Index, USD")
    assert talk.say("/compare bank of america, index").startswith("“index” could mean")
    assert talk.labels == [], "where the other name is no symbol, buttons can't go on"


@pytest.mark.parametrize("action", ["compare", "compare:10", "compare:10:AAPL", "compare:10:A,B,C,D,E,F"])
def test_a_forged_comparison_is_stale(talk: Talk, action: str) -> None:
    assert "older version" in talk.send(action)


# ---- /why, /asof, /track, /receipt, what it means


def test_why_says_what_changed_and_what_lies_behind_it(talk: Talk) -> None:
    text = talk.say("/why AAPL")
    assert "than a trading day ago" in text.splitlines()[0] or "as wide as" in text.splitlines()[0]
    assert "From 7 March 2024 to 8 March 2024" in text
    assert re.search(r"• Close: \$[\d.]+ → \$[\d.]+ \(\+1\.0 %\)", text)
    assert "(VIX)" in text
    talk.say("AAPL 1m")
    assert "over the next month" in talk.press("What changed?")
    assert "Over the next month" in talk.press("The forecast")


@pytest.mark.parametrize(("said", "answer"), [("", "Which stock?"), ("NOPE", "I don't know"), ("index", "mean?")])
def test_why_asks_back(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/why {said}")


@pytest.mark.parametrize("said", ["2020-03-02 AAPL", "AAPL 2020-03-02", "2020-03-02 apple 2w"])
def test_the_time_machine_says_what_the_model_knew_and_what_came(talk: Talk, said: str) -> None:
    text = talk.say(f"/asof {said}")
    assert text.startswith("As of 2 March 2020: over the next two weeks Apple will probably end between $")
    assert "by a model that was made with none after 31 December 2018" in text
    assert "What came by 16 March 2020: −18.9 %, outside the range." in text
    assert "up to 2018" not in text.partition("Last close")[2]


def test_the_time_machine_judges_itself_by_the_prices(talk: Talk) -> None:
    asked = forecasts.answer(talk.services, "AAPL", 10, datetime(2020, 3, 2, tzinfo=UTC).date())
    came = forecasts.what_came(talk.services.provider, asked, talk.services.clock())
    bars = talk.services.provider.bars("AAPL", asked.forecast.target_session)
    start = [to_date(day) for day in bars.sessions].index(asked.forecast.cutoff)
    assert came is not None
    assert came.growth == pytest.approx(bars.closes[-1] / bars.closes[start] - 1)
    assert not came.held


def test_where_every_model_had_seen_more_it_says_so(talk: Talk) -> None:
    assert "this is no test of it" in talk.say("/asof 2012-03-01 MSFT")


def test_what_has_not_come_yet_is_not_known(talk: Talk) -> None:
    assert "not known yet" in talk.say("/asof 2024-03-07 MSFT")


def test_a_day_without_a_close_is_not_exchanged_silently(talk: Talk) -> None:
    said = talk.say("/asof 2024-03-02 MSFT")
    assert "As of 1 March 2024" in said
    assert "No close of 2 March 2024 is known here; the last one before it is used." in said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("", "From which day"),
        ("AAPL", "From which day"),
        ("2020-03-02", "From which day"),
        ("31.12.2020 AAPL", "is not a date"),
        ("2020-02-30 AAPL", "is not a date"),
        ("2050-01-01 AAPL", "has not come yet"),
        ("1800-01-01 AAPL", "No prices reach back"),
        ("1950-01-01 AAPL", "AAPL"),
        ("2020-03-02 NOPE", "I don't know"),
        ("AAPL yesterday", "From which day"),
    ],
)
def test_a_day_that_cannot_be_is_said_kindly(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/asof {said}")


def test_a_question_back_keeps_the_day(talk: Talk) -> None:
    talk.say("/asof 2020-03-02 index 1w")
    assert "As of 2 March 2020: over the next week the S&P 500" in talk.press("^GSPC: S&P 500 index, Index, USD")


@pytest.mark.parametrize(("said", "name"), [("", "all stocks here"), ("AAPL", "Apple"), ("apple", "Apple")])
def test_the_track_record_of_the_sample_is_marked_as_simulated(talk: Talk, said: str, name: str) -> None:
    text = talk.say(f"/track {said}")
    assert re.match(rf"Of {name}, \d+ % of my 8-in-10 ranges held", text)
    assert "Simulated: replayed on past prices" in text
    assert len(text.splitlines()) <= 8
    assert re.search(r"• 2 weeks: \d+ % held; the plain rule's: \d+ %", text)
    assert text.count("the plain rule, ranges made of the recent swings alone") == 1
    assert "up to a month ahead" in text
    assert "A wider range holds more often but tells less" in text, "fewer held than of the rule"
    if name != "Apple":
        told = "measured by the width of its range: Eli Lilly (LLY), 1 day ahead from 7 August 2023: it moved +14.9 %"
        assert told in text, "as the page"
    assert "On the next trading day" in talk.press("Details")
    assert talk.press("Short again") == text


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/track 1w", r"Of all stocks here, \d+ % of my 8-in-10 ranges 1 week ahead held"),
        ("/track AAPL 1w", r"Of Apple, \d+ % of my 8-in-10 ranges 1 week ahead held"),
        (
            "/track 3 days",
            r"There is a record of 1 day, 1 week, 2 weeks, 1 month, 3 months; .* nearest to 3 trading days",
        ),
        ("how good are your forecasts one month ahead", r"Of all stocks here, \d+ % of my .* 1 month ahead held"),
        ("/track 100w", r"I can look 1 to 63 trading days ahead"),
    ],
)
def test_the_track_record_of_one_horizon_can_be_asked_for(talk: Talk, said: str, answer: str) -> None:
    told = talk.say(said)
    assert re.match(answer, told)
    if "Details" in talk.labels:
        assert "ahead held" in talk.press("Details")
        assert talk.press("Short again") == told[told.index("Of ") :]


def test_where_nothing_was_issued_nothing_is_claimed(services: Services) -> None:
    empty = live_record(services.store, RecordFilter(None, None, None, None), ())
    text = track.record_text(empty, "all stocks", services.universe)
    assert "There is no track record of all stocks yet" in text
    assert "%" not in text


def test_a_receipt_proves_what_was_said(talk: Talk) -> None:
    """The sample market issues nothing, so its prices are given out as a file's here."""
    seen = replace(forecasts.outlook(talk.services, forecasts.resolve(talk.services, "AAPL")), source="file")
    made = issue.issue(talk.services.store, seen, forecast_at(seen, 10, SAMPLE_NIGHT))
    for said in (made.forecast_id, made.forecast_id.upper()):
        text = talk.say(f"/receipt {said}")
        assert f"Receipt of forecast {made.forecast_id}" in text
        assert "Its time is not over yet" in text
        receipt = receipts.receipt(talk.services.store, made.forecast_id)
        assert receipt.hash in text
        assert receipt.content in text


@pytest.mark.parametrize(("said", "answer"), [("", "Which forecast?"), ("f0123456789", "no forecast")])
def test_without_a_receipt_it_says_why(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/receipt {said}")
    with pytest.raises(LedgerError):
        receipts.receipt(talk.services.store, "f0")


def test_the_sample_market_says_that_nothing_is_issued_and_shows_what_a_receipt_is(talk: Talk) -> None:
    said = talk.say("/receipt apple")
    assert "A receipt is the proof that a forecast was written down before" in said
    assert "This is the sample market" in said
    assert "ledger" not in said and len(talk.labels) == 3
    shown = talk.press("LLY, 7 August 2023")
    assert shown.startswith("Receipt of forecast f")
    assert "I would have said of LLY, from the close of 7 August 2023" in shown
    assert "What came: +14.9 %, outside the range." in shown
    assert "It stands in no ledger" in shown and "is the proof that" not in shown
    proof = dict(re.findall(r"(hash before|content|hash) ([0-9a-f]{60,})", shown))
    assert hashlib.sha256(bytes.fromhex(proof["hash before"] + proof["content"])).hexdigest() == proof["hash"]
    assert talk.say("/receipt nvidia") == said
    assert talk.labels[0] == "NVDA, 24 May 2023", "of the stock that was asked for, if there is one"


def test_the_button_explains_in_everyday_words(talk: Talk) -> None:
    talk.say("AAPL")
    text = talk.press("What does this mean?")
    for word in ("The range.", "The chance of a rise.", "The track record.", "not investment advice"):
        assert word in text
    assert text == talk.say("/meaning")


# ---- what is kept


def test_an_export_is_a_file_of_json(talk: Talk) -> None:
    talk.say("/watch AAPL")
    assert "as JSON" in talk.say("/export_me")
    assert talk.shown.document is not None
    assert talk.shown.document.name.endswith(".json")
    assert json.loads(talk.shown.document.content)["kept"]["subscriptions"][0]["symbol"] == "AAPL"


def test_deleting_asks_once_and_then_erases(talk: Talk) -> None:
    talk.say("/watch AAPL")
    talk.say("/delete_me")
    assert talk.press("Keep it") == "Nothing was erased."
    assert watched(talk) == ["AAPL"]
    talk.say("/delete_me")
    assert "I keep nothing about this chat any more" in talk.press("Erase everything")
    assert watched(talk) == []
    assert json.loads(_exported(talk))["kept"] == {}
    assert "nothing to erase" in talk.send("erase")


def _exported(talk: Talk) -> bytes:
    talk.say("/export_me")
    assert talk.shown.document is not None
    return talk.shown.document.content


def test_asking_keeps_nothing(talk: Talk) -> None:
    for said in ("AAPL", "/help", "/privacy", "/why AAPL", "/list", "/alerts", "/settings", "/track"):
        talk.say(said)
    assert json.loads(_exported(talk))["kept"] == {}


def test_feedback_is_thanked_for(talk: Talk) -> None:
    assert "What would you like to say?" in talk.say("/feedback")
    assert "Thank you" in talk.say(f"/feedback {'long ' * 300}")
    assert "long message" in talk.say(f"/feedback {'x' * 2001}")


# ---- all of them


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_nothing_is_said_about_buying_or_selling_or_one_price(talk: Talk, command: object) -> None:
    name = command.name  # type: ignore[attr-defined]
    arguments = {"compare": "AAPL MSFT", "asof": "2020-03-02 AAPL", "feedback": "hello", "settings": ""}
    for said in (f"/{name}", f"/{name} {arguments.get(name, 'AAPL')}"):
        text = talk.say(said).lower()
        assert not re.search(r"\b(buy|sell|bullish|bearish|guarantee[ds]?|the price will)\b", text)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_answers_when_the_database_is_out_of_order(command: object, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    broken = build_services(load_settings(database={"path": blocked / "t.sqlite3"}, models={"folder": MODELS}))
    text = Talk(broken).say(f"/{command.name} AAPL")  # type: ignore[attr-defined]
    assert "Something went wrong" not in text
    assert str(blocked) not in text


def test_a_verb_belongs_to_one_command() -> None:
    verbs = [verb for command in COMMANDS for verb in command.presses]
    assert len(verbs) == len(set(verbs))


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.who is Who.ADMINS], ids=lambda one: one.name)
def test_what_changes_a_group_is_refused_to_its_members(services: Services, command: object) -> None:
    member = Talk(services, -2002, may_change=False)
    assert "only its admins" in member.say(f"/{command.name} AAPL")  # type: ignore[attr-defined]


def test_late_answers_of_the_past_stay_the_same(talk: Talk) -> None:
    later = replace(talk.services, clock=lambda: talk.services.clock() + timedelta(days=30))
    assert Talk(later).say("/asof 2020-03-02 AAPL") == talk.say("/asof 2020-03-02 AAPL")


EXAMPLES = re.findall(
    r"`(/[a-z_]+(?: [^`]*)?)`", (Path(__file__).resolve().parents[1] / "docs" / "chat.md").read_text()
)


@pytest.mark.parametrize(
    "said", [example for example in EXAMPLES if "@" not in example and example != "/watch"], ids=str
)
def test_every_example_of_the_manual_works(talk: Talk, said: str) -> None:
    talk.say("/alerts MSFT risk 10%")
    text = talk.say(said.replace(" 3 ", " 1 ").replace("ID", "AAPL").replace("TEXT", "hello"))
    assert not re.search(r"don't know|is no (price|perc)|must be|^Which|long message", text)
    if said.startswith("/alerts AAPL") and "earnings" not in said:
        assert text.startswith("Done.")
    if said.startswith("/settings "):
        assert text.startswith(("Changed.", "Geändert.", "Alterado."))  # the language, too
