"""The track record's page: what it says in short, what can be chosen, and the file with everything in it."""

import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.types import Q50
from bellwether.forecasting import sentences
from bellwether.jobs.record_universe import forecast_universe
from bellwether.jobs.replay import MOST_MISSES
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.ledger.verify import verify
from bellwether.track_record.scores.types import Interval
from bot import conversation
from bot.commands import ChatContext
from tests.support.account import live_services, made_up
from tests.support.models import JUDGED
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app
from web.pages import record_view, track_record_csv

SESSION = date(2021, 6, 30)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return sample_services(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def visitor(services: Services) -> Visitor:
    return Visitor(create_app(services))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# ---- in short


def test_somebody_without_background_reads_how_good_they_were(visitor: Visitor, services: Services) -> None:
    text = plain_text(visitor.get("/track-record").text)
    for sentence in record_view.in_short(forecasts.track_record(services)):
        assert sentence.replace("\N{NO-BREAK SPACE}", " ") in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Of 100 ranges, 80 of which should have held, 77 did." in text
    assert "Of whole months the fewest held in August 2022: 70 of 100." in text, (
        "of March 2024 only the first week has an outcome"
    )
    bars = record_view.months(forecasts.track_record(services))
    assert [bar.below for bar in bars if bar.label.startswith("August 2022: 70")] == [True], "as the sentence says"
    assert "On whether a stock would rise or fall they were no better than just taking how often stocks rise." in text


@pytest.mark.parametrize("symbol", [None, "AAPL"])
def test_chat_and_page_tell_the_same_totals_and_what_each_of_them_counts(
    visitor: Visitor, services: Services, symbol: str | None
) -> None:
    record = forecasts.track_record(services, symbol=symbol)
    chat = conversation.answer(ChatContext(services, 1), f"/track {symbol or ''}").text
    text = plain_text(visitor.get(record_view.record_address(symbol or "")).text).replace("\N{NO-BREAK SPACE}", " ")
    score = record.score
    assert f"{score.forecasts:,} forecasts up to a month ahead, made in {score.weeks} weeks" in chat
    assert f"Forecasts with an outcome {score.forecasts:,} in {score.weeks} weeks, up to a month ahead" in text
    three_months = f"With those three months ahead, {record.issued:,} were made and {record.settled:,} have an outcome"
    assert f"{three_months}; {record.waiting:,} still wait for their day." in text
    for row in record.by_horizon:
        share = record_view.share(row.score.coverage_80)
        assert f"{sentences.label(row.horizon)}: {share} held" in chat
        assert (
            f"{sentences.label(row.horizon)} {row.score.forecasts:,} {share}".replace("\N{NO-BREAK SPACE}", " ") in text
        )
        own = forecasts.track_record(services, symbol=symbol, horizon=row.horizon)
        assert own.settled == own.score.forecasts == row.score.forecasts
        assert record_view.counts(own).startswith(f"{own.issued:,} were made; {own.waiting:,} still wait")


def test_worse_than_the_plain_rule_is_said_in_words_and_not_by_a_minus_sign(visitor: Visitor) -> None:
    text = plain_text(visitor.get("/stocks/PFE?horizon=10").text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Worse than the plain rule by 1.8 % 0.3 % to 3.3 %, allowing for luck" in text
    assert "better than the plain rule by −" not in text.lower()
    assert record_view.luck(Interval(-0.03, -0.01)) == "1.0 % to 3.0 %, allowing for luck".replace(
        " %", "\N{NO-BREAK SPACE}%"
    )


def test_few_outcomes_are_said_to_be_too_few(services: Services) -> None:
    record = forecasts.track_record(services)
    young = replace(record, score=replace(record.score, skill_interval=None, weeks=14), by_month=())
    told = " ".join(record_view.in_short(young))
    assert "Too few to judge by: 14 of the 52 weeks" in told
    assert "better" not in told and "worse" not in told


def test_ranges_that_were_too_narrow_are_said_to_be(services: Services) -> None:
    told = record_view.in_short(forecasts.track_record(services, symbol="NVDA", horizon=10))
    assert told[:2] == ["Of 100 ranges, 80 of which should have held, 69 did.", "That is too few, by more than luck."]


def test_misses_that_the_replay_did_not_keep_are_not_passed_over(visitor: Visitor, services: Services) -> None:
    assert MOST_MISSES == record_view.KEPT_MISSES
    assert forecasts.track_record(services, symbol="AAPL", horizon=10).misses == ()
    text = plain_text(visitor.get("/track-record?symbol=AAPL&horizon=10").text)
    assert "There were misses, but none of the 200 biggest" in text


def test_the_biggest_misses_are_one_of_each_symbol_the_largest_first(visitor: Visitor, services: Services) -> None:
    record = forecasts.track_record(services)
    shown = record_view.biggest(record)
    outside = [miss.distance for miss in shown]
    assert outside == sorted(outside, reverse=True) and outside[0] > outside[-1] > 0
    assert len({miss.symbol for miss in record.misses}) == len(record.misses) > len(shown) == record_view.MOST_MISSES
    own = forecasts.track_record(services, symbol=shown[0].symbol).misses
    assert {miss.symbol for miss in own} == {shown[0].symbol}, "a symbol's own page has all of its own"
    assert own[0] == shown[0], "the biggest of one stock is no bigger than that of all"
    text = plain_text(visitor.get("/track-record").text)
    assert "Eli Lilly LLY" in text and all(services.universe.get(miss.symbol).name in text for miss in shown)


# ---- choosing


def test_symbol_and_day_can_be_chosen_without_javascript(visitor: Visitor, services: Services) -> None:
    asked = visitor.get("/track-record?symbol=apple&since=2021-01-01&horizon=10")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/track-record?symbol=AAPL&horizon=10&since=2021-01-01"
    page = visitor.get(asked.headers["location"])
    text = plain_text(page.text)
    chosen = forecasts.track_record(services, symbol="AAPL", horizon=10, since=date(2021, 1, 1))
    assert f"{chosen.settled:,}" in text
    assert "made from 1 January 2021 on" in text
    assert 'name="since" type="date" value="2021-01-01"' in page.text


def test_a_models_own_record_can_be_chosen(visitor: Visitor) -> None:
    assert f"Only forecasts of {JUDGED}" in plain_text(visitor.get(f"/track-record?model={JUDGED}").text)
    assert "Nothing has come due yet" in visitor.get("/track-record?model=%3Cscript%3E").text
    assert "<script>alert" not in visitor.get("/track-record?model=%3Cscript%3Ealert(1)").text


@pytest.mark.parametrize("query", ["since=yesterday", "since=2021-02-30", "horizon=0", "symbol=%20%3F%3F"])
def test_a_bad_choice_is_explained(visitor: Visitor, query: str) -> None:
    for address in ("/track-record", "/track-record.csv"):
        if "since" in query and address.endswith(".csv"):
            continue
        assert visitor.get(f"{address}?{query}").status_code in {400, 404, 422}


def test_the_ledgers_head_is_published_for_whoever_wants_to_note_it(tmp_path: Path, visitor: Visitor) -> None:
    services = live_services(tmp_path, SESSION)
    assert "The ledger ends at" not in visitor.get("/track-record").text, "of the sample market there is none"
    page = Visitor(create_app(services))
    assert "The ledger ends at" not in page.get("/track-record").text
    forecast_universe(services)
    assert f"<code>{verify(services.store).ledger}</code>" in page.get("/track-record?horizon=5").text


# ---- everything as a file


def test_of_the_sample_market_the_file_holds_the_sums_and_says_simulated(visitor: Visitor, services: Services) -> None:
    answer = visitor.get("/track-record.csv?symbol=AAPL&horizon=10")
    assert answer.headers["content-disposition"] == 'attachment; filename="track-record-AAPL-10-days.csv"'
    rows = table(answer.text)
    assert {(row["simulated"], row["symbol"], row["horizon"]) for row in rows} == {("true", "AAPL", "10")}
    record = forecasts.track_record(services, symbol="AAPL", horizon=10)
    assert sum(float(row["forecasts"]) for row in rows) == pytest.approx(record.settled)
    held = sum(float(row["inside_80"]) for row in rows)
    assert held / record.settled == pytest.approx(record.score.coverage_80, abs=1e-3)


def issued(folder: Path) -> Services:
    """Forecasts of three symbols, the nearest of them with outcomes, one of which is that no price came."""
    services = live_services(folder, SESSION)
    forecast_universe(services)
    with services.store.transaction() as db:
        due = outcomes_table.due(db, date(2021, 7, 1))
        came = [Outcome(one, None if at == 0 else 0.5, None if at == 0 else SESSION) for at, one in enumerate(due)]
        count(db, outcomes_table.append(db, came, services.clock()))
    return services


def test_the_file_holds_every_forecast_with_misses_and_open_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = issued(tmp_path)
    monkeypatch.setattr(track_record_csv, "_AT_ONCE", 4)  # several readings
    visitor = Visitor(create_app(services))
    rows = table(visitor.get("/track-record.csv").text)
    with services.store.reading() as db:
        kept = [ledger_table.row_from(row) for row in ledger_table.CHAIN.every_row(db)]
    assert [row["forecast_id"] for row in rows] == [row.forecast_id for row in kept]
    assert [float(row["log_returns.0.5"]) for row in rows] == [row.log_returns[Q50] for row in kept]
    assert [row["hash"] for row in rows] == [row.hash for row in kept]
    settled = [row for row in rows if row["settled"] == "true"]
    assert sorted(row["outcome.log_return"] for row in settled) == ["", "0.5", "0.5"]
    assert sorted(row["outcome.inside_90"] for row in settled) == ["", "false", "false"], "misses are not left out"
    assert {row["outcome.settled_at"] for row in rows if row["settled"] == "false"} == {""}
    assert {row["symbol"] for row in table(visitor.get("/track-record.csv?symbol=KO").text)} == {"KO"}


def test_an_empty_ledger_is_a_file_with_its_columns(tmp_path: Path) -> None:
    text = Visitor(create_app(live_services(tmp_path, SESSION))).get("/track-record.csv").text
    assert text.startswith("row,forecast_id,symbol,") and text.count("\n") == 1


def test_no_cell_is_a_formula_for_a_spreadsheet(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    record(services.store, [made_up(1, symbol="=cmd|'/c calc'!A1", model_id="@evil", source="+1")])
    (row,) = table(Visitor(create_app(services)).get("/track-record.csv").text)
    assert (row["symbol"][:2], row["model_id"], row["source"]) == ("'=", "'@evil", "'+1")


def test_a_database_in_trouble_breaks_no_file_in_the_middle(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    (tmp_path / "live.sqlite3").unlink()
    (tmp_path / "live.sqlite3").mkdir()
    assert Visitor(create_app(services)).get("/track-record.csv").status_code == 503
