"""Whether a name in a file can be that of an instrument: a ticker that means another company elsewhere is found out.

"Merck KGaA", MRK     | no: Merck & Co. is of another country
"Prudential plc", PRU | no: Prudential Financial has a word more
"Accenture plc", ACN  | yes
"""

import re

from bellwether.core.types import Instrument
from bellwether.market.symbols.normalize import company, fold
from bellwether.market.symbols.spellings import suffix_of
from bellwether.market.symbols.universe import aliases

_SHORTEST = 3  #: letters of a word that says something
#: words that stand in names of many companies, or for none of them
_WORDS = (
    "inc corp corporation company co plc ltd limited group holding holdings the and class com adr ads sponsored "
    "ordinary ord common stock shares share registered reg new del capital international american first national "
    "etf fund trust ucits acc dist aktie aktien namensaktien vorzugsaktien vz acciones accion acao acoes"
)
_COMMON = frozenset(_WORDS.split())
#: legal forms of the United States, and of other countries; Ltd is one of many
_FORMS = {
    "american": "inc incorporated corp corporation co company companies llc lp",
    "abroad": "kgaa ag se plc nv bv sa sab spa ab asa oyj as kk pjsc tbk bhd aktiengesellschaft kommanditgesellschaft",
}
_BY_FORM = {form: where for where, forms in _FORMS.items() for form in forms.split()}
_DESCRIBING = frozenset({"industries", "technology", "technologies"})  #: short names leave them out
_INITIALS = re.compile(r"\b\w(?:[./]\w)+\b")  #: S.A., N.V., A/S


def agrees(told: str, instrument: Instrument) -> bool:
    """Whether both can be names of one company, which they need not be; True where either is not known."""
    if not told or instrument.name in {"", instrument.symbol}:
        return True
    if contradicts(told, instrument):
        return False
    ours, theirs = company(fold(instrument.name)), company(fold(told))
    if any(instrument.symbol in symbols for alias, symbols in aliases().items() if f" {alias} " in f" {theirs} "):
        return True
    joined, other = ours.replace(" ", ""), theirs.replace(" ", "")
    if joined and other and (joined.startswith(other) or other.startswith(joined)):
        return True
    if _telling(ours) & _telling(theirs):
        return True
    return joined in {_initials(theirs), other} or _initials(ours) == other


def contradicts(told: str, instrument: Instrument) -> bool:
    """Whether the legal forms tell that these are two companies, however alike they are called.

    We know many Americans without their form: one from abroad is the same only if it has no other words.
    """
    theirs, ours = _forms(told), _forms(instrument.name)
    if theirs and ours:
        return theirs.isdisjoint(ours)
    if theirs != {"abroad"} or not _is_american(instrument):
        return False
    return bool((_telling(_without_form(told)) ^ _telling(_without_form(instrument.name))) - _DESCRIBING)


def is_same(told: str, instrument: Instrument) -> bool:
    """Whether both are the whole name of one company, which an ISIN from abroad need not gainsay.

    No such ISIN is that of a company with an American form: "Merck" of Darmstadt is not Merck & Co.
    """
    theirs, ours = _telling(_without_form(told)), _telling(_without_form(instrument.name))
    if not theirs or "american" in _forms(instrument.name) or contradicts(told, instrument):
        return False
    return not (theirs ^ ours) - _DESCRIBING


def _is_american(instrument: Instrument) -> bool:
    told = suffix_of(instrument.symbol)
    return told is not None and not told["suffix"]


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", _INITIALS.sub(lambda match: re.sub(r"[./]", "", match[0]), name.casefold()))


def _forms(name: str) -> set[str]:
    """Where the legal forms in a name are from; a form stands anywhere but at its beginning."""
    return {_BY_FORM[word] for word in _words(name)[1:] if word in _BY_FORM}


def _without_form(name: str) -> str:
    """A name up to its legal form: brokers add classes and nominal values behind it."""
    words = _words(name)
    ends = (at for at, word in enumerate(words) if at and word in _BY_FORM)
    return fold(" ".join(words[: next(ends, len(words))]))


def _telling(name: str) -> set[str]:
    return {word for word in name.split() if len(word) >= _SHORTEST} - _COMMON


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split())
