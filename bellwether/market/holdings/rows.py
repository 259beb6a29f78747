"""What one row of an export is: a security, or one of the many other things that stand beside them. Pure."""

import re
from enum import Enum

from bellwether.core.i18n.translate import N_
from bellwether.market.holdings.columns import HoldingRole
from bellwether.market.holdings.table import Row


class LeftOut(Enum):
    """Why a row is no stock to watch; the value names such rows."""

    CASH = N_("cash")
    FUND = N_("funds")
    CRYPTO = N_("crypto")
    OTHER = N_("options, bonds and what is not listed")
    SOLD = N_("no longer held")
    NO_STOCK = N_("lines in which I see no stock")


class PiecesMove(Enum):
    """What a transaction does to the number of pieces."""

    BUY = 1
    SELL = -1
    NONE = 0  #: a dividend, a split
    NO_SECURITY = None  #: a fee, a deposit


_KINDS = {
    LeftOut.CASH: "cash, cash and money market, cash & money market, money market, money market fund, liquidity, "
    "forex, fx, currency, currencies, bargeld, liquidität, devisen, efectivo, liquidez, divisas, dinheiro, caixa, "
    "moedas",
    LeftOut.FUND: "mutual fund, mutual funds, mutualfund, fund, funds, fonds, fondo, fondos, fondo de inversión, "
    "fondos de inversión, fundo, fundos, fundo de investimento",
    LeftOut.CRYPTO: "crypto, cryptocurrency, cryptocurrencies, digital asset, kryptowährung, kryptowährungen, krypto, "
    "criptomoneda, criptomonedas, cripto, criptomoeda, criptomoedas",
    LeftOut.OTHER: "option, options, equity and index options, futures, future, options on futures, warrant, warrants, "
    "bond, bonds, fixed income, fixed_income, cfd, cfds, structured product, structured products, commodity, "
    "commodities, anleihe, anleihen, renten, optionsschein, optionsscheine, zertifikat, zertifikate, bono, bonos, "
    "renta fija, opciones, futuros, título público, títulos públicos, renda fixa, opções, real_estate, real estate, "
    "precious_metal, private_equity",
}
_BY_KIND = {name: kind for kind, names in _KINDS.items() for name in names.split(", ")}
#: TradingView's places for what is no share
_PLACES = {
    LeftOut.CRYPTO: "BINANCE BINANCEUS COINBASE KRAKEN BITSTAMP BITFINEX GEMINI BYBIT OKX KUCOIN BITGET MEXC CRYPTOCAP "
    "CRYPTO HUOBI POLONIEX BITMEX DERIBIT UPBIT GATEIO UNISWAP COINGECKO",
    LeftOut.OTHER: "FX FX_IDC OANDA FOREXCOM FXCM SAXO PEPPERSTONE CAPITALCOM EIGHTCAP ECONOMICS",
}
_BY_PLACE = {place: why for why, places in _PLACES.items() for place in places.split()}
_FUTURE = re.compile(r"\w+:[A-Z0-9]+\d?!")  #: TradingView's continuous contracts: CME_MINI:ES1!
_OPTION = re.compile(
    r"-[A-Z]{1,6}\d{6}[CP][\d.]+"  # Fidelity
    r"|[A-Z.]{1,6} *\d{6}[CP]\d{8}"  # the OCC
    r"|\S+ \d\d/\d\d/\d{4} [\d.]+ [CP]"  # Schwab
    r"|\S+ \d{1,2}[A-Z]{3}\d\d [\d.]+ [CP]"  # Interactive Brokers
)
_CASH = re.compile(
    r"\$\$CASH.*|.+\*\*|CUR:[A-Z]{3}"  # Yahoo; Fidelity's core accounts; Empower
    r"|(?:cash|efectivo|liquidez|bargeld|barbestand|verrechnungskonto|dinheiro|saldo(?: em conta)?|caixa)"
    r"(?: ?(?:[&(]|and |balance|account|sweep|held|position|reserves?|collateral|total).*)?",
    re.IGNORECASE,
)
_MONEY_MARKET = re.compile(r"\bmoney market\b", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?:\S+ )?(?:sub|grand |account |positions? |portfolio )?totals?(?: general| geral)?(?: \(.*\))?:?"
    r"|\*+ ?total ?\*+|total (?:in|value|assets?|balance|de|da|do|en|em)\b.*|gesamt(?:summe|wert|bestand)?:?|summe:?"
    r"|insgesamt:?|pending activity|итого:?|всего:?",
    re.IGNORECASE,
)
#: English words count from their beginning: a Depositary Receipt is no deposit, a beneficial interest bears none.
#: Others stand within longer words, as in "Sparplankauf"
_SELL = re.compile(
    r"\b(?:sell|sold|sale)|verkauf|venta|venda|vente|verkoop|vendita|auslieferung|transfer \(outbound\)|transfer out"
    r"|delivery \(outbound\)|umbuchung \(ausgang\)|salida|saída"
)
_NO_SECURITY = re.compile(
    r"\b(?:deposits?|withdraw\w*|fees?|removal|item|liability|card|currency conversion)\b|(?<!beneficial )\binterest\b"
    r"|\btax(?:es)?\b(?!-| (?:deferred|exempt|advantaged|free))"
    r"|einlage|entnahme|zinsen|gebühr|steuer|depósito|retirada|comisión|impuesto|juros"
)
_BUY = re.compile(
    r"\b(?:buy|bought|reinvest|purchase)|kauf|compra|achat|koop|acquisto|einlieferung|transfer in\b"
    r"|transfer \(inbound\)|delivery \(inbound\)|umbuchung \(eingang\)|entrada"
)
_BETWEEN = re.compile(r"_|(?<=[a-z])(?=[A-Z])")  #: words of BUY_TO_OPEN and CardDebit
_SPACE = re.compile(r"\s")
_MOST_WORDS = 5  #: of what may be a symbol; more are a sentence below the table


