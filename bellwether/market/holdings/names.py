"""Whether a name in a file can be that of an instrument: a ticker that means another company elsewhere is found out."""

from bellwether.core.types import Instrument
from bellwether.market.symbols.normalize import company, fold
from bellwether.market.symbols.universe import aliases

_SHORTEST = 3  #: letters of a word that says something
#: words that stand in names of many companies, or for none of them
_WORDS = (
    "inc corp corporation company co plc ltd limited group holding holdings the and class com adr ads sponsored "
    "ordinary ord common stock shares share registered reg new del capital international american first national "
    "etf fund trust ucits acc dist aktie aktien namensaktien vorzugsaktien vz acciones accion acao acoes"
)
_COMMON = frozenset(_WORDS.split())


def agrees(told: str, instrument: Instrument) -> bool:
    """Whether both can be names of one company, which they need not be; True where either is not known."""
    if not told or instrument.name in {"", instrument.symbol}:
        return True
    ours, theirs = company(fold(instrument.name)), company(fold(told))
    if any(instrument.symbol in symbols for alias, symbols in aliases().items() if f" {alias} " in f" {theirs} "):
        return True
    joined, other = ours.replace(" ", ""), theirs.replace(" ", "")
    if joined and other and (joined.startswith(other) or other.startswith(joined)):
        return True
    if _telling(ours) & _telling(theirs):
        return True
    return joined in {_initials(theirs), other} or _initials(ours) == other


def _telling(name: str) -> set[str]:
    return {word for word in name.split() if len(word) >= _SHORTEST} - _COMMON


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split())
