"""The forms in which people have prices: each is read as it is, to the same bars, and what can't be is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from shutil import copy

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.cli.main import main
from bellwether.core.errors import MarketDataError
from bellwether.market.file import FileProvider, read_prices
from bellwether.market.files.dialects import DIALECTS, USUAL
from bellwether.market.files.prices import COLUMNS, QUOTED, read_price_file, write_prices
from bellwether.market.files.symbols import symbol_of
from tests.support.data import DATA
from tests.test_command_line import run_here
from training.panel import read_series

FILES = Path(__file__).parent / "data" / "price_files"
NUMBERS = list(COLUMNS[2:])
END = date(2026, 11, 30)

#: file, dialect, the name that its place gives it (None where a column tells the symbol), its symbol
CASES = [
    ("nasdaq.csv", "Nasdaq", "ACME.csv", "ACME"),
    ("investing.csv", "Investing.com", "ACME Historical Data.csv", "ACME"),
    ("investing-german.csv", "Investing.com, German", "ACME Historical Data (1).csv", "ACME"),
    ("yfinance-history.csv", "yfinance history", "ACME.csv", "ACME"),
    ("yfinance-download.csv", "yfinance download", None, "ACME"),
    ("yfinance-download-several.csv", "yfinance download", None, "ACME"),
    ("yfinance-download-by-ticker.csv", "yfinance download", None, "ACME"),
    ("metatrader5.csv", "MetaTrader 5", "ACME_Daily_202611090000_202611240000.csv", "ACME"),
    ("metatrader4.csv", "MetaTrader 4", "EURUSD1440.csv", "EURUSD"),
    ("ariva.csv", "ariva", "ACME.csv", "ACME"),
    ("kaggle.csv", "Kaggle", None, "ACME"),
    ("stooq.csv", USUAL, "acme_us_d.csv", "ACME"),
    ("stooq.csv", USUAL, "7203_jp_d.csv", "7203.T"),
    ("acme.us.txt", "Stooq bulk", "acme.us.txt", "ACME"),
    ("tiingo.csv", "Tiingo", "ACME.csv", "ACME"),
    ("polygon.csv", "Polygon", None, "ACME"),
    ("tradingview.csv", USUAL, "ACME.csv", "ACME"),
    ("google-finance.csv", USUAL, "ACME.csv", "ACME"),
    ("quantmod.csv", USUAL, None, "ACME"),
    ("excel-french.csv", USUAL, "ACME.csv", "ACME"),
    ("nse-bhavcopy.csv", "NSE bhavcopy", None, "ACME.NS"),
    ("nse-history.csv", "NSE history", "Quote-Equity-ACME-EQ-09-11-2026-to-24-11-2026.csv", "ACME.NS"),
    ("barchart.csv", USUAL, None, "ACME"),
    ("euronext.csv", USUAL, "ACME.csv", "ACME"),
]


def truth(symbol: str = "ACME") -> pd.DataFrame:
    """The bars that all of these files hold."""
    table = pd.read_csv(FILES / "bellwether.csv", parse_dates=["date"])
    return table[table["symbol"] == symbol].reset_index(drop=True)


def bars_of(file: Path, symbol: str) -> pd.DataFrame:
    rows = read_prices([file])
    return rows[rows["symbol"] == symbol].reset_index(drop=True)


@pytest.mark.parametrize(
    ("name", "dialect", "downloaded", "symbol"), CASES, ids=[f"{case[0]}:{case[3]}" for case in CASES]
)
def test_every_dialect_is_read_as_it_is(
    tmp_path: Path, name: str, dialect: str, downloaded: str | None, symbol: str
) -> None:
    file = Path(copy(FILES / name, tmp_path / (downloaded or "prices.csv")))
    read = read_price_file(file)
    assert read.dialect == dialect
    rows, expected = bars_of(file, symbol), truth()
    assert rows["date"].tolist() == expected["date"].tolist()
    digits = 0 if name.startswith("investing") else 9  # of volumes such as 1.27M
    np.testing.assert_allclose(rows[NUMBERS[:4]], expected[NUMBERS[:4]], rtol=1e-12)
    assert np.allclose(rows["volume"], expected["volume"], rtol=0.01 if digits == 0 else 1e-9)
    assert np.array_equal(rows[QUOTED], rows["close"])


@pytest.mark.parametrize("name", ["kaggle.csv", "yfinance-download-several.csv", "yfinance-download-by-ticker.csv"])
def test_several_symbols_in_one_file_are_told_apart(name: str) -> None:
    rows, expected = bars_of(FILES / name, "BETA"), truth("BETA")
    if "several" in name:
        expected = expected.iloc[1:].reset_index(drop=True)  # its exchange was closed on the first day
    pd.testing.assert_frame_equal(rows[["date", *NUMBERS]], expected[["date", *NUMBERS]], check_dtype=False)


def comma(value: float) -> str:
    return str(value).replace(".", ",")


#: a relative of a dialect: file name, lines before the rows, a row, encoding
RELATIVES = {
    "download of old": ("x.csv", "Attributes,Close,Open\nSymbols,ACME,ACME\nDate,,\n", "{d},{c},{o}", "utf-8"),
    "download without names": ("x.csv", ",Open,Close\n,ACME,ACME\n", "{d},{o},{c}", "utf-8"),
    "terminal, UTF-16": ("ACME_D1.csv", "<DATE>\t<OPEN>\t<CLOSE>\n", "{d:%Y.%m.%d}\t{o}\t{c}", "utf-16-be"),
    "Excel in the United States": ("ACME.csv", "Date,Open,Close\n", "{d.month}/{d.day}/{d:%y},{o},{c}", "utf-8"),
    "Excel in Germany": ("x.csv", "symbol;date;open;close\n", "ACME;{d:%d.%m.%Y};{oc};{cc}", "cp1252"),
    "a title above": ("ACME.csv", "Acme Inc.\n\nDatum;Eröffnung;Schluß\n", "{d:%d.%m.%y};{oc};{cc}", "cp1252"),
    "Stooq in Polish": ("ACME.csv", "Data,Otwarcie,Zamkniecie\n", "{d},{o},{c}", "utf-8"),
    "Finam": ("x.txt", "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>\n",
              "ACME;D;{d:%d/%m/%y};0;{o};{h};{l};{c};1", "utf-8"),
    "EODHD": ("ACME.US.csv", "Date,Open,Close,Adjusted_close\n", "{d},{o},{c},{c}", "utf-8"),
    "Yahoo's page": ("ACME.csv", "Date,Open,Close*,Adj Close**\n", '"{d:%b %d, %Y}","{o:,}","{c:,}","{c:,}"', "utf-8"),
    "a delimiter too many": ("ACME.csv", "Date,Open,Close\n", "{d},{o},{c},", "utf-8"),
    "an index of pandas": ("x.csv", ",Ticker,Date,Open,Close\n", "7,ACME,{d},{o},{c}", "utf-8"),
    "old Macintosh": ("ACME.csv", "Date,Open,Close\r", "{d},{o},{c}\r", "utf-8"),
    "a colon in the zone": ("x.csv", "ticker,time,open,close\n", "ACME,{d}T21:00:00.000+00:00,{o},{c}", "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize("relative", RELATIVES)
def test_relatives_of_the_dialects_are_read_by_the_names_of_their_columns(tmp_path: Path, relative: str) -> None:
    name, head, row, encoding = RELATIVES[relative]
    known = truth()
    lines = [
        row.format(d=day.date(), o=bar[0], h=bar[1], l=bar[2], c=bar[3], oc=comma(bar[0]), cc=comma(bar[3]))
        for day, bar in zip(known["date"], known[NUMBERS].to_numpy().tolist(), strict=True)
    ]
    (tmp_path / name).write_bytes((head + ("" if "\r" in row else "\n").join(lines)).encode(encoding))
    rows = bars_of(tmp_path / name, "ACME")
    assert rows["date"].tolist() == known["date"].tolist()
    np.testing.assert_allclose(rows["close"], known["close"], rtol=1e-12)


def test_a_download_in_parquet_is_read_too(tmp_path: Path) -> None:
    columns = pd.MultiIndex.from_product(
        [["Close", "High", "Low", "Open", "Volume"], ["ACME"]], names=["Price", "Ticker"]
    )
    known = truth()
    frame = pd.DataFrame(known[["close", "high", "low", "open", "volume"]].to_numpy(), known["date"], columns)
    for name, table in (("a.parquet", frame), ("b.parquet", frame.swaplevel(axis=1))):
        table.to_parquet(tmp_path / name)
        pd.testing.assert_frame_equal(
            bars_of(tmp_path / name, "ACME")[NUMBERS], known[NUMBERS], check_dtype=False, check_names=False
        )
    history = known.drop(columns="symbol").rename(columns=str.title).set_index("Date").tz_localize("America/New_York")
    history.to_parquet(tmp_path / "ACME.parquet")
    assert bars_of(tmp_path / "ACME.parquet", "ACME")["date"].tolist() == known["date"].tolist()


def test_a_column_of_adjusted_closes_scales_all_prices_and_the_last_close_stays_as_quoted(tmp_path: Path) -> None:
    file = Path(copy(FILES / "yahoo.csv", tmp_path / "ACME.csv"))
    bars, known = FileProvider([file]).bars("ACME", END), truth()
    assert read_price_file(file).dialect == "Yahoo Finance"
    np.testing.assert_allclose(bars.values[:, :4], known[NUMBERS[:4]] / 2, rtol=1e-5)
    assert bars.quoted_closes.tolist() == known["close"].tolist()
    (series, _) = read_series([file])
    np.testing.assert_allclose(series["ACME"].closes, known["close"] / 2, rtol=1e-5)


def test_closes_from_before_a_split_are_adjusted_for_it_as_quoted_ones_too(tmp_path: Path) -> None:
    file = Path(copy(FILES / "alpha-vantage.csv", tmp_path / "ACME.csv"))
    bars, known = FileProvider([file]).bars("ACME", END), truth()
    np.testing.assert_allclose(bars.values, known[NUMBERS], rtol=1e-4)
    np.testing.assert_allclose(bars.quoted_closes, known["close"], rtol=1e-9)


# ---- whose prices


@pytest.mark.parametrize(
    ("stem", "symbol"),
    [
        ("AAPL", "AAPL"),
        ("BRK-B", "BRK-B"),
        ("SHEL.L", "SHEL.L"),
        ("^GSPC", "^GSPC"),
        ("BTC-USD", "BTC-USD"),
        ("aapl", "AAPL"),
        ("AAPL Stock Price History", "AAPL"),
        ("AAPL (2)", "AAPL"),
        ("AAPL_daily", "AAPL"),
        ("AAPL_2015_2024", "AAPL"),
        ("aapl.us", "AAPL"),
        ("brk-b.us", "BRK-B"),
        ("sap.de", "SAP.DE"),
        ("prices", None),
        ("PRICES", None),
        ("data", None),
        ("all", None),
        ("HistoricalData_1764450000000", None),
        ("Apple Stock Price History", None),
        ("apple", None),
        ("03-yf-history-raw", None),
        ("2024", None),
    ],
)
def test_a_files_name_tells_the_symbol_or_nothing(stem: str, symbol: str | None) -> None:
    assert symbol_of(stem) == symbol


def test_a_file_that_tells_no_symbol_asks_for_it(tmp_path: Path) -> None:
    file = Path(copy(FILES / "nasdaq.csv", tmp_path / "HistoricalData_1764450000000.csv"))
    with pytest.raises(MarketDataError, match=r"lacks the columns symbol; .*Name the file after its symbol.*--symbol"):
        read_price_file(file)
    assert set(read_price_file(file, "goog").rows["symbol"]) == {"GOOG"}


# ---- the command


def market_import(*arguments: object) -> str:
    done = CliRunner().invoke(main, ["market", "import", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def test_import_shows_what_it_understood_before_a_file_is_used(tmp_path: Path) -> None:
    file = Path(copy(FILES / "nasdaq.csv", tmp_path / "HistoricalData_1.csv"))
    refused = run_here(tmp_path, "market", "import", str(file))
    assert refused.returncode == 1
    assert (refused.stderr.count("\n"), "Name the file after its symbol" in refused.stderr) == (1, True)
    shown = market_import(file, "--symbol", "goog")
    first, last = truth().iloc[0], truth().iloc[-1]
    for words in (
        "HistoricalData_1.csv: Nasdaq",
        "GOOG, USD, calendar XNYS: 12 days",
        f"first 2026-11-09  open {first['open']:.7g}",
        f"last  2026-11-24  open {last['open']:.7g}",
        "days: mm/dd/yyyy",
    ):
        assert words in shown
    out = tmp_path / "prices.parquet"
    assert f"MARKET__FILE={out}" in market_import(file, "--symbol", "GOOG", "--out", str(out))
    assert bars_of(out, "GOOG")[NUMBERS].to_numpy().tolist() == truth()[NUMBERS].to_numpy().tolist()
    with pytest.raises(MarketDataError, match="is there already"):
        write_prices(read_prices([out]), out)


def test_what_import_writes_keeps_quoted_closes(tmp_path: Path) -> None:
    file = Path(copy(FILES / "yahoo.csv", tmp_path / "ACME.csv"))
    for name in ("out.csv", "out.parquet"):
        market_import(file, "--out", str(tmp_path / name))
        bars = FileProvider([tmp_path / name]).bars("ACME", END)
        assert bars.quoted_closes.tolist() == truth()["close"].tolist()


def test_the_manual_names_every_dialect() -> None:
    manual = (FILES.parents[2] / "docs" / "market-data.md").read_text(encoding="utf-8")
    assert not [dialect.name for dialect in DIALECTS if dialect.name not in manual]


# ---- the shared cases


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("01-nasdaq-raw.csv", "Nasdaq"),
        ("02-investing-raw.csv", "Investing.com"),
        ("03-yf-history-raw.csv", "yfinance history"),
        ("04-yf-download-multiindex.csv", "yfinance download"),
        ("05-mt5-raw.csv", "MetaTrader 5"),
        ("06-ariva-raw.csv", "ariva"),
        ("11-missing-NA.csv", "Bellwether"),
    ],
)
def test_the_shared_exports_hold_the_same_120_sessions(name: str, dialect: str) -> None:
    read = read_price_file(DATA / "cases" / name, "GOOG")
    assert read.dialect == dialect
    rows = read.rows.sort_values("date")
    assert [str(rows["date"].iloc[at].date()) for at in (0, -1)] == ["2026-06-11", "2026-11-25"]
    assert len(rows) == 120
    assert (rows["close"].iloc[0], rows["open"].iloc[-1]) == (1443.96, 1366.52)


def test_the_shared_files_with_several_symbols_or_rows_are_read_or_refused() -> None:
    assert sorted(set(read_price_file(DATA / "cases" / "07-kaggle-raw.csv").rows["symbol"])) == ["AAPL", "BRK.B"]
    for name, words in (
        ("05-hourly-bars.csv", "lines 2 and 3 are both GOOG on 2026-06-11"),
        ("08-bhavcopy-two-series.csv", "series"),
    ):
        with pytest.raises(MarketDataError, match=words):
            read_price_file(DATA / "cases" / name)


@pytest.mark.parametrize("stem", ["PORTFOLIO", "KURSE", "TABELLE1", "EURUSD_D1", "US0378331005", "Mappe1"])
def test_a_word_or_number_in_a_files_name_is_no_symbol(stem: str) -> None:
    assert symbol_of(stem) is None
