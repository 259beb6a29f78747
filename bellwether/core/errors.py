"""What can go wrong, in words a user can act on. Every face shows the error's text and nothing else.

`str(error)` is English; `error.for_person` is in the language that is spoken, where the text was made by `said`.
"""

from enum import Enum
from typing import TYPE_CHECKING

from bellwether.core.i18n.translate import N_, gettext, said, said_many, together, translated

if TYPE_CHECKING:  # only then: errors are imported first of all, and the types bring numpy
    from bellwether.core.types import Instrument


class BellwetherError(Exception):
    """A failure whose text is meant for the person who asked: what is wrong and what to do about it."""

    code = "error"  #: stable name for programs; the API answers with it
    waiting_helps = False  #: whether the same question may soon be answered: alerts and digests then wait a while

    @property
    def text(self) -> str:
        """What was said when it was raised; of what was made by `said`, with the means to say it in every language."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)

    @property
    def for_person(self) -> str:
        """The text in the language that is spoken."""
        return translated(self)

    @property
    def for_operator(self) -> str:
        """What whoever runs the service needs to know; it may name files, so it is for logs and the command line."""
        return str(self)


class ConfigError(BellwetherError):
    """A setting is wrong: the text names the key, what was found and what is allowed."""

    code = "bad_configuration"


class BadSymbol(BellwetherError):
    """The text is not a symbol at all: empty, too long, or with characters no exchange uses."""

    code = "bad_symbol"


class UnknownSymbol(BellwetherError):
    """No instrument has this symbol in the market we serve."""

    code = "unknown_symbol"

    def __init__(self, symbol: str, suggestions: tuple[str, ...] = (), market: str = "") -> None:
        """`market` is where we looked, for instance "the sample market"; `suggestions` are near symbols."""
        self.symbol = symbol
        self.suggestions = suggestions
        where = said("I don't know the symbol {symbol}.", symbol=symbol)
        if market:
            where = said("I don't know the symbol {symbol} in {market}.", symbol=symbol, market=market)
        hint = said("Please check the spelling.")
        if suggestions:
            hint = said("Did you mean {symbols}?", symbols=_or(suggestions))
        super().__init__(together(where, hint))


class AmbiguousSymbol(BellwetherError):
    """Several instruments may be meant, or one that we must not guess: we ask back."""

    code = "ambiguous_symbol"
    most = 6  #: candidates that are offered; more would be a list to read, not a choice

    def __init__(self, asked: str, candidates: "tuple[Instrument, ...]") -> None:
        """`candidates` are what may be meant, the likeliest first; at least one."""
        self.asked = asked
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


class BadHorizon(BellwetherError):
    """The horizon is not a whole number of sessions from 1 to 63."""

    code = "bad_horizon"


class BadDate(BellwetherError):
    """The date cannot be read, or no forecast can be made as of it."""

    code = "bad_date"


class BadTimeZone(BellwetherError):
    """No time zone is meant by this, or one of several."""

    code = "bad_time_zone"

    def __init__(self, text: str, offered: tuple[str, ...] = ()) -> None:
        """`offered` are IANA names that may be meant."""
        self.offered = offered
        hint = said("Is it {names}?", names=_or(offered)) if offered else ""
        super().__init__(together(text, hint))


class BadRule(BellwetherError):
    """An alert rule, or a wish about alerts, that cannot be kept: the text says what can be."""

    code = "bad_rule"


class MarketDataError(BellwetherError):
    """The source of prices did not give usable bars."""

    code = "market_data_unavailable"
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
    DAMAGED = N_("sends prices of this symbol that cannot be read")  #: this and what follows: it does answer
    DAMAGED_STATEMENTS = N_("sends statements of this company that cannot be read")
    DAMAGED_SEARCH = N_("sends an answer to this search that cannot be read")


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
        """`about` is the symbol or the words; `trouble` one of the damaged ones."""
        super().__init__(source, trouble, about=about)
        if trouble is Trouble.DAMAGED_STATEMENTS:
            text = said(
                "{source} sends statements of {symbol} that cannot be read; please try again later.",
                source=source,
                symbol=about,
            )
        elif trouble is Trouble.DAMAGED_SEARCH:
            text = said(
                "{source} sends an answer about “{words}” that cannot be read; please give the symbol, or try again "
                "later.",
                source=source,
                words=about,
            )
        else:
            text = said(
                "{source} sends prices of {symbol} that cannot be read; please try again later.",
                source=source,
                symbol=about,
            )
        self.args = (text,)


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


class UnusableBars(BellwetherError):
    """The bars are too few or too broken for any answer, even the plain baseline."""

    code = "unusable_bars"


class DoubtfulBars(UnusableBars):
    """The newest bars cannot be believed, or not beside the older ones: there is an answer once they are put right."""

    def __init__(self, text: str, *, waiting_helps: bool = True) -> None:
        """`waiting_helps`: the doubt is of the newest sessions, which the source is soon asked for again."""
        self.waiting_helps = waiting_helps
        super().__init__(text)


class NoStatements(MarketDataError):
    """A source that answers has no company statements of this: a fund, an index, a currency, a coin."""

    code = "no_growth"


class NoGrowth(BellwetherError):
    """No company's revenue stands behind this, or too little of it: the text says what is missing."""

    code = "no_growth"


