"""The words of the digest, as HTML that Telegram understands.

headline              how many stayed inside, and whom to look at
| how the last turned out, whether it is late
| the whole list in a line, held in equal parts
| what stands out     each symbol with a line of why
| alerts that had no message of their own
| the others          one line each, folded away where there are many
| what limits all that
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from html import escape
from math import sqrt

from bellwether.alerts.text.digest_lines import DigestEntry, first_lines, line, named, seen_length
from bellwether.core.i18n.numbers import day_and_month
from bellwether.core.i18n.translate import N_, ngettext, spoken, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting import sentences
from bellwether.track_record.grading import Grade

ONE_MESSAGE = 3900  #: UTF-16 units that are seen: Telegram takes 4,096, and a line about lateness may join them
_FOLDED_FROM = 9  #: lines; so few are seen at once without a press
_IN_HEADLINE = 3  #: names; the others stand below
_GAP = "\0"  #: in a caveat, for the symbols that it names
_PROMISED = 0.8  #: of the ranges, to hold in the long run


@dataclass(frozen=True, slots=True)
class Notes:
    """What a digest says besides its symbols, as HTML; each may be empty."""

    opening: str = ""  #: how the last ones turned out, and whether it is late
    closing: str = ""  #: what else fired
    has_commands: bool = True  #: it is read in a chat, which understands /settings
    together: str = ""  #: the range of the whole list, as plain text


@dataclass(frozen=True, slots=True)
class Digest:
    """What is said to one chat."""

    entries: Sequence[DigestEntry]  #: as they are watched
    first: Sequence[DigestEntry]  #: of these, what stands out, the most unusual first
    session: date
    inside: Grade | None = None  #: of the ranges until now; None where none ended
    weekly: bool = False


class Digests:
    """Writes the digests of one tick. The lines about a symbol are made once, whoever watches it."""

    def __init__(self, horizon: int) -> None:
        """`horizon` is in sessions."""
        self.horizon = horizon
        # by the identity of the entry, which is kept beside its lines so that no other can take it
        self._lines: dict[tuple[int, str, str], tuple[DigestEntry, str]] = {}

    def write(self, digest: Digest, notes: Notes = Notes()) -> str:
        """The digest of one chat: one message where that is possible, then with tickers in place of names."""
        text = self._write(digest, notes, brief=False)
        return text if seen_length(text) <= ONE_MESSAGE else self._write(digest, notes, brief=True)

    def _write(self, digest: Digest, notes: Notes, *, brief: bool) -> str:
        opening = [f"<b>{headline(digest)}</b>", _("Close of {day}.").format(day=day_and_month(digest.session))]
        parts = ["\n".join(part for part in (*opening, notes.opening) if part)]
        if notes.together:
            parts.append(escape(notes.together))
        parts += [self._once(entry, "first", lambda entry: first_lines(entry, digest.weekly)) for entry in digest.first]
        if notes.closing:
            parts.append(notes.closing)
        first = {id(entry) for entry in digest.first}
        others = [
            self._once(entry, "brief" if brief else "named", lambda entry: line(entry, brief=brief))
            for entry in digest.entries
            if id(entry) not in first
        ]
        if others:
            legend = (
                [f"<i>{self._legend(digest.weekly)}</i>"] if any(entry.forecast for entry in digest.entries) else []
            )
            lines = "\n".join(others)
            folded = len(others) >= _FOLDED_FROM
            parts.append("\n".join([*legend, f"<blockquote expandable>{lines}</blockquote>" if folded else lines]))
        how_often = [_("/settings changes how often this comes.")] if notes.has_commands else []
        parts.append("\n".join([*_caveats(digest.entries), " ".join([*how_often, f"{sentences.NOT_ADVICE}"])]))
        return "\n\n".join(parts)

    def _once(self, entry: DigestEntry, form: str, write: Callable[[DigestEntry], str]) -> str:
        """The lines about a symbol in one form."""
        key = (id(entry), form, spoken())
        if key not in self._lines:
            self._lines[key] = (entry, write(entry))
        return self._lines[key][1]

    def _legend(self, weekly: bool) -> str:
        """What the figures of a line are."""
        span = sentences.within(self.horizon)
        if weekly:
            text = _("Each line: the close, its change in the week, then where 8 in 10 outcomes lie: {next} · {span}.")
            return text.format(next=_("until the next summary"), span=span)
        text = _("Each line: the close, its change, then where 8 in 10 outcomes lie: {next} · {span}.")
        if self.horizon == 1:
            return _("Each line: the close, its change, then where 8 in 10 outcomes lie {span}.").format(span=span)
        return text.format(next=sentences.within(1), span=span)


class Pace(Enum):
    """How the time was that a digest is about, by how many ranges held."""

    CALM = "as many as promised, or more"
    MIXED = "fewer, by no more than luck"
    RESTLESS = "fewer by more than that"


def pace(inside: Grade) -> Pace:
    """How it was; luck is one standard deviation of a share that keeps the promise."""
    share, luck = inside.held / inside.of, sqrt(_PROMISED * (1 - _PROMISED) / inside.of)
    if share >= _PROMISED:
        return Pace.CALM
    return Pace.MIXED if share >= _PROMISED - luck else Pace.RESTLESS


#: by whether it is about a week
_INSIDE = {
    (False, Pace.CALM): N_("Calm day: {held} of {count} stayed inside."),
    (False, Pace.MIXED): N_("Mixed day: {held} of {count} stayed inside."),
    (False, Pace.RESTLESS): N_("Restless day: only {held} of {count} stayed inside."),
    (True, Pace.CALM): N_("Calm week: {held} of {count} stayed inside."),
    (True, Pace.MIXED): N_("Mixed week: {held} of {count} stayed inside."),
    (True, Pace.RESTLESS): N_("Restless week: only {held} of {count} stayed inside."),
}
_NONE = {
    False: N_("Restless day: none of {count} stayed inside."),
    True: N_("Restless week: none of {count} stayed inside."),
}
_ALONE = {
    True: N_("{name} stayed inside its range."),
    False: N_("{name} left its range."),
}


def headline(digest: Digest) -> str:
    """The one line that is seen before the message is opened, as HTML."""
    inside, first = digest.inside, list(digest.first)
    parts = []
    if inside is not None and inside.of == 1:
        alone = next((entry for entry in digest.entries if entry.ended is not None), digest.entries[0])
        parts.append(_(_ALONE[inside.held == 1]).format(name=named(alone.instrument)))
        first = [entry for entry in first if entry is not alone]
    elif inside is not None:
        message = _INSIDE[digest.weekly, pace(inside)] if inside.held else _NONE[digest.weekly]
        parts.append(_(message).format(held=inside.held, count=inside.of))
    names = [named(entry.instrument) for entry in first[:_IN_HEADLINE]]
    if names:
        more = len(first) - len(names)
        listed = ", ".join(names)
        if more:
            listed = ngettext("{names} and {count} more", "{names} and {count} more", more).format(
                names=listed, count=more
            )
        parts.append(_("Look at {names}.").format(names=listed))
    elif inside is None:
        parts.append(_no_news(digest))
    return " ".join(parts)


def _no_news(digest: Digest) -> str:
    """What is said where nothing stands out and no range ended."""
    if not any(entry.is_current for entry in digest.entries):
        return _("No closing prices yet.")
    return _("Nothing unusual this week.") if digest.weekly else _("Nothing unusual today.")


def _caveats(entries: Sequence[DigestEntry]) -> list[str]:
    """What limits the forecasts: what holds for all is said once, of others with the symbols that it holds for."""
    made = {entry.instrument.symbol for entry in entries if entry.forecast is not None}
    about: dict[str, list[str]] = {}
    for entry in entries:
        caveats = entry.forecast.caveats if entry.forecast is not None else (entry.failure,)
        for caveat in dict.fromkeys((*caveats, entry.note)):
            if caveat:
                about.setdefault(translated(caveat), []).append(entry.instrument.symbol)
    kinds: dict[str, list[str]] = {}
    for caveat, symbols in about.items():
        kinds.setdefault(_kind(caveat, symbols), []).extend(symbols)
    return [
        escape(_about(kind, symbols, made)) for kind, symbols in sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    ]


def _kind(caveat: str, symbols: Sequence[str]) -> str:
    """A caveat with a gap for the one symbol that it names: those that differ in nothing else are one kind."""
    parts = re.split(rf"(?<!\w){re.escape(symbols[0])}(?!\w)", caveat)
    return _GAP.join(parts) if len(symbols) == 1 and len(parts) == 2 else caveat


def _about(kind: str, symbols: Sequence[str], made: set[str]) -> str:
    """A caveat that says which symbols it holds for, unless it holds for all of `made`."""
    names = ", ".join(symbols)
    if _GAP in kind:
        return kind.replace(_GAP, names)
    return kind if set(symbols) == made or _names_all(kind, symbols) else f"{names}: {kind}"


def _names_all(caveat: str, symbols: Sequence[str]) -> bool:
    words = set(re.findall(r"[^\s,;:()]+[^\s,;:().]", caveat))
    return words.issuperset(symbols)
