"""What a file names becomes an instrument where that is beyond doubt, and a question where it is not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bellwether.ask.holdings import MOST_LOOKED_UP, Understood, Why, understand
from bellwether.market.holdings.names import agrees
from bellwether.market.holdings.places import spelt
from bellwether.market.holdings.read import Holding
from bellwether.market.symbols.universe import listed
from bellwether.services import Services
from tests.support.clock import Clock
from tests.support.holdings import exported
from tests.support.web import sample_services
from tests.support.yahoo_listings import list_on, quote
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

FRIDAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.fixture
def yahoo() -> Iterator[YahooServer]:
    with YahooServer() as server:
        yield server


@pytest.fixture
def live(yahoo: YahooServer, tmp_path: Path) -> Services:
    """A service that can ask a Yahoo; nothing is there but what a test lists."""
    return yahoo_services(tmp_path, yahoo, Clock(EVENING))


def symbols(understood: Understood) -> str:
    return " ".join(instrument.symbol for instrument in understood.instruments)


def asked(understood: Understood) -> dict[str, tuple[Why, str]]:
    """The questions: what they are about, why, and what is offered."""
    return {
        question.called: (question.why, " ".join(candidate.symbol for candidate in question.candidates))
        for question in understood.questions
    }


# ---- the files of brokers and tools, with a source that has what they name


@pytest.mark.parametrize(
    ("name", "list_of"),
    [
        ("b3-portuguese.csv", "AAPL MSFT"),
        ("degiro-spanish.csv", "AAPL"),
        ("excel-unicode.txt", "AAPL SAP.DE"),
        ("fidelity.csv", "AAPL GOOGL"),
        ("ghostfolio.json", "MSFT SAP.DE"),
        ("interactive-brokers.csv", "ASML.AS SAP.DE BP.L BRK-B KO"),
        ("portfolio-performance-transactions.csv", "SAP.DE KO"),
        ("yahoo.csv", "NVDA BRK-B SHEL.L ^GSPC"),
    ],
)
def test_an_export_becomes_the_right_list_without_a_question(live: Services, name: str, list_of: str) -> None:
    understood = understand(live, exported(name), name)
    assert symbols(understood) == list_of
    assert not understood.questions
    assert not understood.not_looked_up


def test_share_classes_that_a_name_alone_does_not_tell_are_asked_back(live: Services, yahoo: YahooServer) -> None:
    yahoo.add_search("IE00BK5BQT80", [])
    yahoo.add_search("US02079K1079", [])
    understood = understand(live, exported("degiro.csv"))
    assert symbols(understood) == "AAPL SAP.DE GOOGL"
    assert asked(understood) == {
        "ALPHABET INC, US02079K1079, USD": (Why.SEVERAL, "GOOG GOOGL"),
        "VANGUARD FTSE ALL-WORLD UCITS - ..., IE00BK5BQT80, EUR": (Why.UNKNOWN, ""),
    }


def test_an_isin_alone_is_what_the_source_finds_at_its_home(live: Services, yahoo: YahooServer) -> None:
    yahoo.add_search("US0378331005", [quote("AAPL", "Apple Inc.", "NMS"), quote("APC.F", "Apple Inc.", "FRA")])
    assert symbols(understand(live, exported("ghostfolio.csv"))) == "MSFT SAP.DE AAPL"


def test_an_isin_that_leads_to_several_listings_is_asked_back(live: Services, yahoo: YahooServer) -> None:
    yahoo.add_search("IE00B4BNMY34", [quote("ACN", "Accenture plc", "NYQ"), quote("CSA.F", "Accenture plc", "FRA")])
    understood = understand(live, b"ISIN;Currency\nIE00B4BNMY34;EUR\n")
    assert asked(understood) == {"IE00B4BNMY34, EUR": (Why.SEVERAL, "ACN CSA.F")}
    understand(live, b"ISIN;Currency\nIE00B4BNMY34;EUR\n")  # what was found is remembered
    assert len(yahoo.requests_to("/v1/finance/search")) == 1


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        ("SHELL PLC,GB00BP6MXD84,GBX", "SHEL.L"),
        ("SHELL PLC,GB00BP6MXD84,EUR", ""),  # Amsterdam quotes it in euro
        ("APPLE INC,US0378331005,EUR", "AAPL"),  # nobody known here does: they are the account's
    ],
)
def test_of_an_isin_with_several_listings_the_currency_has_a_word(
    live: Services, yahoo: YahooServer, row: str, meant: str
) -> None:
    yahoo.add_search("GB00BP6MXD84", [])
    understood = understand(live, f"Product,ISIN,Currency\n{row}\n".encode())
    assert symbols(understood) == meant
    assert bool(understood.questions) is not bool(meant)


def test_a_list_of_securities_brings_funds_that_the_source_has(live: Services, yahoo: YahooServer) -> None:
    list_on(yahoo, "VWCE.DE", "Vanguard FTSE All-World UCITS ETF", FRIDAY, "FRA")
    understood = understand(live, exported("portfolio-performance-securities-german.csv"))
    assert symbols(understood) == "AAPL SAP.DE BRK-B VWCE.DE MSFT"
    assert not understood.questions


def test_a_ticker_of_another_company_is_not_taken(live: Services) -> None:
    understood = understand(live, exported("schwab.csv"))
    assert symbols(understood) == "BRK-B JPM"
    assert asked(understood) == {"FORTINET INC, F": (Why.ANOTHER, "F FTNT")}


@pytest.mark.parametrize(
    ("row", "offered"),
    [
        ("MRK,Merck KGaA,DE0006599905,", "MRK"),
        ("MRK,Merck KGaA,DE0006599905,USD", "MRK"),
        ("MRK,Merck,DE0006599905,EUR", "MRK"),
        ("MRK,Merck,DE0006599905,USD", "MRK"),
        ("DG,,FR0000125486,", "DG"),
        ("T,,CA87971M1032,", "T"),
        ("T,,CA87971M1032,USD", "T"),
        ("L,,CA5394811015,", "L"),
        ("BA,,GB0002634946,", "BA"),
        ("BA,,GB0002634946,USD", "BA"),
        ("PRU,Prudential plc,GB0007099541,", "PRU"),
        ("PRU,Prudential plc,,", "PRU"),
        ("MRK,Merck KGaA,,", "MRK"),
    ],
)
def test_an_american_of_the_same_ticker_or_name_is_offered_and_not_taken(
    tmp_path: Path, live: Services, yahoo: YahooServer, row: str, offered: str
) -> None:
    yahoo.add_search(row.split(",")[2] or "nothing", [])
    yahoo.add_search("Merck KGaA", [])
    file = f"Symbol,Name,ISIN,Currency\n{row}\n".encode()
    for services in (live, sample_services(tmp_path / "sample")):
        understood = understand(services, file)
        assert symbols(understood) == ""
        (question,) = understood.questions
        assert {candidate.symbol for candidate in question.candidates} <= {offered}


def test_a_name_alone_with_the_form_of_another_country_is_asked_back(live: Services) -> None:
    understood = understand(live, b"Name,Quantity\nPrudential plc,3\n")
    assert asked(understood) == {"Prudential plc": (Why.SEVERAL, "PRU")}


@pytest.mark.parametrize(
    ("row", "symbol", "name", "exchange"),
    [
        ("MRK,Merck KGaA,DE0006599905", "MRK.DE", "MERCK KGAA O.N.", "GER"),
        ("DG,,FR0000125486", "DG.PA", "VINCI", "PAR"),
        ("T,,CA87971M1032", "T.TO", "TELUS CORPORATION", "TOR"),
        ("L,,CA5394811015", "L.TO", "LOBLAW COMPANIES LIMITED", "TOR"),
        ("BA,,GB0002634946", "BA.L", "BAE SYSTEMS PLC", "LSE"),
        ("PRU,Prudential plc,GB0007099541", "PRU.L", "PRUDENTIAL PLC", "LSE"),
    ],
)
def test_a_code_is_first_looked_for_at_the_home_of_its_isin(
    live: Services, yahoo: YahooServer, row: str, symbol: str, name: str, exchange: str
) -> None:
    list_on(yahoo, symbol, name, FRIDAY, exchange)
    understood = understand(live, f"Symbol,Name,ISIN\n{row}\n".encode())
    assert symbols(understood) == symbol
    assert not understood.questions


@pytest.mark.parametrize(
    "row",
    [
        "CB,Chubb Ltd,CH0044328745,USD",
        "CB,CHUBB LTD,CH0044328745,",
        "ACN,ACCENTURE PLC CLASS A,IE00B4BNMY34,USD",
        "MDT,MEDTRONIC PLC DL-0001,IE00BTN1Y115,USD",
        "LYB,LyondellBasell Industries N.V.,NL0009434992,USD",
        "SHEL_US_EQ,,GB00BP6MXD84,USD",
    ],
)
def test_an_isin_from_abroad_and_the_whole_name_are_one_company_in_new_york(live: Services, row: str) -> None:
    understood = understand(live, f"Symbol,Name,ISIN,Currency\n{row}\n".encode())
    assert symbols(understood) == row.split(",")[0].removesuffix("_US_EQ")


def test_a_listing_of_an_isin_under_the_code_of_a_file_is_the_one_that_is_meant(
    live: Services, yahoo: YahooServer
) -> None:
    yahoo.add_search("CA82509L1076", [quote("SHOP.TO", "Shopify Inc.", "TOR"), quote("SHOP", "Shopify Inc.", "NMS")])
    assert symbols(understand(live, b"Symbol,ISIN,Currency\nSHOP,CA82509L1076,USD\n")) == "SHOP"


def test_a_ticker_that_was_given_up_is_found_by_its_isin_and_name(live: Services, yahoo: YahooServer) -> None:
    understood = understand(live, exported("trading212.csv"))  # Meta as FB, and SAP by currency and ISIN
    assert symbols(understood) == "SHEL.L SAP.DE META KO"
    list_on(yahoo, "FB", "ProShares S&P 500 Dynamic Buffer ETF", FRIDAY, "PCX")
    assert asked(understand(live, exported("trading212.csv"), "again")) == {}  # that there is no FB is remembered


def test_a_ticker_that_somebody_else_has_now_is_asked_back(live: Services, yahoo: YahooServer) -> None:
    list_on(yahoo, "FB", "ProShares S&P 500 Dynamic Buffer ETF", FRIDAY, "PCX")
    understood = understand(live, exported("trading212.csv"))
    assert asked(understood) == {"Meta Platforms, FB, USD": (Why.ANOTHER, "FB META")}


def test_an_exchange_of_many_cities_is_asked_back(live: Services) -> None:
    understood = understand(live, exported("tradingview.txt"))
    assert symbols(understood) == "AAPL MSFT BRK-B SAP.DE SHEL.L 7203.T 9988.HK"
    assert asked(understood) == {"EURONEXT:ASML": (Why.SEVERAL, "ASML.AS")}


def test_a_ticker_that_is_a_coin_here_is_asked_back(live: Services) -> None:
    assert asked(understand(live, b"Symbol,Name\nBTC,Grayscale Bitcoin Mini Trust\n")) == {
        "Grayscale Bitcoin Mini Trust, BTC": (Why.SEVERAL, "BTC-USD")
    }


def test_the_same_stock_under_two_names_is_on_the_list_once(live: Services) -> None:
    assert symbols(understand(live, b"AAPL\nNASDAQ:AAPL\nAAPL.O\naapl\n".upper())) == "AAPL"


# ---- what cannot be known now


def test_while_the_source_is_silent_the_known_ones_are_read_and_the_rest_is_named(
    live: Services, yahoo: YahooServer
) -> None:
    yahoo.fail_next("/", 500, times=None)
    understood = understand(live, b"Symbol\nAAPL\nPLUG\nMSFT\nRKLB\n")
    assert symbols(understood) == "AAPL MSFT"
    assert understood.not_looked_up == ("PLUG", "RKLB")
    assert not understood.questions


def test_a_file_of_strangers_asks_the_source_only_so_often(live: Services, yahoo: YahooServer) -> None:
    names = [f"ZZ{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(MOST_LOOKED_UP + 10)]
    understood = understand(live, "\n".join(["Symbol", *names, "AAPL"]).encode())
    assert symbols(understood) == "AAPL"
    assert len(understood.questions) == MOST_LOOKED_UP
    assert understood.not_looked_up == tuple(names[MOST_LOOKED_UP:])


def test_the_sample_market_knows_its_own_and_asks_back_the_rest(tmp_path: Path) -> None:
    understood = understand(sample_services(tmp_path), b"Symbol,Name\nAAPL,Apple\nRKLB,Rocket Lab\n")
    assert symbols(understood) == "AAPL"
    assert asked(understood) == {"Rocket Lab, RKLB": (Why.UNKNOWN, "")}


# ---- how symbols are spelt, and names compared


@pytest.mark.parametrize(
    ("holding", "spellings"),
    [
        (Holding(1, "NASDAQ:AAPL"), "AAPL"),
        (Holding(1, "XETR:SAP"), "SAP.DE"),
        (Holding(1, "NVDA:xnas"), "NVDA"),
        (Holding(1, "VWRA:xlon"), "VWRA.L"),
        (Holding(1, "BRK.B"), "BRK-B"),
        (Holding(1, "BRK B", exchange="NYSE", currency="USD"), "BRK-B"),
        (Holding(1, "VOD", exchange="LSE"), "VOD.L"),
        (Holding(1, "BT.A", exchange="LSE", currency="GBP"), "BT-A.L"),
        (Holding(1, "NOVO B", exchange="CPH"), "NOVO-B.CO"),
        (Holding(1, "VOD", currency="GBX"), "VOD.L"),
        (Holding(1, "700", exchange="SEHK", currency="HKD"), "0700.HK"),
        (Holding(1, "7203", exchange="TSEJ"), "7203.T"),
        (Holding(1, "ERIC B", exchange="Nasdaq Stockholm"), "ERIC-B.ST"),
        (Holding(1, "AAPL", exchange="NASDAQ Stock Market"), "AAPL"),
        (Holding(1, "SAP", isin="DE0007164600", currency="EUR"), "SAP.DE"),
        (Holding(1, "ASML", isin="NL0010273215", exchange="Euronext"), "ASML.AS"),
        (Holding(1, "AAPL_US_EQ", currency="USD"), "AAPL"),
        (Holding(1, "SAP.DE", exchange="Xetra"), "SAP.DE"),
        (Holding(1, "NESN", currency="CHF"), "NESN.SW"),
    ],
    ids=lambda value: value.called if isinstance(value, Holding) else value,
)
def test_codes_are_spelt_as_yahoo_does_where_their_place_is_told(holding: Holding, spellings: str) -> None:
    assert spelt(holding).symbols == (spellings,)
    assert spelt(holding).sure


@pytest.mark.parametrize(
    "holding",
    [
        Holding(1, "SAP", currency="EUR"),
        Holding(1, "ENB", currency="CAD"),
        Holding(1, "EURONEXT:ASML"),
        Holding(1, "CSPX", isin="IE00B5BMR087", currency="USD"),
        Holding(1, "PRU", isin="US7443201022", currency="GBP"),
        Holding(1, "BA", isin="GB0002634946", currency="USD"),
        Holding(1, "MOON:AAPL"),
        Holding(1, "WHAT IS THIS?"),
    ],
    ids=lambda holding: holding.called,
)
def test_a_code_whose_place_is_not_told_is_never_sure(holding: Holding) -> None:
    assert not spelt(holding).sure


@pytest.mark.parametrize(
    ("told", "symbol"),
    [
        ("APPLE INC", "AAPL"),
        ("ALPHABET INC CAP STK CL A", "GOOGL"),
        ("BERKSHIRE HATHAWAY INC DEL CL B", "BRK-B"),
        ("COCA-COLA CO/THE", "KO"),
        ("AMAZON COM INC", "AMZN"),
        ("INTERNATIONAL BUSINESS MACHINES", "IBM"),
        ("AT&T INC", "T"),
        ("3M CO", "MMM"),
        ("JPMORGAN CHASE & CO", "JPM"),
        ("Facebook", "META"),
        ("MERCK & CO INC", "MRK"),
        ("PRUDENTIAL FINANCIAL INC", "PRU"),
        ("EATON CORP PLC", "ETN"),
        ("JOHNSON CONTROLS INTERNATIONAL PLC", "JCI"),
        ("NXP Semiconductors N.V.", "NXPI"),
        ("", "AAPL"),
    ],
)
def test_names_of_one_company_agree(told: str, symbol: str) -> None:
    assert agrees(told, listed()[symbol])


@pytest.mark.parametrize(
    ("told", "symbol"),
    [
        ("FORTINET INC", "F"),
        ("SK HYNIX INC", "HPQ"),
        ("Merck KGaA", "MRK"),
        ("MERCK KGAA O.N.", "MRK"),
        ("Prudential plc", "PRU"),
        ("Coca-Cola HBC AG", "KO"),
        ("Ford Otomotiv Sanayi A.S.", "F"),
        ("AGILYSYS INC", "A"),
        ("ROCHE", "ROK"),
    ],
)
def test_names_of_different_companies_do_not(told: str, symbol: str) -> None:
    assert not agrees(told, listed()[symbol])
