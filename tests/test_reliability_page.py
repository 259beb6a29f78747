"""docs/reliability.md names the tests that prove it: each of them exists."""

import ast
import re
from pathlib import Path

import pytest

from bellwether.core import metrics
from tests.chaos.plan import POINTS

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)


def test_every_row_of_the_matrix_names_a_test() -> None:
    table = PAGE[PAGE.index("| fault ") : PAGE.index("## What is not guaranteed")]
    lines = [line for line in table.splitlines()[2:] if line]
    assert len(lines) > 15
    for line in lines:
        assert "`test_" in line.rsplit("|", 2)[1], line


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_a_named_test_exists(file: str, name: str) -> None:
    (path,) = TESTS.rglob(file)
    functions = {
        node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    }
    assert name in functions


def test_every_metric_is_described() -> None:
    for metric in (*metrics.COUNTERS, metrics.FORECAST):
        assert metric.name in PAGE


def test_the_number_of_places_to_die_is_told_right() -> None:
    assert len(POINTS) == 12
    assert "twelve places" in PAGE
