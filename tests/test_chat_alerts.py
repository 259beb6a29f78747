"""/alerts in the conversation: set up by taps or in one line, listed, changed, removed."""

from datetime import UTC, datetime

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.price_levels import level_at
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.core.errors import BadDate, BadHorizon, BadRule
from bellwether.core.types import HEADS
from bellwether.market.symbols.universe import listed, well_known
from bellwether.services import Services, build_services
from bot.commands import alert_views
from bot.commands.alert_typed import Typed, read_alert
from tests.conftest import MODELS, NOW
from tests.support.talk import Talk

CHAT = 1001
BY_TAPS = {
    "Price reaches a level": ("$179.30 (+5.0 %)", "AAPL: a close above $179.30"),
    "Big move in one day": ("3 %", "AAPL: a rise or fall of 3 % or more from one close to the next"),
    "Risk of a big loss": ("12 %", "AAPL: a 1 in 20 chance of losing more than 12 % over the next two weeks"),
    "Unusual forecast": ("1 day in 50", "AAPL: a forecast over the next two weeks as unusual as on 1 day in 50"),
    "Chance of a rise": ("below 53 %", "AAPL: chance of a rise over the next two weeks below 53 %"),
    "Middle of the forecast": ("below +0.3 %", "AAPL: a middle outcome over the next two weeks below +0.3 %"),
}


def rules(talk: Talk) -> list[AlertRule]:
    return ask.rules_of(talk.services.store, CHAT)


@pytest.mark.parametrize("kind", BY_TAPS)
def test_three_taps_from_a_forecast_set_up_an_alert(talk: Talk, kind: str) -> None:
    threshold, said = BY_TAPS[kind]
    talk.say("AAPL")
    assert "what should I tell you?" in talk.press("Alert me…")
    assert "Apple (AAPL)" in talk.press(kind)
    assert said in talk.press(threshold)
    assert talk.notice == "Done."
    assert len(rules(talk)) == 1


@pytest.mark.parametrize("kind", BY_TAPS)
def test_three_taps_from_the_list_of_alerts_do_too(talk: Talk, kind: str) -> None:
    watchlist.watch(talk.services, CHAT, "AAPL", "en")
    assert "You have no alerts yet" in talk.say("/alerts")
    talk.press("+ AAPL")
    talk.press(kind)
    talk.press(BY_TAPS[kind][0])
    assert len(rules(talk)) == 1
    listed = talk.say("/alerts")
    assert "Your 1 alert" in listed
    assert BY_TAPS[kind][1] in listed
    talk.press("1: AAPL")
    assert "Remove" in talk.labels


def test_an_alert_keeps_the_horizon_of_the_forecast_it_was_begun_under(talk: Talk) -> None:
    talk.say("AAPL 3m")
    talk.press("Alert me…")
    talk.press("Risk of a big loss")
    assert "over the next three months" in talk.press("25 %")
    assert rules(talk)[0].horizon == 63


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("AAPL price 200", ("AAPL", RuleKind.PRICE, 200.0, Direction.ABOVE, 0)),
        ("apple price above $200", ("AAPL", RuleKind.PRICE, 200.0, Direction.ABOVE, 0)),
        ("apple price below 1,0", None),
        ("AAPL risk 10%", ("AAPL", RuleKind.RISK, -0.1, Direction.BELOW, 10)),
        ("AAPL risk 10 % 1m", ("AAPL", RuleKind.RISK, -0.1, Direction.BELOW, 21)),
        ("TSLA chance below 40% 3m", ("TSLA", RuleKind.CHANCE, 0.4, Direction.BELOW, 63)),
        ("tesla growth -2%", ("TSLA", RuleKind.GROWTH, -0.02, Direction.BELOW, 10)),
        ("tesla move down 3%", ("TSLA", RuleKind.MOVE, -0.03, Direction.BELOW, 0)),
        ("tesla move 3", ("TSLA", RuleKind.MOVE, 0.03, Direction.EITHER, 0)),
        ("msft unusual", ("MSFT", RuleKind.UNUSUAL, 0.05, Direction.BELOW, 10)),
        ("S&P 500 move 2%", ("^GSPC", RuleKind.MOVE, 0.02, Direction.EITHER, 0)),
    ],
)
def test_an_alert_can_be_typed_in_one_line(
    talk: Talk, said: str, rule: tuple[str, RuleKind, float, Direction, int] | None
) -> None:
    answered = talk.say(f"/alerts {said}")
    if rule is None:
        assert "slip" in answered
        assert rules(talk) == []
        return
    (kept,) = rules(talk)
    assert (kept.symbol, kept.kind, kept.threshold, kept.direction, kept.horizon) == rule
    assert answered.startswith("Done.")


