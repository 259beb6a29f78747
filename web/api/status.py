"""How things stand: what answers here, and what the caller of a key may do and has done."""

from starlette.responses import Response

import bellwether
from bellwether.access import usage_table
from bellwether.client.answers.market import LimitAnswer, StatusAnswer, UsageAnswer
from bellwether.track_record.ledger.ledger_table import from_days
from web.api.caller import CallerOf, KeyOf
from web.api.negotiate import JsonReplyOf, shaped
from web.api.openapi import named_router, operation, owned
from web.dependencies import ServicesOf, StoreOf

_DAYS = 31
router = named_router()


@router.get("/status", **operation(StatusAnswer), tags=["market"])
def get_status(services: ServicesOf, reply: JsonReplyOf) -> Response:
    """What answers here, and from which prices; free."""
    return reply(
        {
            "version": bellwether.__version__,
            "model_id": services.model.card.model_id if services.model else None,
            "source": services.provider.name,
            "live": services.provider.live,
            "note": services.provider.note,
            "symbols": len(services.universe),
            "bars": services.settings.api.bars,
            "now": services.clock().isoformat(),
        }
    )


@router.get("/usage", **owned(UsageAnswer), tags=["account"])
def get_usage(store: StoreOf, caller: CallerOf, key: KeyOf, reply: JsonReplyOf) -> Response:
    """The plan of the key, what is left of it, and what was used; free."""
    with store.reading() as db:
        days = usage_table.by_day(db, key.id, _DAYS)
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
    return reply(body)
