"""For whoever runs the service: is it alive, and can it do its work?"""

import logging
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from bellwether.core.errors import StoreError
from bellwether.core.types import Check
from bellwether.services import Services
from web.dependencies import ServicesOf

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive. Async, so that it answers even while every thread is busy."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: ServicesOf) -> JSONResponse:
    """Ready with a database; degraded where another part is out, as the model is when the plain rule answers.

    Not ready is 503, and so is a service that was told to stop: what is asked until it ends is still answered.
    """
    database = _database(services)
    source = Check("source", True, services.provider.name)
    checks = (_model(services), database, source, *_connections(services), *_leaving(services))
    ready = database.ok and not services.leaving.is_set()
    body: dict[str, Any] = {
        "status": "not ready" if not ready else "ready" if all(check.ok for check in checks) else "degraded",
        "checks": {check.name: {"ok": check.ok, "detail": check.detail} for check in checks},
    }
    return JSONResponse(body, status_code=200 if ready else 503)


def _model(services: Services) -> Check:
    if services.model is None:
        return Check("model", False, services.model_problem)
    return Check("model", True, services.model.card.model_id)


def _leaving(services: Services) -> tuple[Check, ...]:
    """Told to stop, it answers until it does, but the load balancer should send nobody here any more."""
    return (Check("service", False, "was told to stop"),) if services.leaving.is_set() else ()


def _connections(services: Services) -> tuple[Check, ...]:
    """What has kept a part from connecting since the start; the log says more, for that may name a path."""
    wrong = sorted({fault.variable for fault in services.faults})
    detail = f"the environment variables that cannot be used: {', '.join(wrong)}; the log says why"
    return (Check("connections", False, detail),) if wrong else ()


def _database(services: Services) -> Check:
    """Open it for real; the reason goes to the log, because it names a path."""
    try:
        with services.store.transaction():
            pass
        services.store.check_space()  # on a full disk an empty transaction succeeds
    except StoreError as problem:
        log.error("Not ready: %s", problem.for_operator)
        return Check("database", False, "cannot be used; the log says why")
    return Check("database", True, "can be used")
