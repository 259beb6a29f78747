"""Output on a terminal, pipe or file that cannot show every sign: each sign as the nearest that it can.

"−1.2 % …" comes out as "-1.2 % ..." where only ASCII is to be had, and nothing ends with a UnicodeEncodeError.
"""

# ruff: noqa: RUF001  # signs that look like others are what this is about

import codecs
import sys
import unicodedata

_INSTEAD = "readable"  #: our name for what to do about a sign that cannot be shown
_ASCII = "readable-ascii"  #: ASCII under a name that click leaves alone; where it reads "ascii" it writes UTF-8
_SIGNS = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "·": "-", "•": "*", "→": "->", "←": "<-",
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "‹": "'", "›": "'",
        "€": "EUR", "£": "GBP", "¥": "JPY", "₽": "RUB", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "¢": "c",
        "≈": "~", "≤": "<=", "≥": ">=", "±": "+/-", "×": "x", "½": "1/2", "¼": "1/4", "¾": "3/4", "°": " deg",
        "ß": "ss", "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D",
        "đ": "d", "ı": "i", "Þ": "Th", "þ": "th", "¡": "!", "¿": "?", "™": "TM", "®": "(R)", "©": "(C)", "№": "No.",
        "\u200b": "", "\u200d": "", "\u2060": "", "\ufe0e": "", "\ufe0f": "", "\ufeff": "", "\u00ad": "",
        "\u2028": "\n", "\u2029": "\n",
    }
)  # fmt: skip


def set_up() -> None:
    """Let standard output and errors show what they can; standard input be read whatever comes. May be called again."""
    codecs.register_error(_INSTEAD, _nearest)
    codecs.register(_codec)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # None without a console; tests put other things here
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(errors=_INSTEAD, **({"encoding": _ASCII} if ascii_only else {}))
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")


def plain(text: str) -> str:
    """A text in ASCII, as well as that can be."""
    spelt = unicodedata.normalize("NFKD", text.translate(_SIGNS)).translate(_SIGNS)
    bare = (" " if letter.isspace() and letter != "\n" else letter for letter in spelt)
    return "".join(letter if letter.isascii() else "" if unicodedata.combining(letter) else "?" for letter in bare)


def _nearest(problem: UnicodeError) -> tuple[str, int]:
    """What stands in place of the signs that an encoding lacks."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    return plain(problem.object[problem.start : problem.end]), problem.end


def _codec(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != _ASCII:
        return None
    ascii_ = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_.encode,
        ascii_.decode,
        streamreader=ascii_.streamreader,
        streamwriter=ascii_.streamwriter,
        incrementalencoder=ascii_.incrementalencoder,
        incrementaldecoder=ascii_.incrementaldecoder,
        name=_ASCII,
    )
