"""Files of brokers and tools are read for the securities in them, whatever they look like, and for nothing else."""

import zlib
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.errors import BadFile
from bellwether.market.holdings.kinds import MOST_BYTES
from bellwether.market.holdings.read import Holding, read_holdings
from bellwether.market.holdings.rows import LeftOut
from tests.support.holdings import NAMES, exported
from tests.support.png import blank

#: what each file holds: codes or ISINs, what was left out, and what was sold
HELD = {
    "b3-portuguese.csv": "AAPL MSFT",
    "degiro-spanish.csv": "US0378331005",
    "degiro.csv": "US0378331005 DE0007164600 US02079K3059 US02079K1079 IE00BK5BQT80",
    "excel-unicode.txt": "US0378331005 DE0007164600",
    "fidelity.csv": "AAPL GOOGL",
    "ghostfolio.csv": "MSFT SAP.DE US0378331005",
    "ghostfolio.json": "MSFT SAP.DE",
    "interactive-brokers.csv": "ASML SAP BP. BRK_B KO",
    "portfolio-performance-securities-german.csv": "AAPL SAP.DE BRK-B VWCE.DE US5949181045",
    "portfolio-performance-transactions.csv": "SAP.DE KO",
    "schwab.csv": "BRK/B JPM F",
    "trading212.csv": "SHEL SAP FB KO",
    "tradingview.txt": "NASDAQ:AAPL NASDAQ:MSFT NYSE:BRK.B XETR:SAP LSE:SHEL EURONEXT:ASML TSE:7203 HKEX:9988",
    "yahoo.csv": "NVDA BRK-B SHEL.L ^GSPC",
}
OTHERS = {
    "degiro-spanish.csv": {LeftOut.CASH: 1},
    "degiro.csv": {LeftOut.CASH: 1, LeftOut.SOLD: 1},
    "excel-unicode.txt": {LeftOut.SOLD: 1},
    "fidelity.csv": {LeftOut.CASH: 1, LeftOut.OTHER: 1},
    "ghostfolio.csv": {LeftOut.CRYPTO: 1, LeftOut.OTHER: 1, LeftOut.SOLD: 1, LeftOut.NO_STOCK: 1},
    "ghostfolio.json": {LeftOut.CRYPTO: 1, LeftOut.OTHER: 1},
    "interactive-brokers.csv": {LeftOut.OTHER: 1},
    "portfolio-performance-transactions.csv": {LeftOut.SOLD: 1},
    "schwab.csv": {LeftOut.CASH: 1, LeftOut.FUND: 1, LeftOut.OTHER: 1},
    "trading212.csv": {LeftOut.SOLD: 1},
    "tradingview.txt": {LeftOut.CRYPTO: 1, LeftOut.OTHER: 2},
    "yahoo.csv": {LeftOut.CASH: 1, LeftOut.SOLD: 1},
}


def codes(content: bytes, name: str = "") -> str:
    """The symbols that were read, ISINs where there are none; spaces within one are written as _."""
    return " ".join(
        (holding.symbol or holding.isin).replace(" ", "_") for holding in read_holdings(content, name).holdings
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_export_is_read_as_what_is_still_held(name: str) -> None:
    file = read_holdings(exported(name), name)
    assert codes(exported(name), name) == HELD[name]
    assert dict(file.left_out) == OTHERS.get(name, {})
    assert len(file.sold) == file.left_out.get(LeftOut.SOLD, 0)


@pytest.mark.parametrize("name", NAMES)
def test_no_quantity_and_no_price_leaves_the_reading(name: str) -> None:
    for holding in read_holdings(exported(name), name).holdings:
        told = asdict(holding)
        told.pop("place")  # the number of a line
        assert set(told) == {"symbol", "isin", "name", "exchange", "currency", "yahoo"}
        # digits stand in codes alone
        assert not any(character.isdigit() for key in ("exchange", "currency") for character in told[key])


def test_a_statement_in_sections_tells_where_each_position_is_listed() -> None:
    asml = read_holdings(exported("interactive-brokers.csv")).holdings[0]
    assert asml == Holding(12, "ASML", "NL0010273215", "ASML HOLDING NV", "AEB", "EUR")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_encoding_and_delimiter_is_read(encoding: str, delimiter: str) -> None:
    lines = [["Kürzel", "Währung", "Stück"], ["AAPL", "USD", "1"], ["SAP.DE", "EUR", "2"]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    assert codes(text.encode(encoding)) == "AAPL SAP.DE"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("AAPL\nMSFT\nBRK.B\n", "AAPL MSFT BRK.B"),
        ("AAPL, MSFT, KO", "AAPL MSFT KO"),
        ("symbol\nAAPL\n", "AAPL"),
        ("NASDAQ:AAPL\nXETR:SAP\n", "NASDAQ:AAPL XETR:SAP"),
        ('["AAPL", "MSFT"]', "AAPL MSFT"),
        ('{"positions": [{"Ticker": "AAPL", "Quantity": 2}, {"Ticker": "KO", "Quantity": 0}]}', "AAPL"),
        ("My portfolio\n\nas of May\nSymbol;Name\nAAPL;Apple\n\nSymbol;Name\nKO;Coca-Cola\nTotal;;\n", "AAPL KO"),
        ('Name,Symbol\n"Micron Technology, Inc.",MU\n"Two\nlines",KO\n', "MU KO"),
        ("Symbol,Quantity\nAAPL,0\nMSFT,-\nKO,\nPEP,0.0000\nF,-5\n", "MSFT KO F"),
        ("Symbol;Quantity\nAAPL;0,00\nMSFT;0,5\nKO;1.000\n", "MSFT KO"),
        ("Symbol,Name,Type\nTSM,TSMC,Depositary Receipt\nO,Realty Income,Shares of Beneficial Interest\n", "TSM O"),
        ("Symbol,Shares,Type\nAAPL,1,Taxable\nMSFT,2,Tax-Deferred\nKO,1,Tax Free\nF,1,BUY_TO_OPEN\n", "AAPL MSFT KO F"),
        (
            "Symbol,Asset Type,Order Type\nAAPL,Stock,Market\nNVDA,Stock,Market\nMSFT,Stock,Limit\n",
            "AAPL NVDA MSFT",
        ),
        ('Symbol,Name\nAAPL,"Apple\nMSFT,Microsoft\nKO,Coca-Cola\n', "AAPL MSFT KO"),
        ('Name,Symbol\n"Apple,AAPL\n"Micron Technology, Inc.",MU\nFord,F\n', "AAPL MU F"),
        ("Symbol,Quantity\nAAPL," + "0" * 4_000 + "x\nMSFT," + "0" * 4_000 + "\n", "AAPL MSFT"),
        ("Action,Ticker,Shares\nBuy,AAPL,1.5\nSell,AAPL,0.5\nBuy,KO,3\nSell,KO,3\nSplit,F,10\n", "AAPL F"),
    ],
)
def test_shapes_that_people_make_themselves_are_read(text: str, held: str) -> None:
    assert codes(text.encode()) == held


