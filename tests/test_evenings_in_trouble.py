"""Evenings, the universe's state and days of reports where something is amiss: named, then left out, never wrong."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bellwether.ask import forecasts
from bellwether.ask.evenings import learned_at
from bellwether.core.announcement import Announcement
from bellwether.core.errors import BellwetherError, MarketDataError, NoPrices, UnknownSymbol
from bellwether.core.types import HEADS, MARKET_SERIES, STATE_SERIES, Problem
from bellwether.forecasting import evening_width_table, kept_widths
from bellwether.jobs.doctor import examine
from bellwether.jobs.evening import keep_evening
from bellwether.jobs.record_universe import forecast_universe
from bellwether.market import kept_state
from bellwether.market.earnings.known import in_order
from bellwether.market.earnings.provider import ToldReports
from bellwether.market.file import FileProvider
from bellwether.market.symbols.universe import instrument_of
from bellwether.models.model_card import RANGE, folders_of, read_card
from bellwether.services import Services
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.receipts import receipt
from bellwether.track_record.ledger.verify import verify
from tests.conftest import MODELS
from tests.support.calendar_model import MODEL_ID, past_model
from tests.support.made_market import at_evening, changed, made_prices, market_of, name_of
from tests.support.stretched import stretched_models

DAY, NEXT = date(2021, 6, 30), date(2021, 7, 1)
QUARTERS = [date(year, month, 6) for year in (2019, 2020, 2021) for month in (1, 4, 7, 10)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return past_model(tmp_path_factory.mktemp("both"), MODELS, state=True)


def live(folder: Path, models: Path, prices: pd.DataFrame | None = None, session: date = DAY) -> Services:
    return market_of(folder, made_prices(8) if prices is None else prices, session, models, serve=MODEL_ID)


def reporting(services: Services, *told: Announcement) -> Services:
    """The same service, to which these days of reports are told."""
    facts = in_order(told)
    return replace(services, reports=ToldReports(lambda symbol: tuple(x for x in facts if x.symbol == symbol)))


def quarterly(symbol: str, **facts: object) -> list[Announcement]:
    return [replace(Announcement(symbol, day, source="file"), **facts) for day in QUARTERS]  # type: ignore[arg-type]


def evenings_told(services: Services) -> tuple[bool, str]:
    (check,) = [check for check in examine(services) if check.name == "Evenings"]
    return check.ok, check.detail


# ---- a universe in trouble


def test_a_source_that_is_down_for_a_week_is_named_and_evenings_age_with_its_prices(
    tmp_path: Path, models: Path
) -> None:
    prices = made_prices(8)
    services = live(tmp_path, models, prices[prices["date"] <= pd.Timestamp(DAY)])
    keep_evening(services)
    then = forecasts.answer(services, "MAA", 10)
    for days in (2, 7):
        at_evening(services, DAY + timedelta(days=days), hours=7)
        assert keep_evening(services).sessions == 0
        made = forecasts.answer(services, "MAA", 10)
        assert made.outlook.log_returns.tobytes() == then.outlook.log_returns.tobytes(), "they are of one evening"
        assert any("The prices end on 30 June 2021" in caveat for caveat in made.forecast.caveats)
    assert evenings_told(services) == (False, "worked out up to 2021-06-30")
    at_evening(services, date(2021, 7, 9))
    assert forecasts.answer(services, "MAA", 10).forecast.problem is Problem.STALE


def test_where_prices_come_and_the_evening_does_not_its_age_is_named_and_then_it_is_left_out(
    tmp_path: Path, models: Path
) -> None:
    prices = made_prices(10)
    gone = (prices["date"] > pd.Timestamp(DAY)) & prices["symbol"].isin([name_of(number) for number in range(6)])
    services = live(tmp_path, models, prices[~gone])
    keep_evening(services)
    told = forecasts.answer(services, "MAJ", 10).forecast
    assert not any("up to 30 June" in caveat or "does not follow" in caveat for caveat in told.caveats)
    at_evening(services, NEXT, hours=7)
    assert keep_evening(services).widths == 0
    aged = forecasts.answer(services, "MAJ", 10).forecast
    assert aged.cutoff == NEXT
    assert "How ranges held of late is known up to 30 June 2021 only." in aged.caveats
    assert "How much all shares together moved is known up to 30 June 2021 only." in aged.caveats
    at_evening(services, date(2021, 7, 12), hours=7)
    keep_evening(services)
    without = forecasts.answer(services, "MAJ", 10)
    assert without.outlook.evening is None and without.forecast.calibration is None
    assert without.outlook.market[2].cutoff == DAY  # type: ignore[union-attr]
    about = " ".join(without.forecast.caveats)
    assert "does not follow how ranges held" in about and "Made without knowing how much all shares" in about
    assert evenings_told(services)[0] is False


def with_bars_of(services: Services, stocks: int, folder: Path) -> Services:
    """The same service while only so many stocks' bars are at hand."""
    folder.mkdir()
    prices = made_prices(16)
    some = prices[prices["symbol"].isin([*MARKET_SERIES, *(name_of(number) for number in range(stocks))])]
    some.to_parquet(folder / "some.parquet")
    provider = FileProvider([folder / "some.parquet"])
    assert isinstance(services.provider, FileProvider)
    provider.state = services.provider.state
    return replace(services, provider=provider)


