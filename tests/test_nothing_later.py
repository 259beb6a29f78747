"""Nothing later: no symbol's forecast of a day changes with any later bar, nor with what is told of reports later.

The model reads the universe's state and days of reports, and its ranges follow the evenings; of the past it answers by
`/asof`, and training by its table of forecasts.
"""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.ask.evenings import learned_at
from bellwether.core.announcement import Announcement
from bellwether.core.types import HEADS, STATE_SERIES
from bellwether.forecasting import evening_width_table
from bellwether.jobs.evening import keep_evening
from bellwether.market.calendar import sessions_after
from bellwether.market.earnings.known import in_order
from bellwether.market.earnings.provider import ToldReports
from bellwether.models.model_card import RANGE, folders_of, read_card
from bellwether.services import Services
from bellwether.track_record.ledger.issue import read_digest
from tests.conftest import MODELS
from tests.support.calendar_model import MODEL_ID, past_model
from tests.support.made_market import changed, made_prices, market_of, name_of
from training.__main__ import cli

DAY, LATER = date(2021, 6, 30), date(2021, 9, 30)
STOCKS = 8
ABROAD = ("MAZ.L", "7203.T")
QUARTERS = [date(year, month, 5) for year in (2019, 2020, 2021) for month in (1, 4, 7, 10)]
Reports = dict[str, list[Announcement]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model that makes much of what it reads."""
    models = past_model(tmp_path_factory.mktemp("both"), MODELS, state=True, rise_weights=[0.5, 0.5, 0, 0, 0])
    return models / MODEL_ID


@pytest.fixture(scope="module", params=["small", "shipped"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That one, and a shipped one that reads as much, alone in its folder so that no other answers."""
    if request.param == "small":
        return request.getfixturevalue("small")  # type: ignore[no-any-return]
    cards = [(folder, read_card(folder)) for folder in folders_of(MODELS, RANGE)]
    able = [folder for folder, card in cards if card.evening_width and STATE_SERIES[0] in card.market]
    if not able:
        pytest.skip("no shipped model reads the state of the universe")
    alone = tmp_path_factory.mktemp("shipped") / able[0].name
    alone.symlink_to(able[0].resolve(), target_is_directory=True)
    return alone


def prices() -> pd.DataFrame:
    """Stocks of New York, the indices, one share of London and one of Tokyo."""
    table = made_prices(STOCKS)
    copies = (table[table["symbol"] == name_of(at)].assign(symbol=name) for at, name in enumerate(ABROAD))
    return pd.concat([table, *copies], ignore_index=True)


def reports() -> Reports:
    """Each stock's reports; the next one after DAY was told a week before it."""
    told: Reports = {}
    for number in range(STOCKS):
        for day in QUARTERS:
            known = date(2021, 6, 24) if day == date(2021, 7, 5) else None
            fact = Announcement(name_of(number), day + timedelta(number), known_from=known, source="file")
            told.setdefault(name_of(number), []).append(fact)
    return told


def learned_later(told: Reports) -> Reports:
    """The same, but for what is learned after DAY: the next reports are put off by a week, those after them differ."""
    later: Reports = {}
    for symbol, facts in told.items():
        past = [fact for fact in facts if fact.day <= DAY or fact.known_from is not None]
        moved = [
            replace(fact, day=fact.day + timedelta(7), known_from=DAY + timedelta(1))
            for fact in past
            if fact.known_from is not None
        ]
        others = [replace(fact, day=fact.day + timedelta(11)) for fact in facts if fact not in past]
        later[symbol] = [*past, *moved, *others]
    return later


def service(folder: Path, table: pd.DataFrame, told: Reports, model: Path, session: date) -> Services:
    folder.mkdir()
    services = market_of(folder, table, session, model.parent, serve=model.name)
    facts = {symbol: in_order(its) for symbol, its in told.items()}
    services = replace(services, reports=ToldReports(lambda symbol: facts.get(symbol, ())))
    keep_evening(services)
    return services


def wild(table: pd.DataFrame, after: date) -> pd.DataFrame:
    """Every bar after a day another one, in every symbol another way."""
    names = {name: at for at, name in enumerate(sorted(table["symbol"].unique()))}
    factor = table["symbol"].map(lambda name: 0.5 + 0.17 * names[name])
    return changed(table, table["date"] > pd.Timestamp(after), lambda rows: rows.mul(factor[rows.index], axis=0))


def all_said(services: Services, day: date) -> dict[str, tuple[object, ...]]:
    """Everything that is said of each symbol as of a day."""
    said: dict[str, tuple[object, ...]] = {}
    for instrument in services.universe:
        made = forecasts.answer(services, instrument.symbol, 21, day)
        outlook = made.outlook
        said[instrument.symbol] = (
            made.forecast.forecast_id,
            outlook.log_returns.tobytes(),
            outlook.baseline.tobytes(),
            outlook.evening,
            outlook.report,
            outlook.caveats,
            made.forecast.probability_of_growth,
            made.forecast.earnings,
            read_digest(outlook),
        )
    return said


def test_of_every_symbol_a_day_of_the_past_is_answered_in_the_same_bytes(tmp_path: Path, model: Path) -> None:
    table = prices()
    true = all_said(service(tmp_path / "true", table, reports(), model, LATER), DAY)
    bars = all_said(service(tmp_path / "bars", wild(table, DAY), reports(), model, LATER), DAY)
    assert true.keys() == bars.keys() and len(true) == STOCKS + 4
    assert [symbol for symbol in true if true[symbol] != bars[symbol]] == []
    evenings = {of[3].session for of in true.values()}  # type: ignore[attr-defined]
    assert DAY in evenings, "it was stretched by its own evening"
    told = all_said(service(tmp_path / "told", table, learned_later(reports()), model, LATER), DAY)
    assert [symbol for symbol in true if true[symbol] != told[symbol]] == []
    assert sum(of[4] is not None for of in true.values()) == STOCKS


def test_a_fall_on_the_day_itself_is_known_in_new_york_and_where_markets_had_closed_it_is_not(
    tmp_path: Path, small: Path
) -> None:
    table, stocks = prices(), [name_of(number) for number in range(STOCKS)]
    true = all_said(service(tmp_path / "true", table, reports(), small, LATER), DAY)
    that_day = table["symbol"].isin(stocks) & (table["date"] == pd.Timestamp(DAY))
    fallen = changed(table, that_day, lambda rows: rows * 0.93)
    fall = all_said(service(tmp_path / "fall", fallen, reports(), small, LATER), DAY)
    assert all(true[symbol][1] != fall[symbol][1] for symbol in (*stocks, "^GSPC"))
    assert [true[symbol] == fall[symbol] for symbol in ABROAD] == [True, True]
    none = all_said(service(tmp_path / "none", table, {}, small, LATER), DAY)
    assert all(true[symbol][1] != none[symbol][1] for symbol in stocks)


def test_the_numbers_that_were_kept_are_those_of_bars_and_reports_alone(tmp_path: Path, small: Path) -> None:
    """As they were entered on their evening, and as they are worked out a quarter later from other later bars."""
    table = prices()
    then = service(tmp_path / "then", table, reports(), small, DAY)
    with then.store.reading() as db:
        kept = evening_width_table.newest_learned(db, "file", MODEL_ID, DAY)
    later = service(tmp_path / "later", wild(table, DAY), learned_later(reports()), small, LATER)
    assert later.model is not None
    assert kept == (DAY, *(learned_at(later, later.model, DAY) or ()))
    _, of_model, of_rule = kept
    assert of_model.stocks == STOCKS and of_model.x != of_rule.x and any(of_model.x)


def table_of(folder: Path, table: pd.DataFrame, told: Reports, model: Path, *words: str) -> bytes:
    """What `training forecasts` writes for all symbols, as bytes."""
    folder.mkdir()
    prices_file, out, days = folder / "prices.parquet", folder / "out.parquet", folder / "reports.csv"
    table.to_parquet(prices_file)
    rows = [f"{fact.symbol},{fact.day},{fact.known_from or ''}\n" for its in told.values() for fact in its]
    days.write_text("".join(["symbol,date,known_from\n", *rows]))
    span = ("--from", "2021-04-01", "--to", str(DAY), "--every", "9", "--earnings", str(days))
    asked = ("forecasts", "--prices", prices_file, "--model", model, "--out", out, *span, *words)
    result = CliRunner().invoke(cli, [str(word) for word in asked])
    assert result.exit_code == 0, result.output
    return out.read_bytes()


@pytest.mark.parametrize("words", [(), ("--raw",)], ids=["served", "raw"])
def test_training_writes_the_same_bytes_for_every_symbol(tmp_path: Path, model: Path, words: tuple[str, ...]) -> None:
    table, told = prices(), reports()
    true = table_of(tmp_path / "true", table, told, model, *words)
    assert table_of(tmp_path / "bars", wild(table, DAY), told, model, *words) == true
    assert table_of(tmp_path / "none", table[table["date"] <= pd.Timestamp(DAY)], told, model, *words) == true
    assert table_of(tmp_path / "told", table, learned_later(told), model, *words) == true
    assert table_of(tmp_path / "past", wild(table, date(2021, 5, 3)), told, model, *words) != true
    written = pd.read_parquet(tmp_path / "true" / "out.parquet")
    assert set(written["symbol"]) == set(table["symbol"])
    assert written["horizon"].nunique() == len(HEADS) and np.isfinite(written["q50"]).all()


def test_what_is_told_within_three_weeks_is_known_in_time() -> None:
    """What the reports of these tests rest on: those that nobody dates lie more than 15 sessions after DAY."""
    until = sessions_after("XNYS", DAY, 15)[-1].astype(object)
    undated = [fact.day for its in reports().values() for fact in its if fact.known_from is None and fact.day > DAY]
    assert min(undated) > until