class ModelError(BellwetherError):
    """The exported model cannot be used: missing, damaged, or not the one its card describes. Operators read why."""

    code = "model_unavailable"

    @property
    def for_person(self) -> str:
        """That it is not their fault, and whom to ask."""
        return gettext("The model for this cannot be used just now; whoever runs this service can see why.")


class StoreError(BellwetherError):
    """The database cannot be opened or written. People are told that it fails, operators where and why."""

    code = "database_unavailable"

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


class LedgerError(BellwetherError):
    """The record of issued forecasts does not have what was asked for, or does not prove itself."""

    code = "not_in_ledger"


class BackupRefused(BellwetherError):
    """A backup is not made or not put back; nothing was changed, and the text says what to do."""

    code = "backup_refused"


class PromotionRefused(BellwetherError):
    """A model is not made the served one, because the record does not support it; the text says what is missing."""

    code = "promotion_refused"


class LimitReached(BellwetherError):
    """A stated limit was reached, such as the number of symbols on a watchlist."""

    code = "limit_reached"


class BadKey(BellwetherError):
    """An API key that is not known, or not in the form of one."""

    code = "bad_key"


class ExpiredKey(BellwetherError):
    """An API key whose time is over."""

    code = "expired_key"


class RevokedKey(BellwetherError):
    """An API key that was revoked."""

    code = "revoked_key"


class NotInPlan(BellwetherError):
    """The caller's plan does not have what was asked for; the text says what it has."""

    code = "not_in_plan"


class QuotaExceeded(BellwetherError):
    """The caller has used up what its plan allows for now."""

    code = "too_many_requests"

    def __init__(self, text: str, retry_after: int) -> None:
        """`retry_after` is in seconds."""
        self.retry_after = retry_after
        super().__init__(text)


class BadTerms(BellwetherError):
    """Terms of a plan that cannot be: the text says what can."""

    code = "bad_terms"


class BadWebhook(BellwetherError):
    """A webhook that cannot be kept or asked for: the text says what can."""

    code = "bad_webhook"


class UnknownWebhook(BellwetherError):
    """No webhook, or no delivery of one, has this number."""

    code = "unknown_webhook"


def _or(names: tuple[str, ...]) -> str:
    """`("A", "B", "C")` as "A, B or C"."""
    if len(names) == 1:
        return names[0]
    return said("{names} or {last}", names=", ".join(names[:-1]), last=names[-1])


def _about(one: "Instrument") -> str:
    """ "Shell, London, GBp"."""
    return ", ".join(part for part in (one.name, one.listing) if part)
