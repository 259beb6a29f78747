"""What can go wrong, in words a user can act on. Every face shows the error's text and nothing else.

`str(error)` is English; `error.for_person` is in the language that is spoken, where the text was made by `said`.
"""

import difflib
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from bellwether.core.i18n.translate import N_, gettext, said, said_many, together, translated

if TYPE_CHECKING:  # only then: errors are imported first of all, and the types bring numpy
    from bellwether.core.types import Instrument


class BellwetherError(Exception):
    """A failure whose text is meant for the person who asked: what is wrong and what to do about it.

    A subclass names its code, `class BadDate(BellwetherError, code="bad_date")`, or has that of its base.
    """

    code = "error"  #: stable name for programs; the API answers with it
    waiting_helps = False  #: whether the same question may soon be answered: alerts and digests then wait a while

    def __init_subclass__(cls, code: str = "") -> None:
        cls.code = code or cls.code

    @property
    def text(self) -> str:
        """The text as it was raised: one made by `said` can still be read in every language."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)

    @property
    def for_person(self) -> str:
        """The text in the language that is spoken."""
        return translated(self)

    @property
    def for_operator(self) -> str:
        """The text for logs and the command line, which may name files."""
        return str(self)


class ConfigError(BellwetherError, code="bad_configuration"):
    """A setting is wrong: the text names the key, what was found and what is allowed."""


class AddressUnavailable(BellwetherError, code="address_unavailable"):
    """Nothing can listen at an address: it is taken, or it is not this machine's, perhaps not yet."""


class BadSymbol(BellwetherError, code="bad_symbol"):
    """The text is not a symbol at all: empty, too long, or with characters no exchange uses."""


class UnknownSymbol(BellwetherError, code="unknown_symbol"):
    """No instrument has this symbol in the market we serve."""

    def __init__(
        self,
        symbol: str,
        suggestions: tuple[str, ...] = (),
        market: str = "",
        served: tuple[str, ...] = (),
        names: tuple[str, ...] = (),
    ) -> None:
        """`market` is where we looked, for instance "the sample market"; `suggestions` are near symbols.

        `served` are the names of all that this market has, where it has no more than that; `names` those of the
        suggestions, which are told to whoever asked by name.
        """
        self.symbol, self.suggestions = symbol, suggestions
        where = said("I don't know the ticker {symbol}.", symbol=symbol)
        if market:
            where = said("I don't know the ticker {symbol} in {market}.", symbol=symbol, market=market)
        is_name = symbol != symbol.upper() and symbol.replace(" ", "").isalpha()
        if market and is_name:  # a company, which may well be spelt as it should be
            where = said("I have nothing called “{name}” in {market}.", name=symbol, market=market)
        self.offered = names if is_name and len(names) == len(suggestions) else suggestions
        hint = said("Please check the spelling.")
        if suggestions:
            hint = said("Did you mean {symbols}?", symbols=_or(self.offered))
        elif served:
            hint = said(
                "There are {count} stocks and indices in it, such as {examples}.",
                count=len(served),
                examples=_or(served[:3]),
            )
        super().__init__(together(where, hint))


class AmbiguousSymbol(BellwetherError, code="ambiguous_symbol"):
    """Several instruments may be meant, or one that we must not guess: we ask back."""

    most = 6  #: candidates that are offered; more would be a list to read, not a choice

    def __init__(self, asked: str, candidates: "tuple[Instrument, ...]") -> None:
        """`candidates` are what may be meant, the likeliest first; at least one."""
        self.candidates = candidates[: self.most]
        self.question = said("“{asked}” could mean several things. Which one do you mean?", asked=asked)
        if len(candidates) == 1:
            self.question = said("I am not sure about “{asked}”. Do you mean this one?", asked=asked)
        elif len(candidates) > self.most:
            self.question = said(
                "“{asked}” could mean {count} things. Is it one of these? If not, say more.",
                asked=asked,
                count=len(candidates),
            )
        listed = _or(tuple(f"{candidate.symbol} ({_about(candidate)})" for candidate in self.candidates))
        super().__init__(said("{question} {candidates}.", question=self.question, candidates=listed))

    @property
    def for_operator(self) -> str:
        """The candidates as a list."""
        width = max(len(candidate.symbol) for candidate in self.candidates)
        return "\n".join(
            [self.question, *(f"  {candidate.symbol:<{width}}  {_about(candidate)}" for candidate in self.candidates)]
        )


