"""Alert rules of a key's owner, and what they have fired."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from starlette.responses import JSONResponse, Response

from bellwether.alerts import alerts_table, ask
from bellwether.alerts.text import alerts
from bellwether.client.answers.alerts import AlertsAnswer, RuleAnswer, RulesAnswer
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import LimitReached, NotInPlan
from bellwether.core.parsing import DEFAULT_HORIZON, parse_date, parse_horizon
from bellwether.db.database import Store
from bellwether.delivery.messages import owner_of_key
from bellwether.webhooks.events import alert_json
from web.api.caller import CallerOf, KeyOf
from web.api.negotiate import JsonReplyOf, ReplyOf, shaped
from web.api.openapi import named_router, owned
from web.api.requests import LONGEST_NAME, PageOf, Question, check_symbol
from web.dependencies import ServicesOf, StoreOf
from web.problems import HttpProblem

_LANGUAGE = "en"
router = named_router("alerts")
RuleId = Annotated[int, Path(ge=1, le=2**53, description="`rule_id` of one of the rules")]


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


@router.get("/rules", **owned(RulesAnswer, tables=True))
def list_rules(store: StoreOf, key: KeyOf, reply: ReplyOf) -> Response:
    """What the owner of the key wants to be told."""
    items = [_about(rule) for rule in ask.rules_of(store, owner_of_key(key.id))]
    return reply({"items": items}, rows=items, name="rules")


@router.post("/rules", **owned(RuleAnswer, 409, 422, status=201))
def add_rule(services: ServicesOf, caller: CallerOf, key: KeyOf, asked: RuleQuestion) -> Response:
    """Be told when something happens; see the chat's alerts for what each kind looks at."""
    most, owner = caller.plan.rules, owner_of_key(key.id)
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
    check_symbol(services, caller, asked.symbol)
    rule = ask.add_rule(services, owner, asked.symbol, wish, _LANGUAGE)
    numbers = sorted(other.id for other in ask.rules_of(services.store, owner))
    if rule.id in numbers[most:]:  # looked at afterwards: two that come at once must not both be the last
        ask.remove_rule(services.store, owner, rule.id)
        raise LimitReached(f"Your plan has {most} alert rules; remove one first.")
    return JSONResponse(_about(rule), 201, {"Location": f"/api/v1/rules/{rule.id}"})


@router.get("/rules/{rule_id}", **owned(RuleAnswer))
def get_rule(store: StoreOf, key: KeyOf, rule_id: RuleId, reply: JsonReplyOf) -> Response:
    """One rule."""
    return reply(_about(_rule(store, key.id, rule_id)))


@router.delete("/rules/{rule_id}", **owned(status=204))
def remove_rule(store: StoreOf, key: KeyOf, rule_id: RuleId) -> Response:
    """Forget a rule."""
    _rule(store, key.id, rule_id)
    ask.remove_rule(store, owner_of_key(key.id), rule_id)
    return Response(status_code=204)


@router.get("/alerts", **owned(AlertsAnswer, tables=True))
def list_alerts(store: StoreOf, key: KeyOf, page: PageOf, reply: ReplyOf) -> Response:
    """What the owner's rules have fired, oldest first; kept for 30 days after their horizon."""
    with store.reading() as db:
        fired = alerts_table.since(db, owner_of_key(key.id), page.after, page.limit + 1)
    fired, following = page.cut(fired, lambda entry: entry.alert.id)
    return reply.page([alert_json(entry) for entry in fired], following, "alerts")


def _rule(store: Store, key_id: int, rule_id: int) -> AlertRule:
    """Raises HttpProblem where the owner has no rule of this number."""
    for rule in ask.rules_of(store, owner_of_key(key_id)):
        if rule.id == rule_id:
            return rule
    raise HttpProblem("unknown_rule", f"You have no rule {rule_id}.")


def _about(rule: AlertRule) -> dict[str, Any]:
    text = alerts.describe(rule)
    return shaped(RuleAnswer, rule, rule_id=rule.id, horizon=rule.horizon or None, text=text)
