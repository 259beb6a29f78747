"""What the caller of a key may do, and has done."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from bellwether.access import usage_table as kept
from bellwether.client.answers.market import LimitAnswer, UsageAnswer
from bellwether.track_record.ledger.ledger_table import from_days
from web.api.caller import CallerOf, KeyOf
from web.api.negotiate import answer, shaped
from web.api.openapi_responses import KEY_NEEDED, problems, security
from web.dependencies import ServicesOf

_DAYS = 31
router = APIRouter(prefix="/api/v1", tags=["account"])


@router.get(
    "/usage", response_model=UsageAnswer, responses=problems(), operation_id="usage", openapi_extra=security(KEY_NEEDED)
)
def usage(request: Request, services: ServicesOf, caller: CallerOf, key: KeyOf) -> Response:
    """The plan of the key, what is left of it, and what was used; free."""
    with services.store.reading() as db:
        days = kept.by_day(db, key.id, _DAYS)
    body = shaped(
        UsageAnswer,
        key,
        key_id=key.id,
        scopes=sorted(key.scopes),
        in_force=caller.plan.model_dump(mode="json"),
        limits=[
            shaped(LimitAnswer, limit, window_seconds=limit.window, resets_in_seconds=limit.resets_in)
            for limit in caller.left
        ],
        days=[{"day": from_days(day).isoformat(), "requests": count} for day, count in days if count],
    )
    return answer(request, body)