def entered(services: Services) -> tuple[list[object], list[object]]:
    with services.store.reading() as db:
        state = db.execute("SELECT * FROM universe_state ORDER BY session").fetchall()
        return state, db.execute("SELECT * FROM evening_widths ORDER BY session").fetchall()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, models: Path) -> tuple[list[object], list[object]]:
    """What is entered where no refresh was cut short."""
    services = live(tmp_path_factory.mktemp("whole"), models, made_prices(16))
    keep_evening(services)
    return entered(services)


@pytest.mark.parametrize(("stocks", "hours"), [(3, 1), (6, 1), (3, 7)])
def test_of_a_first_refresh_that_was_cut_short_nothing_is_entered(
    tmp_path: Path, models: Path, whole: tuple[list[object], list[object]], stocks: int, hours: int
) -> None:
    services = at_evening(live(tmp_path, models, made_prices(16)), DAY, hours)
    did = keep_evening(with_bars_of(services, stocks, tmp_path / "cut"))
    assert (did.sessions, did.widths, did.waiting) == (0, 0, hours < 6)
    keep_evening(services)
    assert entered(services) == whole


def test_a_universe_that_is_half_gone_for_good_is_not_waited_for_for_ever(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models, made_prices(16))
    half_gone = with_bars_of(services, 7, tmp_path / "gone")
    assert keep_evening(half_gone).waiting
    at_evening(services, DAY, hours=7)
    did = keep_evening(half_gone)
    assert (did.sessions > 600, did.widths, did.waiting) == (True, 1, False)


