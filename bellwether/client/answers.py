"""The shapes of the API's answers, as docs/openapi.json has them."""

from typing import Any, TypedDict

Levels = dict[str, float]  #: by quantile level: {"0.05": ..., "0.95": ...}


class Baseline(TypedDict):
    """The plain volatility rule's answer to the same question."""

    quantiles: Levels
    probability_of_growth: float


class Forecast(TypedDict):
    """Where one symbol may be."""

    symbol: str
    name: str
    currency: str
    exchange: str
    cutoff: str
    last_close: float
    horizon: int
    target_session: str
    made_at: str
    quantiles: Levels
    returns: Levels
    probability_of_growth: float
    usual_probability_of_growth: float | None
    baseline: Baseline
    model_id: str
    explanation: dict[str, Any]
    source: str
    caveats: list[str]
    forecast_id: str


class BaselineForecast(TypedDict):
    """What the plain volatility rule says."""

    symbol: str
    name: str
    currency: str
    exchange: str
    cutoff: str
    last_close: float
    horizon: int
    target_session: str
    made_at: str
    quantiles: Levels
    probability_of_growth: float
    source: str
    caveats: list[str]


class BatchItem(TypedDict):
    """What came of one symbol."""

    asked: str
    status: int
    forecast: Forecast | None
    problem: dict[str, Any] | None


class Batch(TypedDict):
    """What came of each symbol, in the order of the question."""

    items: list[BatchItem]
    succeeded: int
    failed: int


class Instrument(TypedDict):
    """Something that can be forecast."""

    symbol: str
    name: str
    exchange: str
    currency: str
    calendar: str
    sector: str
    served: bool


class Search(TypedDict):
    """What may be meant."""

    meant: str | None
    items: list[Instrument]
    next_cursor: str | None


class Rule(TypedDict):
    """One alert rule."""

    rule_id: int
    symbol: str
    kind: str
    direction: str
    threshold: float
    horizon: int | None
    repeat: str
    text: str
    created_at: str
    expires_at: str | None
    armed: bool
    last_value: float | None
    judged: str | None


class Alert(TypedDict):
    """A rule has fired."""

    alert_id: int
    rule_id: int
    symbol: str
    kind: str
    session: str
    fired_at: str
    text: str
    horizon: int | None
    target_session: str | None
    growth_80: list[float] | None


class Webhook(TypedDict):
    """Where alerts are sent to."""

    id: int
    url: str
    created_at: str
    disabled_at: str | None
    disabled_why: str
    old_secret_until: str | None


class NewWebhook(Webhook):
    """The same with its secret, this once."""

    secret: str


class Attempt(TypedDict):
    """One try to deliver one event."""

    id: int
    event_id: str
    attempt: int
    at: str
    milliseconds: int
    status: int | None
    error: str


class ApiKey(TypedDict):
    """A key, without its secrets."""

    id: int
    owner: str
    plan: str
    scopes: list[str]
    created_at: str
    revoked_at: str | None
    secrets: list[dict[str, Any]]
    own_terms: list[dict[str, Any]]
    in_force: dict[str, Any] | None
    requests: int


class NewApiKey(TypedDict):
    """A key, and the one sight of its secret."""

    key: str
    old_until: str | None
    about: ApiKey


class Event(TypedDict):
    """One event of a stream."""

    type: str  #: "alert" or "forecast"
    id: str  #: where to go on after a break
    data: dict[str, Any]
