"""A kind of rule has its place everywhere: whoever adds one is told here what is still missing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from bellwether.alerts.rules.judge import MARGINS, RuleReason, measure
from bellwether.alerts.text import alerts
from bellwether.alerts.text.events import event
from bellwether.client.answers.alerts import Kind
from bellwether.core.alert_types import FORECASTS, Direction, RuleKind
from bellwether.delivery.message_kinds import SILENT
from bot.commands.alert_presets import presets
from bot.commands.alert_typed import read_alert
from bot.commands.alert_views import kind_buttons
from tests.conftest import MakeBars
from tests.test_rules_alert import forecast, rule, sight

ROOT = Path(__file__).resolve().parents[1]
of_each_kind = pytest.mark.parametrize("kind", RuleKind, ids=lambda kind: kind.value)


@of_each_kind
def test_it_has_a_figure_and_a_sentence_on_each_side(kind: RuleKind, make_bars: MakeBars) -> None:
    bars = make_bars()
    seen = sight(bars, forecast(), earnings=bars.cutoff + timedelta(days=1))
    for direction in Direction:
        for reason in (RuleReason.CROSSED, RuleReason.STANDS_BEYOND):
            asked = rule(kind, direction=direction)
            asked = replace(asked, horizon=10 if kind in FORECASTS else 0)
            figure = measure(asked, seen)
            assert figure is not None
            assert alerts.waits_for(asked, "USD")
            if direction is not Direction.EITHER or kind is RuleKind.MOVE:
                assert "Made up" in event(asked, reason, figure, seen)


@of_each_kind
def test_it_can_be_typed_pressed_and_told_without_waking_anybody_by_chance(kind: RuleKind) -> None:
    assert kind in MARGINS
    assert kind.value in SILENT
    assert read_alert(f"AAPL {kind.value}").kind is kind
    offered = [button.action for row in kind_buttons("AAPL", 10) for button in row]
    assert f"kind:AAPL:{kind.value}:10" in offered
    assert presets(kind, 10, "AAPL", 170.0, "USD")


@of_each_kind
def test_the_client_and_the_manual_know_it(kind: RuleKind) -> None:
    assert kind.value in get_args(Kind)
    assert f"| `{kind.value}` |" in (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    assert f"`{kind.value}`" in (ROOT / "docs/api.md").read_text(encoding="utf-8")
