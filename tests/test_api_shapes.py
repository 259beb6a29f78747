"""Every answer of the API has the shape that the client declares: its keys in their order, its values as they say."""

import pkgutil
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bellwether.ask import forecasts
from bellwether.client import answers
from bellwether.client.answers.forecast import BaselineAnswer, ForecastAnswer
from bellwether.client.answers.wire import LEVELS
from bellwether.core.incident import IncidentKind
from bellwether.jobs.publish_heads import publish_heads
from bellwether.track_record.incidents import incidents_table
from bellwether.track_record.incidents.types import Incident
from tests.support.account import set_clock, settle
from tests.support.shapes import check_shape
from tests.support.webhooks import RULE, fire, hook, live_api, send

ADMIN = "the-operators-own-token-of-40-characters"
NAMES = {
    "{symbol}": "AAPL",
    "{rule_id}": "1",
    "{webhook_id}": "1",
    "{key_id}": "1",
    "/risk": "/risk?symbols=AAPL,KO",
}


def declared() -> dict[str, Any]:
    """Everything that the client declares, by name."""
    modules = [
        import_module(f"{answers.__name__}.{iter_module.name}")
        for iter_module in pkgutil.iter_modules(answers.__path__)
    ]
    return {name: each for module in modules for name, each in vars(module).items()}


def test_whatever_can_be_looked_up_has_its_declared_shape(tmp_path: Path) -> None:
    api = live_api(tmp_path, bars=True, admin_token=ADMIN)
    key = api.key()
    api.ask("POST", "/rules", key, json=RULE)
    hook(api, key, "http://127.0.0.1:9/nobody-listens")
    issued = forecasts.answer(api.services, "AAPL", 1).forecast
    fire(api)
    send(api)
    set_clock(api.services, date(2021, 7, 8))
    settle(api.services)
    forecasts.answer(api.services, "AAPL", 10)  # its horizon is open
    storm = Incident(IncidentKind.TOO_RARELY, date(2021, 7, 1), date(2021, 7, 6), 0.61, 0.61)
    with api.services.store.transaction() as db:
        incidents_table.announce(db, storm, api.services.clock())
    publish_heads(api.services)
    asked = set()
    for path, operations in api.app.openapi()["paths"].items():
        said = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        reference = said.get("application/json", {}).get("schema", {}).get("$ref")
        if reference is None:
            continue
        address = path.removeprefix("/api/v1").replace("{forecast_id}", issued.forecast_id)
        for name, value in NAMES.items():
            address = address.replace(name, value)
        answer = api.get(address, ADMIN if "/admin/" in path else key)
        assert answer.status_code == 200, (address, answer.text)
        check_shape(declared()[reference.rpartition("/")[2]], answer.json())
        assert answer.json().get("items", True), f"{address} has nothing to be looked at"
        asked.add(path)
    assert len(asked) == 22
    batch = api.ask("POST", "/forecasts", key, json={"symbols": ["AAPL", "APPL"]}).json()
    check_shape(declared()["BatchAnswer"], batch)


def test_the_shape_of_an_answer_is_checked_to_its_keys_their_order_and_their_types() -> None:
    good: dict[str, Any] = {"quantiles": dict.fromkeys(LEVELS, 1.0), "probability_of_growth": 0.5}
    check_shape(BaselineAnswer, good)
    bad = [
        good | {"more": 1},
        good | {"probability_of_growth": 1.5},
        good | {"quantiles": {"0.5": 1.0}},
        {"quantiles": good["quantiles"]},
    ]
    for each in bad:
        with pytest.raises(ValidationError):
            check_shape(BaselineAnswer, each)
    with pytest.raises(AssertionError):
        check_shape(BaselineAnswer, dict(reversed(good.items())))
    with pytest.raises(ValidationError, match="cutoff"):
        check_shape(ForecastAnswer, {"cutoff": "yesterday"})