def test_a_company_without_a_number_is_no_note_below_the_table() -> None:
    file = read_holdings(
        b"Name,Shares,Price\nDeutsche Bank,,\nApple,,\nSAP,1,2\nStand vom 3. Mai 2026 um 12 Uhr.,,\nTotal,,9\n"
    )
    assert [holding.name for holding in file.holdings] == ["Deutsche Bank", "Apple", "SAP"]
    assert file.left_out == {LeftOut.NO_STOCK: 1}


def test_lines_that_name_a_security_and_become_nothing_are_counted() -> None:
    file = read_holdings(b"Action,Ticker,Shares\nBuy,AAPL,1\nTax,AAPL,1\nFee,MSFT,1\nDeposit,,\n")
    assert [holding.symbol for holding in file.holdings] == ["AAPL"]
    assert file.left_out == {LeftOut.NO_STOCK: 1}


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (blank(3, 3), "list.csv", "can't read pictures"),
        (b"\xff\xd8\xff\xe0 of a phone", "", "can't read pictures"),
        (b"PK\x03\x04 xl/workbook.xml", "list.csv", "can't read spreadsheets"),
        (b"PK\x03\x04 list.csv", "", "can't read packed files"),
        (b"\x1f\x8b" + zlib.compress(b"Symbol\nAAPL"), "", "can't read packed files"),
        (b"%PDF-1.7", "list.csv", "can't read PDFs"),
        (b"Symbol\nAAPL\n", "depot.xlsx", "can't read spreadsheets"),
        (b"<!DOCTYPE html><table>", "list.csv", "can't read that kind of file"),
        (b"<FlexQueryResponse queryName='x'>", "", "can't read that kind of file"),
        (bytes(range(256)), "", "can't read that kind of file"),
        (b"\0 \t\r\n", "", "is empty"),
        (b"", "", "is empty"),
        (b"Symbol\n" + b"A" * MOST_BYTES, "", "larger than the 500 kB"),
        (b"Dear broker,\nplease tell me more.\n", "", "no column with tickers"),
        (b"Date,Close\n2026-01-02,100\n", "", "no column with tickers"),
        (b'{"a": ' * 50_000, "", "no JSON that can be read"),
        (b'{"meta": {}}', "", "no column with tickers"),
    ],
)
def test_anything_else_is_refused_with_what_to_send(content: bytes, name: str, says: str) -> None:
    with pytest.raises(BadFile, match=says):
        read_holdings(content, name)


def read_or_refused(content: bytes) -> None:
    """Nothing but BadFile may be raised, and what is read can be shown."""
    try:
        file = read_holdings(content)
    except BadFile:
        return
    for holding in file.holdings:
        assert holding.symbol or holding.isin or holding.name
        assert len(holding.called) < 400


@given(st.sampled_from(NAMES), st.data())
def test_damaged_bytes_are_read_or_refused_and_never_an_error(name: str, data: st.DataObject) -> None:
    content = bytearray(exported(name))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
        if not content:
            break
    read_or_refused(bytes(content))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refused(content)


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=8))
def test_any_cells_below_a_header_are_read_or_refused(cells: list[list[str]]) -> None:
    text = "Symbol;ISIN;Name;Quantity;Action;Currency\n" + "\n".join(";".join(row) for row in cells)
    read_or_refused(text.encode("utf-8", "replace"))