class BadFile(BellwetherError, code="bad_file"):
    """A file that somebody sends cannot be read: the text says what to send in its place."""


class BadHorizon(BellwetherError, code="bad_horizon"):
    """The horizon is not a whole number of sessions from 1 to 63."""


class BadDate(BellwetherError, code="bad_date"):
    """The date cannot be read, or no forecast can be made as of it."""


class BadTimeZone(BellwetherError, code="bad_time_zone"):
    """No time zone is meant by this, or one of several."""

    def __init__(self, text: str, offered: tuple[str, ...] = ()) -> None:
        """`offered` are IANA names that may be meant."""
        self.offered = offered
        hint = said("Is it {names}?", names=_or(offered)) if offered else ""
        super().__init__(together(text, hint))


class BadRule(BellwetherError, code="bad_rule"):
    """An alert rule, or a setting of alerts, that cannot be kept: the text says what can be."""


class MarketDataError(BellwetherError, code="market_data_unavailable"):
    """The source of prices did not give usable bars."""

    waiting_helps = True


class Trouble(Enum):
    """How a source of prices failed to answer; the value completes "Yahoo Finance ..."."""

    LIMITED = N_("is limiting our requests")
    REFUSED = N_("refuses our requests")
    FAILING = N_("has a failure on its side")
    SILENT = N_("does not answer in time")
    CUT_OFF = N_("cannot be reached")
    PAGE = N_("sends a web page instead of prices")
    GARBLED = N_("sends something that cannot be read")
    RESTING = N_("is not answering")  #: it failed several times in a row and is not asked for a while
    DAMAGED = N_("sends prices of this ticker that cannot be read")  #: this and what follows: it does answer
    DAMAGED_STATEMENTS = N_("sends statements of this company that cannot be read")
    DAMAGED_SEARCH = N_("sends an answer to this search that cannot be read")


_DAMAGED = {
    Trouble.DAMAGED: N_("{source} sends prices of {symbol} that cannot be read; please try again later."),
    Trouble.DAMAGED_STATEMENTS: N_(
        "{source} sends statements of {symbol} that cannot be read; please try again later."
    ),
    Trouble.DAMAGED_SEARCH: N_(
        "{source} sends an answer about “{words}” that cannot be read; please give the ticker, or try again later."
    ),
}


class SourceError(MarketDataError):
    """The source of prices did not answer, or not with what can be read; `trouble` says how."""

    def __init__(self, source: str, trouble: Trouble, retry_after: float | None = None, about: str = "") -> None:
        """`source` as people call it; `retry_after` is how long it wants to be left alone, in seconds.

        `about` is the symbol, or the words, that the trouble may be about alone: an answer came. Empty: none did.
        """
        self.source, self.trouble, self.retry_after, self.about = source, trouble, retry_after, about
        how = said(trouble.value)
        if retry_after is None or retry_after <= 300:
            text = said("{source} {trouble}; please try again in a few minutes.", source=source, trouble=how)
        else:
            minutes = round(retry_after / 60)
            text = said_many(
                "{source} {trouble}; please try again in {count} minute.",
                "{source} {trouble}; please try again in {count} minutes.",
                minutes,
                source=source,
                trouble=how,
                count=minutes,
            )
        super().__init__(text)


class DamagedAnswer(SourceError):
    """The source answers, but what it says about this one symbol, or these words, cannot be read.

    Others are answered all the same, so it is no reason to leave the source alone.
    """

    def __init__(self, source: str, about: str, trouble: Trouble = Trouble.DAMAGED) -> None:
        """`about` is the symbol or the words; `trouble` is one of _DAMAGED."""
        super().__init__(source, trouble, about=about)
        self.args = (said(_DAMAGED[trouble], source=source, symbol=about, words=about),)


class NoPrices(MarketDataError):
    """The source answers and knows the symbol, but has no prices for the days asked."""


class Delisted(UnknownSymbol):
    """The source has no prices any more of a symbol that was traded."""

    def __init__(self, symbol: str, source: str) -> None:
        """`source` as people call it."""
        super().__init__(symbol)
        text = said(
            "{source} has no prices of {symbol} any more; perhaps it was delisted or renamed.",
            source=source,
            symbol=symbol,
        )
        self.args = (text,)


class UnusableBars(BellwetherError, code="unusable_bars"):
    """The bars are too few or too broken for any answer, even the plain baseline."""