def test_what_was_made_of_clearly_fewer_stocks_is_made_again_and_what_was_issued_stays(
    tmp_path: Path, models: Path, whole: tuple[list[object], list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = at_evening(live(tmp_path, models, made_prices(16)), DAY, hours=7)
    another = live(tmp_path, models, made_prices(16))  # another process over the same database
    keep_evening(with_bars_of(services, 6, tmp_path / "cut"))
    issued = forecasts.answer(services, "MAA", 10)
    before = receipt(services.store, issued.forecast.forecast_id)
    assert forecasts.answer(another, "MAA", 10).forecast.forecast_id == issued.forecast.forecast_id
    assert entered(services) != whole
    did = keep_evening(services)
    assert (did.replaced, did.widths, did.waiting) == (True, 1, False)
    assert entered(services) == whole
    assert keep_evening(services).sessions == 0
    now = forecasts.answer(services, "MAA", 10)
    assert now.outlook.market[2].closes[-1] != issued.outlook.market[2].closes[-1]  # type: ignore[union-attr]
    for module in (kept_state, kept_widths):
        monkeypatch.setattr(module, "LOOK_AGAIN", 0.0)
    assert forecasts.answer(another, "MAA", 10).forecast.forecast_id == now.forecast.forecast_id
    assert forecasts.answer(services, "MAA", 10, DAY).outlook.evening == now.outlook.evening
    assert receipt(services.store, issued.forecast.forecast_id) == before
    assert not verify(services.store).problems


def test_a_day_of_the_past_that_is_asked_before_the_first_evening_changes_nothing_that_is_kept(
    tmp_path: Path, models: Path, whole: tuple[list[object], list[object]]
) -> None:
    services = live(tmp_path, models, made_prices(16))
    without = forecasts.answer(services, "MAA", 10, DAY).outlook.evening
    cut = with_bars_of(services, 6, tmp_path / "cut")
    assert forecasts.answer(cut, "MAA", 10, date(2021, 6, 29)).outlook.evening is not None
    keep_evening(services)
    assert entered(services) == whole
    known = forecasts.answer(services, "MAA", 10, DAY).outlook.evening
    assert known != without
    earlier = forecasts.answer(services, "MAA", 10, date(2021, 6, 29)).outlook.evening
    assert earlier is not None and earlier.stocks == 16, "of all, not of those that were there when it was asked first"


@pytest.mark.parametrize("ratio", [0.5, 0.1, 3.0])
def test_a_day_on_which_half_the_universe_splits_untold_widens_no_range(
    tmp_path: Path, ratio: float, stretched: Path
) -> None:
    prices = made_prices(10)
    half = prices["symbol"].isin([name_of(number) for number in range(0, 10, 2)])
    split = changed(prices, half & (prices["date"] >= pd.Timestamp(DAY)), lambda rows: rows * ratio)
    storm = changed(prices, half & (prices["date"] >= pd.Timestamp(DAY)), lambda rows: rows * 0.8)
    numbers = []
    for name, table in (("usual", prices), ("split", split), ("storm", storm)):
        (tmp_path / name).mkdir()
        services = market_of(tmp_path / name, table, DAY, stretched)
        assert services.model is not None
        learned = learned_at(services, services.model, DAY)
        assert learned is not None
        numbers.append(learned)
    (usual, plain_usual), (model, plain), (storm_model, storm_plain) = numbers
    assert (usual.stocks, model.stocks, plain.stocks, storm_model.stocks) == (10, 5, 5, 10)
    assert np.abs(np.subtract(model.x, usual.x)).max() < 0.03
    assert np.abs(np.subtract(plain.x, plain_usual.x)).max() < 0.03
    assert min(np.subtract(storm_model.x, usual.x)) > 0.01 and min(np.subtract(storm_plain.x, plain_usual.x)) > 0.01


@pytest.fixture(scope="module")
def stretched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stretched_models(tmp_path_factory.mktemp("stretched"))


# ---- a model tried beside another with other inputs


@pytest.mark.parametrize("new_is_served", [True, False])
def test_models_with_other_inputs_are_tried_beside_each_other(tmp_path: Path, new_is_served: bool) -> None:
    models = past_model(tmp_path, MODELS, state=True)
    old = next(folder.name for folder in folders_of(MODELS, RANGE) if not _is_new(folder))
    (models / old).symlink_to(MODELS / old)
    served, tried = (MODEL_ID, old) if new_is_served else (old, MODEL_ID)
    services = market_of(tmp_path, made_prices(8), DAY, models, serve=served, shadow=[tried])
    services = reporting(services, *quarterly("MAA"), *quarterly("MAB"))
    assert keep_evening(services).widths == 1, "of the one that is stretched"
    assert forecast_universe(services).issued == 2 * 8 * len(HEADS)
    alone = market_of(tmp_path, made_prices(8), DAY, models, serve=old)
    with services.store.reading() as db:
        assert evening_width_table.newest(db, "file", old, DAY) is None
        rows = outcomes_table.page(db, 0, 1000)
    assert {(entry.row.model_id, entry.row.shown) for entry in rows} == {(served, True), (tried, False)}
    for entry in rows:
        assert (entry.calibration is not None) == (entry.row.model_id == MODEL_ID)
        if entry.row.model_id == old and entry.row.horizon == 21:
            made = forecasts.outlook(alone, alone.provider.instrument(entry.row.symbol))
            assert entry.row.log_returns == tuple(made.log_returns[20].tolist()), "as if it were alone"
            assert entry.row.baseline == tuple(made.baseline[20].tolist())
    assert forecast_universe(services).issued == 0
    assert not verify(services.store).problems


def _is_new(folder: Path) -> bool:
    card = read_card(folder)
    return card.evening_width or STATE_SERIES[0] in card.market


def test_the_plain_rule_beside_a_stretched_model_is_stretched_in_the_ledger_too(
    tmp_path: Path, stretched: Path
) -> None:
    services = market_of(tmp_path, made_prices(8), DAY, stretched)
    keep_evening(services)
    asked = forecasts.answer(services, "MAC", 21)
    evening = asked.outlook.evening
    assert evening is not None and evening.plain[3] != 0
    bare = market_of(tmp_path, made_prices(8), DAY, stretched_models(tmp_path, evening_width=False))
    before = forecasts.answer(bare, "MAC", 21).forecast
    row = receipt(services.store, asked.forecast.forecast_id)
    assert row.baseline == asked.forecast.baseline.log_returns
    width, unstretched = (numbers[5] - numbers[1] for numbers in (row.baseline, before.baseline.log_returns))
    assert width / unstretched == pytest.approx(np.exp(evening.plain[3]))
    assert row.stretched == pytest.approx(np.exp(evening.model[3]))


# ---- days of reports that are wrong


def test_days_that_are_wrong_or_doubled_or_told_for_what_reports_nothing_change_no_forecast(
    tmp_path: Path, models: Path
) -> None:
    table = made_prices(8)
    odd = {"SPY": "MAA", "BTC-USD": "MAC"}
    copies = (table[table["symbol"] == old].assign(symbol=new) for new, old in odd.items())
    services = live(tmp_path, models, pd.concat([table, *copies], ignore_index=True))
    keep_evening(services)

    def said(symbol: str, *told: Announcement) -> bytes:
        return forecasts.outlook(reporting(services, *told), services.provider.instrument(symbol)).log_returns.tobytes()

    def at(day: date, last: date | None = None) -> Announcement:
        return Announcement("MAB", day, last, source="file")

    past, soon = [at(day) for day in QUARTERS if day < DAY], date(2021, 7, 9)  # predicted is the 6th
    true = said("MAB", *past, at(soon))
    assert said("MAB", *past) != true
    for wrong in (date(1901, 4, 3), date(2098, 4, 3), date(2024, 1, 9)):
        assert said("MAB", *past, at(soon), at(wrong)) == true
    doubled = [replace(fact, day=fact.day + timedelta(days)) for fact in past for days in (0, 3, 9)]
    assert said("MAB", *past, *doubled, at(soon), at(date(2021, 7, 12))) == true
    assert said("MAB", *past, at(date(2021, 7, 16))) != true, "a week later"
    for last in (soon, date(2021, 7, 5), date(2022, 7, 5)):
        assert said("MAB", *past, at(soon, last)) == true, "no range, or none that tells anything"
    after_holidays = said("MAB", *past, at(date(2021, 7, 6)))
    assert said("MAB", *past, at(date(2021, 7, 5))) == after_holidays != true
    assert said("MAB", *past, at(date(2021, 7, 3))) == after_holidays, "a Saturday"
    for symbol in odd:
        told = [replace(fact, symbol=symbol) for fact in (*past, at(soon))]
        assert said(symbol, *told) == said(symbol)


def test_a_source_that_tells_two_days_spreads_the_chance_evenly(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    past = [fact for fact in quarterly("MAB") if fact.day < DAY]
    told = Announcement("MAB", date(2021, 7, 6), date(2021, 7, 7), source="file")
    asked = forecasts.answer(reporting(services, *past, told), "MAB", 3)
    assert asked.outlook.calendar is not None
    assert asked.outlook.calendar[-63:].nonzero()[0].tolist() == [2, 3]
    assert asked.outlook.calendar[-63:].sum() == pytest.approx(1)
    made = asked.forecast.earnings
    assert made is not None and (made.day, made.last_day, made.known) == (told.day, told.last_day, True)


@pytest.mark.parametrize(
    "problem", [MarketDataError("The ledger of reports is locked."), NoPrices("None of MAB."), UnknownSymbol("MAB")]
)
def test_a_market_that_cannot_tell_days_of_reports_costs_them_alone_and_is_named_to_the_operator(
    tmp_path: Path, models: Path, caplog: pytest.LogCaptureFixture, problem: BellwetherError
) -> None:
    def told(symbol: str) -> tuple[Announcement, ...]:
        raise problem

    services = replace(live(tmp_path, models), reports=ToldReports(told))
    with caplog.at_level("INFO", "bellwether.market.earnings"):
        asked = forecasts.answer(services, "MAB", 10)
    silent = forecasts.answer(replace(services, reports=ToldReports(lambda symbol: ())), "MAB", 10)
    assert asked.forecast.forecast_id == silent.forecast.forecast_id, "as where nobody tells any"
    assert "reports of MAB" in caplog.text and problem.for_operator in caplog.text


def test_days_of_reports_are_told_again_once_a_markets_trouble_is_over() -> None:
    answers = [MarketDataError("The ledger of reports is locked.")]

    def told(symbol: str) -> tuple[Announcement, ...]:
        if answers:
            raise answers.pop()
        return in_order(quarterly(symbol))

    reports = ToldReports(told)
    mab = instrument_of("MAB")
    assert [len(reports.known(mab, DAY)) for _ in range(3)] == [0, *2 * [len(QUARTERS)]]


# ---- receipts


def test_a_receipt_proves_itself_after_later_evenings_and_after_the_day_of_a_report_has_moved(
    tmp_path: Path, models: Path
) -> None:
    past = [fact for fact in quarterly("MAB") if fact.day < DAY]
    told = Announcement("MAB", date(2021, 7, 6), known_from=date(2021, 6, 21), source="file")
    moved = replace(told, day=date(2021, 7, 14), known_from=date(2021, 7, 2))
    services = reporting(live(tmp_path, models), *past, told)
    keep_evening(services)
    asked = forecasts.answer(services, "MAB", 10)
    assert asked.forecast.earnings is not None and asked.forecast.calibration is not None
    kept = receipt(services.store, asked.forecast.forecast_id)
    later = reporting(at_evening(services, date(2021, 7, 9)), *past, told, moved)
    keep_evening(later)
    now = forecasts.answer(later, "MAB", 10)
    assert now.outlook.evening != asked.outlook.evening
    assert now.outlook.report is not None and now.outlook.report.day == moved.day
    assert receipt(later.store, asked.forecast.forecast_id) == kept
    assert not verify(later.store).problems
    again = forecasts.answer(later, "MAB", 10, DAY)
    assert again.forecast.forecast_id == asked.forecast.forecast_id, "looked back at it is the very same"
    digests = {receipt(later.store, made.forecast.forecast_id).bars_sha256 for made in (asked, now)}
    assert len(digests) == 2


def test_what_was_read_of_reports_and_evenings_is_proved_with_the_prices(tmp_path: Path, models: Path) -> None:
    """The digest of what was read is another one where any of it is."""
    digests = set()
    for at, told in enumerate(([], quarterly("MAB"), quarterly("MAB", known_from=date(2021, 8, 1)))):
        (tmp_path / str(at)).mkdir()
        services = reporting(live(tmp_path / str(at), models), *told)
        for _ in range(2):
            asked = forecasts.answer(services, "MAB", 10).forecast
            digests.add(receipt(services.store, asked.forecast_id).bars_sha256)
            keep_evening(services)
    assert len(digests) == 4, "a day that is known later is nothing yet"