def test_once_and_until_are_understood(talk: Talk) -> None:
    talk.say("/settings timezone Tokyo")
    assert "It ends with 31 December 2026" in talk.say("/alerts AAPL price 200 once until 2026-12-31")
    (kept,) = rules(talk)
    assert kept.repeat is Repeat.ONCE
    assert kept.expires_at == datetime(2026, 12, 31, 15, tzinfo=UTC), "midnight in Tokyo"
    assert "It ends with 31 December 2026" in talk.press("Every time"), "a change of one thing keeps the others"
    assert rules(talk)[0].expires_at == kept.expires_at


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("AAPL risk ten", "no percentage"),
        ("AAPL price cheap", "no price"),
        ("AAPL risk 500%", "less than 100 %"),
        ("AAPL risk 10% until yesterday", "is not a date"),
        ("AAPL risk 10% until", "Until when?"),
        ("AAPL risk 10% 9m", "1 to 63"),
        ("AAPL earnings 5", "needs no number"),
        ("AAPL earnings", "can't learn here when Apple reports"),
        ("price 100", "Which stock?"),
        ("NOPE risk 10%", "don't know the ticker NOPE"),
        ("7", "no alert number 7"),
        ("AAPL price 170.73", "above or below"),
    ],
)
def test_what_cannot_be_is_said_kindly(talk: Talk, said: str, answer: str) -> None:
    assert answer in talk.say(f"/alerts {said}")
    assert rules(talk) == []


def test_a_threshold_that_is_missing_is_asked_for(talk: Talk) -> None:
    assert "At which closing price" in talk.say("/alerts AAPL price")
    talk.press("$179.30 (+5.0 %)")
    assert rules(talk)[0].threshold == 179.3


def test_a_question_back_goes_on_with_the_whole_alert(talk: Talk) -> None:
    talk.say("/alerts index move 5%")
    talk.press("^GSPC: S&P 500 index, Index, USD")
    assert [(rule.symbol, rule.threshold) for rule in rules(talk)] == [("^GSPC", 0.05)]
    talk.say("/alerts index")
    talk.press("^VIX: CBOE Volatility Index, Index, USD")
    assert "Big move in one day" in talk.labels


def test_an_alert_is_changed_paused_and_put_back_by_buttons(talk: Talk) -> None:
    talk.say("/alerts AAPL chance above 60%")
    assert "above 58 %" in talk.press("above 58 %")
    assert rules(talk)[0].threshold == 0.58
    assert "below 53 %" in talk.press("below 53 %")
    assert rules(talk)[0].direction is Direction.BELOW
    assert "Only once" in talk.press("Only once")
    assert rules(talk)[0].repeat is Repeat.ONCE
    talk.press("Every time")
    assert rules(talk)[0].repeat is Repeat.AGAIN
    assert "No more messages" in talk.press("Remove")
    assert rules(talk) == []
    talk.press("Put it back")
    assert [(rule.threshold, rule.direction) for rule in rules(talk)] == [(0.53, Direction.BELOW)]


@pytest.mark.parametrize("wish", [(RuleKind.MOVE, -0.03), (RuleKind.RISK, 0.1), (RuleKind.PRICE, 200.0)])
def test_what_was_removed_comes_back_as_it_was(talk: Talk, wish: tuple[RuleKind, float]) -> None:
    before = ask.add_rule(talk.services, CHAT, "AAPL", RuleRequest(*wish), "en")
    talk.say(f"/alerts {before.id} remove")
    talk.press("Put it back")
    (now,) = rules(talk)
    assert (now.kind, now.threshold, now.direction, now.horizon) == (
        before.kind,
        before.threshold,
        before.direction,
        before.horizon,
    )


