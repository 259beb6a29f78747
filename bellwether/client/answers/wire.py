"""What the shapes of all answers are made of: values as JSON has them, and what these stand for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model, with_config
from pydantic_core import CoreSchema
from typing_extensions import TypedDict  # of typing's own pydantic can read none before Python 3.12

LEVELS = ("0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95")  #: of quantiles
LONGEST_HORIZON = 63  #: trading days
_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
class ApiAnswer(TypedDict):
    """An object with these keys and no others."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a JSON value stands for: pydantic checks and documents that, type checkers see the JSON."""

    meaning: Any  #: a type

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.meaning)


def by_level(name: str, what: str) -> Means:
    """An object with one number for each quantile level: {"0.05": ..., "0.1": ...}."""
    fields: dict[str, Any] = {
        f"level_{level.replace('.', '_')}": (
            float,
            Field(alias=level, description=f"{what} that the outcome stays below with probability {level}"),
        )
        for level in LEVELS
    }
    return Means(create_model(name, __base__=_ByLevel, **fields))


class _ByLevel(BaseModel):
    model_config = _STRICT


Day = Annotated[str, Means(date)]
Instant = Annotated[str, Means(datetime)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]  #: the ends of an interval
Fraction = Annotated[float, Field(ge=0, le=1)]
