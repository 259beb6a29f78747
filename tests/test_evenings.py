"""The evening's width: learned from bars alone, of nothing later, stretched before horizons are filled, and told."""

import asyncio
import csv
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bellwether.ask import batch, forecasts
from bellwether.ask.beside import beside
from bellwether.ask.evenings import MOST_AGE, MOST_STOCKS, learned_at, with_evening
from bellwether.ask.point_in_time import inputs_at
from bellwether.core.calibration import EveningWidth
from bellwether.core.types import HEADS, MARKET_SERIES, Q10, Q50, Q90, Floats
from bellwether.forecasting import evening_width, evening_width_table, sentences
from bellwether.forecasting.baseline import all_horizons
from bellwether.forecasting.evening_width import REPLAYED, Learned, replayed, share_outside, start, step, widened
from bellwether.forecasting.forecaster import forecast_at, make_outlook, raw_heads
from bellwether.forecasting.kept_widths import SAMPLE_FILE, KeptWidths, write_sample
from bellwether.forecasting.to_json import forecast_json
from bellwether.jobs import doctor, sample_evenings
from bellwether.jobs.doctor import examine
from bellwether.jobs.evening import keep_evening, reads_evening
from bellwether.jobs.record_universe import forecast_universe
from bellwether.jobs.replay import replay
from bellwether.market.sample import ENDS
from bellwether.models.model_card import RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services
from bellwether.track_record.demotion.gate import demoted
from bellwether.track_record.ledger import ledger_table, outcomes_table, receipts
from bellwether.track_record.ledger.verify import verify
from bellwether.track_record.to_json import entry_json
from scheduler import Timetable
from tests.conftest import MODELS, NOW
from tests.support.account import live_services
from tests.support.made_market import at_evening, changed, made_prices, market_of
from tests.support.models import EARLIER
from tests.support.stretched import stretched_models
from tests.support.web import Visitor, sample_services
from web.app import create_app

DAY = date(2021, 6, 30)
NEXT = date(2021, 7, 1)
WIDER = EveningWidth(DAY, 40, (0.1, 0.2, 0.3, 0.4, 0.5), (-0.05, -0.05, 0.0, 0.05, 0.05))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stretched_models(tmp_path_factory.mktemp("stretched"))


def live(folder: Path, models: Path, stocks: int = 8, session: date = DAY) -> Services:
    return market_of(folder, made_prices(stocks), session, models)


def served(services: Services) -> OnnxModel:
    assert services.model is not None
    return services.model


def ranges(*widths: float) -> Floats:
    """Raw quantiles of stocks whose 80 % range of h sessions is of such widths a day, times sqrt(h)."""
    shape = np.array([-1.6, -1.0, -0.5, 0.0, 0.5, 1.0, 1.6])
    of_stocks: Floats = np.array(widths)[:, None, None] * np.sqrt(HEADS)[:, None] * shape
    return of_stocks


# ---- the numbers


def test_a_step_learns_from_the_share_of_returns_outside() -> None:
    quantiles = ranges(0.01, 0.01, 0.01, 0.01)
    all_in, all_out = np.zeros(4), np.full(4, 0.05)
    assert share_outside(start(), quantiles, all_out).tolist() == [1.0] * 5
    assert step(start(), quantiles, all_out) == pytest.approx(0.1 * 4 / 7 * (1 - 0.19))
    assert step(start(), quantiles, all_in) == pytest.approx(0.1 * 4 / 7 * (0 - 0.19))
    assert step(np.full(5, 0.2), quantiles, all_in) == pytest.approx(0.94 * 0.2 - 0.1 * 4 / 7 * 0.19)


def test_an_evening_without_stocks_changes_nothing_and_no_storm_goes_beyond_a_doubling() -> None:
    nothing = (np.empty((0, 5, 7)), np.array([]))
    storm = (ranges(*[0.01] * 40), np.full(40, 0.3))
    calm = (ranges(*[0.01] * 40), np.zeros(40))
    assert replayed([nothing] * 3) == Learned((0.0,) * 5, 0, ())
    assert replayed([storm] * 60).x == (0.7,) * 5
    assert replayed([calm] * 60).x == (-0.15,) * 5
    assert replayed([storm, nothing]).x == replayed([storm]).x