def test_an_alert_is_changed_by_its_number(talk: Talk) -> None:
    talk.say("/alerts AAPL risk 10%")
    number = rules(talk)[0].id
    assert "losing more than 15 %" in talk.say(f"/alerts {number} 15%")
    assert "losing more than 15 % over the next month" in talk.say(f"/alerts #{number} 1m once")
    assert "(alert" in talk.say(f"/alerts {number}")
    assert "Removed" in talk.say(f"/alerts {number} remove")


def test_a_changed_side_needs_no_word_but_takes_one(talk: Talk) -> None:
    talk.say("/alerts AAPL chance above 60%")
    number = rules(talk)[0].id
    talk.say(f"/alerts {number} below 40%")
    assert rules(talk)[0].direction is Direction.BELOW
    talk.say(f"/alerts {number} once")
    assert (rules(talk)[0].threshold, rules(talk)[0].direction) == (0.4, Direction.BELOW)


def test_a_long_list_has_pages(talk: Talk) -> None:
    for level in range(200, 220):
        ask.add_rule(talk.services, CHAT, "AAPL", RuleRequest(RuleKind.PRICE, float(level)), "en")
    assert "Your 20 alerts" in talk.say("/alerts")
    assert "20: AAPL" in talk.labels
    assert "AAPL: a close above $210.00" in talk.press("Older »")
    assert "AAPL: a close above $219.00" not in talk.press("Older »")
    assert "Older »" not in talk.labels
    talk.press("« Newer")
    assert "« Newer" in talk.labels
    assert "Your 20 alerts" in talk.send("alerts:999"), "a page that is gone is the last one"


def test_a_fall_within_a_day_can_be_counted_from_todays_price_and_back(talk: Talk) -> None:
    said = talk.say("tell me when nvidia drops 5 %")
    assert "NVDA: a fall of 5 % or more from one close to the next" in said
    assert "within one trading day, not counted from today's price" in said
    (before,) = rules(talk)
    assert "NVDA: a close below $831.51" in talk.press(
        "From today's price: below $831.51 instead"
    )  # it closed at $875.28
    (level,) = rules(talk)
    assert (level.kind, level.threshold, level.direction) == (RuleKind.PRICE, 831.51, Direction.BELOW)
    assert (level.id, level.set_close) == (before.id, pytest.approx(875.28, abs=0.005))
    assert "a fall of 5 % or more" in talk.press("Within one day instead: −5.0 %")
    assert rules(talk) == [before]


def test_a_rise_within_a_day_can_be_counted_from_todays_price_and_either_way_can_not(talk: Talk) -> None:
    talk.say("/alerts NVDA move up 2.5% once")
    talk.press("From today's price: above $897.17 instead")
    (level,) = rules(talk)
    assert (level.kind, level.threshold, level.direction) == (RuleKind.PRICE, 897.17, Direction.ABOVE)
    assert level.repeat is Repeat.ONCE
    talk.press("Within one day instead: +2.5 %")
    assert (rules(talk)[0].kind, rules(talk)[0].threshold) == (RuleKind.MOVE, 0.025)
    talk.say("/alerts AAPL move 5%")
    assert not [label for label in talk.labels if "today's price" in label]


@pytest.mark.parametrize(
    ("close", "move", "level"),
    [
        (294.11, -0.05, 279.40),  # 279.4045: what closes there has fallen 5 % and not a hair less
        (294.11, 0.05, 308.82),  # 308.8155
        (100.0, -0.05, 95.0),
        (0.1, 0.1, 0.11),
        (1.01, -0.05, 0.9595),
        (0.00123, -0.1, 0.0011),
        (178.19999694824219, -0.05, 169.29),  # 178.20 as a source of single precision gives it
        (46_702.5, -0.03, 45_301.42),
    ],
)
def test_a_level_is_exact_money_and_no_nearer_than_the_move(close: float, move: float, level: float) -> None:
    assert level_at(close, move) == level


