"""What generated clients and linters need of the API's description; where Redocly's linter is installed, it agrees."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator  # of schemathesis

FILE = Path("docs/openapi.json")
DESCRIBED: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
OPERATIONS = {
    f"{method} {path}": operation
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}
#: npx uses what it has and fetches nothing, no newer version is looked for, and nobody told of the run
OFFLINE = {"npm_config_offline": "true", "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
PATIENCE = 120  #: seconds


def schemas_in(part: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the description that may be a schema, with its place."""
    if isinstance(part, dict):
        yield place, part
        for name, below in part.items():
            yield from schemas_in(below, f"{place}/{name}")
    elif isinstance(part, list):
        for at, below in enumerate(part):
            yield from schemas_in(below, f"{place}/{at}")


def test_operations_have_names_that_a_program_can_call_them_by() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))
    for name in names:
        assert re.fullmatch("(get|list|add|create|change|remove|revoke|rotate|enable|test|replay|stream)_[a-z_]+", name)


def test_every_operation_has_a_summary_a_described_tag_and_a_refusal() -> None:
    tags = {tag["name"]: tag["description"] for tag in DESCRIBED["tags"]}
    assert all(tags.values())
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == set(tags)
    for place, operation in OPERATIONS.items():
        assert operation["summary"] and operation["description"] and operation["tags"], place
        assert any(status.startswith("4") for status in operation["responses"]), place


def test_parameters_are_told_of_and_are_never_null() -> None:
    for place, operation in OPERATIONS.items():
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (place, parameter["name"])
            assert "anyOf" not in parameter["schema"], (place, parameter["name"])


def test_it_says_its_licence_and_where_it_is_served() -> None:
    assert DESCRIBED["info"]["license"] == {"name": "MIT License", "identifier": "MIT"}
    assert Path("LICENSE").read_text().startswith("MIT License")
    assert DESCRIBED["info"]["description"] and DESCRIBED["info"]["contact"]
    assert all(server["description"] for server in DESCRIBED["servers"])


def test_arrays_say_what_is_in_them_and_every_part_is_used() -> None:
    for place, schema in schemas_in(DESCRIBED):
        if schema.get("type") == "array":
            assert schema.get("items"), place
    named = set(re.findall('"#/components/schemas/([^"]+)"', json.dumps(DESCRIBED)))
    assert named == set(DESCRIBED["components"]["schemas"])


def test_examples_are_what_they_are_examples_of() -> None:
    checked = 0
    for place, schema in schemas_in(DESCRIBED):
        if isinstance(examples := schema.get("examples"), list):
            validator = Draft202012Validator(schema | {"components": DESCRIBED["components"]})
            for example in examples:
                assert not list(validator.iter_errors(example)), place
                checked += 1
    assert checked > 10


def test_redocly_has_nothing_to_say_about_it() -> None:
    linter = redocly()
    if linter is None:
        pytest.skip("needs node and @redocly/cli (npm install --global @redocly/cli)")
    told = json.loads(run([*linter, "lint", str(FILE), "--format=json"]).stdout)
    assert [(problem["ruleId"], problem["message"]) for problem in told["problems"]] == []


def redocly() -> list[str] | None:
    """How Redocly's linter is called here: as a command, or by the npx that keeps it; None where it is missing."""
    for ways in (["redocly"], ["npx", "--yes", "@redocly/cli"]):
        if shutil.which(ways[0]) and run([*ways, "--version"]).returncode == 0:
            return ways
    return None


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run it without a network."""
    given = os.environ | OFFLINE
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False)
