"""The range of a list as every face has it."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from bellwether.alerts import watchlist
from bellwether.alerts.tick import tick
from bellwether.ask import forecasts
from bellwether.ask.lists import MOST, _up_to, forecast_list, of_outlooks
from bellwether.core.errors import BadHorizon, BadSymbol, UnknownSymbol
from bellwether.core.incident import IncidentKind, OpenIncident
from bellwether.core.types import Q10, Q90
from bellwether.forecasting import list_sentences
from bellwether.forecasting.caveats import untested_since
from bellwether.forecasting.list_forecast import WALKED_FORWARD, ListRecord, list_json
from bellwether.market.calendar import closes_at
from bellwether.services import Services
from bellwether.track_record.incidents import sentences
from bellwether.track_record.ledger import list_sums_table, lists
from bellwether.track_record.ledger.list_sums_table import ListScore
from bellwether.track_record.ledger.verify import verify
from tests.support.account import live_services, set_clock
from tests.support.data import DATA
from tests.support.talk import Talk
from tests.support.web import Visitor, plain_text, sample_services
from tests.test_evaluate_rules import EVENING, owed, services_at
from web.app import create_app

LIST = ["AAPL", "TSLA", "KO"]


def test_a_list_is_joined_by_its_symbols_own_ranges(services: Services) -> None:
    made = forecast_list(services, LIST, 10)
    assert made.symbols == ("AAPL", "KO", "TSLA")
    own = [member.forecast.growths for member in made.members]
    assert max(growths[Q10] for growths in own) > made.range_80[0] > min(growths[Q10] for growths in own)
    assert made.heaviest is not None
    assert made.heaviest.forecast.symbol == "TSLA"
    assert sum(member.share or 0 for member in made.members) == pytest.approx(1, abs=1e-5)
    assert made.plain[Q10] < 0 < made.plain[Q90]


def test_the_same_list_in_any_order_is_the_same_forecast(services: Services) -> None:
    made, turned = forecast_list(services, LIST, 10), forecast_list(services, [*LIST[::-1], "aapl"], 10)
    assert (made.growths, made.forecast_id) == (turned.growths, turned.forecast_id)


def test_a_list_of_one_has_that_symbols_range(services: Services) -> None:
    made = forecast_list(services, ["KO"], 5)
    assert made.growths == pytest.approx(forecasts.answer(services, "KO", 5).forecast.growths, abs=1e-6)
    assert made.heaviest is None
    assert list_sentences.heaviest(made) == list_sentences.shares(made, 5) == ""


def test_what_cannot_be_answered_is_left_out_and_named(services: Services) -> None:
    made = forecast_list(services, ["AAPL", "NOPE", "KO"], 10)
    assert made.symbols == ("AAPL", "KO")
    assert [left.asked for left in made.left_out] == ["NOPE"]


def test_a_past_day_knows_nothing_of_later_prices(services: Services) -> None:
    made = forecast_list(services, LIST, 10, date(2020, 3, 20))
    assert made.cutoff == date(2020, 3, 20)
    assert made.growths != forecast_list(services, LIST, 10).growths


def test_no_list_too_long_a_list_and_a_list_of_nothing_known_are_refused(services: Services) -> None:
    with pytest.raises(BadSymbol):
        forecast_list(services, [" "], 10)
    with pytest.raises(BadSymbol):
        forecast_list(services, [f"A{number}" for number in range(MOST + 1)], 10)
    with pytest.raises(UnknownSymbol):
        forecast_list(services, ["NOPE", "NOWHERE"], 10)
    with pytest.raises(BadHorizon):
        forecast_list(services, LIST, 64)


def test_the_chat_tells_of_the_watchlist_and_of_what_is_named(services: Services) -> None:
    talk = Talk(services)
    assert "/risk AAPL MSFT KO 2w" in talk.say("/risk")
    talk.say("/watch TSLA, KO")
    told = talk.say("/risk 1m")
    assert "Over the next month this list" in told
    assert "comes from TSLA" in told
    assert "AAPL" in talk.say("/risk AAPL KO 2w")
    assert "Over the next month this list" in talk.press("1 month")
    assert "Over the next two weeks this list" in talk.say("risk of my list")
    talk.say("i have 10 apple shares and 5 coca-cola, how much can i lose in a month?")
    assert "Over the next month this list" in talk.press("The range of all together")
    assert "Over the next week this list" in talk.press("1 week")
    assert "apple tesla nope" in talk.say("/risk apple tesla nope")
    assert "GOOGL" in talk.say("apple, tesla, microsoft, nvidia, amazon and google together")
    assert "NOPE" in talk.say("/risk AAPL, KO, NOPE")


def test_the_chat_says_of_a_list_of_one_too_that_it_is_sample_data_and_what_is_too_far_ahead(talk: Talk) -> None:
    assert "Sample data, ends 8 March 2024" in talk.say("/risk AAPL")
    assert "Sample data, ends 8 March 2024" in talk.say("/risk AAPL BANANA")
    assert "63" in talk.say("/risk 100d") and "ticker" not in talk.say("/risk 100d AAPL KO")


def test_the_page_shows_the_range_and_who_carries_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    visitor = Visitor(create_app(sample_services(tmp_path_factory.mktemp("risk"))))
    page = visitor.get("/risk?symbols=AAPL,TSLA,KO,NOPE&horizon=21").text
    assert 'symbols=AAPL,KO,TSLA&amp;horizon=21" rel="nofollow" aria-current="page">1 month<' in page, "a tab for each"
    assert 'symbols=AAPL,KO,TSLA" rel="nofollow">2 weeks<' in page
    text = plain_text(page)
    assert "Over the next month this list" in text
    assert "NOPE" in text
    assert visitor.get("/risk?symbols=NOPE").status_code == 404
    assert "held in equal parts" in visitor.get("/risk").text


@pytest.fixture
def live(tmp_path: Path) -> Services:
    return live_services(tmp_path, date(2021, 6, 1))


def _score(services: Services) -> ListScore:
    with services.store.reading() as db:
        return list_sums_table.score(db)


def test_an_issued_list_is_entered_once_graded_when_it_closes_and_proved(live: Services) -> None:
    made = forecast_list(live, ["AAPL", "MSFT", "KO"], 5)
    forecast_list(live, ["KO", "MSFT", "AAPL"], 5)
    assert _score(live) == ListScore(1)
    assert lists.settle(live.store, live.provider, live.clock).settled == 0, "its horizon is open"
    set_clock(live, made.target)
    assert lists.settle(live.store, live.provider, live.clock).settled == 1
    assert lists.settle(live.store, live.provider, live.clock).settled == 0, "no outcome comes twice"
    bars = [live.provider.bars(symbol, made.target) for symbol in made.symbols]
    closes = [(each.close_on(made.cutoff), each.close_on(made.target)) for each in bars]
    came = sum(end / start - 1 for start, end in closes if start and end) / 3
    with live.store.reading() as db:
        assert db.execute("SELECT growth FROM list_outcomes").fetchone() == (pytest.approx(came),)
    held = int(made.range_80[0] <= came <= made.range_80[1])
    plain_held = int(made.plain[Q10] <= came <= made.plain[Q90])
    assert _score(live) == ListScore(1, 1, held, 1, held, plain_held)
    proof = verify(live.store)
    assert (proof.problems, proof.lists.rows, proof.list_outcomes.rows) == ((), 1, 1)
    assert "Of 1 ranges of lists that closed" in plain_text(Visitor(create_app(live)).get("/track-record").text)


def test_a_list_is_not_entered_once_the_outcome_of_one_of_its_symbols_can_be_known(services: Services) -> None:
    """Tokyo closes in the morning of New York: what it did by the target is then known, or there is nothing left."""
    made = replace(forecast_list(services, ["AAPL", "KO"], 1), source="yahoo")
    first, second = made.members
    of_the_day_before = replace(second, calendar="XTKS", forecast=replace(second.forecast, cutoff=made.cutoff))
    of_the_day = replace(of_the_day_before, forecast=replace(second.forecast, cutoff=made.target))
    at_noon = closes_at("XNYS", made.target) - timedelta(hours=4)
    for member, now, is_entered in (
        (second, at_noon, True),
        (of_the_day_before, closes_at("XTKS", made.target) - timedelta(hours=1), True),
        (of_the_day_before, at_noon, False),
        (of_the_day, at_noon, True),
        (of_the_day, closes_at("XNYS", made.target), False),
    ):
        assert lists.is_issued(replace(made, members=(first, member), made_at=now)) is is_entered


def test_a_symbol_without_a_session_until_the_target_stays_where_it_is(services: Services) -> None:
    outlook = forecasts.outlook(services, forecasts.resolve(services, "KO"))
    margin = _up_to(services, outlook, outlook.bars.cutoff)
    assert not margin.quantiles.any()
    assert _up_to(services, outlook, outlook.bars.cutoff + timedelta(days=3)).quantiles.any()


@pytest.mark.sqlite
@pytest.mark.parametrize(("table", "column"), [("list_ledger", "growths"), ("list_outcomes", "growth")])
def test_rows_of_lists_are_never_changed_and_the_proof_tells_when_they_were(
    live: Services, table: str, column: str
) -> None:
    made = forecast_list(live, ["AAPL", "KO"], 1)
    set_clock(live, made.target)
    lists.settle(live.store, live.provider, live.clock)
    with closing(sqlite3.connect(live.settings.database.path)) as db, db:
        for verb in (f"UPDATE {table} SET seq = seq", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                db.execute(verb)
        with pytest.raises(sqlite3.IntegrityError, match="only added at the end"):
            db.execute("INSERT INTO list_outcomes (id, seq, settled_at, hash) VALUES (9, 1, 1, x'00')")
        db.execute(f"DROP TRIGGER {table}_no_update")
        db.execute(f"UPDATE {table} SET {column} = '0.1'")
    problems = " ".join(verify(live.store).problems)
    assert "was changed" in problems
    assert f"{table}_no_update" in problems


def test_a_past_day_and_the_sample_are_never_entered(live: Services, services: Services) -> None:
    forecast_list(live, ["AAPL", "KO"], 5, date(2020, 3, 20))
    forecast_list(services, ["AAPL", "KO"], 5)
    assert _score(live).issued == _score(services).issued == 0


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("/risk AAPL", "Apple (AAPL)"),
        ("/risk AAPL AAPL 1m", "What is named more than once counts once.\n\nApple (AAPL)"),
        ("/risk AAPL NOSUCHX 1m", "Left out:\n• NOSUCHX: I don't know the ticker"),
    ],
)
def test_of_one_stock_its_own_range_and_record_are_told(services: Services, said: str, start: str) -> None:
    told = Talk(services).say(said)
    assert told.startswith(start)
    assert "of 100 ranges held" in told
    assert "list" not in told


@pytest.mark.parametrize("symbols", ["AAPL", "AAPL,aapl", "apple and AAPL", "AAPL,NOSUCHX"])
def test_one_stock_is_no_list_on_the_page_and_in_the_api(live: Services, symbols: str) -> None:
    visitor = Visitor(create_app(live))
    page = visitor.get(f"/risk?symbols={symbols}")
    assert page.status_code == 200
    assert "One stock is no list" in plain_text(page.text) and 'href="/stocks/AAPL' in page.text
    assert "held in equal parts, will" not in plain_text(page.text)
    assert ("NOSUCHX:" in plain_text(page.text)) == ("NOSUCHX" in symbols)
    for form in ("json", "csv"):
        refused = visitor.get(f"/api/v1/risk?symbols={symbols.replace(' and ', ',')}&format={form}")
        assert refused.status_code == 400 and "One stock is no list" in refused.json()["detail"]
        assert ("NOSUCHX: " in refused.json()["detail"]) == ("NOSUCHX" in symbols)
    assert _score(live).issued == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("horzon=5", "This address has no parameter “horzon”"),
        ("horizon=5&horizon=10", "Please give the parameter “horizon” once"),
        ("symbols=KO", "Please give the parameter “symbols” once"),
    ],
)
def test_what_a_list_has_no_use_for_is_never_passed_over(services: Services, query: str, said: str) -> None:
    visitor = Visitor(create_app(services))
    for address in ("/risk", "/api/v1/risk"):
        answer = visitor.get(f"{address}?symbols=AAPL,KO&{query}")
        assert answer.status_code == 400 and said in answer.text
    assert visitor.get("/risk?symbols=AAPL,KO&as_of=2020-03-01").status_code == 400


def test_a_table_says_what_it_leaves_out(services: Services) -> None:
    visitor = Visitor(create_app(services))
    table = visitor.get("/api/v1/risk?symbols=AAPL,KO,nosuch&format=csv")
    assert table.headers["X-Left-Out"] == "nosuch" and table.text.count("\n") == 3
    assert "X-Left-Out" not in visitor.get("/api/v1/risk?symbols=AAPL,KO&format=csv").headers


@pytest.mark.parametrize(
    "typed", ["Apple, Microsoft and Coca-Cola", "AAPL and MSFT; KO", "AAPL MSFT KO", "AAPL\nKO\nPFE"]
)
def test_the_page_takes_a_list_as_people_type_it(services: Services, typed: str) -> None:
    page = Visitor(create_app(services)).get(f"/risk?symbols={quote(typed)}").text
    assert page.count('<th scope="row">') == 3 and "Left out" not in page


def test_what_is_not_in_a_list_is_said_first(services: Services) -> None:
    assert Talk(services).say("/risk AAPL KO NOSUCHX").startswith("Left out:\n• NOSUCHX")
    assert Talk(services).say("/risk AAPL KO KO").startswith("What is named more than once counts once.")


@pytest.mark.parametrize(
    ("said", "start"),
    [
        ("/risk AAPL MSFT by christmas", "“christmas” is 25 December 2024"),
        ("/risk apple and microsoft next month", "Over the next month this list"),
        ("/risk AAPL MSFT next week", "Over the next week this list"),
    ],
)
def test_a_list_takes_lengths_in_words(services: Services, said: str, start: str) -> None:
    told = Talk(services).say(said)
    assert told.startswith(start) and "AAPL" in told and "MSFT" in told


STORM = OpenIncident("2021-12-20", IncidentKind.TOO_RARELY, date(2021, 12, 10), 15, 0.55)


def test_in_a_storm_every_answer_on_a_list_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = escape(sentences.now(STORM))
    monkeypatch.setattr("bellwether.ask.forecasts.going_on", lambda services: STORM)
    monkeypatch.setattr("bellwether.ask.lists.going_on", lambda services: STORM)
    services = services_at(tmp_path)
    made = forecast_list(services, ["AAPL", "KO"], 5)
    answer = list_json(made)
    assert answer["incident"]["id"] == STORM.id and said in answer["caveats"]
    assert Talk(services).say("/risk AAPL KO").count(said) == 1
    assert plain_text(Visitor(create_app(services)).get("/risk?symbols=AAPL,KO").text).count(said) == 1
    for symbol in ("AAPL", "KO"):
        watchlist.watch(services, 7, symbol, "en")
    tick(services, EVENING)
    (digest,) = [str(row["text"]) for row in owed(services)]
    assert "your list in equal parts" in digest
    assert digest.count(said) == 1


def test_that_a_model_is_old_is_told_of_a_list_of_which_only_a_part_is_its_own(services: Services) -> None:
    outlooks = {name: forecasts.outlook(services, forecasts.resolve(services, name)) for name in ("AAPL", "KO")}
    outlooks["KO"] = replace(outlooks["KO"], learned_to=None, caveats=())
    outlooks["AAPL"] = replace(
        outlooks["AAPL"], learned_to=date(2001, 1, 1), caveats=(untested_since(date(2001, 1, 1)),)
    )
    assert of_outlooks(services, outlooks, 5).caveats == outlooks["AAPL"].caveats


def test_a_digest_tells_of_its_list_what_holds_for_the_list_alone(services: Services) -> None:
    made = forecast_list(services, ["AAPL", "KO"], 5)
    told = list_sentences.digest_line(replace(made, caveats=("Of the list.", *made.caveats)))
    assert told.endswith(" of the risk. Of the list.")


@pytest.mark.parametrize(
    ("closed", "is_told"),
    [
        (None, "In a test on past years"),
        (0, "No range of a list of this length has closed here yet. In a test on past years"),
        (3, "Ranges of lists of this length that closed here: 3. Of these 2 held; 8 in 10 should. In a test"),
        (100, "Ranges of lists of this length that closed here: 100. Of these 2 held; 8 in 10 should."),
    ],
)
def test_a_list_has_its_track_record_beside_it(services: Services, closed: int | None, is_told: str) -> None:
    made = forecast_list(services, ["AAPL", "KO"], 5)
    beside = replace(made, record=ListRecord(closed, 2) if closed is not None else None)
    assert list_sentences.record(beside).startswith(is_told)
    assert ("In a test on past years" in list_sentences.record(beside)) == (closed != 100)
    assert list_sentences.record(made).replace("\xa0", " ") in Talk(services).say("/risk AAPL KO 1w")


def test_the_test_on_past_years_is_told_as_the_manual_has_it() -> None:
    (row,) = re.findall(
        r"^\| all \|.*$", (DATA.parents[1] / "docs" / "track-record.md").read_text(encoding="utf-8"), re.M
    )
    assert f"{WALKED_FORWARD.coverage_80:.1%} [" in row.split("|")[7]
