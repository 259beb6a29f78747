"""Days in files: one way of writing for a column, an instant in its exchange's zone, or a refusal."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import MarketDataError
from bellwether.market.files.dates import daily, filed_in_order, quarterly, read_moments
from bellwether.market.files.prices import read_price_file
from bellwether.market.files.table import BadTable
from bellwether.market.statements.file import FileFundamentals
from tests.support.data import DATA

FORMATS = (
    *("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%d%b%Y", "%a, %d %b %Y", "%d.%m.%y", "%y-%m-%d", "%m/%d/%y", "%d/%m/%y"),
    *("%d-%b-%y", "%y%m%d", "%d%m%y", "%y/%m/%d", "%m-%d-%y"),
    *("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S"),
)
DAYS = st.dates(date(1996, 1, 1), date(2034, 12, 31))


def read(texts: list[str], symbols: list[int] | None = None) -> list[date | None]:
    column = pd.Series(texts, index=range(2, 2 + len(texts)))
    numbers = np.array(symbols if symbols is not None else [0] * len(texts))
    moments = read_moments(column, numbers, daily, word="line")
    return [None if np.isnat(day) else day.astype(object) for day in moments.local.astype("datetime64[D]")]


@st.composite
def sessions(draw: st.DrawFn) -> list[date]:
    """Sessions of an exchange or of a coin, with holes, perhaps the newest first, perhaps in any order."""
    first, count = draw(DAYS), draw(st.integers(1, 400))
    days = [day.date() for day in pd.date_range(first, periods=count, freq=draw(st.sampled_from(["D", "B"])))]
    holes = draw(st.sets(st.integers(0, count - 1), max_size=count // 5))
    days = [day for at, day in enumerate(days) if at not in holes] or days
    order = draw(st.sampled_from(["up", "down", "any"]))
    return days[::-1] if order == "down" else draw(st.permutations(days)) if order == "any" and count < 60 else days


@pytest.mark.parametrize("written", FORMATS)
@settings(max_examples=12, deadline=None)
@given(days=sessions())
@example(days=[day.date() for day in pd.bdate_range("2026-06-01", periods=9)])  # each of them could be a month
def test_a_column_in_one_format_gives_its_days_or_is_refused(written: str, days: list[date]) -> None:
    try:
        assert read([day.strftime(written) for day in days]) == days
    except BadTable as problem:
        assert "Write days such as 2026-06-05" in str(problem)


@pytest.mark.parametrize("written", ["%d.%m.%y", "%y-%m-%d", "%m/%d/%y", "%d%m%y"])
@pytest.mark.parametrize("frequency", ["B", "D"])
def test_years_that_could_be_days_or_months_are_told_apart_by_the_whole_column(written: str, frequency: str) -> None:
    days = [day.date() for day in pd.date_range("2001-01-01", "2012-12-31", freq=frequency)]
    assert read([day.strftime(written) for day in days]) == days


@settings(max_examples=100, deadline=None)
@given(written=st.sampled_from(FORMATS), days=st.lists(DAYS, min_size=1, max_size=40))
def test_days_without_any_order_are_never_read_as_others(written: str, days: list[date]) -> None:
    with suppress(BadTable):
        assert read([day.strftime(written) for day in days]) == days


@pytest.mark.parametrize("written", FORMATS)
def test_a_season_of_sessions_is_read_in_every_format(written: str) -> None:
    days = [day.date() for day in pd.bdate_range("2026-06-11", periods=120)]
    assert read([day.strftime(written) for day in days]) == days
    assert read([day.strftime(written).upper() for day in reversed(days)]) == days[::-1]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["13/06/2026", "06/25/2026"], "2 (13/06/2026) is written as dd/mm/yyyy and line 3 (06/25/2026) as mm/dd/yyyy"),
        (["2026-06-11", "12.06.2026"], "2 (2026-06-11) is written as yyyy-mm-dd and line 3 (12.06.2026) as dd.mm.yyyy"),
        (["11.06.2026", "12.06.26"], "line 2 (11.06.2026) is written as dd.mm.yyyy and line 3 (12.06.26) as dd.mm.yy"),
        (["2026-06-11", "soon"], "line 3 (soon) is no day"),
        (["2026-06-11", "2026-02-30"], "line 3 (2026-02-30) is no day"),
        (["05/06/26"], "line 2 (05/06/26) can be dd/mm/yy or mm/dd/yy or yy/mm/dd"),
        (["2026-03-02 09:30", "2026-03-02 25:61"], "line 3 (2026-03-02 25:61) has no time of day"),
        (["2026-03-02 24:00:00"], "line 2 (2026-03-02 24:00:00) has no time of day"),
        (["2026-03-02 23:59:60"], "line 2 (2026-03-02 23:59:60) has no time of day"),
        (["2026-03-02 09:30:00+99:00"], "line 2 (2026-03-02 09:30:00+99:00) has no time zone"),
        (["2026-06-11T00:00Z", "2026-06-12T00:00"], "line 2 (2026-06-11T00:00Z) has a time zone and line 3"),
    ],
)  # fmt: skip
def test_rows_that_disagree_are_named(rows: list[str], words: str) -> None:
    with pytest.raises(BadTable) as refusal:
        read(rows)
    assert words in str(refusal.value)


def test_month_names_of_other_languages_and_numbers_of_days_are_read() -> None:
    for text in ("30. Dez. 2021", "30 dic 2021", "30 déc. 2021", "30 дек 2021", "44560", "30th December 2021"):
        assert read([text]) == [date(2021, 12, 30)], text


def test_two_digit_years_reach_from_1950_to_2049() -> None:
    days = [day.date() for day in pd.bdate_range("1962-01-02", "1962-12-31")]
    assert read([day.strftime("%d.%m.%y") for day in days]) == days


def price_file(folder: Path, symbol: str, instants: list[str]) -> Path:
    file = folder / "p.csv"
    lines = [f"{symbol},{instant},1,1,1,{1 + at},0" for at, instant in enumerate(instants)]
    file.write_text("\n".join(["symbol,date,open,high,low,close,volume", *lines]) + "\n")
    return file


def days_of(file: Path) -> list[date]:
    return [day.date() for day in read_price_file(file).rows["date"]]


@pytest.mark.parametrize(
    ("symbol", "zone"),
    [
        ("7203.T", "Asia/Tokyo"),
        ("SHEL.L", "Europe/London"),
        ("AAPL", "America/New_York"),
        ("BHP.AX", "Australia/Sydney"),
        ("FPH.NZ", "Pacific/Auckland"),
        ("PETR4.SA", "America/Sao_Paulo"),
        ("RELIANCE.NS", "Asia/Kolkata"),
        ("BTC-USD", "UTC"),
    ],
)
@pytest.mark.parametrize("hour", [0, 9, 16])
def test_instants_in_utc_are_days_of_their_exchange(tmp_path: Path, symbol: str, zone: str, hour: int) -> None:
    days = [day.date() for day in pd.bdate_range("2025-01-06", "2026-01-09")]  # the clocks change twice
    instants = [datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC) for day in days]
    assert days_of(price_file(tmp_path, symbol, [f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in instants])) == days
    assert days_of(price_file(tmp_path, symbol, [str(int(instant.timestamp())) for instant in instants])) == days
    assert days_of(price_file(tmp_path, symbol, [str(int(1000 * instant.timestamp())) for instant in instants])) == days
    parquet = tmp_path / "p.parquet"
    frame = pd.DataFrame({"symbol": symbol, "date": pd.to_datetime(instants, utc=True)})
    frame.assign(open=1.0, high=1.0, low=1.0, close=1.0, volume=0).to_parquet(parquet)
    assert days_of(parquet) == days


def test_midnights_with_their_own_offset_are_the_days_that_are_written(tmp_path: Path) -> None:
    rows = ["2026-03-06 00:00:00-05:00", "2026-03-09 00:00:00-04:00", "2026-03-10 00:00:00-04:00"]
    assert days_of(price_file(tmp_path, "AAPL", rows)) == [date(2026, 3, 6), date(2026, 3, 9), date(2026, 3, 10)]


def test_times_of_another_zone_than_the_exchanges_are_refused(tmp_path: Path) -> None:
    naive = [
        f"{day:%Y-%m-%d} 15:00:00" for day in pd.date_range("2026-06-10", periods=8) if day.day_of_week not in (4, 5)
    ]
    with pytest.raises(MarketDataError, match=r"falls on Sunday, 2026-06-14, on which 7203\.T is not traded"):
        read_price_file(price_file(tmp_path, "7203.T", naive))
    with pytest.raises(MarketDataError, match="told by an exchange that isn't known"):
        read_price_file(price_file(tmp_path, "^NOSUCH", ["2026-06-10T15:00:00Z"]))


def test_times_of_a_market_that_never_closes_are_read(tmp_path: Path) -> None:
    rows = [f"{day:%Y-%m-%d} 23:59:59" for day in pd.date_range("2026-06-10", periods=30)]
    assert len(days_of(price_file(tmp_path, "DOGE-USDT", rows))) == 30


def test_tokyos_midnights_in_utc_are_120_sessions_and_no_sunday() -> None:
    days = pd.DatetimeIndex(read_price_file(DATA / "cases" / "03c-tokyo-midnight-in-utc.csv").rows["date"])
    assert len(days) == 120
    assert days[0] == pd.Timestamp("2026-06-11")
    assert (days.day_of_week < 5).all()


def test_two_digit_years_of_the_shared_files_are_read_in_one_way() -> None:
    rows = read_price_file(DATA / "cases" / "10c-two-digit-year.csv").rows
    assert [str(rows["date"].iloc[at].date()) for at in (0, -1)] == ["2026-06-11", "2026-11-25"]
    assert rows["date"].is_monotonic_increasing
    quarters = FileFundamentals(DATA / "cases" / "20d-fund-ddmmyy.csv").statements("AAPL").quarters
    assert len(quarters) == 55
    assert (quarters[0].period_end, quarters[5].known_on) == (date(2008, 3, 29), date(2009, 7, 22))


QUARTERS = [day.date() for day in pd.date_range("2019-03-31", periods=12, freq="QE")]


@pytest.mark.parametrize("written", FORMATS[:22])
def test_statements_are_read_in_every_format(tmp_path: Path, written: str) -> None:
    filed = [day.date() for day in pd.to_datetime(QUARTERS) + pd.Timedelta(days=31)]
    rows = [f"AAPL;{end:{written}};{known:{written}};81.4B;NA" for end, known in zip(QUARTERS, filed, strict=True)]
    file = tmp_path / "f.csv"
    file.write_text("\n".join(["symbol;period_end;filed;revenue;net_income", *rows]))
    quarters = FileFundamentals(file).statements("AAPL").quarters
    assert [(quarter.period_end, quarter.known_on) for quarter in quarters] == list(zip(QUARTERS, filed, strict=True))
    assert {(quarter.revenue, quarter.net_income) for quarter in quarters} == {(81.4e9, None)}


@settings(max_examples=100, deadline=None)
@given(written=st.sampled_from(FORMATS), first=DAYS, count=st.integers(1, 60), fiscal=st.integers(-6, 0))
def test_quarters_are_never_read_as_other_days(written: str, first: date, count: int, fiscal: int) -> None:
    ends = [day.date() for day in pd.date_range(first, periods=count, freq="QE") + pd.Timedelta(days=fiscal)]
    column = pd.Series([end.strftime(written) for end in ends])
    for evidence in (quarterly, filed_in_order):
        try:
            moments = read_moments(column, np.zeros(count, np.int64), evidence, word="line")
        except BadTable:
            continue
        assert list(moments.local.astype("datetime64[D]").astype(object)) == ends


def test_a_column_of_times_that_no_clock_shows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("<TICKER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nAAPL,20260302,256100,1,1,1,1,1\n")
    with pytest.raises(MarketDataError, match=r"line 2 \(20260302 25:61:00\) has no time of day"):
        read_price_file(file)


def test_a_market_that_trades_from_sunday_to_thursday_may_have_times(tmp_path: Path) -> None:
    days = [day for day in pd.date_range("2026-03-01", periods=28) if day.day_name() not in ("Friday", "Saturday")]
    assert len(days_of(price_file(tmp_path, "COMI.CA", [f"{day:%Y-%m-%d} 14:30" for day in days]))) == 20
