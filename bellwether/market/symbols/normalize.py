"""What people type, made comparable. Pure.

text | clean_question | "AT&T" | fold | "at t": two names are the same when they fold to the same
"""

import re
import unicodedata

from bellwether.core.errors import BadSymbol
from bellwether.core.i18n.translate import said

LONGEST_QUESTION = 64  #: characters in a symbol or company name; the longest real ones have about 40
LONGEST_MESSAGE = 300  #: characters in a sentence that is searched for a cashtag

# Marks without width and soft hyphens, pasted along; not the overrides U+202D and U+202E, which only hide something
_UNSEEN = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff")
)
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"  # straight, curly and pointed
_SPOKEN = re.compile(r"(\S.*?) (?:stocks?|shares?)", re.IGNORECASE)  # "apple stock", "AAPL shares"
_CASHTAG = re.compile(r"(?<![^\s(\"'\u2018\u201c])\$([A-Z][A-Z0-9]{0,5}(?:[.-][A-Z]{1,2})?)(?![A-Z0-9])", re.IGNORECASE)
_CLASS = re.compile(r"\s*\(?(?:class|series) ([a-z])\)?$")
_APOSTROPHES = re.compile(r"['`\u2018\u2019]")
_PUNCTUATION = re.compile(r"[^\w]+|_+")
_LEGAL = re.compile(
    r"inc|incorporated|corp|corporation|co|company|companies|plc|ltd|limited|llc|lp|sa|ag|se|nv|ab|asa|oyj|spa|group|"
    r"holdings?"
)


def clean_question(text: str) -> str:
    """What a person typed for a company, trimmed: "AAPL" of " $aapl. " stays "aapl"; of a sentence, its one cashtag.

    Raises BadSymbol when it cannot name anything: empty, too long, or with control characters.
    """
    if len(text) > LONGEST_MESSAGE:
        raise BadSymbol(_NO_SYMBOL)
    typed = " ".join(unicodedata.normalize("NFKC", text.translate(_UNSEEN)).split())
    if not typed.isprintable():
        raise BadSymbol(_NO_SYMBOL)
    asked = _trim(typed)
    tags = {tag.upper(): tag for tag in _CASHTAG.findall(typed)}
    if " " in asked and len(tags) > 1:
        raise BadSymbol(said("That names several stocks. Please ask for one at a time, for example AAPL."))
    if " " in asked and tags and not _is_short(asked):
        asked = next(iter(tags.values()))
    if not asked:
        raise BadSymbol(said("Please give a stock's ticker, for example AAPL."))
    if len(asked) > LONGEST_QUESTION:
        raise BadSymbol(_NO_SYMBOL)
    return asked


def fold(name: str) -> str:
    """A name without case, accents, punctuation and legal form: "estee lauder" of "Estée Lauder Companies".

    A share class stays: "fox class b". Empty when nothing of it can be read.
    """
    plain, share = name.casefold(), _CLASS.search(name.casefold())
    if share:
        plain = plain[: share.start()]
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    words = [word for word in _PUNCTUATION.sub(" ", _APOSTROPHES.sub("", plain)).split() if word != "and"]
    while len(words) > 1 and _LEGAL.fullmatch(words[-1]):
        words.pop()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join([*words, "class", share[1]] if share else words)


def company(folded: str) -> str:
    """A folded name without its share class."""
    return folded.partition(" class ")[0]


_NO_SYMBOL = said("That doesn't look like a ticker. Please send one like AAPL or MSFT.")


def _trim(asked: str) -> str:
    """Without what stands around a symbol in a message; again and again, so that nothing is left for a second time."""
    while True:
        shorter = asked.strip().lstrip("$#").rstrip(".,!?;:").strip(_QUOTES)
        if shorter[:1] + shorter[-1:] in {"()", "[]"}:
            shorter = shorter[1:-1]
        if spoken := _SPOKEN.fullmatch(shorter):
            shorter = spoken[1]
        if shorter == asked:
            return asked
        asked = shorter


def _is_short(asked: str) -> bool:
    """ "brk b" of "$brk b" is a share class, not a sentence."""
    return re.fullmatch(r"[A-Za-z]{1,5} [A-Ca-c]", asked) is not None
