"""Alert rules of a key's owner, and what they have fired."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from bellwether.alerts import alerts_table, ask
from bellwether.alerts.text import alerts
from bellwether.ask import forecasts
from bellwether.client.answers.alerts import AlertsAnswer, RuleAnswer, RulesAnswer
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import LimitReached, NotInPlan
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.delivery.messages import owner_of_key
from bellwether.webhooks.events import alert_json
from web.api.caller import CallerOf, KeyOf
from web.api.cursors import Cursor, Limit, after, cursor_of, link_to_next
from web.api.negotiate import FormatOf, answer, shaped
from web.api.openapi_responses import KEY_NEEDED, problems, security, table
from web.api.requests import LONGEST_NAME, Question
from web.dependencies import ServicesOf
from web.problems import HttpProblem, ProblemError

_LANGUAGE = "en"
router = APIRouter(prefix="/api/v1", tags=["alerts"])
RuleId = Annotated[int, Path(ge=1, le=2**53)]


class RuleQuestion(Question):
    """What the owner wants to be told."""

    symbol: Annotated[str, Field(max_length=LONGEST_NAME, description="A symbol or a name", examples=["AAPL"])]
    kind: RuleKind = Field(description="What it looks at, once a session", examples=["growth"])
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        None, description="A fraction, 0.05 for 5 %; a price for `price`; none for `earnings`", examples=[0.05]
    )
    direction: Direction | None = Field(None, description="null is the one that the threshold suggests")
    horizon: Annotated[str, Field(max_length=20)] | int = DEFAULT_HORIZON
    repeat: Repeat = Repeat.AGAIN
    expires: Annotated[str, Field(max_length=20)] | None = Field(None, description="Its last day, in UTC")


@router.get("/rules", response_model=RulesAnswer, responses=table(), openapi_extra=security(KEY_NEEDED))
def list_rules(request: Request, services: ServicesOf, wanted: FormatOf, key: KeyOf) -> Response:
    """What the owner of the key wants to be told."""
    items = [_about(one) for one in ask.rules_of(services.store, owner_of_key(key.id))]
    return answer(request, {"items": items}, wanted, rows=items, name="rules")


@router.post(
    "/rules",
    status_code=201,
    response_model=RuleAnswer,
    responses=problems(409, 422),
    openapi_extra=security(KEY_NEEDED),
)
def add_rule(services: ServicesOf, caller: CallerOf, key: KeyOf, asked: RuleQuestion) -> Response:
    """Be told when something happens; see the chat's alerts for what each kind looks at."""
    most, chat = caller.plan.rules, owner_of_key(key.id)
    if not most:
        raise NotInPlan("Your plan has no alert rules.")
    wish = RuleRequest(
        asked.kind,
        asked.threshold,
        asked.direction,
        parse_horizon(str(asked.horizon)),
        asked.repeat,
        parse_date(asked.expires) if asked.expires is not None else None,
    )
    caller.check_horizon(wish.horizon)
    if caller.plan.symbols:
        caller.check_symbol(forecasts.resolve(services, asked.symbol).symbol)
    rule = ask.add_rule(services, chat, asked.symbol, wish, _LANGUAGE)
    numbers = sorted(one.id for one in ask.rules_of(services.store, chat))
    if rule.id in numbers[most:]:  # looked at afterwards: two that come at once must not both be the last
        ask.remove_rule(services.store, chat, rule.id)
        raise LimitReached(f"Your plan has {most} alert rules; remove one first.")
    return JSONResponse(_about(rule), 201, {"Location": f"/api/v1/rules/{rule.id}"})


@router.get("/rules/{rule_id}", response_model=RuleAnswer, responses=problems(), openapi_extra=security(KEY_NEEDED))
def get_rule(request: Request, services: ServicesOf, key: KeyOf, rule_id: RuleId) -> Response:
    """One rule."""
    return answer(request, _about(_rule(services, key.id, rule_id)))


@router.delete("/rules/{rule_id}", status_code=204, responses=problems(), openapi_extra=security(KEY_NEEDED))
def remove_rule(services: ServicesOf, key: KeyOf, rule_id: RuleId) -> Response:
    """Forget a rule."""
    _rule(services, key.id, rule_id)
    ask.remove_rule(services.store, owner_of_key(key.id), rule_id)
    return Response(status_code=204)


@router.get("/alerts", response_model=AlertsAnswer, responses=table(), openapi_extra=security(KEY_NEEDED))
def list_alerts(
    request: Request, services: ServicesOf, wanted: FormatOf, key: KeyOf, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """What the owner's rules have fired, oldest first; kept for 30 days after their horizon."""
    with services.store.reading() as db:
        found = alerts_table.since(db, owner_of_key(key.id), after(cursor), limit + 1)
    items = [alert_json(one) for one in found[:limit]]
    following = cursor_of(found[limit - 1].alert.id) if len(found) > limit else None
    body = {"items": items, "next_cursor": following}
    return answer(request, body, wanted, rows=items, name="alerts", headers=link_to_next(request, following))


def _rule(services: ServicesOf, key_id: int, rule_id: int) -> AlertRule:
    """Raises ProblemError where the owner has no rule of this number."""
    for one in ask.rules_of(services.store, owner_of_key(key_id)):
        if one.id == rule_id:
            return one
    raise ProblemError(HttpProblem("unknown_rule", f"You have no rule {rule_id}."))


def _about(rule: AlertRule) -> dict[str, Any]:
    text = alerts.describe(rule)
    return shaped(RuleAnswer, rule, rule_id=rule.id, horizon=rule.horizon or None, text=text)