class DoubtfulBars(UnusableBars):
    """The newest bars cannot be believed, or not beside the older ones: there is an answer once they are put right."""

    def __init__(self, text: str, *, waiting_helps: bool = True) -> None:
        """`waiting_helps`: the doubt is of the newest sessions, which the source is soon asked for again."""
        self.waiting_helps = waiting_helps
        super().__init__(text)


class NoStatements(MarketDataError, code="no_growth"):
    """A source that answers has no company statements of this: a fund, an index, a currency, a coin."""


class NoGrowth(BellwetherError, code="no_growth"):
    """No company's revenue stands behind this, or too little of it: the text says what is missing."""


class ModelError(BellwetherError, code="model_unavailable"):
    """The exported model cannot be used: missing, damaged, or not the one its card describes. Operators read why."""

    @property
    def for_person(self) -> str:
        """That it is not their fault, and whom to ask."""
        return gettext("The model for this cannot be used just now; whoever runs this service can see why.")


class StoreError(BellwetherError, code="database_unavailable"):
    """The database cannot be opened or written. People are told that it fails, operators where and why."""

    def __init__(self, detail: str) -> None:
        """`detail` may name the file."""
        self._detail = detail
        super().__init__(
            said("I can't reach my notes just now, so I can't keep or look up what you watch. Forecasts work.")
        )

    @property
    def for_operator(self) -> str:
        """Where and why."""
        return self._detail


class WrongKey(StoreError):
    """The database is encrypted with another key, or with one where none is set, or the other way round."""


class NewerDatabase(StoreError):
    """A newer version of Bellwether made the database; this one does not touch it."""


class UpgradeFailed(StoreError):
    """The database was not brought up to this version, and is as it was; the text says why and what to do."""


class UnfinishedImport(StoreError):
    """The database holds only a part of what is being copied into it."""


class LedgerError(BellwetherError, code="not_in_ledger"):
    """The record of issued forecasts does not have what was asked for, or does not prove itself."""


class BackupRefused(BellwetherError, code="backup_refused"):
    """A backup is not made or not put back; nothing was changed, and the text says what to do."""


class MoveRefused(BellwetherError, code="move_refused"):
    """Rows are not copied to another kind of database; the text says what to do."""


class PromotionRefused(BellwetherError, code="promotion_refused"):
    """A model is not made the served one, because the record does not support it; the text says what is missing."""


class LimitReached(BellwetherError, code="limit_reached"):
    """A stated limit was reached, such as the number of symbols on a watchlist."""


class BadKey(BellwetherError, code="bad_key"):
    """An API key that is not known, or not in the form of one."""


class ExpiredKey(BellwetherError, code="expired_key"):
    """An API key whose time is over."""


class RevokedKey(BellwetherError, code="revoked_key"):
    """An API key that was revoked."""


class NotInPlan(BellwetherError, code="not_in_plan"):
    """The caller's plan does not have what was asked for; the text says what it has."""


class QuotaExceeded(BellwetherError, code="too_many_requests"):
    """The caller has used up what its plan allows for now."""

    def __init__(self, text: str, retry_after: int) -> None:
        """`retry_after` is in seconds."""
        self.retry_after = retry_after
        super().__init__(text)


class BadTerms(BellwetherError, code="bad_terms"):
    """Terms of a plan that cannot be: the text says what can."""


class BadTarget(BellwetherError, code="bad_target"):
    """A message can't go where a person wants it to, or that is not proved to be theirs."""


class BadWebhook(BellwetherError, code="bad_webhook"):
    """A webhook that cannot be kept or asked for: the text says what can."""


class UnknownWebhook(BellwetherError, code="unknown_webhook"):
    """No webhook, or no delivery of one, has this number."""


def near_name(name: str, known: Iterable[str], otherwise: str) -> str:
    """The end of a sentence about an unknown name: "did you mean web.port?", or "allowed are A, B." """
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"{otherwise} {', '.join(known)}."


def allowed(message: str) -> str:
    """Pydantic's "Input should be ..." as the end of our sentence: "it should be ..."."""
    ours = message.replace("Input should", "it should")
    return ours[:1].lower() + ours[1:]


def _or(names: tuple[str, ...]) -> str:
    """`("A", "B", "C")` as "A, B or C"."""
    if len(names) == 1:
        return names[0]
    return said("{names} or {last}", names=", ".join(names[:-1]), last=names[-1])


def _about(instrument: "Instrument") -> str:
    """ "Shell, London, GBp"."""
    return ", ".join(part for part in (instrument.name, instrument.listing) if part)
