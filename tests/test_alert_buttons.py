"""The buttons under alerts: the chart, hear less of it, hear no more; and what old or forged ones answer."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellwether.alerts import ask
from bellwether.alerts.quieter import quieter_thresholds
from bellwether.alerts.tick_rules import judge_rules
from bellwether.core.alert_types import Direction, Repeat, RuleKind
from bellwether.delivery.offers import forecast_of, in_short, of_report, of_rule, read_offers
from bot.keyboards import under_message
from tests.support.bot_api_server.server import TelegramServer
from tests.support.running_bot import bot_services, running_bot
from tests.test_evaluate_rules import ANY_MOVE, EVENING, add, owed, services_at
from tests.test_rules_alert import rule

ANN = 1001


def test_an_alert_is_seen_made_quieter_and_stopped_by_its_buttons(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    made = add(services, ANY_MOVE, chat_id=ANN)
    with running_bot(services):
        judge_rules(services, EVENING)
        server.wait_for(lambda s: s.messages(ANN))
        alert = server.last(ANN)
        assert [button["text"] for row in alert.buttons for button in row] == [
            "Chart of AAPL",
            "Quieter…",
            "Stop this alert",
        ]
        for label in ("Chart of AAPL", "Quieter…"):
            before = len(server.messages(ANN))
            server.press(ANN, alert.message_id, label)
            server.wait_for(lambda s, before=before: len(s.messages(ANN)) > before)  # type: ignore[misc]
        assert server.messages(ANN)[1].kind == "photo"
        quieter = server.last(ANN)
        assert "How should it come less often?" in quieter.text
        server.press(ANN, quieter.message_id, f"setrule:{made.id}:0.0002:either")
        server.wait_for(lambda s: s.last(ANN).edits == 1)
        assert ask.rules_of(services.store, ANN)[0].threshold == 0.0002
        for _ in range(2):  # the second time it is gone already
            server.press(ANN, alert.message_id, "Stop this alert")
        server.wait_for(lambda s: len(s.answered_callbacks) == 5)
        assert ask.rules_of(services.store, ANN) == []
        assert "Put it back" in str(server.last(ANN).buttons)
        assert alert.edits == 0, "what it told stays"


def test_a_rule_that_was_for_once_offers_its_chart_alone(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, replace(ANY_MOVE, repeat=Repeat.ONCE))
    judge_rules(services, EVENING)
    (row,) = owed(services)
    assert row["offers"] == "forecast:AAPL:10"
    assert "It was to come only once, and is over." in str(row["text"])


def test_what_a_row_offers_is_read_back_and_what_a_later_version_offers_is_left_out() -> None:
    offers = (forecast_of("^GSPC", 21), *of_rule(12), *of_report("BRK-B"))
    assert read_offers(in_short(offers)) == offers
    assert read_offers(f"sing:12 {in_short(offers)}") == offers
    assert under_message(read_offers("")) == (), "messages of earlier versions have no buttons"


@pytest.mark.parametrize(
    ("kind", "direction", "threshold", "farther"),
    [
        (RuleKind.MOVE, Direction.EITHER, 0.03, [0.045, 0.06]),
        (RuleKind.MOVE, Direction.BELOW, -0.6, [-0.9]),
        (RuleKind.RISK, Direction.BELOW, -0.1, [-0.15, -0.2]),
        (RuleKind.GROWTH, Direction.BELOW, 0.02, [0.0133, 0.01]),
        (RuleKind.CHANCE, Direction.ABOVE, 0.88, [0.93]),
        (RuleKind.UNUSUAL, Direction.BELOW, 0.05, [0.033, 0.025]),
        (RuleKind.PRICE, Direction.ABOVE, 200.0, [214.2, 220.5]),  # it stands at 210
        (RuleKind.PRICE, Direction.BELOW, 100.0, [98.0, 95.0]),
        (RuleKind.EARNINGS, Direction.ABOVE, 0.5, []),
    ],
)
def test_a_quieter_threshold_is_passed_less_often(
    kind: RuleKind, direction: Direction, threshold: float, farther: list[float]
) -> None:
    asked = replace(rule(), kind=kind, direction=direction, threshold=threshold)
    assert quieter_thresholds(asked, 210.0) == farther