def test_after_the_last_months_hardly_anything_is_left_of_where_the_numbers_began() -> None:
    random = np.random.default_rng(1)
    evenings = [(ranges(*[0.01] * 30), random.normal(0, 0.009, 30)) for _ in range(REPLAYED)]
    x = np.full(5, 0.3)
    for quantiles, returns in evenings:
        x = step(x, quantiles, returns)
    assert x == pytest.approx(replayed(evenings).x, abs=0.03)


def test_stretching_keeps_the_median_and_no_quantiles_cross() -> None:
    quantiles = ranges(0.02)[0] + 0.001
    stretched = widened(quantiles, np.array(WIDER.model))
    assert stretched[:, Q50] == pytest.approx(quantiles[:, Q50])
    assert (np.diff(stretched, axis=1) > 0).all()
    ratio = (stretched[:, Q90] - stretched[:, Q10]) / (quantiles[:, Q90] - quantiles[:, Q10])
    assert ratio == pytest.approx(np.exp(WIDER.model))


# ---- where they come from


def test_whoever_has_the_bars_has_the_numbers_that_were_kept(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    did = keep_evening(services)
    assert (did.widths, did.waiting) == (1, False)
    assert keep_evening(services).widths == 0
    model = served(services)
    with services.store.reading() as db:
        kept = evening_width_table.newest_learned(db, "file", model.card.model_id, DAY)
    assert kept is not None
    (tmp_path / "again").mkdir()
    again = live(tmp_path / "again", models)
    keep_evening(again)  # the model reads how all stocks moved together, which an evening keeps
    learned = learned_at(again, served(again), DAY)
    assert kept == (DAY, *learned)  # type: ignore[misc]
    _, of_model, of_rule = kept
    assert (of_model.stocks, of_rule.stocks) == (8, 8)
    assert np.abs(of_model.x).max() > 0.005
    assert of_model.x != of_rule.x


def test_the_numbers_are_those_of_a_replay_by_hand(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    model, symbols = served(services), [each.symbol for each in services.universe if each.symbol not in MARKET_SERIES]
    days = services.provider.bars(symbols[0], DAY).sessions[-REPLAYED - 1 :].astype(object)
    evenings = []
    for before, after in pairwise(days):
        known = [inputs_at(services.provider, services.provider.instrument(symbol), before) for symbol in symbols]
        closes = [services.provider.bars(symbol, after).closes[-2:] for symbol in symbols]
        raw = raw_heads(known, model)
        evenings.append(
            (
                np.stack([each.model for each in raw if each and each.model is not None]),
                np.array([np.log(new / old) for old, new in closes]),
            )
        )
    learned = learned_at(services, model, DAY)
    assert learned is not None
    assert learned[0] == replayed(evenings)


def test_after_days_off_the_missing_evenings_are_entered_each(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    keep_evening(services)
    assert keep_evening(at_evening(services, date(2021, 7, 6))).widths == 3
    model_id = served(services).card.model_id
    with services.store.reading() as db:
        on = evening_width_table.newest(db, "file", model_id, date(2021, 7, 2))
        newest = evening_width_table.newest(db, "file", model_id, date(2021, 7, 31))
    assert on is not None
    assert newest is not None
    assert (on.session, newest.session) == (date(2021, 7, 2), date(2021, 7, 6))


def test_while_bars_are_still_coming_nothing_is_entered(tmp_path: Path, models: Path) -> None:
    prices = made_prices(8)
    late = (prices["date"] >= pd.Timestamp(NEXT)) & prices["symbol"].isin(["MAA", "MAB"])
    services = market_of(tmp_path, prices[~late], NEXT, models)
    assert reads_evening(services)
    did = keep_evening(services)
    assert (did.waiting, did.widths) == (True, 0)
    did = keep_evening(at_evening(services, NEXT, hours=7))
    assert (did.waiting, did.widths) == (False, 1)


def account(services: Services) -> int:
    """One run of the timetable's job; how many forecasts the ledger has then."""

    async def one_run() -> None:
        await Timetable(services)._account()

    asyncio.run(one_run())
    with services.store.reading() as db:
        return ledger_table.CHAIN.head(db).rows


def test_the_record_waits_for_the_evening_where_forecasts_are_made_of_it(tmp_path: Path, models: Path) -> None:
    prices = made_prices(8)
    late = (prices["date"] >= pd.Timestamp(NEXT)) & prices["symbol"].isin(["MAA", "MAB"])
    (tmp_path / "old").mkdir()
    assert account(market_of(tmp_path / "old", prices[~late], NEXT, serve=EARLIER)) == 6 * len(HEADS)
    services = market_of(tmp_path, prices[~late], NEXT, models)
    assert account(services) == 0
    assert account(at_evening(services, NEXT, hours=7)) == 6 * len(HEADS)


@pytest.mark.parametrize("stocks", [0, 1, 4])
def test_a_service_that_knows_hardly_a_symbol_holds_its_ranges_against_the_index(
    tmp_path: Path, models: Path, stocks: int
) -> None:
    services = live(tmp_path, models, stocks)
    assert keep_evening(services).widths == 1
    made = look(services)
    assert made.evening is not None
    assert made.evening.stocks == 1


def test_with_no_price_of_the_session_at_all_nothing_is_learned(tmp_path: Path, models: Path) -> None:
    prices = made_prices(8)
    services = market_of(tmp_path, prices[prices["date"] <= pd.Timestamp(DAY)], NEXT, models)
    assert learned_at(services, served(services), NEXT) is None
    assert learned_at(services, served(services), date(2019, 1, 3)) is None


# ---- what is served


def look(services: Services, symbol: str = "MAA", end: date = DAY):  # type: ignore[no-untyped-def]
    known = services.provider.universe()
    instrument = next((each for each in known if each.symbol == symbol), known[0])
    model = served(services)
    return make_outlook(with_evening(services, inputs_at(services.provider, instrument, end), model), model)


def test_both_ranges_are_stretched_at_the_heads_before_horizons_are_filled(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    model = served(services)
    known = inputs_at(services.provider, services.provider.instrument("MAA"), DAY)
    (raw,) = raw_heads([known], model)
    made = make_outlook(replace(known, evening=WIDER), model)
    assert raw is not None
    assert raw.model is not None
    expected = all_horizons(widened(raw.model, np.array(WIDER.model)))
    assert made.log_returns.tobytes() == expected.tobytes()
    assert made.baseline.tobytes() == all_horizons(widened(raw.plain, np.array(WIDER.plain))).tobytes()
    as_forecast = all_horizons(raw.model)
    for horizon in (1, 3, 10, 30, 63):
        at = horizon - 1
        factor = (expected[at, Q90] - expected[at, Q10]) / (as_forecast[at, Q90] - as_forecast[at, Q10])
        calibration = forecast_at(made, horizon, NOW).calibration
        assert calibration is not None
        assert calibration.factor == pytest.approx(factor)
        assert (calibration.session, calibration.stocks) == (DAY, 40)


def test_where_the_plain_rule_answers_its_own_stretching_is_told(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    known = inputs_at(services.provider, services.provider.instrument("MAA"), DAY)
    made = demoted(make_outlook(replace(known, evening=WIDER), served(services)))
    calibration = forecast_at(made, 21, NOW).calibration
    assert calibration is not None
    assert calibration.factor == pytest.approx(np.exp(0.05))


def test_a_model_whose_card_does_not_ask_for_it_answers_as_ever(tmp_path: Path) -> None:
    services = sample_services(tmp_path, models={"serve": EARLIER})
    model = served(services)
    known = inputs_at(services.provider, services.provider.instrument("AAPL"), DAY)
    assert with_evening(services, known, model) is known
    plain, given = make_outlook(known, model), make_outlook(replace(known, evening=WIDER), model)
    assert given.log_returns.tobytes() == plain.log_returns.tobytes()
    assert given.baseline.tobytes() == plain.baseline.tobytes()
    assert (given.caveats, given.evening) == (plain.caveats, None)
    assert forecast_at(given, 10, NOW).forecast_id == forecast_at(plain, 10, NOW).forecast_id
    assert forecast_at(given, 10, NOW).calibration is None
    assert not reads_evening(services)


def test_an_evening_is_good_for_some_sessions_and_then_ranges_are_as_they_were_forecast(
    tmp_path: Path, models: Path
) -> None:
    services = live(tmp_path, models)
    keep_evening(services)
    end = date(2021, 7, 8)  # MOST_AGE sessions later
    assert MOST_AGE == 5
    fresh = look(services, end=end)
    assert fresh.evening is not None
    assert fresh.evening.session == DAY
    old = look(services, end=date(2021, 7, 9))
    assert old.evening is None
    assert any("does not follow how ranges held" in caveat for caveat in old.caveats)
    assert not any("does not follow" in caveat for caveat in fresh.caveats)


def test_a_damaged_database_leaves_ranges_as_they_were_forecast(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    services.store.close()
    services.store.path.write_bytes(b"no database")
    assert look(services).evening is None


def test_a_day_of_the_past_is_answered_in_the_same_bytes_whatever_every_later_bar_says(
    tmp_path: Path, models: Path
) -> None:
    prices = made_prices(8)
    later = prices["date"] > pd.Timestamp(DAY)
    answers = []
    for name, table in (("true", prices), ("false", changed(prices, later, lambda rows: rows * 0.6))):
        folder = tmp_path / name
        folder.mkdir()
        services = market_of(folder, table, DAY + timedelta(days=61), models)
        keep_evening(services)
        made = forecasts.answer(services, "MAB", 21, DAY).forecast
        assert made.calibration is not None
        assert made.calibration.session == DAY
        answers.append(forecast_json(made))
    assert answers[0] == answers[1]


def test_alone_and_in_a_batch_the_forecast_is_the_same(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    keep_evening(services)
    alone = [forecasts.answer(services, symbol, 10).forecast for symbol in ("MAA", "MAC")]
    together = batch.forecasts(services, ["MAA", "MAC"], 10)
    assert [made.forecast_id for made in alone] == [made.forecast_id for made in together]  # type: ignore[union-attr]
    assert all(made.calibration is not None for made in alone)


def test_a_new_evening_makes_a_new_outlook(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    before = forecasts.answer(services, "MAA", 10).forecast
    keep_evening(services)
    after = forecasts.answer(services, "MAA", 10).forecast
    assert before.calibration is None
    assert after.calibration is not None
    assert before.forecast_id != after.forecast_id


# ---- what is told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0.1134, "Ranges are widened by 12 % because the market has moved more than forecast lately."),
        (-0.0834, "Ranges are narrowed by 8 % because the market has moved less than forecast lately."),
        (0.0195, ""),
        (-0.02, ""),
    ],
)
def test_details_tell_of_a_stretching_that_can_be_seen(tmp_path: Path, models: Path, number: float, told: str) -> None:
    services = live(tmp_path, models)
    known = inputs_at(services.provider, services.provider.instrument("MAA"), DAY)
    evening = EveningWidth(DAY, 40, (number,) * 5, (0.0,) * 5)
    made = forecast_at(make_outlook(replace(known, evening=evening), served(services)), 10, NOW)
    assert sentences.evening(made).replace("\N{NO-BREAK SPACE}", " ") == told
    assert sentences.evening(made) in sentences.why(made)


def test_the_api_tells_the_factor_and_null_where_there_is_none(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    assert forecast_json(forecasts.answer(services, "MAA", 10).forecast)["calibration"] is None
    keep_evening(services)
    told = forecast_json(forecasts.answer(services, "MAA", 10).forecast)["calibration"]
    assert told["session"] == "2021-06-30"
    assert told["stocks"] == 8
    assert 0.8 < told["factor"] < 2.1


def test_the_ledger_keeps_it_beside_what_is_proved(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    keep_evening(services)
    made = forecasts.answer(services, "MAA", 10).forecast
    with services.store.reading() as db:
        assert ledger_table.calibration_of(db, made.forecast_id) == made.calibration
        assert ledger_table.calibration_of(db, "f0") is None
    assert receipts.receipt(services.store, made.forecast_id).log_returns == made.log_returns
    assert not verify(services.store).problems


def test_rows_of_the_ledger_tell_it_over_the_api_and_in_the_file(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    forecasts.answer(services, "MAB", 10)
    keep_evening(services)
    made = forecasts.answer(services, "MAA", 10).forecast
    assert made.calibration is not None
    with services.store.reading() as db:
        told = [entry_json(entry)["calibration"] for entry in outcomes_table.page(db, 0, 5)]
    assert told == [None, forecast_json(made)["calibration"]]
    text = Visitor(create_app(services)).get("/track-record.csv").text
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["calibration.session"] for row in rows] == ["", "2021-06-30"]
    assert [row["calibration.factor"] for row in rows] == ["", repr(made.calibration.factor)]


def test_forecasts_entered_for_the_record_are_stretched_as_those_that_are_shown(tmp_path: Path, models: Path) -> None:
    services = live(tmp_path, models)
    keep_evening(services)
    assert forecast_universe(services).issued == 8 * len(HEADS)
    made = forecasts.answer(services, "MAA", 21).forecast
    with services.store.reading() as db:
        assert ledger_table.calibration_of(db, made.forecast_id) == made.calibration


# ---- the sample market


def test_the_file_beside_a_model_says_what_is_worked_out(tmp_path: Path, models: Path) -> None:
    services = sample_services(tmp_path, models={"folder": models})
    model = served(services)
    made = sample_evenings.make(services, model, last=3)
    assert [evening.stocks for evening in made] == [MOST_STOCKS] * 3
    worked_out = forecasts.answer(services, "AAPL", 21)
    assert worked_out.outlook.evening == made[-1]
    write_sample(model, made)
    shipped = sample_services(tmp_path / "shipped", models={"folder": models})
    assert forecasts.answer(shipped, "AAPL", 21).forecast.forecast_id == worked_out.forecast.forecast_id
    assert shipped.widths.of_sample(served(shipped), made[-2].session) == made[-2]
    model.card = replace(model.card, sha256="of another export")
    assert KeptWidths(shipped.store).of_sample(model, DAY) is None
    for spoilt in (b"", (model.folder / SAMPLE_FILE).read_bytes()[:-100], b"no archive"):
        (model.folder / SAMPLE_FILE).write_bytes(spoilt)
        assert KeptWidths(shipped.store).of_sample(model, DAY) is None
    (model.folder / SAMPLE_FILE).unlink()


def test_every_shipped_model_that_is_stretched_brings_the_evenings_of_the_sample(services: Services) -> None:
    for folder in folders_of(MODELS, RANGE):
        model = OnnxModel(folder)
        if model.card.evening_width:  # else python -m bellwether.jobs.sample_evenings makes them
            with services.widths.making:
                learned = learned_at(services, model, ENDS)
            assert learned is not None
            assert services.widths.of_sample(model, ENDS) == evening_width.width_of(ENDS, *learned)


def test_a_replay_of_the_past_uses_the_numbers_of_each_day(tmp_path: Path, models: Path) -> None:
    past = replace(live_services(tmp_path, DAY), models=sample_services(tmp_path, models={"folder": models}).models)
    past = replace(past, model=past.models.for_day(date(2022, 1, 1)), universe=past.universe)
    made = forecasts.outlook(past, past.provider.instrument("AAPL"), DAY)
    assert made.evening is not None
    assert made.evening.session == DAY
    assert made.evening.stocks == 1  # three symbols are served: the index stands for them


def test_a_replay_of_the_past_enters_the_same_rows_whatever_every_later_bar_says(tmp_path: Path, models: Path) -> None:
    prices = made_prices(6)
    later = prices["date"] > pd.Timestamp(DAY)
    entered = []
    for name, table in (("true", prices), ("false", changed(prices, later, lambda rows: rows * 1.8))):
        folder = tmp_path / name
        folder.mkdir()
        services = market_of(folder, table, date(2021, 12, 30), models)
        keep_evening(services)
        past = replay(services, date(2021, 6, 29), DAY, folder / "replay.sqlite3")
        with past.store.reading() as db:
            rows = list(db.execute("SELECT * FROM ledger ORDER BY seq"))
        assert len(rows) == 2 * 6 * len(HEADS)
        assert all(row[-1] is not None for row in rows)  # each was stretched
        entered.append(rows)
    assert entered[0] == entered[1]


def test_doctor_tells_how_far_evenings_are_worked_out(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = live(tmp_path, models)
    monkeypatch.setattr(doctor, "calendars", list)  # it would build all of them, for each of the days

    def told() -> tuple[bool, str]:
        (check,) = [check for check in examine(services) if check.name == "Evenings"]
        return check.ok, check.detail

    assert told() == (True, "none is worked out yet")
    keep_evening(services)
    assert told() == (True, "worked out up to 2021-06-30")
    at_evening(services, date(2021, 7, 7))
    assert told() == (False, "worked out up to 2021-06-30")


def test_a_chart_works_no_evening_out(tmp_path: Path, models: Path) -> None:
    services = sample_services(tmp_path, models={"folder": models})
    asked = forecasts.answer(services, "AAPL", 63)
    beside(services, asked)
    assert {day for _, _, day in services.widths.made} == {asked.outlook.bars.cutoff}


def test_the_step_of_the_study_is_kept_to() -> None:
    assert (evening_width.REPLAYED, MOST_STOCKS) == (63, 40)
