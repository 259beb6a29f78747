"""A close that is missing among the newest ones: no move of two sessions is told, graded or compared as a day's."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bellwether.alerts import ask, rules_table, tick_rules, watchlist
from bellwether.alerts.rules.budget import surprise_of_move
from bellwether.alerts.rules.judge import Observation, RuleReason, judge, measure
from bellwether.alerts.text.digest import Digest, Digests
from bellwether.alerts.text.digest_lines import DigestEntry, Move
from bellwether.alerts.text.events import event
from bellwether.alerts.tick import tick
from bellwether.alerts.tick_rules import judge_rules
from bellwether.ask import forecasts
from bellwether.core import metrics
from bellwether.core.alert_types import AlertRule, Direction, Repeat, RuleKind, RuleRequest
from bellwether.core.errors import SourceError
from bellwether.core.types import Bars, Instrument
from bellwether.delivery import chats_table
from bellwether.forecasting import change_sentences
from bellwether.jobs.refresh_prices import every_symbol, refresh_all
from bellwether.market.calendar import is_exact, is_session
from bellwether.market.holes import Gap, gap, last_gap, last_steps, session_before
from bellwether.market.remote.cached_provider import CachedProvider
from bellwether.services import Services
from bot.commands import ChatContext, why
from tests.support.clock import Clock
from tests.support.web import Visitor, plain_text
from tests.support.yahoo_made import chart, walk
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services
from web.app import create_app

TUESDAY, WEDNESDAY, THURSDAY = date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)
AFTER_WEDNESDAY = datetime(2026, 12, 2, 21, 30, tzinfo=UTC)
AFTER_THURSDAY = datetime(2026, 12, 3, 21, 30, tzinfo=UTC)
SESSIONS = [
    day
    for step in range(-900, 0)
    if is_session("XNYS", day := np.busday_offset("2026-12-04", step, roll="forward").astype(object))
]
CLOSES = dict(zip(SESSIONS[:-2], walk(len(SESSIONS) - 2), strict=True))
LEVEL = CLOSES[TUESDAY]
UP = round(1.06 * LEVEL, 2)


@pytest.mark.parametrize(
    ("calendar", "first", "last", "between"),
    [
        ("XNYS", TUESDAY, THURSDAY, Gap.HOLE),
        ("XNYS", WEDNESDAY, THURSDAY, Gap.NONE),
        ("XNYS", date(2026, 11, 27), date(2026, 11, 30), Gap.NONE),  # a weekend
        ("XNYS", date(2026, 11, 25), date(2026, 11, 27), Gap.NONE),  # Thanksgiving
        ("XNYS", date(2026, 11, 25), date(2026, 11, 26), Gap.NONE),  # a source that has a close of it
        ("XTKS", date(2025, 5, 2), date(2025, 5, 7), Gap.NONE),  # Golden Week
        ("XTKS", date(2025, 5, 1), date(2025, 5, 7), Gap.HOLE),
        ("24/7", date(2026, 11, 27), date(2026, 11, 29), Gap.HOLE),  # coins have a Saturday
        ("24/5", TUESDAY, THURSDAY, Gap.UNSURE),
        ("24/5", date(2026, 11, 27), date(2026, 11, 30), Gap.NONE),
    ],
)
def test_a_hole_is_told_from_a_holiday_where_holidays_are_known(
    calendar: str, first: date, last: date, between: Gap
) -> None:
    assert gap(calendar, first, last) is between


def test_only_calendars_with_holidays_know_them() -> None:
    assert [is_exact(one, TUESDAY) for one in ("XNYS", "XTKS", "24/7", "24/5")] == [True, True, True, False]
    assert session_before("XNYS", THURSDAY) == WEDNESDAY
    assert session_before("XNYS", date(2026, 11, 29)) == date(2026, 11, 27)


# ---- over the real yfinance


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with YahooServer() as server:
        publish(server, CLOSES)
        yield server


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = AFTER_WEDNESDAY - timedelta(days=1)
    return clock


@pytest.fixture
def services(server: YahooServer, clock: Clock, tmp_path: Path) -> Services:
    return yahoo_services(tmp_path, server, clock)


def publish(server: YahooServer, closes: dict[date, float]) -> None:
    days = sorted(closes)
    for symbol in ("AAPL", "^GSPC", "^VIX"):
        server.add_chart(symbol, chart(symbol, [closes[day] for day in days], last=days[-1], days=days))


def add(services: Services, wish: RuleRequest) -> AlertRule:
    rule = ask.add_rule(services, 7, "AAPL", wish, "en")
    with services.store.transaction() as db:
        rules_table.change(db, replace(rule, created_at=AFTER_WEDNESDAY - timedelta(days=9)))
    return rule


def texts(services: Services, kind: str) -> list[str]:
    with services.store.reading() as db:
        return [str(row["text"]) for row in db.rows("SELECT * FROM outbox WHERE kind = ? ORDER BY id", (kind,))]


BIG_MOVE = RuleRequest(RuleKind.MOVE, 0.05)
RULE = AlertRule(1, 7, "MADE", "24/5", RuleKind.MOVE, Direction.EITHER, 0.05, 0, Repeat.AGAIN, AFTER_WEDNESDAY)


def provider(services: Services) -> CachedProvider:
    assert isinstance(services.provider, CachedProvider)
    return services.provider


def test_a_move_over_two_sessions_fires_no_rule_about_one_and_is_judged_when_the_close_comes(
    server: YahooServer, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(services, BIG_MOVE)
    add(services, RuleRequest(RuleKind.PRICE, round(1.03 * LEVEL, 2), Direction.ABOVE))
    judge_rules(services, clock.now)
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY
    did = judge_rules(services, clock.now)
    assert did.reasons == {RuleReason.SESSION_MISSING: 1, RuleReason.CROSSED: 1}
    assert texts(services, "move") == []
    assert f"has gone above ${1.03 * LEVEL:.2f}: it closed at ${UP:.2f}." in texts(services, "price")[0]
    clock.now += timedelta(hours=2)
    with monkeypatch.context() as patch:  # nothing new has come, so nothing is computed again
        patch.setattr(tick_rules, "observe_session", lambda *_: pytest.fail("looked at again"))
        assert judge_rules(services, clock.now).reasons == {RuleReason.SESSION_MISSING: 1}
    # it comes, and the move of Thursday alone is big
    publish(server, CLOSES | {WEDNESDAY: LEVEL, THURSDAY: UP})
    clock.now += timedelta(hours=2)
    assert refresh_all(services, lambda: False) is not None
    assert judge_rules(services, clock.now).reasons == {RuleReason.CROSSED: 1}
    assert f"moved +6.0\u00a0% on 3 December 2026, to ${UP:.2f}." in texts(services, "move")[0]
    assert judge_rules(services, clock.now).reasons == {}


@pytest.mark.parametrize("comes", [True, False])
def test_what_the_day_itself_does_not_show_is_never_told(
    server: YahooServer, services: Services, clock: Clock, comes: bool
) -> None:
    add(services, BIG_MOVE)
    judge_rules(services, clock.now)
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY
    assert judge_rules(services, clock.now).reasons == {RuleReason.SESSION_MISSING: 1}
    if comes:  # half of it was Wednesday's
        publish(server, CLOSES | {WEDNESDAY: round(1.03 * LEVEL, 2), THURSDAY: UP})
        clock.now += timedelta(hours=2)
        assert provider(services).refresh("AAPL")
        assert judge_rules(services, clock.now).reasons == {RuleReason.NOT_REACHED: 1}
    else:
        clock.now += timedelta(hours=12)
        before = metrics.RULES_DROPPED.values()
        assert judge_rules(services, clock.now).reasons == {}, "it was looked at, so nothing was dropped"
        assert metrics.RULES_DROPPED.values() == before
        assert ask.rules_of(services.store, 7)[0].judged == THURSDAY
    assert texts(services, "move") == []


def test_a_rule_that_waits_for_a_close_ends_when_its_time_is_over(
    server: YahooServer, services: Services, clock: Clock
) -> None:
    rule = replace(add(services, BIG_MOVE), expires_at=AFTER_THURSDAY + timedelta(hours=1))
    with services.store.transaction() as db:
        rules_table.change(db, rule)
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY
    assert judge_rules(services, clock.now).reasons == {RuleReason.SESSION_MISSING: 1}
    clock.now += timedelta(hours=1)
    assert judge_rules(services, clock.now).reasons == {RuleReason.EXPIRED: 1}


def test_a_digest_says_which_close_is_missing_and_names_the_days_it_compares(
    server: YahooServer, services: Services, clock: Clock
) -> None:
    watchlist.watch(services, 7, "AAPL", "en")
    clock.now += timedelta(hours=1)
    tick(services, clock.now)
    assert "since" not in texts(services, "digest")[-1]
    # Wednesday's close does not come in three hours
    clock.now = AFTER_WEDNESDAY + timedelta(hours=6)
    tick(services, clock.now)
    text = texts(services, "digest")[-1]
    assert text.startswith("<b>No closing prices yet.</b>\nClose of 2 December.")
    assert "1 range that ended today cannot be judged: a close is missing." in text
    assert ", no close of 2 December yet: " in text
    assert "held" not in text and "since" not in text
    assert text.count(" · ") == 1, "the next day after Tuesday has been"
    with services.store.reading() as db:
        told = db.rows("SELECT target_session FROM told_ranges WHERE cutoff = '2026-12-01'")
    assert sorted(str(row["target_session"]) for row in told) == ["2026-12-02", "2026-12-15"]
    # and not on Thursday either
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY + timedelta(hours=1)
    tick(services, clock.now)
    text = texts(services, "digest")[-1]
    assert "There is no close of 2 December 2026, so how it moved on 3 December 2026 alone is not known." in text
    assert "<b>Apple</b> moved +6.0\u00a0% since 1 December, 2.3 times as much as usual." in text
    assert " on the next trading day, " in text
    assert "Each line" not in text, "there is no other line"


def test_chat_and_page_name_the_day_that_they_compare_with(
    server: YahooServer, services: Services, clock: Clock
) -> None:
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY
    said = why.COMMAND.answer(ChatContext(services, 7), "AAPL").text
    assert "than on 1 December 2026" in said
    assert "There is no close of 2 December 2026, so how it moved on 3 December 2026 alone is not known." in said
    assert "trading day ago" not in said
    page = plain_text(Visitor(create_app(services)).get("/stocks/AAPL").text)
    assert "Since 1 December 2026" in page
    assert "There is no close of 2 December 2026" in page
    assert "trading day before" not in page
    # a look back whose target is the missing day is not graded with the close after it
    asked = forecasts.answer(services, "AAPL", 1, TUESDAY)
    assert asked.forecast.target_session == WEDNESDAY
    assert forecasts.what_came(services.provider, asked, services.clock()) is None
    publish(server, CLOSES | {WEDNESDAY: LEVEL, THURSDAY: UP})
    clock.now += timedelta(hours=2)
    assert provider(services).refresh("AAPL")
    assert "than a trading day ago" in why.COMMAND.answer(ChatContext(services, 7), "AAPL").text
    came = forecasts.what_came(services.provider, asked, services.clock())
    assert came is not None and came.growth == pytest.approx(0.0)


def test_a_missing_close_is_asked_for_again_by_the_refresh_alone_once_an_hour(
    server: YahooServer, services: Services, clock: Clock
) -> None:
    publish(server, CLOSES | {THURSDAY: UP})
    clock.now = AFTER_THURSDAY

    def asked(what: Callable[[], object]) -> int:
        before = len(server.requests_to("/v8/finance/chart/AAPL"))
        what()
        return len(server.requests_to("/v8/finance/chart/AAPL")) - before

    def answer() -> Bars:
        services.provider.instrument("AAPL")
        return services.provider.bars("AAPL", THURSDAY)

    def refresh() -> bool:
        return provider(services).refresh("AAPL")

    assert [asked(answer), asked(answer), asked(refresh)] == [1, 0, 0]
    clock.now += timedelta(minutes=61)
    assert [asked(answer), asked(refresh), asked(refresh), asked(answer)] == [0, 1, 0, 0]
    clock.now += timedelta(minutes=61)
    server.fail_next("/v8/finance/chart/", 503, times=None)
    with pytest.raises(SourceError):
        refresh()
    bars = answer()
    assert bars.origin is not None and bars.origin.note == ""  # they are all there is
    # somebody who asks while a refresh waits for the source does not wait with it
    with provider(services)._lock_of("AAPL"), ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(answer).result(timeout=20).cutoff == THURSDAY
    server.clear_faults()
    publish(server, CLOSES | {WEDNESDAY: LEVEL, THURSDAY: UP})
    clock.now += timedelta(minutes=61)
    assert refresh()
    assert last_gap("XNYS", answer()) is Gap.NONE
    clock.now += timedelta(minutes=61)
    assert not refresh()


def test_prices_that_a_rule_alone_needs_are_refreshed_too(services: Services) -> None:
    assert "AAPL" in every_symbol(services.store, services.universe)
    with services.store.transaction() as db:
        chats_table.join(db, 8, "en", AFTER_WEDNESDAY)
        rules_table.add(db, replace(RULE, chat_id=8, symbol="NOBODYS"))
    assert "NOBODYS" in every_symbol(services.store, services.universe)


# ---- where holidays are not known


@pytest.fixture
def two_days(make_bars: Callable[..., Bars]) -> Bars:
    """Bars that end on a Tuesday and the Thursday after it."""
    bars = make_bars(end=THURSDAY)
    kept = bars.sessions != np.datetime64(WEDNESDAY)
    quoted = bars.quoted_closes[kept].copy()
    quoted[-1] = 1.06 * quoted[-2]
    return replace(bars, sessions=bars.sessions[kept], values=bars.values[kept], quoted_closes=quoted)


def test_where_a_holiday_may_lie_between_the_days_are_named(two_days: Bars) -> None:
    one = Instrument("MADE", "Made up", "", "24/5", "USD")
    rule = RULE
    sight = Observation(one, two_days, {}, {}, THURSDAY + timedelta(days=1), gap=last_gap("24/5", two_days))
    figure = measure(rule, sight)
    assert figure == pytest.approx(0.06)
    verdict = judge(rule, figure, THURSDAY, AFTER_THURSDAY, sight.gap)
    assert verdict.fires
    said = event(rule, verdict.reason, figure or 0.0, sight)
    assert "moved +6.0\u00a0% from 1 December 2026 to 3 December 2026, to $" in said
    hole = replace(sight, gap=Gap.HOLE)
    assert measure(rule, hole) is None
    assert judge(rule, None, THURSDAY, AFTER_THURSDAY, hole.gap).reason is RuleReason.SESSION_MISSING
    ended = replace(rule, expires_at=AFTER_WEDNESDAY)
    assert judge(ended, None, THURSDAY, AFTER_THURSDAY, hole.gap).reason is RuleReason.EXPIRED


def test_a_digest_calls_no_day_a_missing_one_that_may_have_been_a_holiday(services: Services, clock: Clock) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    made, before = asked.forecast, forecasts.previous(services, asked)
    assert before is not None
    one = replace(asked.outlook.instrument, calendar="24/5")
    earlier = replace(before, cutoff=TUESDAY - timedelta(days=4))
    over_days = DigestEntry(one, made, Move(0.01, since=TUESDAY - timedelta(days=4)), expected=TUESDAY)
    text = Digests(10).write(Digest([over_days], [], TUESDAY))
    assert ", +1.0\u00a0% since 27 November: " in text and "no close" not in text
    late = Digests(10).write(Digest([DigestEntry(one, made, expected=WEDNESDAY)], [], WEDNESDAY))
    assert ", close of 1 December: " in late and "no close" not in late
    assert change_sentences.about_hole(earlier, made, "24/5") == ""


def test_a_move_over_more_sessions_is_less_surprising(two_days: Bars) -> None:
    values: Any = two_days.values.copy()
    values[-1, 3] = 1.001 * values[-2, 3]
    bars = replace(two_days, values=values)
    assert last_steps("XNYS", bars) == 2
    assert surprise_of_move(bars, 2) == pytest.approx(surprise_of_move(bars) / 2**0.5)
