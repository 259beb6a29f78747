"""What a link such as t.me/our_bot?start=AAPL carries, and what it means when it comes back. Pure.

Telegram passes on at most 64 of A to Z, a to z, 0 to 9, _ and -. Symbols have no small letters, so an underscore and
one of them stands for what it cannot carry: SHEL.L is "SHEL_dL", ^GSPC is "_cGSPC". BRK-B and AAPL are themselves.
"""

import re
from dataclasses import dataclass

from bellwether.market.symbols.spellings import is_symbol

_CODES = {".": "_d", "^": "_c", "=": "_e", "&": "_a", "_": "_u"}
_MEANT = {code: sign for sign, code in _CODES.items()}
_WATCH = "watch_"  #: before a symbol that the reader wants to watch
_CODED = re.compile(r"(?:[A-Z0-9-]|_[dceau])+")
_LIKE_A_SYMBOL = re.compile(r"[A-Z]{1,5}(?:-[A-Z]{1,2})?|.*_[dceau].*")  #: of a coded payload


@dataclass(frozen=True, slots=True)
class Start:
    """What the reader of a link wants."""

    question: str  #: a symbol; of a payload that nobody of us made, the words in it
    watch: bool = False  #: to watch it; False: to see its forecast


def start_payload(symbol: str, *, watch: bool = False) -> str:
    """The payload of a link to a symbol, which always fits. Raises ValueError for what is no symbol."""
    if not is_symbol(symbol):
        raise ValueError(f"{symbol!r} is no symbol")
    return (_WATCH if watch else "") + "".join(_CODES.get(sign, sign) for sign in symbol)


def read_start(payload: str) -> Start:
    """What a payload means; one written by hand, such as "apple" or "bank_of_america", is read as words."""
    watch = payload.startswith(_WATCH)
    coded = payload.removeprefix(_WATCH)
    if _CODED.fullmatch(coded):
        return Start(re.sub("_[dceau]", lambda code: _MEANT[code[0]], coded), watch)
    return Start(" ".join(coded.replace("_", " ").split()), watch)


def is_of_symbol(payload: str) -> bool:
    """Whether it was surely made of a symbol, known or not: NOPE, BRK-B or SHEL_dL, not REF12345 or ref_12345."""
    coded = payload.removeprefix(_WATCH)
    return _CODED.fullmatch(coded) is not None and _LIKE_A_SYMBOL.fullmatch(coded) is not None
