"""What is shipped for Prometheus and Grafana names metrics that the service really tells, and warns when it should."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bellwether import __version__
from bellwether.core import metrics as counted
from bellwether.core.config import Settings
from bellwether.jobs.prove_ledger import prove_ledger
from tests.support.clock import Clock
from tests.support.web import Visitor
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import MODELS, yahoo_services
from web.app import create_app

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
RULES = DEPLOY / "prometheus/rules.yml"
DASHBOARD = DEPLOY / "grafana/dashboards/bellwether.json"
#: what is told of the process comes from /proc, which not every system has
NAME = r"\b(?:bellwether|process)_\w+" if Path("/proc/self/stat").exists() else r"\bbellwether_\w+"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The metrics of a live service that has fetched prices, sent messages and proved its ledger."""
    counted.SENT.add(kind="digest")
    counted.FAILED.add(reason="refused")
    clock = Clock(datetime(2026, 11, 23, 18, 0, tzinfo=UTC))
    with YahooServer() as server:
        services = yahoo_services(tmp_path_factory.mktemp("live"), server, clock)
        services.provider.instrument("TSLA")
        prove_ledger(services, lambda: False)
        answer = Visitor(create_app(services)).get("/metrics")
    return str(answer.text)


def expressions() -> list[str]:
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    return rules + panels


def test_rules_and_dashboard_name_metrics_and_labels_that_the_service_tells(told: str) -> None:
    known = {line.partition(" ")[0].partition("{")[0] for line in told.splitlines() if not line.startswith("#")}
    labels = set(re.findall(r'[{,](\w+)="', told)) | {"job"}
    for expression in expressions():
        assert set(re.findall(NAME, expression)) <= known, expression
        named = re.findall(r"by \(([^)]+)\)", expression) + re.findall(r"[{,](\w+)=", expression)
        assert {label for text in named for label in text.split(", ")} <= labels, expression
    for label, value in re.findall(r'(\w+)="(\w+)"', " ".join(expressions())):
        assert label == "job" or f'{label}="{value}"' in told
    shown = " ".join(expressions())
    assert [name for name in re.findall(r"# TYPE (bellwether_\w+)", told) if name not in shown] == []


def test_a_live_service_tells_of_all_its_parts(told: str) -> None:
    assert f'bellwether_build_info{{version="{__version__}"}} 1.0' in told
    for part in ("database_up", "source_up", "model_up", "ledger_whole"):
        assert f"bellwether_{part} 1.0" in told
    ((since, model),) = re.findall(r'seen_to_timestamp_seconds\{model="([^"]+)"\} (\S+)', told)
    assert since and datetime.fromtimestamp(float(model), UTC).year == 2024
    assert re.search(r"^bellwether_database_size_bytes [1-9]", told, re.M)


def test_the_overview_of_the_dashboard_overlaps_nowhere() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells


def test_each_rule_fires_when_it_should_and_not_before() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run(["promtool", *command], cwd=RULES.parent, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_is_tried_and_says_what_to_do() -> None:
    names = [rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    tried = (RULES.parent / "rules_test.yml").read_text()
    assert [name for name in names if f'alertname="{name}"' not in tried] == []
    assert all(rule["annotations"]["action"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"])


def test_the_shipped_models_are_not_called_old_by_an_alert_but_one_of_the_operator_is() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    (expression,) = (rule["expr"] for rule in rules if rule["alert"] == "BellwetherModelOld")
    (shipped,) = re.findall(r'model!~"([^"]+)"', expression)
    assert re.fullmatch(shipped, Settings().models.serve)
    assert {path.name for path in MODELS.glob("daily-*") if not re.fullmatch(shipped, path.name)} == set()
    assert not re.fullmatch(shipped, "daily-range-2026-03"), "as `training renew` names them"
