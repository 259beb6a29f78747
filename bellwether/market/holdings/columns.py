"""What brokers and tools call their columns, in several languages: data, and a look-up.

A column counts by its name alone, so an export that has lost, gained or moved some is still read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bellwether.market.files.dialects import canonical


class HoldingRole(Enum):
    """What a column holds, as far as it says which securities there are and whether they are still held."""

    SYMBOL = "symbol"  #: a ticker, perhaps with its exchange; in some an ISIN
    ISIN = "isin"  #: the number of the security
    NAME = "name"  #: what people call it
    EXCHANGE = "exchange"  #: where it is listed
    CURRENCY = "currency"  #: in which it is quoted
    QUANTITY = "quantity"  #: pieces held or traded; read to see what was sold, and then forgotten
    KIND = "kind"  #: a share, a fund, cash
    ACTION = "action"  #: bought or sold, in lists of transactions
    SOURCE = "source"  #: whose symbols they are: Ghostfolio's DataSource


#: By role, the likeliest first: an export may have several, such as "Quantity" and "Amount".
_NAMES = {
    HoldingRole.SYMBOL: "symbol, ticker, ticker symbol, ticker-symbol, tickersymbol, stock symbol, instrument symbol, "
    "symbol/isin, symbool/isin, símbolo/isin, simbolo/isin, símbolo, simbolo, ticker/símbolo, code, código, codigo, "
    "código de negociação, kürzel, kurzel, identifier, тикер, символ",
    HoldingRole.ISIN: "isin, isin code, isin-code, isin number, isin-nummer, instrument isin, code isin, código isin, "
    "codigo isin, security id",
    HoldingRole.NAME: "name, description, security name, wertpapiername, instrument name, company name, company, "
    "holdingname, holding, product, produkt, producto, produto, prodotto, bezeichnung, wertpapierbezeichnung, "
    "wertpapier, titel, unternehmen, nombre, nombre del valor, descripción, empresa, título, nome, nome do ativo, "
    "descrição, ativo, instrument, security, asset, stock, investment, naam, libellé, наименование, название, компания",
    HoldingRole.EXCHANGE: "exchange, listing exch, listing exchange, listingexchange, stock exchange, "
    "exchange description, reference exchange, mic, market, börse, referenzbörse, handelsplatz, bolsa, "
    "bolsa de valores, bolsa de referencia, mercado, beurs, биржа",
    HoldingRole.CURRENCY: "currency, currencyprimary, currency primary, instrument currency, currency (price / share), "
    "currency (average price), währung, divisa, moneda, moeda, valuta, devise, ccy, валюта, "
    "local value, lokale waarde, valor local, valeur locale, wert",  # Degiro's: "USD", or "USD 2541.00"
    HoldingRole.QUANTITY: "quantity, qty, qty (quantity), shares, no. of shares, shares owned, number of shares, "
    "netshares, position, units, anzahl, stück, stücke, stk, stück/nominal, bestand, cantidad, títulos, "
    "titulos, quantidade, qtd, qtde, quantité, aantal, количество, amount",
    HoldingRole.KIND: "asset category, security type, asset class, assetclass, asset type, assettype, instrument type, "
    "wertpapiertyp, anlageklasse, gattung, tipo de activo, clase de activo, tipo de ativo, classe de ativo",
    HoldingRole.ACTION: "action, transaction type, buy/sell, side, type, typ, ordertyp, transaktionstyp, aktion, "
    "tipo de operación, operación, tipo de operação, movimentação, tipo",
    HoldingRole.SOURCE: "datasource",
}
_ROLES = {name: (role, rank) for role, names in _NAMES.items() for rank, name in enumerate(names.split(", "))}
_TELLING = frozenset(
    {HoldingRole.SYMBOL, HoldingRole.ISIN}
)  #: a column that is called so is enough to know a header by
#: columns beside which tickers are written as Yahoo writes them: its own exports, Portfolio Performance, Ghostfolio
_YAHOO_BESIDE = ({"current price", "trade date"}, {"wkn", "ticker-symbol"}, {"wkn", "ticker symbol"})


@dataclass(frozen=True, slots=True)
class Header:
    """Where each role stands in the cells of a row."""

    places: Mapping[HoldingRole, int]
    width: int
    yahoo: bool = False  #: its symbols are written as Yahoo writes them
    names: frozenset[str] = frozenset()  #: of the columns that have a role
    is_plain: bool = False  #: one of them can be nothing but a column's name

    def cell(self, cells: Sequence[str], role: HoldingRole) -> str:
        """The text of a role in a row, "" where there is none."""
        at = self.places.get(role)
        return cells[at].strip() if at is not None and at < len(cells) else ""


def recognise(cells: Sequence[str]) -> Header | None:
    """The header that these cells are; None for any other row."""
    names = [canonical(cell) for cell in cells]
    best: dict[HoldingRole, tuple[int, int]] = {}
    for at, name in enumerate(names):
        if name in _ROLES:
            role, rank = _ROLES[name]
            if role not in best or rank < best[role][0]:
                best[role] = rank, at
    told = _TELLING & best.keys()
    if not told and not (HoldingRole.NAME in best and len(best) > 1):
        return None
    if len(best) == 1 and len([name for name in names if name]) > 1 and not _is_plain(names[best[next(iter(told))][1]]):
        return None
    yahoo = any(beside.issubset(names) for beside in _YAHOO_BESIDE)
    known = frozenset(name for name in names if name in _ROLES)
    return Header(
        {role: at for role, (_, at) in best.items()}, len(cells), yahoo, known, is_plain=any(map(_is_plain, known))
    )


def _is_plain(name: str) -> bool:
    """Whether a name alone among strange ones is surely a column's: "code" may be a word in any row."""
    return name in {"symbol", "ticker", "isin", "ticker symbol", "ticker-symbol", "símbolo", "тикер"}
