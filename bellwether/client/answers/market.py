"""What is said of the market, the models and the caller's use."""

from typing import Annotated, Any

from pydantic import Field

from .wire import ApiAnswer, Day, Instant


class InstrumentAnswer(ApiAnswer):
    """Something that can be forecast."""

    symbol: str
    name: str
    exchange: str
    currency: Annotated[str, Field(description="ISO 4217, or a minor unit such as GBp; empty where not known")]
    calendar: Annotated[str, Field(description="Code of its trading calendar, such as XNYS")]
    sector: str
    served: Annotated[bool, Field(description="Whether it is refreshed and scored every session")]


class UniverseAnswer(ApiAnswer):
    """What can be asked for."""

    meant: Annotated[
        str | None, Field(description="With `q`: the symbol that is surely meant; null where it may be several")
    ]
    items: list[InstrumentAnswer]
    next_cursor: str | None


class BarAnswer(ApiAnswer):
    """One session; prices in the symbol's currency, adjusted for splits and dividends but for `quoted_close`."""

    session: Day
    open: float
    high: float
    low: float
    close: float
    volume: float
    quoted_close: float


class BarsAnswer(ApiAnswer):
    """Daily bars, oldest first."""

    symbol: str
    name: str
    currency: str
    exchange: str
    source: str
    caveats: list[str]
    items: list[BarAnswer]


class ModelAnswer(ApiAnswer):
    """One model."""

    model_id: str
    served: Annotated[bool, Field(description="Whether it answers")]
    tried: Annotated[bool, Field(description="Whether it is scored beside the one that answers, and shown to nobody")]


class ModelsAnswer(ApiAnswer):
    """The models there are."""

    items: list[ModelAnswer]
    problem: Annotated[str, Field(description="Why no model answers; empty where one does")]


class StatusAnswer(ApiAnswer):
    """What answers here."""

    version: str
    model_id: Annotated[str | None, Field(description="null when the plain rule answers in the model's place")]
    source: str
    live: Annotated[bool, Field(description="false for a market that has ended, such as the sample")]
    note: Annotated[str, Field(description="What every answer says of its prices")]
    symbols: int
    bars: Annotated[bool, Field(description="Whether bars are handed out")]
    now: Instant


class LimitAnswer(ApiAnswer):
    """One limit of a plan."""

    name: Annotated[str, Field(description="minute or day")]
    quota: int
    window_seconds: int
    left: int
    resets_in_seconds: int


class DayAnswer(ApiAnswer):
    """One day of use, in UTC."""

    day: Day
    requests: int


class UsageAnswer(ApiAnswer):
    """What the caller may do, and has done."""

    key_id: int
    owner: str
    plan: str
    scopes: list[str]
    in_force: Annotated[
        dict[str, Any], Field(description="The plan's terms, with those of the key's own that hold now")
    ]
    limits: list[LimitAnswer]
    days: Annotated[list[DayAnswer], Field(description="The last 31 days on which the key was used, newest first")]
