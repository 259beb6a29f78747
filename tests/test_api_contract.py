"""What the API promises in docs/openapi.json: the file is this version's, and no call is answered otherwise."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from bellwether.services import Services
from tests.support.api import Api
from web.app import create_app

load_all_checks()
# what is a symbol, a day or a sound rule no schema can say: such a call may be refused, by a documented problem
NOT_SAID_BY_A_SCHEMA = [CHECKS.get_one("positive_data_acceptance")]
DESCRIBED = json.loads(Path("docs/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = sorted((path, method) for path, methods in DESCRIBED["paths"].items() for method in methods)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("contract"), api={"limits": False, "bars": True})


@pytest.fixture(scope="module")
def key(api: Api) -> str:
    return api.key()


@pytest.fixture(scope="module")
def schema(api: Api) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", api.app)


def test_the_description_in_the_manual_is_this_versions(services: Services) -> None:
    described = json.loads(json.dumps(create_app(services).openapi()))
    assert described == DESCRIBED, "run: python -m bellwether.cli.openapi > docs/openapi.json"
    assert described["openapi"] == "3.1.0"


def test_every_operation_says_who_may_ask_and_what_can_go_wrong() -> None:
    for path, method in OPERATIONS:
        operation = DESCRIBED["paths"][path][method]
        assert operation["summary"], path
        assert path.startswith("/api/v1/")
        for status in ("400", "401", "403", "429", "503"):
            assert "application/problem+json" in operation["responses"][status]["content"], (path, status)
        named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize(
    ("path", "method"), [one for one in OPERATIONS if "stream" not in one[0]], ids=lambda part: str(part)
)
def test_no_call_is_answered_otherwise_than_documented(api: Api, key: str, schema: Any, path: str, method: str) -> None:
    """A few made-up calls of each operation; `make fuzz-api` makes 20,000."""
    operation = schema[path][method.upper()]

    @settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=NOT_SAID_BY_A_SCHEMA)

    call()
