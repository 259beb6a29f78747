"""What a chat may wish for: rules and settings, kept, changed, refused kindly, and carried along."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import alerts_table, ask, rules_table, watchlist
from bellwether.alerts.rule_requests import wish_of
from bellwether.alerts.text.alerts import describe
from bellwether.core.alert_types import (
    AlertRule,
    AlertSettings,
    DigestMode,
    Direction,
    QuietHours,
    Repeat,
    RuleKind,
    RuleRequest,
)
from bellwether.core.config import load_settings
from bellwether.core.errors import BadHorizon, BadRule, BadTimeZone, LimitReached, UnknownSymbol
from bellwether.delivery import chat_data_table, chat_wishes, chats_table
from bellwether.services import Services, build_services
from tests.conftest import MODELS, NOW

ABOVE, BELOW, EITHER = Direction.ABOVE, Direction.BELOW, Direction.EITHER
GROWTH = RuleRequest(RuleKind.GROWTH, 0.05)


def add(services: Services, wish: RuleRequest, text: str = "AAPL", chat_id: int = 7) -> AlertRule:
    return ask.add_rule(services, chat_id, text, wish, "en")


@pytest.mark.parametrize(
    ("wish", "threshold", "direction", "words"),
    [
        (GROWTH, 0.05, ABOVE, "AAPL: a middle outcome over the next two weeks above +5.0\u00a0%"),
        (
            RuleRequest(RuleKind.GROWTH, -0.03, horizon=5),
            -0.03,
            BELOW,
            "a middle outcome over the next week below −3.0\u00a0%",
        ),
        (RuleRequest(RuleKind.GROWTH, 0.01, BELOW), 0.01, BELOW, "below +1.0\u00a0%"),
        (
            RuleRequest(RuleKind.CHANCE, 0.6, horizon=21),
            0.6,
            ABOVE,
            "chance of a rise over the next month above 60\u00a0%",
        ),
        (RuleRequest(RuleKind.CHANCE, 0.4, BELOW), 0.4, BELOW, "below 40\u00a0%"),
        (
            RuleRequest(RuleKind.RISK, 0.1),
            -0.1,
            BELOW,
            "a 1 in 20 chance of losing more than 10\u00a0% over the next two weeks",
        ),
        (RuleRequest(RuleKind.RISK, -0.1), -0.1, BELOW, "losing more than 10\u00a0%"),
        (RuleRequest(RuleKind.UNUSUAL), 0.05, BELOW, "as unusual as on 1 day in 20"),
        (RuleRequest(RuleKind.UNUSUAL, 0.01), 0.01, BELOW, "as unusual as on 1 day in 100"),
        (RuleRequest(RuleKind.PRICE, 200.0), 200.0, ABOVE, "AAPL: a close above $200.00"),
        (RuleRequest(RuleKind.PRICE, 150.0), 150.0, BELOW, "AAPL: a close below $150.00"),
        (
            RuleRequest(RuleKind.MOVE, 0.03),
            0.03,
            EITHER,
            "AAPL: a rise or fall of 3\u00a0% or more from one close to the next",
        ),
        (RuleRequest(RuleKind.MOVE, -0.03), -0.03, BELOW, "a fall of 3\u00a0% or more"),
        (RuleRequest(RuleKind.MOVE, 0.03, BELOW), -0.03, BELOW, "a fall of 3\u00a0% or more"),
        (RuleRequest(RuleKind.MOVE, 0.03, ABOVE), 0.03, ABOVE, "a rise of 3\u00a0% or more"),
    ],
)
def test_a_wish_becomes_a_rule(
    wish: RuleRequest, threshold: float, direction: Direction, words: str, services: Services
) -> None:
    rule = add(services, wish)
    assert (rule.threshold, rule.direction) == (threshold, direction)
    assert words in describe(rule, "USD")
    assert ask.rules_of(services.store, 7) == [rule]
    assert rule.armed
    assert rule.horizon == (0 if wish.kind in {RuleKind.PRICE, RuleKind.MOVE} else wish.horizon)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("wish", "words"),
    [
        *(
            (RuleRequest(RuleKind.GROWTH, bad), "more than 0\u00a0% and at most 100\u00a0%")
            for bad in (0.0, 1.01, -1.5, None)
        ),
        *((RuleRequest(RuleKind.GROWTH, bad), "more than 0\u00a0%") for bad in (float("nan"), float("inf"))),
        *((RuleRequest(RuleKind.CHANCE, bad), "less than 100\u00a0%") for bad in (0.0, 1.0, -0.4, 2.0)),
        *((RuleRequest(RuleKind.RISK, bad), "less than 100\u00a0%") for bad in (0.0, 1.0, -1.0, 1.1)),
        *((RuleRequest(RuleKind.UNUSUAL, bad), "at most 50\u00a0%") for bad in (0.0, -0.05, 0.51)),
        *((RuleRequest(RuleKind.MOVE, bad), "at most 100\u00a0%") for bad in (0.0, 1.2, None)),
        *((RuleRequest(RuleKind.PRICE, bad), "number above 0") for bad in (0.0, -5.0, None, float("nan"))),
        *((RuleRequest(RuleKind.MOVE, bad), "0.01\u00a0% or more") for bad in (1e-12, -1e-9, 0.00009)),
        (RuleRequest(RuleKind.PRICE, 1e9), "looks like a slip"),
        (RuleRequest(RuleKind.PRICE, 200.0, BELOW), "below 200 already"),
        (RuleRequest(RuleKind.PRICE, 150.0, ABOVE), "above 150 already"),
        (RuleRequest(RuleKind.GROWTH, 0.05, EITHER), "make two alerts"),
        (replace(GROWTH, expires=date(2026, 11, 22)), "is over already"),
        (replace(GROWTH, expires=date.max), "No calendar reaches that far"),
        (RuleRequest(RuleKind.EARNINGS), "when Apple reports"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_what_can(wish: RuleRequest, words: str, services: Services) -> None:
    with pytest.raises(BadRule, match=words) as refused:
        add(services, wish)
    assert len(str(refused.value)) < 220
    assert ask.rules_of(services.store, 7) == []


@pytest.mark.sqlite
@pytest.mark.parametrize("horizon", [0, -1, 64])
def test_a_horizon_that_cannot_be_is_refused(horizon: int, services: Services) -> None:
    with pytest.raises(BadHorizon, match="1 to 63"):
        add(services, replace(GROWTH, horizon=horizon))
    # a price has none
    assert add(services, RuleRequest(RuleKind.PRICE, 200.0, horizon=horizon)).horizon == 0


def test_what_cannot_be_forecast_cannot_be_watched(services: Services) -> None:
    with pytest.raises(UnknownSymbol):
        add(services, GROWTH, "NOSUCH")
    silent = replace(services, model=None, models=build_services(
        load_settings(database={"path": services.settings.database.path}, models={"folder": Path("/nowhere")})
    ).models)  # fmt: skip
    with pytest.raises(BadRule, match=r"the model is silent.*price or its daily moves work"):
        add(silent, GROWTH)
    assert add(silent, RuleRequest(RuleKind.MOVE, 0.05)).kind is RuleKind.MOVE


def test_the_same_rule_twice_is_refused_and_another_threshold_is_not(services: Services) -> None:
    add(services, GROWTH)
    with pytest.raises(BadRule, match="already"):
        add(services, GROWTH)
    add(services, replace(GROWTH, threshold=0.06))
    add(services, GROWTH, chat_id=8)
    assert len(ask.rules_of(services.store, 7)) == 2


def test_the_limit_is_said(services: Services) -> None:
    few = build_services(
        load_settings(
            database={"path": services.settings.database.path}, models={"folder": MODELS}, alerts={"rule_limit": 2}
        ),
        clock=lambda: NOW,
    )
    for threshold in (0.05, 0.06):
        add(few, RuleRequest(RuleKind.GROWTH, threshold))
    with pytest.raises(LimitReached, match="already have 2 alerts"):
        add(few, RuleRequest(RuleKind.GROWTH, 0.07))


def test_an_expiry_is_the_end_of_that_day_by_the_chats_clock(services: Services) -> None:
    ask.change_alert_settings(services, 7, AlertSettings("Asia/Tokyo"), "en")
    rule = add(services, replace(GROWTH, expires=date(2026, 12, 1)))
    assert rule.expires_at == datetime(2026, 12, 1, 15, tzinfo=UTC)


def test_a_rule_is_changed_and_removed_by_its_number_and_only_by_its_chat(services: Services) -> None:
    rule = add(services, GROWTH)
    other = add(services, replace(GROWTH, threshold=0.07))
    judged = replace(rule, armed=False, last_value=0.06, judged=date(2026, 11, 20))
    with services.store.transaction() as db:
        rules_table.keep_state(db, [judged])
    changed = ask.change_rule(services, 7, rule.id, replace(wish_of(rule), threshold=0.04))
    # armed anew, but the session that it told of is not told again
    assert (changed.threshold, changed.armed, changed.last_value, changed.judged) == (0.04, True, None, judged.judged)
    assert ask.rules_of(services.store, 7) == [changed, other]
    with pytest.raises(BadRule, match="another alert that says just this"):
        ask.change_rule(services, 7, rule.id, replace(wish_of(rule), threshold=0.07))
    for chat_id, number in ((8, rule.id), (7, 999)):
        with pytest.raises(BadRule, match=f"no alert number {number}"):
            ask.change_rule(services, chat_id, number, GROWTH)
        with pytest.raises(BadRule, match=f"no alert number {number}"):
            ask.remove_rule(services.store, chat_id, number)
    assert ask.remove_rule(services.store, 7, rule.id) == changed
    assert ask.rules_of(services.store, 7) == [other]


# ---- settings


def test_settings_are_the_defaults_until_something_is_said_and_then_kept(services: Services) -> None:
    assert chat_wishes.alert_settings(services.store, 7) == AlertSettings()
    watchlist.watch(services, 7, "AAPL", "en")
    assert chat_wishes.alert_settings(services.store, 7) == AlertSettings()
    wanted = AlertSettings(
        "America/Sao_Paulo", DigestMode.UNUSUAL, time(18, 30), QuietHours(time(22), time(7, 15)), weekly_budget=3
    )
    kept = ask.change_alert_settings(services, 7, wanted, "en")
    assert chat_wishes.alert_settings(services.store, 7) == kept
    assert replace(kept, changed_at=None, pending=None) == wanted
    assert kept.changed_at == NOW
    assert kept.pending is None  # on Monday noon no digest is still to come
    later = ask.change_alert_settings(services, 7, replace(kept, weekly_budget=None), "en")
    assert later == replace(kept, weekly_budget=None)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weekly_budget": -1}, "0 to 1000"),
        ({"weekly_budget": 5000}, "0 to 1000"),
        ({"quiet": QuietHours(time(7), time(7))}, "another end"),
        ({"digest_at": time(18, 30, 5)}, "hours and minutes"),
        ({"digest_at": time(18, 30, tzinfo=UTC)}, "local"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, object], words: str, services: Services) -> None:
    with pytest.raises(BadRule, match=words):
        ask.change_alert_settings(services, 7, replace(AlertSettings(), **change), "en")  # type: ignore[arg-type]
    assert chat_wishes.alert_settings(services.store, 7) == AlertSettings()


@pytest.mark.sqlite
@pytest.mark.parametrize("timezone", ["", "Mars/Olympus", "EST", "../../etc/passwd", "Europe/Berlin\x00"])
def test_a_time_zone_that_is_none_is_refused(timezone: str, services: Services) -> None:
    with pytest.raises(BadTimeZone, match="name a city"):
        ask.change_alert_settings(services, 7, AlertSettings(timezone), "en")


# ---- moves


def test_a_group_that_becomes_a_supergroup_keeps_its_rules_and_settings(services: Services) -> None:
    rule = add(services, GROWTH, chat_id=-20)
    kept = ask.change_alert_settings(services, -20, AlertSettings("Asia/Tokyo", weekly_budget=2), "en")
    with services.store.transaction() as db:
        chats_table.migrate(db, -20, -100)
    assert ask.rules_of(services.store, -100) == [replace(rule, chat_id=-100)]
    assert chat_wishes.alert_settings(services.store, -100) == kept
    assert ask.rules_of(services.store, -20) == []
    assert chat_wishes.alert_settings(services.store, -20) == AlertSettings()


def test_what_the_new_chat_has_already_stays_and_nothing_is_doubled(services: Services) -> None:
    add(services, GROWTH, chat_id=-20)
    mine = add(services, GROWTH, chat_id=-100)
    with services.store.transaction() as db:
        chats_table.migrate(db, -20, -100)
    assert ask.rules_of(services.store, -100) == [mine]


def test_a_chat_that_is_forgotten_leaves_nothing_behind(services: Services) -> None:
    add(services, GROWTH)
    add(services, GROWTH, chat_id=8)
    ask.change_alert_settings(services, 7, AlertSettings("Asia/Tokyo"), "en")
    with services.store.transaction() as db:
        chat_data_table.forget(db, 7)
        for table in ("alert_rules", "alert_settings", "alerts"):
            assert db.execute(f"SELECT count(*) FROM {table} WHERE chat_id = 7").fetchone() == (0,)
        assert alerts_table.told_since(db, [7, 8], NOW - timedelta(days=7)) == {}
    assert len(ask.rules_of(services.store, 8)) == 1


def test_once_or_again_is_kept(services: Services) -> None:
    assert add(services, replace(GROWTH, repeat=Repeat.ONCE)).repeat is Repeat.ONCE
    assert ask.rules_of(services.store, 7)[0].repeat is Repeat.ONCE