def test_the_same_alert_twice_is_refused(talk: Talk) -> None:
    talk.say("/alerts AAPL risk 10%")
    assert "already" in talk.say("/alerts AAPL risk 10%")
    assert "already" in talk.send("addrule:AAPL:risk:10:0.1")


def test_the_limit_is_said(services: Services) -> None:
    limited = build_services(
        load_settings(
            database={"path": services.settings.database.path}, models={"folder": MODELS}, alerts={"rule_limit": 1}
        ),
        clock=lambda: NOW,
    )
    talk = Talk(limited)
    talk.say("/alerts AAPL risk 10%")
    assert "the most I can keep" in talk.say("/alerts AAPL risk 20%")


@pytest.mark.parametrize(
    "action",
    [
        "kinds",
        "kinds:apple:10",
        "kind:AAPL:10",
        "kind:AAPL:luck:10",
        "addrule:AAPL:price:10",
        "addrule:AAPL:price:10:cheap",
        "addrule:AAPL:price:10:200:sideways",
        "addrule:AAPL:price:10:200:above:x",
        "alerts:-1",
        "rule:x",
        "setrule:1",
        "repeat:",
        "atlevel:1:279.4",
        "atlevel:1:cheap:-0.05",
        "atlevel:1:279.4:nan",
        "atlevel:1:279.4:inf",
        "inaday:1:x",
    ],
)
def test_a_forged_button_says_so_and_changes_nothing(talk: Talk, action: str) -> None:
    assert "older version" in talk.send(action)
    assert rules(talk) == []


def test_nobody_reaches_another_chats_alert(talk: Talk, services: Services) -> None:
    other = ask.add_rule(services, 55, "AAPL", RuleRequest(RuleKind.MOVE, 0.05), "en")
    for action in (f"rule:{other.id}", f"setrule:{other.id}:0.1", f"repeat:{other.id}", f"rmrule:{other.id}"):
        assert "You have no alert number" in talk.send(action)
    assert ask.rules_of(services.store, 55) == [other]


@pytest.mark.parametrize("action", ["kinds:AAPL:10", "addrule:AAPL:risk:10:0.1", "rmrule:1", "alerts"])
def test_in_a_group_only_admins_touch_alerts(talk: Talk, action: str) -> None:
    assert "only its admins" in talk.member().send(action)
    assert "only its admins" in talk.member().say("/alerts")
    assert rules(talk) == []


def test_every_button_of_every_symbol_fits() -> None:
    longest = "^" + "M" * 20
    for symbol in (*listed(), *(one.symbol for one in well_known()), longest):
        for kind in RuleKind:
            for horizon in (*HEADS, 42):
                rows = alert_views.threshold_buttons(symbol, kind, horizon, 123456.789, "USD")
                rows += alert_views.kind_buttons(symbol, horizon)
                assert all(len(one.action.encode()) <= 64 and len(one.label) <= 64 for row in rows for one in row)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("AAPL", Typed("AAPL")),
        ("t rowe price", Typed("t rowe", RuleKind.PRICE)),
        ("t rowe price price 100", Typed("t rowe price", RuleKind.PRICE, RuleRequest(RuleKind.PRICE, 100.0))),
        ("price", Typed("price")),
        ("AAPL UNUSUAL 2%", Typed("AAPL", RuleKind.UNUSUAL, RuleRequest(RuleKind.UNUSUAL, 0.02))),
        ("AAPL risk 1m", Typed("AAPL", RuleKind.RISK, None, 21)),
    ],
)
def test_the_last_word_for_a_kind_parts_the_symbol_from_the_rest(text: str, typed: Typed) -> None:
    assert read_alert(text) == typed


@pytest.mark.parametrize(
    ("text", "problem"),
    [("AAPL risk x", BadRule), ("AAPL risk 5% 99m", BadHorizon), ("AAPL risk 5% until x", BadDate)],
)
def test_parts_that_cannot_be_read_raise(text: str, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        read_alert(text)
