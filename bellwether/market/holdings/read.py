"""A file of a broker or a tool, read as the securities in it.

bytes | text_of | rows_of | left_out, is_no_row, is_sum | sums by security | HoldingsFile

Numbers are looked at to tell what was sold, and then forgotten: nothing here returns, keeps or logs them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bellwether.market.holdings.columns import HoldingRole
from bellwether.market.holdings.kinds import text_of
from bellwether.market.holdings.rows import LeftOut, PiecesMove, is_no_row, is_sum, left_out, move_of
from bellwether.market.holdings.table import Row, rows_of
from bellwether.market.symbols.spellings import is_isin

LONGEST = 80  #: characters of a name or code that are looked at
_LONGEST_NUMBER = 40  #: characters; what is longer is no number of pieces
_NOTHING_LEFT = 1e-9  #: pieces: what fractions of shares leave when all are sold
_CURRENCY = re.compile(r"([A-Za-z]{3})(?![A-Za-z])")  #: at the beginning; an amount may follow, which is not kept
_NUMBER = re.compile(r"[+-]?[\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*-?|\([\d.,]+\)")


@dataclass(frozen=True, slots=True)
class Holding:
    """One security as a file names it."""

    place: int  #: the number of the line that names it first
    symbol: str = ""
    isin: str = ""
    name: str = ""
    exchange: str = ""
    currency: str = ""
    yahoo: bool = False  #: the symbol is written as Yahoo writes it

    @property
    def called(self) -> str:
        """What the file calls it, for a question back."""
        return ", ".join(dict.fromkeys(part for part in (self.name, self.symbol or self.isin, self._place) if part))

    @property
    def _place(self) -> str:
        return self.exchange or ("" if self.yahoo else self.currency)


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """What stands in a file, in its order, each security once."""

    holdings: tuple[Holding, ...]
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)  #: how many securities, or lines of cash
    sold: tuple[str, ...] = ()  #: what the file calls those of which nothing is left


@dataclass(slots=True)
class _Position:
    holding: Holding
    pieces: float = 0.0
    counted: bool = False  #: some row told a number of pieces
    traded: bool = False  #: some row bought or sold

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left. More sold than bought is gone too; below none without a trade is a short one."""
        if not self.counted:
            return False
        return self.pieces <= _NOTHING_LEFT if self.traded else abs(self.pieces) <= _NOTHING_LEFT


def read_holdings(content: bytes, name: str = "") -> HoldingsFile:
    """The securities in a file. Raises BadFile, which says what to send in its place, and nothing else."""
    lines = [row for row in rows_of(text_of(content, name)) if not is_sum(row)]
    rows = [row for row in lines if not is_no_row(row)]
    nothing = sum(_names_something(row) for row in lines if is_no_row(row))
    comma = _has_decimal_comma([row.text(HoldingRole.QUANTITY)[:_LONGEST_NUMBER] for row in rows])
    positions: dict[str, _Position] = {}
    others: dict[LeftOut, Counter[str]] = {}
    booked: Counter[str] = Counter()  # fees and taxes by what they are of
    for row in rows:
        move = move_of(row)
        why = left_out(row)
        holding = _holding(row)
        if not (holding.symbol or holding.isin or holding.name):
            continue
        if move is PiecesMove.NO_SECURITY and why is not LeftOut.CASH:
            booked[_key(holding)] += 1
            continue
        if why is not None:
            others.setdefault(why, Counter())[_key(holding)] += 1
        else:
            position = positions.setdefault(_key(holding), _Position(holding))
            position.holding = _fuller(position.holding, holding)
            _count(position, _number(row.text(HoldingRole.QUANTITY), comma), move)
    gone = [position.holding.called for position in positions.values() if position.is_gone]
    counts = {why: len(keys) for why, keys in others.items()} | ({LeftOut.SOLD: len(gone)} if gone else {})
    nothing += sum(booked.values()) - sum(booked[key] for key in positions)
    if nothing:
        counts[LeftOut.NO_STOCK] = nothing
    held = tuple(position.holding for position in positions.values() if not position.is_gone)
    return HoldingsFile(held, {why: counts[why] for why in LeftOut if why in counts}, tuple(gone))


def _names_something(row: Row) -> bool:
    """Whether a line that names no security may have been meant to: it has words or a number of pieces."""
    told = (HoldingRole.SYMBOL, HoldingRole.ISIN, HoldingRole.NAME, HoldingRole.QUANTITY)
    return move_of(row) is not PiecesMove.NO_SECURITY and any(row.text(role).strip("-. ") for role in told)


def _holding(row: Row) -> Holding:
    symbol, isin = row.text(HoldingRole.SYMBOL)[:LONGEST], row.text(HoldingRole.ISIN).upper()
    for part in symbol.split("|"):  # Degiro in some countries: "AEHR | US00760J1088"
        if is_isin(part.strip().upper()):
            isin = part.strip().upper()
    codes = [_printable(part) for part in symbol.split("|") if part.strip().upper() != isin]
    source = row.text(HoldingRole.SOURCE).upper()
    currency = _CURRENCY.match(row.text(HoldingRole.CURRENCY))
    # what stands there and is no ISIN is asked back by what it is
    name = _printable(row.text(HoldingRole.NAME)) or ("" if is_isin(isin) else _printable(isin))
    return Holding(
        row.place,
        symbol=next(filter(None, codes), ""),
        isin=isin if is_isin(isin) else "",
        name=name,
        exchange=_printable(row.text(HoldingRole.EXCHANGE)),
        currency=currency[1].upper() if currency is not None else "",
        yahoo=row.yahoo or source == "YAHOO",
    )


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:LONGEST] if letter.isprintable()).strip()


def _key(holding: Holding) -> str:
    if holding.isin:
        return holding.isin
    if holding.symbol:
        place = "" if holding.yahoo else holding.exchange or holding.currency
        return f"{holding.symbol.upper()} {place.upper()}"
    return holding.name.casefold()


def _fuller(first: Holding, again: Holding) -> Holding:
    """The first, with what only a later row tells."""
    told = {name: getattr(first, name) or getattr(again, name) for name in ("symbol", "isin", "name", "exchange")}
    return replace(first, **told)


def _count(position: _Position, number: float | None, move: PiecesMove | None) -> None:
    if move in {PiecesMove.BUY, PiecesMove.SELL}:
        position.traded = True
    if number is None or move is PiecesMove.NONE:
        return
    position.counted = True
    position.pieces += number if move is None else abs(number) * int(move.value or 0)


# ---- numbers, as far as they tell whether anything is left


def _number(text: str, comma: bool) -> float | None:
    """A number of pieces; None where nothing that is one stands there."""
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return None
    digits = re.sub(r"[^\d.,]", "", text)
    digits = digits.replace(".", "").replace(",", ".") if comma else digits.replace(",", "")
    try:
        value = float(digits)
    except ValueError:
        return None
    return -value if "-" in text or text.startswith("(") else value


def _has_decimal_comma(texts: Iterable[str]) -> bool:
    """Whether these numbers have a comma before their decimals, by the first of them that tells."""
    for text in texts:
        digits = re.sub(r"[^\d.,]", "", text)
        if "," in digits and "." in digits:
            return digits.rindex(",") > digits.rindex(".")
        if _tells(digits, ","):
            return True
        if _tells(digits, "."):
            return False
    return False


def _tells(digits: str, sign: str) -> bool:
    """Whether a number with this sign alone has it before decimals: not where three digits follow, but after a 0."""
    before, found, after = digits.rpartition(sign)
    return bool(found) and before.count(sign) == 0 and (len(after) != 3 or before in {"", "0"})
