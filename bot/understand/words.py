"""A message as words that can be compared."""

import re
import unicodedata
from dataclasses import dataclass

_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019]")
_MARKS = re.compile(r"[^\w\s$€£¥₽₹%^&.,=+/\-\u2212]|_")  # what no symbol, name, price or percentage is written with
_SIGN_BEFORE = re.compile(r"([$€£¥₽₹])\s+(?=[+\-\u2212]?\d)")  # "R$ 1.000"
_SIGN_AFTER = re.compile(r"(?<=\d)\s+((?:US|R)?\$|[€£¥₽₹])(?!\w)", re.IGNORECASE)  # "1.000 US$"
_SIGN_ALONE = re.compile(r"(?<!\d)[€£¥₽₹](?![+\-\u2212]?\d)")
# "1 000" and "12 345 678,90", also after NFKD, which makes each no-break space an ordinary one
_SPACED = re.compile(
    r"(?<![\w.,])((?:\w{0,2}[$€£¥₽₹])?[+\-\u2212]?[$€£¥₽₹]?[1-9]\d{0,2})((?: \d{3})+)(?!\d)(?! \d{3}(?!\d))"
)
_TWO_OF_THREE = re.compile(r"\d{3} (?!000)\d{3}")
_MONEY_SIGNS = frozenset("$€£¥₽₹")
_DASH = re.compile(r"(?<=\d)[.,][-\u2013\u2014](?!\d)")  # "1.000,- €"
_LOOSE = re.compile(
    r"(?<![^\s])(?:[.,/=]|[+-](?![$€£¥₽₹]?\d))+|[.,/+=-]+(?![^\s])"
)  # such marks at a word's end, or alone
_OF_ALERT = re.compile(r"(?<=\w)-(?=(?:kurs|preis)?(?:alarm|alert|hinweis)e?\b)", re.IGNORECASE)  # "Tesla-Alarm"
_SAME = re.compile(r"([^\W\d_])\1{2,}")  # three and more of one letter: "heyyy"

_ENDS = '.,;:!?¿¡…()"“”„«»'


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a message."""

    written: str  #: without accents, in its own case
    folded: str
    begins: bool  #: whether a mark such as a comma, or the message's start, stands before it


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a message, without marks but for those within symbols and numbers."""
    words: list[Word] = []
    begins = True
    for part in _cleaned(text).split():
        if part == ",":
            begins = True
            continue
        words.append(Word(part, part.casefold(), begins))
        begins = False
    return tuple(words)


def fold_words(text: str) -> str:
    """A message without case, accents, emoji and punctuation, but for marks within symbols and numbers.

    >>> fold_words("¡Avísame si NVIDIA cae un 5,5 %!")
    'avisame si nvidia cae un 5,5%'
    """
    return _cleaned(text).casefold()


def as_written(text: str, folded: str) -> str:
    """A run of folded words as it stands in a text, with its accents: "5 años"; "" where it is not found."""
    parts = text.split()
    for start in range(len(parts) if folded else 0):
        for stop in range(start + 1, min(len(parts), start + len(folded.split()) + 1) + 1):
            if " ".join(map(fold_words, parts[start:stop])) == folded:
                return " ".join(parts[start:stop]).strip(_ENDS)
    return ""


def shorter_spellings(word: str) -> tuple[str, ...]:
    """What a drawled word stands for: "hey" of "heyyy", "cool" of "coooool"; nothing for any other."""
    return (_SAME.sub(r"\1", word), _SAME.sub(r"\1\1", word)) if _SAME.search(word) else ()


def _cleaned(text: str) -> str:
    plain = re.sub(r"(?<=[.!?])\s+", " , ", text)  # a sentence's end parts words as a comma does
    plain = _DASH.sub("", _OF_ALERT.sub(" ", plain))
    plain = _MARKS.sub(" ", _plain(_APOSTROPHES.sub("", plain)).replace(",", ", "))
    plain = re.sub(r"(?<=\d), (?=\d)", ",", plain)  # 5,5 is a number
    plain = _SIGN_ALONE.sub(" ", _SIGN_AFTER.sub(r"\1", _SIGN_BEFORE.sub(r"\1", plain)))
    plain = _SPACED.sub(_joined, plain)
    return re.sub(r"\s+%", "%", " ".join(_LOOSE.sub(_comma, plain).split()))


def _joined(number: re.Match[str]) -> str:
    """A number without the spaces between its thousands; "155 160" without money beside it may be two prices."""
    is_two = _TWO_OF_THREE.fullmatch(number[0]) and number.string[number.end() :][:1] not in _MONEY_SIGNS
    return number[0] if is_two else number[0].replace(" ", "")


def _plain(text: str) -> str:
    """A text without accents."""
    letters = unicodedata.normalize("NFKD", text.replace("\u00df", "ss"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _comma(mark: re.Match[str]) -> str:
    return " , " if "," in mark[0] else " "
