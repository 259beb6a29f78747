"""Rows and numbers of price files: one row for a symbol and day, and everybody's ways of writing a number."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import MarketDataError
from bellwether.market.file import FileProvider, read_prices
from bellwether.market.files.numbers import read_numbers
from bellwether.market.files.prices import COLUMNS, read_price_file
from bellwether.market.files.table import BadTable

FILES = Path(__file__).parent / "data" / "price_files"
NUMBERS = list(COLUMNS[2:])
END = date(2026, 11, 30)


# ---- one row for a symbol and day


def long_file(folder: Path, *lines: str, header: str = "symbol,date,open,high,low,close,volume") -> Path:
    file = folder / "p.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    return file


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("AAPL,2026-06-11 15:30:00,1,2,1,1.5,9", "2 and 3 are both AAPL on 2026-06-11 and differ: close 1 and 1."),
        ("AAPL,2026-06-11,1,2,1,1,7", "lines 2 and 3 are both AAPL on 2026-06-11 and differ: volume 9 and 7"),
    ],
)  # fmt: skip
def test_two_rows_of_one_day_that_differ_are_refused_and_named(tmp_path: Path, second: str, words: str) -> None:
    file = long_file(tmp_path, "AAPL,2026-06-11 14:30:00,1,2,1,1,9", second)
    with pytest.raises(MarketDataError) as refusal:
        read_prices([file])
    assert words in str(refusal.value)


def test_a_row_that_comes_twice_is_one_and_what_one_lacks_the_other_tells(tmp_path: Path) -> None:
    rows = read_prices(
        [long_file(tmp_path, "A,2026-06-11,,,,5,NA", "", "A,2026-06-12,6,6,6,6,9", "A,2026-06-11,4,6,3,5,7")]
    )
    assert rows[NUMBERS].to_numpy().tolist() == [[4, 6, 3, 5, 7], [6, 6, 6, 6, 9]]


DAMAGED = ["", "NA", "0", "-5", "nan"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_holes_doubles_and_damaged_days_are_read_to_the_letter_or_named(tmp_path: Path, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    days = [f"{day:%Y-%m-%d}" for day in pd.bdate_range("2026-06-01", periods=count)]
    days = [day for day in days if not data.draw(st.booleans(), label="hole")] or days[:1]
    closes = {day: data.draw(st.sampled_from([*DAMAGED, "5.25", "7"])) for day in days}
    lines = [f"A,{day},,,,{close},9" for day, close in closes.items()]
    again = data.draw(st.lists(st.sampled_from(days), unique=True, max_size=4))
    lines += [f"A,{day},,,,{closes[day]},9" for day in again]
    contradicted = data.draw(st.sampled_from([*days, None, None, None]))
    if contradicted is not None:
        lines.append(f"A,{contradicted},,,,{closes[contradicted]},10")
    lines = data.draw(st.permutations(lines))
    file = long_file(tmp_path, *lines)
    if contradicted is not None:
        with pytest.raises(MarketDataError) as refusal:
            read_prices([file])
        first, second = re.search(rf"lines (\d+) and (\d+) are both A on {contradicted}", str(refusal.value)).groups()  # type: ignore[union-attr]
        for number in (first, second):
            assert contradicted in lines[int(number) - 2]
        return
    rows = read_prices([file])
    assert [str(day.date()) for day in rows["date"]] == days
    numbers = [float(closes[day]) if closes[day] not in {"", "NA", "nan"} else np.nan for day in days]
    np.testing.assert_array_equal(rows["close"], numbers)


def test_series_of_one_symbol_are_named_where_they_are_not_told_apart(tmp_path: Path) -> None:
    header = "symbol,date,open,high,low,close,volume,series"
    file = long_file(tmp_path, "R.NS,11-Jun-2026,9,9,9,9,1,BL", "R.NS,11-Jun-2026,5,5,5,5,100,EQ", header=header)
    with pytest.raises(MarketDataError, match="They differ in series: keep the rows of one"):
        read_prices([file])
    assert read_price_file(FILES / "nse-bhavcopy.csv").left_out == ("12 rows of other series than EQ: BL",)


# ---- numbers


@pytest.mark.parametrize(
    "missing", ["NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-", "--", "#N/A", ".", "", "\\N", "<NA>"]
)
def test_everybodys_words_for_a_missing_value_are_missing_values(tmp_path: Path, missing: str) -> None:
    file = long_file(tmp_path, f"NA,2026-06-11,{missing},2,1,1.5,{missing}", "NULL,2026-06-12,1,2,1,1.5,9")
    bars = FileProvider([file]).bars("NA", END)
    assert bars.values.tolist() == [[1.5, 2, 1, 1.5, 0]]
    assert [instrument.symbol for instrument in FileProvider([file]).universe()] == ["NA", "NULL"]


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        (["1,369.26", "1,382", "999.5"], [1369.26, 1382, 999.5]),
        (["1.369,26", "1.382", "999,5"], [1369.26, 1382, 999.5]),
        (["1369,26", "1382", "999,5"], [1369.26, 1382, 999.5]),
        (["1 369,26", "1\u00a0382", "999,5"], [1369.26, 1382, 999.5]),
        (["1'369.26", "1\u2019382", "999.5"], [1369.26, 1382, 999.5]),
        (["$1,369.26", "$1,382.00", "$999.50"], [1369.26, 1382, 999.5]),
        (["1,23,369.26", "1,382", "999.5"], [123369.26, 1382, 999.5]),
        (["1369.26", "1382", "N/A"], [1369.26, 1382, np.nan]),
        (["998", "999", "1,001"], [998, 999, 1001]),
        (["998", "999", "1.001"], [998, 999, 1001]),
    ],
)
def test_numbers_are_read_in_the_way_of_their_whole_column(
    tmp_path: Path, closes: list[str], expected: list[float]
) -> None:
    rows = [f'2026-06-{11 + at};"{close}"' for at, close in enumerate(closes)]
    (tmp_path / "ACME.csv").write_text("\n".join(["Date;Close", *rows]))
    np.testing.assert_array_equal(read_prices([tmp_path / "ACME.csv"])["close"], expected)


def test_volumes_may_be_written_in_thousands_and_millions(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text(
        "Datum;Schlusskurs;Umsatz\n11.06.2026;36,5;2,5M\n12.06.2026;36,5;12.345\n15.06.2026;36,5;7,25 Mio.\n"
        "16.06.2026;36,5;820K\n17.06.2026;36,5;-\n"
    )
    volumes = read_prices([tmp_path / "ACME.csv"])["volume"]
    np.testing.assert_allclose(volumes, [2.5e6, 12345, 7.25e6, 820e3, np.nan])


def test_whole_numbers_that_end_with_a_point_are_whole_numbers(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text("Datum;Schlusskurs\n11.06.2026;36.\n12.06.2026;37.\n15.06.2026;35.\n")
    assert read_prices([tmp_path / "ACME.csv"])["close"].tolist() == [36, 37, 35]


@pytest.mark.parametrize(
    ("closes", "words"),
    [
        (["1,369.26", "1.369,26"], "line 3 writes 1.369,26 in the column close with a decimal comma"),
        (["1,369", "1,382"], "1,369 can be thousands or three decimals"),
        (["1.5", "many"], "line 3 has 'many' in the column close, which is no number"),
        (["1.5", "13,69"], "line 3 writes 13,69 in the column close with a decimal comma"),
    ],
)  # fmt: skip
def test_numbers_that_can_not_be_told_are_refused_and_named(tmp_path: Path, closes: list[str], words: str) -> None:
    (tmp_path / "ACME.csv").write_text(
        "\n".join(["Date,Close", *(f'2026-06-{11 + at},"{close}"' for at, close in enumerate(closes))])
    )
    with pytest.raises(MarketDataError) as refusal:
        read_prices([tmp_path / "ACME.csv"])
    assert words in str(refusal.value)


def test_an_unquoted_decimal_comma_is_no_column(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text("Date,Open,High,Low,Close\n2026-06-11,1,5,1,6,1,4,1,5\n")
    with pytest.raises(MarketDataError, match="has 9 cells and its header 5"):
        read_prices([tmp_path / "ACME.csv"])


def grouped(value: float, point: str, group: str) -> str:
    return f"{value:,.2f}".replace(",", "_").replace(".", point).replace("_", group)


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.floats(800, 12e3).map(lambda value: round(value, 2)), min_size=1, max_size=20),
    point=st.sampled_from(".,"),
    group=st.sampled_from([",", ".", " ", "'", "", "\u202f"]),
    sign=st.sampled_from(["", "$", "€ "]),
    delimiter=st.sampled_from(",;\t"),
)
def test_a_column_of_numbers_gives_its_numbers_or_is_refused(
    values: list[float], point: str, group: str, sign: str, delimiter: str
) -> None:
    if group == point:
        return
    column = pd.Series([sign + grouped(value, point, group) for value in values])
    assert read_numbers({"close": column}, word="line", delimiter=delimiter)["close"].tolist() == values
    whole = pd.Series([f"{int(value):,}".replace(",", group) for value in values])
    try:
        read = read_numbers({"close": whole}, word="line", delimiter=delimiter)["close"]
    except BadTable as problem:
        assert "can be thousands or three decimals" in str(problem)
        return
    assert read.tolist() == [int(value) for value in values] or (group == "." and max(values) < 1e6)


HEADER = "symbol,date,open,high,low,close,volume"
SESSIONS = [day.date() for day in pd.bdate_range("2026-06-01", periods=30)]


def written(folder: Path, rows: list[str], header: str = HEADER, end: str = "\n") -> Path:
    file = folder / "AAPL.csv"
    file.write_text("\n".join([header, *rows]) + end)
    return file


@pytest.mark.parametrize("frequency", ["W-FRI", "ME", "QE"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_prices_of_weeks_or_months_are_refused_with_two_rows_named(
    tmp_path: Path, frequency: str, newest_first: bool
) -> None:
    days = list(pd.bdate_range("2020-01-01", "2026-11-20").to_series().resample(frequency).last())
    rows = [f"AAPL,{day:%Y-%m-%d},9,9,9,9,1" for day in (days[::-1] if newest_first else days)]
    with pytest.raises(MarketDataError, match=r"lines \d+ \(20.*\) and \d+ \(20.*\) of AAPL are \d+ days apart"):
        read_price_file(written(tmp_path, rows))
    assert len(read_price_file(written(tmp_path, rows[:3])).rows) == 3, "three rows tell nothing"


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_last_row_that_is_cut_off_is_left_out_and_named(tmp_path: Path, end: str) -> None:
    rows = [f"AAPL,{day},177,177,177,177.5,1000" for day in SESSIONS]
    file = written(tmp_path, [*rows[:-1], rows[-1][:-9]], end=end)  # "...,17", its close
    read = read_price_file(file)
    assert len(read.rows) == len(rows) - 1
    assert read.left_out == ("line 31, which is cut off: it has 6 cells and the others 7",)
    assert read.rows["close"].unique().tolist() == [177.5]


def test_a_row_in_the_middle_that_lacks_cells_is_refused_and_named(tmp_path: Path) -> None:
    rows = [f"AAPL,{day},177,177,177,177.5,1000" for day in SESSIONS]
    rows[9] = f"AAPL,{SESSIONS[9]},177,177,177.5,1000"
    with pytest.raises(MarketDataError, match="line 11, which is cut off: it has 6 cells and the others 7"):
        read_price_file(written(tmp_path, rows))
    rows[9] = f"AAPL,{SESSIONS[9]},177,177,177,177.5,"  # an empty cell is a cell
    assert len(read_price_file(written(tmp_path, rows)).rows) == len(rows)


@pytest.mark.parametrize("name", ["adj_close", "Adj Close", "adjusted", "adjusted_close", "closeadj"])
def test_adjusted_closes_beside_the_long_form_scale_its_prices(tmp_path: Path, name: str) -> None:
    rows = [f"AAPL,{day},200,220,180,200,1000,{100 if day < SESSIONS[20] else 200}" for day in SESSIONS]
    read = read_price_file(written(tmp_path, rows, f"{HEADER},{name}"))
    assert read.adjusted
    assert read.rows["high"].tolist() == [110.0] * 20 + [220.0] * 10


@pytest.mark.parametrize("days", [1, -1])
def test_days_that_are_off_by_one_are_refused_with_a_row_named(tmp_path: Path, days: int) -> None:
    rows = [f"7203.T,{day + timedelta(days=days)},9,9,9,9,1" for day in SESSIONS]
    with pytest.raises(MarketDataError, match=r"on which 7203\.T is not traded, and so do 6 of its 30 days"):
        read_price_file(written(tmp_path, rows))
    rows = [row.replace("7203.T", "BTC-USD") for row in rows]
    assert len(read_price_file(written(tmp_path, rows)).rows) == 30, "a coin has Saturdays"


@pytest.mark.parametrize("name", ["Symbol", "Ticker"])
def test_a_column_of_symbols_says_more_than_one_of_names(tmp_path: Path, name: str) -> None:
    rows = [f"AAPL,Apple Inc.,{day},9,9,9,9,9,1" for day in SESSIONS]
    for adjusted in ("Adj Close", "Amount"):
        file = written(tmp_path, rows, f"{name},Name,Date,Open,High,Low,Close,{adjusted},Volume")
        file = file.rename(tmp_path / "prices.csv")
        assert set(read_price_file(file).rows["symbol"]) == {"AAPL"}


def test_several_lines_of_notes_below_the_table_are_left_out_and_named(tmp_path: Path) -> None:
    rows = [f"AAPL,{day},177,177,177,177.5,1000" for day in SESSIONS]
    read = read_price_file(
        written(tmp_path, [*rows, "", "Source: X", "This data is delayed.", '"(c) 2026, all rights"'])
    )
    assert len(read.rows) == len(rows)
    assert [words.split(", ")[0] for words in read.left_out] == ["line 33", "line 34", "line 35"]