def left_out(row: Row) -> LeftOut | None:
    """Why a row is no stock; None where it may be one."""
    symbol, name = row.text(HoldingRole.SYMBOL), row.text(HoldingRole.NAME)
    source = row.text(HoldingRole.SOURCE).upper()
    place = symbol.upper().partition(":")[0] if ":" in symbol else row.text(HoldingRole.EXCHANGE).upper()
    kind = _kind_of(row)
    if kind is LeftOut.CASH or _is_cash(symbol, name):
        return LeftOut.CASH
    if kind is LeftOut.CRYPTO or source == "COINGECKO":
        return LeftOut.CRYPTO
    if kind is not None or place in _BY_PLACE:
        return kind or _BY_PLACE[place]
    if source == "MANUAL" or _OPTION.fullmatch(symbol.upper()) or _FUTURE.fullmatch(symbol):
        return LeftOut.OTHER
    return None


def is_sum(row: Row) -> bool:
    """Whether it is a line that adds up others."""
    first = row.text(HoldingRole.SYMBOL) or row.text(HoldingRole.NAME)
    return _TOTAL.fullmatch(first) is not None and not row.text(HoldingRole.ISIN)


def is_no_row(row: Row) -> bool:
    """Whether it tells of no security at all: a note below the table, a line without a name."""
    symbol, isin, name = row.text(HoldingRole.SYMBOL), row.text(HoldingRole.ISIN), row.text(HoldingRole.NAME)
    if not (symbol or isin or name).strip("-\N{EN DASH}\N{EM DASH}. "):
        return True
    if len(symbol.split()) > _MOST_WORDS:
        return True
    if not row.alone or isin or not _SPACE.search(symbol or name):
        return False
    # a company may stand there without anything else; a sentence is a note
    return bool(symbol) or len(name.split()) > _MOST_WORDS or name[-1] in ".:"


def _kind_of(row: Row) -> LeftOut | None:
    kind = _BY_KIND.get(row.text(HoldingRole.KIND).casefold())
    if kind is not None:
        return kind
    kind = _BY_KIND.get(row.text(HoldingRole.ACTION).casefold())  # some call the kind "type"
    return None if kind is LeftOut.CASH else kind  # Fidelity's Type is that of the account: cash or margin


def _is_cash(symbol: str, name: str) -> bool:
    if symbol and not _SPACE.search(symbol) and not _CASH.fullmatch(symbol):
        return _MONEY_MARKET.search(name) is not None
    return (_CASH.fullmatch(symbol) is not None and (symbol.upper() != "CASH" or not name)) or (
        _CASH.fullmatch(name) is not None or _MONEY_MARKET.search(name) is not None
    )


def move_of(row: Row) -> PiecesMove | None:
    """What a row of a list of transactions does; None where the list is none, or says nothing of it."""
    action = _BETWEEN.sub(" ", row.text(HoldingRole.ACTION)).casefold()
    if not action:
        return None
    # what is sold first: "verkauf" has "kauf" in it
    for words, move in (
        (_SELL, PiecesMove.SELL),
        (_NO_SECURITY, PiecesMove.NO_SECURITY),
        (_BUY, PiecesMove.BUY),
    ):
        if words.search(action):
            return move
    return PiecesMove.NONE if action in _OTHER_ACTIONS or "divid" in action or "split" in action else None


_OTHER_ACTIONS = frozenset({"stock distribution", "corporate action", "spin-off", "spinoff"})
