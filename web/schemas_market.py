"""The shapes of what is said of the market, the models and the caller's use, for /openapi.json."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class InstrumentAnswer(_Answer):
    """Something that can be forecast."""

    symbol: str
    name: str
    exchange: str
    currency: str = Field(description="ISO 4217, or a minor unit such as GBp; empty where not known")
    calendar: str = Field(description="Code of its trading calendar, such as XNYS")
    sector: str
    served: bool = Field(description="Whether it is refreshed and scored every session")


class UniverseAnswer(_Answer):
    """What can be asked for."""

    meant: str | None = Field(description="With `q`: the symbol that is surely meant; null where it may be several")
    items: list[InstrumentAnswer]
    next_cursor: str | None


class BarAnswer(_Answer):
    """One session; prices in the symbol's currency, adjusted for splits and dividends but for `quoted_close`."""

    session: date
    open: float
    high: float
    low: float
    close: float
    volume: float
    quoted_close: float


class BarsAnswer(_Answer):
    """Daily bars, oldest first."""

    symbol: str
    name: str
    currency: str
    exchange: str
    source: str
    caveats: list[str]
    items: list[BarAnswer]


class ModelAnswer(_Answer):
    """One model."""

    model_id: str
    served: bool = Field(description="Whether it answers")
    tried: bool = Field(description="Whether it is scored beside the one that answers, and shown to nobody")


class ModelsAnswer(_Answer):
    """The models there are."""

    items: list[ModelAnswer]
    problem: str = Field(description="Why no model answers; empty where one does")


class StatusAnswer(_Answer):
    """What answers here."""

    version: str
    model_id: str | None = Field(description="null when the plain rule answers in the model's place")
    source: str
    live: bool = Field(description="false for a market that has ended, such as the sample")
    note: str = Field(description="What every answer says of its prices")
    symbols: int
    bars: bool = Field(description="Whether bars are handed out")
    now: datetime


class LimitAnswer(_Answer):
    """One limit of a plan."""

    name: str = Field(description="minute or day")
    quota: int
    window_seconds: int
    left: int
    resets_in_seconds: int


class DayAnswer(_Answer):
    """One day of use, in UTC."""

    day: date
    requests: int


class UsageAnswer(_Answer):
    """What the caller may do, and has done."""

    key_id: int
    owner: str
    plan: str
    scopes: list[str]
    in_force: dict[str, Any] = Field(description="The plan's terms, with those of the key's own that hold now")
    limits: list[LimitAnswer]
    days: list[DayAnswer] = Field(description="The last 31 days on which the key was used, newest first")
