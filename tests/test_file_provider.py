"""Prices from files: read to the letter, or refused with the file's name and what is wrong."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import BellwetherError, ConfigError, MarketDataError, UnknownSymbol
from bellwether.core.types import CLOSE, OPEN, VOLUME, Problem
from bellwether.jobs import doctor
from bellwether.market.file import FileProvider, read_prices
from bellwether.services import Services, build_services
from tests.conftest import MODELS, NOW, MakeBars

HEADER = "symbol,date,open,high,low,close,volume"
END = date(2026, 11, 20)


def write(folder: Path, *lines: str, name: str = "prices.csv", header: str = HEADER) -> Path:
    file = folder / name
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


def table(make_bars: MakeBars, *symbols: str, sessions: int = 600, end: date = END) -> pd.DataFrame:
    frames = []
    for seed, symbol in enumerate(symbols):
        bars = make_bars(sessions, end, seed=seed)
        frame = pd.DataFrame(bars.values, columns=["open", "high", "low", "close", "volume"])
        frames.append(frame.assign(symbol=symbol, date=bars.sessions))
    return pd.concat(frames, ignore_index=True)


def save(frame: pd.DataFrame, file: Path) -> Path:
    if file.suffix == ".csv":
        frame.to_csv(file, index=False)
    else:
        frame.to_parquet(file)
    return file


def services_over(file: Path) -> Services:
    chosen = load_settings(
        market={"source": "file", "file": str(file)},
        database={"path": file.parent / "x.sqlite3"},
        models={"folder": MODELS},
    )
    return build_services(chosen, clock=lambda: NOW)


def refused(file: Path) -> str:
    with pytest.raises(MarketDataError) as error:
        FileProvider([file])
    assert file.name in str(error.value)
    return str(error.value)


# ---- reading


def test_it_reads_what_stands_there(tmp_path: Path) -> None:
    file = write(tmp_path, "AAPL,2021-12-30,1.5,2,1,1.75,100", "AAPL,2021-12-31,2.5,3,2,2.75,200")
    bars = FileProvider([file]).bars("AAPL", date(2022, 1, 1))
    assert bars.values.tolist() == [[1.5, 2, 1, 1.75, 100], [2.5, 3, 2, 2.75, 200]]
    assert [str(session) for session in bars.sessions] == ["2021-12-30", "2021-12-31"]
    assert bars.quoted_close == 2.75


@pytest.mark.parametrize("symbol", ["NA", "NAN", "TRUE", "FALSE", "NULL", "NONE", "INF", "1E5", "0700", "BRK-B"])
def test_a_symbol_stays_the_text_it_is(tmp_path: Path, symbol: str) -> None:
    file = write(tmp_path, f"{symbol},2021-12-31,1,1,1,1,0")
    assert [instrument.symbol for instrument in FileProvider([file]).universe()] == [symbol]
    parquet = save(pd.read_csv(file, dtype={"symbol": str}, keep_default_na=False), tmp_path / "prices.parquet")
    assert [instrument.symbol for instrument in FileProvider([parquet]).universe()] == [symbol]


def test_symbols_are_trimmed_and_written_large(tmp_path: Path) -> None:
    file = write(tmp_path, " aapl ,2021-12-31,1,1,1,1,0")
    assert FileProvider([file]).instrument("AAPL").name == "Apple"


def test_rows_may_stand_in_any_order(tmp_path: Path, make_bars: MakeBars) -> None:
    frame = table(make_bars, "AAA", "BBB", sessions=50)
    mixed = save(frame.sample(frac=1, random_state=1), tmp_path / "mixed.csv")
    sorted_file = save(frame, tmp_path / "sorted.csv")
    for symbol in ("AAA", "BBB"):
        ours, theirs = (FileProvider([file]).bars(symbol, END) for file in (mixed, sorted_file))
        assert np.array_equal(ours.values, theirs.values)
        assert (np.diff(ours.sessions).astype(int) > 0).all()


def test_csv_and_parquet_say_the_same(tmp_path: Path, make_bars: MakeBars) -> None:
    frame = table(make_bars, "AAPL", "^VIX", sessions=80)
    csv, parquet = (save(frame, tmp_path / name) for name in ("p.csv", "p.parquet"))
    for symbol in ("AAPL", "^VIX"):
        ours, theirs = (FileProvider([file]).bars(symbol, END) for file in (csv, parquet))
        assert np.array_equal(ours.values, theirs.values)
        assert np.array_equal(ours.sessions, theirs.sessions)


@pytest.mark.parametrize(
    "convert",
    [
        lambda dates: dates.dt.date,
        lambda dates: dates.dt.strftime("%Y-%m-%d"),
        lambda dates: dates.dt.strftime("%Y-%m-%d 00:00:00"),
        lambda dates: dates.astype("datetime64[ns]"),
        lambda dates: dates + pd.Timedelta(hours=16),
        lambda dates: dates.dt.tz_localize("America/New_York"),
        lambda dates: dates.dt.tz_localize("Asia/Tokyo"),
        lambda dates: dates.dt.tz_localize("Pacific/Auckland"),
    ],
    ids=["dates", "text", "text with a time", "nanoseconds", "instants", "New York", "Tokyo", "Auckland"],
)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_day_is_the_exchanges_own_day(
    tmp_path: Path, make_bars: MakeBars, convert: Callable[[Any], Any], kind: str
) -> None:
    frame = table(make_bars, "AAPL", sessions=15)  # two weeks without a change of the clocks
    expected = frame["date"].to_numpy("datetime64[D]")
    file = save(frame.assign(date=convert(frame["date"])), tmp_path / f"p.{kind}")
    assert np.array_equal(FileProvider([file]).bars("AAPL", END).sessions, expected)


def test_days_across_a_change_of_the_clocks_are_read(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "AAPL,2021-03-12 00:00:00-05:00,1,1,1,1,0",
        "AAPL,2021-03-15 00:00:00-04:00,1,1,1,1,0",
    )
    sessions = FileProvider([file]).bars("AAPL", END).sessions
    assert [str(session) for session in sessions] == ["2021-03-12", "2021-03-15"]


def test_days_written_as_numbers_are_read(tmp_path: Path) -> None:
    file = write(tmp_path, "AAPL,20211230,1,1,1,1,0", "AAPL,20211231,1,1,1,1,0")
    sessions = FileProvider([file]).bars("AAPL", END).sessions
    assert [str(session) for session in sessions] == ["2021-12-30", "2021-12-31"]


@pytest.mark.parametrize("day", ["2021-12-30", "30.12.2021", "30/12/2021", "12/30/2021", "20211230", "30 Dec 2021"])
def test_a_day_that_can_be_read_in_one_way_only_is_read_without_a_word(tmp_path: Path, day: str) -> None:
    file = write(tmp_path, f"AAPL,{day},1,1,1,1,0")
    assert str(FileProvider([file]).bars("AAPL", END).cutoff) == "2021-12-30"  # a warning would fail the test


def test_of_two_files_with_rows_for_one_day_the_first_wins(tmp_path: Path) -> None:
    first = write(tmp_path, "AAPL,2021-12-30,1,1,1,1,0", name="a.csv")
    second = write(tmp_path, "AAPL,2021-12-30,5,5,5,5,0", "AAPL,2021-12-31,6,6,6,6,0", name="b.csv")
    bars = FileProvider([first, second]).bars("AAPL", END)
    assert bars.closes.tolist() == [1, 6]
    assert read_prices([second, first])["close"].tolist() == [5, 6]


def test_other_columns_do_no_harm(tmp_path: Path) -> None:
    file = write(tmp_path, "x,AAPL,2021-12-31,1,1,1,1,0,7", header=f"note,{HEADER},dividends")
    assert FileProvider([file]).bars("AAPL", END).closes.tolist() == [1]


# ---- what is missing


def test_a_source_with_nothing_but_closes_is_enough(tmp_path: Path, make_bars: MakeBars) -> None:
    frame = table(make_bars, "AAPL", "^GSPC", "^VIX")
    frame[["open", "high", "low", "volume"]] = np.nan
    for name in ("closes.csv", "closes.parquet"):
        services = services_over(save(frame, tmp_path / name))
        bars = services.provider.bars("AAPL", END)
        assert np.array_equal(bars.values[:, OPEN], bars.values[:, CLOSE])
        assert (bars.values[:, VOLUME] == 0).all()
        asked = forecasts.answer(services, "AAPL", 10)
        assert asked.forecast.problem is None
        assert np.isfinite(asked.outlook.log_returns).all()


def test_a_hole_in_the_closes_is_a_broken_bar(tmp_path: Path, make_bars: MakeBars) -> None:
    frame = table(make_bars, "AAPL")
    frame.loc[590, "close"] = np.nan
    made = forecasts.answer(services_over(save(frame, tmp_path / "p.csv")), "AAPL", 10).forecast
    assert made.problem is Problem.BROKEN
    assert made.model_id == "baseline-ewma"


def test_old_prices_are_stale_and_told_so(tmp_path: Path, make_bars: MakeBars) -> None:
    services = services_over(save(table(make_bars, "AAPL", end=date(2021, 12, 31)), tmp_path / "p.parquet"))
    assert forecasts.answer(services, "AAPL", 10).forecast.problem is Problem.STALE
    assert forecasts.answer(services, "AAPL", 10, date(2021, 12, 31)).forecast.problem is None


def test_a_market_series_that_begins_later_is_done_without(tmp_path: Path, make_bars: MakeBars) -> None:
    frame = pd.concat([table(make_bars, "AAPL"), table(make_bars, "^GSPC", "^VIX", sessions=100)])
    services = services_over(save(frame, tmp_path / "p.parquet"))
    made = forecasts.answer(services, "AAPL", 10, date(2026, 5, 1)).forecast
    assert any("without knowledge of the wider market" in caveat for caveat in made.caveats)
    assert not any("wider market" in caveat for caveat in forecasts.answer(services, "AAPL", 10).forecast.caveats)


def test_the_doctor_names_the_market_series_that_a_file_lacks(tmp_path: Path, make_bars: MakeBars) -> None:
    services = services_over(save(table(make_bars, "AAPL", "^GSPC"), tmp_path / "p.parquet"))
    (prices,) = [check for check in doctor.examine(services) if check.name == "Prices"]
    assert prices.ok and prices.advice == "The model also reads ^VIX: not in these prices."


# ---- what is refused


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "gone.csv")
    assert "is a folder" in refused(tmp_path)


@pytest.mark.parametrize("name", ["prices.xlsx", "prices.txt", "prices", "prices.parquet.gz"])
def test_it_refuses_other_kinds_of_files(tmp_path: Path, name: str) -> None:
    assert "must be .parquet or .csv" in refused(write(tmp_path, name=name))


@pytest.mark.parametrize("column", HEADER.split(","))
def test_it_names_the_columns_that_are_missing(tmp_path: Path, column: str) -> None:
    header = ",".join(name for name in HEADER.split(",") if name != column)
    assert refused(write(tmp_path, header=header)).split("; it has ")[0].endswith(f"lacks the columns {column}")


@pytest.mark.parametrize(
    "line",
    [
        "AAPL,2021-12-31,one,1,1,1,0",
        "AAPL,2021-12-31,1,1,1,n.a.,0",
        'AAPL,2021-12-31,1,1,1,"1,234.50",0',
        "AAPL,2021-12-31,1,1,1,$5,0",
        "AAPL,yesterday,1,1,1,1,0",
        "AAPL,2021-13-31,1,1,1,1,0",
        "AAPL,2021-02-30,1,1,1,1,0",
    ],
)
def test_it_refuses_values_of_the_wrong_kind(tmp_path: Path, line: str) -> None:
    refused(write(tmp_path, "AAPL,2021-12-30,1,1,1,1,0", line))


@pytest.mark.parametrize("name", ["p.csv", "p.parquet"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02\xff\xfe", b"PAR1", b'"'], ids=["empty", "noise", "cut", "quote"]
)
def test_it_refuses_a_damaged_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name)


def test_a_file_without_rows_knows_no_symbol(tmp_path: Path) -> None:
    with pytest.raises(BellwetherError):
        FileProvider([write(tmp_path)]).bars("AAPL", END)


def test_it_knows_only_what_is_in_the_file(tmp_path: Path) -> None:
    provider = FileProvider([write(tmp_path, "AAPL,2021-12-31,1,1,1,1,0")])
    with pytest.raises(UnknownSymbol, match=r"MSFT in the price file prices\.csv"):
        provider.instrument("MSFT")


def test_it_names_the_file_when_prices_begin_later(tmp_path: Path) -> None:
    provider = FileProvider([write(tmp_path, "AAPL,2021-12-31,1,1,1,1,0", name="MyPrices-2021.csv")])
    for end in (date(2021, 12, 30), date(1, 1, 1)):
        with pytest.raises(BellwetherError, match=r"no prices of AAPL up to .* in the price file MyPrices-2021\.csv"):
            provider.bars("AAPL", end)


def test_the_source_file_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="BELLWETHER_MARKET__FILE"):
        build_services(load_settings(market={"source": "file"}))


def test_it_shows_nothing_after_the_day_asked_for(tmp_path: Path, make_bars: MakeBars) -> None:
    provider = FileProvider([save(table(make_bars, "AAPL"), tmp_path / "p.parquet")])
    assert provider.bars("AAPL", date(2026, 10, 4)).cutoff == date(2026, 10, 2)
    assert provider.bars("AAPL", date(2026, 10, 5)).cutoff == date(2026, 10, 5)
