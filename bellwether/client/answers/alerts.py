"""Alert rules, what they have fired, and where that is sent to."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .wire import ApiAnswer, Day, Instant, Pair

Kind = Literal["growth", "chance", "risk", "unusual", "price", "move", "earnings"]  #: what a rule looks at


class RuleAnswer(ApiAnswer):
    """One rule."""

    rule_id: int
    symbol: str
    kind: Kind
    direction: Literal["above", "below", "either"]
    threshold: float
    horizon: Annotated[int | None, Field(description="Trading days; null for kinds without one")]
    repeat: Literal["once", "again"]
    text: Annotated[str, Field(description="The rule in words")]
    created_at: Instant
    expires_at: Instant | None
    armed: Annotated[bool, Field(description="false from firing until the figure has been back")]
    last_value: Annotated[float | None, Field(description="The figure of the last session judged")]
    judged: Annotated[Day | None, Field(description="The last session judged")]


class RulesAnswer(ApiAnswer):
    """The rules of a key's owner."""

    items: list[RuleAnswer]


class AlertAnswer(ApiAnswer):
    """A rule has fired."""

    alert_id: int
    rule_id: int
    symbol: str
    kind: Kind
    session: Day
    fired_at: Instant
    text: str
    horizon: int | None
    target_session: Day | None
    growth_80: Annotated[
        Pair | None,
        Field(description="Growth to the ends of the 8-in-10 range, as fractions; null where there is none"),
    ]


class AlertsAnswer(ApiAnswer):
    """What fired, oldest first."""

    items: list[AlertAnswer]
    next_cursor: str | None


class WebhookAnswer(ApiAnswer):
    """One address."""

    id: int
    url: str
    created_at: Instant
    disabled_at: Annotated[
        Instant | None, Field(description="Since when nothing is sent to it; null while it is in use")
    ]
    disabled_why: str
    old_secret_until: Annotated[Instant | None, Field(description="Until when two secrets sign")]


class NewWebhookAnswer(WebhookAnswer):
    """One address, and the one sight of its secret."""

    secret: Annotated[str, Field(description="whsec_..., shown only now")]


class WebhooksAnswer(ApiAnswer):
    """The addresses of a key's owner."""

    items: list[WebhookAnswer]


class AttemptAnswer(ApiAnswer):
    """One try to deliver one event."""

    id: int
    event_id: Annotated[str, Field(description="The header webhook-id")]
    attempt: int
    at: Instant
    milliseconds: int
    status: Annotated[int | None, Field(description="null when no answer came")]
    error: Annotated[str, Field(description="Empty when it arrived")]


class AttemptsAnswer(ApiAnswer):
    """What was tried, newest first."""

    items: list[AttemptAnswer]
    next_cursor: str | None


class SentAnswer(ApiAnswer):
    """An event that is on its way."""

    event_id: str


class Event(TypedDict):
    """One event of a stream."""

    type: str  #: "alert" or "forecast"
    id: str  #: where to go on after a break
    data: dict[str, Any]
