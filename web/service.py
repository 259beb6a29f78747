"""For whoever runs the service: is it alive, and can it do its work?"""

import logging
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from bellwether.errors import StoreError
from bellwether.services import Services
from bellwether.types import Check
from web.services_of import ServicesOf

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Alive. Async, so that it answers even while every thread is busy."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(services: ServicesOf) -> JSONResponse:
    """Ready with a database, degraded without a model: then the plain rule answers. Not ready is 503."""
    model, database = _model(services), _database(services)
    checks = (model, database, Check("source", True, services.provider.name))
    body: dict[str, Any] = {
        "status": "not ready" if not database.ok else "ready" if model.ok else "degraded",
        "checks": {check.name: {"ok": check.ok, "detail": check.detail} for check in checks},
    }
    return JSONResponse(body, status_code=200 if database.ok else 503)


def _model(services: Services) -> Check:
    if services.model is None:
        return Check("model", False, services.model_problem)
    return Check("model", True, services.model.card.model_id)


def _database(services: Services) -> Check:
    """Open it for real; the reason goes to the log, because it names a path."""
    try:
        with services.store.transaction():
            return Check("database", True, "can be used")
    except StoreError as problem:
        log.error("Not ready: %s", problem.for_operator)
        return Check("database", False, "cannot be used; the log says why")
