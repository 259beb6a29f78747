"""The tick of the alert rules: what fires, once, with words that say why, and what came of it."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import alerts_table, ask, rules_table, watchlist
from bellwether.alerts.alert_outcomes import report_outcomes
from bellwether.alerts.observe import observe, rarities
from bellwether.alerts.rules.judge import RuleReason
from bellwether.alerts.tick import tick
from bellwether.alerts.tick_rules import judge_rules
from bellwether.ask import forecasts
from bellwether.ask.point_in_time import inputs_at
from bellwether.core.alert_types import AlertRule, AlertSettings, Direction, QuietHours, Repeat, RuleKind, RuleRequest
from bellwether.core.announcement import Announcement
from bellwether.core.config import load_settings
from bellwether.core.types import MARKET_SERIES, Instrument, to_date
from bellwether.delivery import chats_table
from bellwether.forecasting.forecaster import make_outlook
from bellwether.forecasting.past_quantiles import past_quantiles
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support.database import new_database
from tests.support.sample import SAMPLE_LAST, SAMPLE_NIGHT

EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  #: ticks are rehearsed, unless the clock matters
SESSION = date(2021, 12, 30)
DAY = timedelta(days=1)
ANY_MOVE = RuleRequest(RuleKind.MOVE, 0.0001)


def services_at(folder: Path, now: datetime = LATER, **sections: dict[str, object]) -> Services:
    settings = load_settings(
        database={"path": new_database(folder / "t.sqlite3")}, models={"folder": MODELS}, **sections
    )
    return build_services(settings, clock=lambda: now)


def add(services: Services, wish: RuleRequest, text: str = "AAPL", chat_id: int = 7) -> AlertRule:
    """A rule that was made some days before."""
    rule = ask.add_rule(services, chat_id, text, wish, "en")
    with services.store.transaction() as db:
        rule = replace(rule, created_at=EVENING - 5 * DAY)
        rules_table.change(db, rule)
    return rule


def owed(services: Services) -> list[dict[str, object]]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM outbox ORDER BY id")


def told(services: Services) -> list[dict[str, object]]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM alerts ORDER BY id")


def test_an_alert_comes_once_a_session_however_often_the_tick_runs(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)
    did = judge_rules(services, EVENING)
    assert (did.reasons, did.told, did.folded) == ({RuleReason.STANDS_BEYOND: 1}, 1, 0)
    assert judge_rules(services, EVENING + timedelta(minutes=1)).reasons == {}
    assert judge_rules(services, EVENING + DAY).told == 1
    assert [row["dedup_key"] for row in owed(services)] == [
        f"move:7:2021-12-30:{rule.id}",
        f"move:7:2021-12-31:{rule.id}",
    ]


def test_the_message_says_what_why_and_how_to_stop_it(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, RuleRequest(RuleKind.GROWTH, -0.2, Direction.ABOVE))
    judge_rules(services, EVENING)
    (row,) = owed(services)
    text = str(row["text"])
    made = forecasts.answer(services, "AAPL", 10, SESSION).forecast
    assert text.startswith(
        "<b>Apple</b> (AAPL): its middle outcome over the next two weeks is already above −20.0\u00a0%"
    )
    assert f"at {made.growths[3] * 100:+.1f}\u00a0%".replace("-", "−") in text
    assert "8 in 10 outcomes: $" in text
    assert "by 13 January 2022." in text
    assert f"<i>Close of 30 December · your alert {rule.id}: a middle outcome" in text
    assert "Why you get this" not in text
    assert row["offers"] == f"forecast:AAPL:10 quieter:{rule.id} stop:{rule.id}"
    assert "sample data" in text.lower()


def test_each_kind_fires_on_the_sample_market_and_its_words_are_whole(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    wishes = [
        RuleRequest(RuleKind.GROWTH, 0.0001), RuleRequest(RuleKind.CHANCE, 0.01), RuleRequest(RuleKind.RISK, 0.001),
        RuleRequest(RuleKind.UNUSUAL, 0.5), RuleRequest(RuleKind.PRICE, 100.0), ANY_MOVE,
    ]  # fmt: skip
    for wish in wishes:
        add(services, wish)
    with services.store.transaction() as db:  # set when the price was 90, so that it has crossed since
        db.execute("UPDATE alert_rules SET direction = 'above', set_on = NULL WHERE kind = 'price'")
    did = judge_rules(services, EVENING)
    assert did.told == len(wishes)
    for row in owed(services):
        text = str(row["text"])
        assert str(row["kind"]) == str(row["dedup_key"]).partition(":")[0]
        assert "<b>Apple</b> (AAPL)" in text
        assert "None" not in text and "{" not in text and "nan" not in text
        assert len(text) < 1600


def test_a_rule_waits_until_the_figure_has_been_back(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, RuleRequest(RuleKind.CHANCE, 0.01))
    assert judge_rules(services, EVENING - DAY).reasons == {RuleReason.STANDS_BEYOND: 1}
    assert judge_rules(services, EVENING).reasons == {RuleReason.STILL_BEYOND: 1}
    with services.store.transaction() as db:
        db.execute("UPDATE alert_rules SET threshold = 0.99")
    assert judge_rules(services, EVENING + DAY).reasons == {RuleReason.REARMED: 1}
    assert len(owed(services)) == 1


def test_a_rule_for_once_is_gone_when_it_has_fired(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, replace(ANY_MOVE, repeat=Repeat.ONCE))
    judge_rules(services, EVENING)
    assert "It was to come only once, and is over." in str(owed(services)[0]["text"])
    assert ask.rules_of(services.store, 7) == []
    assert judge_rules(services, EVENING + DAY).reasons == {}
    # whoever asks again the same evening gets a rule with a number of its own, and is told again
    again = add(services, replace(ANY_MOVE, repeat=Repeat.ONCE))
    assert judge_rules(services, EVENING).told == 1
    assert owed(services)[-1]["dedup_key"] == f"move:7:2021-12-30:{again.id}"


def test_a_rule_that_has_ended_says_so_in_the_digest_and_is_gone(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)
    watchlist.watch(services, 7, "AAPL", "en")
    with services.store.transaction() as db:
        rules_table.change(db, replace(rule, expires_at=EVENING))
    did = judge_rules(services, EVENING)
    assert (did.reasons, did.told, did.folded) == ({RuleReason.EXPIRED: 1}, 0, 1)
    with services.store.reading() as db:
        (folded,) = alerts_table.folded(db, [7])[7]
    assert "has ended" in folded.line
    assert "rise or fall of 0.01\u00a0% or more" in folded.line
    assert ask.rules_of(services.store, 7) == []


def test_beyond_the_weekly_budget_the_less_surprising_go_into_the_digest(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "MSFT", "TSLA", "KO"):
        add(services, ANY_MOVE, symbol)
    watchlist.watch(services, 7, "AAPL", "en")  # so that there is a digest
    ask.change_alert_settings(services, 7, AlertSettings(weekly_budget=1), "en")
    did = judge_rules(services, EVENING - DAY)
    assert (did.told, did.folded) == (1, 3)
    found = told(services)
    own = [row for row in found if row["message_key"]]
    assert float(str(own[0]["surprise"])) == max(float(str(row["surprise"])) for row in found)
    with services.store.reading() as db:
        surprises = [one.surprise for one in alerts_table.folded(db, [7])[7]]
    assert surprises == sorted(surprises, reverse=True)
    # the budget is spent for the week, and new again after it
    assert judge_rules(services, EVENING).told == 0
    with services.store.transaction() as db:
        db.execute("UPDATE alerts SET fired_at = '2026-11-16T17:59:59.000000+00:00'")
    assert judge_rules(services, EVENING + DAY).told == 1


def test_a_chat_that_watches_nothing_gets_what_is_left_over_in_one_message(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "MSFT", "TSLA"):
        add(services, ANY_MOVE, symbol)
    ask.change_alert_settings(services, 7, AlertSettings(weekly_budget=0), "en")
    assert judge_rules(services, EVENING).told == 0
    (row,) = owed(services)
    assert row["dedup_key"] == "leftovers:7:2021-12-30:1"
    assert str(row["text"]).count("• <b>") == 3
    with services.store.reading() as db:
        assert alerts_table.folded(db, [7]) == {}


def test_what_is_left_over_by_a_later_tick_of_the_session_comes_too_and_no_digest_is_lost(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "MSFT"):
        add(services, ANY_MOVE, symbol)
    ask.change_alert_settings(services, 7, AlertSettings(weekly_budget=0), "en")
    asked = iter([False, True])
    judge_rules(services, EVENING, lambda: next(asked))  # as when the prices of MSFT come later
    judge_rules(services, EVENING + timedelta(minutes=5))
    assert ["AAPL" in str(row["text"]) for row in owed(services)] == [True, False]
    watchlist.watch(services, 7, "KO", "en")
    assert tick(services, EVENING + timedelta(minutes=10)).written == 1


def test_rules_that_were_passed_over_by_a_clock_that_ran_ahead_are_looked_at_again(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION)
    add(services, ANY_MOVE)
    weeks_ahead = EVENING + 40 * DAY + timedelta(hours=14)
    assert judge_rules(services, weeks_ahead).reasons == {RuleReason.TOO_LATE: 1}
    assert judge_rules(services, EVENING).told == 1
    assert judge_rules(services, EVENING).reasons == {}


def test_quiet_hours_hold_an_alert_and_it_stays_fresh_for_as_long_after_them(tmp_path: Path) -> None:
    services = services_at(tmp_path, EVENING)
    add(services, ANY_MOVE)
    quiet = AlertSettings("Europe/Berlin", quiet=QuietHours(time(22), time(7)))
    ask.change_alert_settings(services, 7, quiet, "en")
    judge_rules(services, EVENING)  # 23:00 in Berlin
    (row,) = owed(services)
    assert row["not_before"] == "2021-12-31T06:00:00.000000+00:00"
    # due at 21:20, fresh for twelve hours: at 22:00 eleven hours and twenty minutes are left
    assert row["expires_at"] == "2021-12-31T17:20:00.000000+00:00"


def test_a_late_alert_says_when_it_was_due_by_the_chats_clock(tmp_path: Path) -> None:
    services = services_at(tmp_path, EVENING)
    add(services, ANY_MOVE)
    ask.change_alert_settings(services, 7, AlertSettings("Europe/Berlin"), "en")
    judge_rules(services, EVENING + timedelta(hours=5))
    assert str(owed(services)[0]["text"]).startswith("<i>Late: this was due at 22:20 on 30 December 2021")


def test_an_alert_that_was_made_after_the_close_is_not_late(tmp_path: Path) -> None:
    services = services_at(tmp_path, EVENING + timedelta(hours=5))
    ask.add_rule(services, 7, "AAPL", ANY_MOVE, "en")
    assert judge_rules(services, EVENING + timedelta(hours=5)).told == 1
    assert "Late" not in str(owed(services)[0]["text"])


def test_what_is_not_fresh_any_more_is_not_told(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, ANY_MOVE)
    did = judge_rules(services, datetime(2021, 12, 31, 9, 20, tzinfo=UTC))
    assert (did.reasons, did.told) == ({}, 0)


def live(folder: Path, last: date, now: datetime = EVENING) -> Services:
    """A market that is live, whose prices of AAPL end on this day."""
    lines, day, price = ["symbol,date,open,high,low,close,volume"], date(2021, 1, 4), 100.0
    while day <= last:
        if day.weekday() < 5:
            price *= 1.01 if day.day % 2 else 0.991
            lines.append(f"AAPL,{day},{price},{price * 1.01},{price * 0.99},{price},1000000")
        day += DAY
    (folder / "prices.csv").write_text("\n".join(lines))
    return services_at(folder, now, market={"source": "file", "file": str(folder / "prices.csv")})


def test_a_live_market_waits_for_its_prices_and_then_counts_what_came_too_late(tmp_path: Path) -> None:
    services = live(tmp_path, SESSION - DAY)
    assert services.provider.live
    add(services, ANY_MOVE)
    assert judge_rules(services, EVENING).reasons == {RuleReason.WAITING_FOR_PRICES: 1}
    assert judge_rules(services, EVENING + timedelta(hours=10)).reasons == {RuleReason.WAITING_FOR_PRICES: 1}
    assert judge_rules(services, EVENING + timedelta(hours=12)).reasons == {RuleReason.TOO_LATE: 1}
    assert judge_rules(services, EVENING + timedelta(hours=13)).reasons == {}  # counted once
    assert owed(services) == []
    arrived = live(tmp_path, SESSION)
    with arrived.store.transaction() as db:
        db.execute("UPDATE alert_rules SET judged = NULL")
    assert judge_rules(arrived, EVENING + timedelta(hours=2)).told == 1


def test_prices_that_ended_long_ago_are_not_waited_for(tmp_path: Path) -> None:
    services = live(tmp_path, date(2021, 11, 30))
    add(services, ANY_MOVE)
    assert judge_rules(services, EVENING).reasons == {RuleReason.NO_FIGURE: 1}


def test_a_symbol_that_is_gone_does_not_hold_up_the_others(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, ANY_MOVE)
    rule = add(services, ANY_MOVE, "MSFT")
    with services.store.transaction() as db:
        db.execute("UPDATE alert_rules SET symbol = 'GONE' WHERE id = :id", {"id": rule.id})
    assert judge_rules(services, EVENING).reasons == {RuleReason.STANDS_BEYOND: 1, RuleReason.NO_FIGURE: 1}


def test_two_ticks_at_once_tell_once(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for chat_id in range(1, 6):
        add(services, ANY_MOVE, chat_id=chat_id)
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        judge_rules(services, EVENING)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(owed(services)) == len(told(services)) == 5


def test_a_rule_that_is_removed_while_the_tick_runs_is_silent(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, ANY_MOVE)
    other = add(services, ANY_MOVE, "MSFT")

    def removes_meanwhile() -> bool:
        """Asked before each symbol: when MSFT is next, AAPL was judged and not yet written."""
        if removed:
            ask.remove_rule(services.store, 7, rule.id)
        removed.append(True)
        return False

    removed: list[bool] = []
    assert judge_rules(services, EVENING, removes_meanwhile).told == 1
    assert [row["rule_id"] for row in told(services)] == [other.id]


def test_a_rule_that_is_edited_while_the_tick_runs_is_judged_by_its_new_terms(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    rule = add(services, RuleRequest(RuleKind.MOVE, 0.9))

    def edits_meanwhile() -> bool:
        """Asked when the rule was read and is not judged yet."""
        ask.change_rule(services, 7, rule.id, ANY_MOVE)
        return False

    assert judge_rules(services, EVENING, edits_meanwhile).reasons == {RuleReason.NOT_REACHED: 1}
    assert ask.rules_of(services.store, 7)[0].judged is None, "what came of the old terms is not kept"
    assert judge_rules(services, EVENING).told == 1


def test_a_paused_chat_is_left_alone(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    add(services, ANY_MOVE)
    with services.store.transaction() as db:
        chats_table.pause(db, 7, chats_table.Silence.GONE, EVENING)
    assert judge_rules(services, EVENING).reasons == {}


def test_a_tick_that_is_told_to_stop_leaves_the_rest_for_the_next(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "MSFT"):
        add(services, ANY_MOVE, symbol)
    asked = iter([False, True])
    assert judge_rules(services, EVENING, lambda: next(asked)).told == 1
    assert judge_rules(services, EVENING).told == 1


def test_each_symbol_is_looked_at_once_however_many_rules_and_chats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_at(tmp_path)
    for chat_id in range(1, 11):
        for wish in (ANY_MOVE, RuleRequest(RuleKind.UNUSUAL, 0.1), RuleRequest(RuleKind.CHANCE, 0.5, horizon=21)):
            add(services, wish, chat_id=chat_id)
    seen: list[str] = []
    right = forecasts.outlook
    monkeypatch.setattr(
        forecasts, "outlook", lambda services, one, end: seen.append(one.symbol) or right(services, one, end)
    )  # type: ignore[func-returns-value]
    judge_rules(services, EVENING)
    assert seen == ["AAPL"]


class Reports:
    """Companies that report on one day."""

    def __init__(self, day: date) -> None:
        self._day = day

    def known(self, instrument: Instrument, on: date) -> tuple[Announcement, ...]:
        return (Announcement(instrument.symbol, self._day),)

    def refresh(self, instrument: Instrument) -> bool:
        return False


def test_earnings_are_announced_the_session_before(tmp_path: Path) -> None:
    services = replace(services_at(tmp_path), reports=Reports(SAMPLE_LAST))
    evening = SAMPLE_NIGHT - DAY
    add(services, RuleRequest(RuleKind.EARNINGS))
    assert judge_rules(services, evening - DAY).reasons == {RuleReason.NOT_REACHED: 1}
    assert judge_rules(services, evening).told == 1
    text = str(owed(services)[0]["text"])
    assert "is expected to report earnings on 8 March 2024, its next trading day." in text
    assert judge_rules(services, evening + DAY).reasons == {RuleReason.REARMED: 1}


# ---- how rare an outlook is


def test_the_stacked_windows_say_what_the_model_said_after_each_session(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    instrument = services.provider.instrument("AAPL")
    model = services.models.for_day(SESSION)
    assert model is not None
    bars = services.provider.bars("AAPL", SESSION)
    market = tuple(services.provider.bars(symbol, SESSION) for symbol in MARKET_SERIES)
    said = past_quantiles(model, bars, market, 100, None)
    assert said.shape == (100, 63, 7)
    for back in (0, 1, 64, 99):
        end = to_date(bars.sessions[-1 - back])
        seen = make_outlook(inputs_at(services.provider, instrument, end), model)
        assert seen.model_id == model.card.model_id
        assert said[-1 - back] == pytest.approx(seen.log_returns, abs=2e-6)


def test_a_short_history_has_fewer_windows_and_then_none(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    model = services.models.for_day(SESSION)
    assert model is not None
    bars = services.provider.bars("AAPL", SESSION).last(model.card.min_history + 9)
    assert len(past_quantiles(model, bars, (None, None), 250, None)) == 10
    assert len(past_quantiles(model, bars.last(model.card.min_history - 1), (None, None), 250, None)) == 0
    again = past_quantiles(model, bars, (None, None), 1, None)
    assert again[0] == pytest.approx(past_quantiles(model, bars, (None, None), 250, None)[-1], abs=2e-6)


def test_a_crash_is_unusual_and_most_days_are_not(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    one = services.provider.instrument("MSFT")
    crash = rarities(services, forecasts.outlook(services, one, date(2020, 3, 16)), [10])[10]
    assert crash is None or crash.share < 0.02 or forecasts.outlook(services, one, date(2020, 3, 16)).problem
    shares = []
    for month in range(1, 13):
        found = rarities(services, forecasts.outlook(services, one, date(2019, month, 15)), [10])[10]
        assert found is not None
        shares.append(found.share)
    assert sum(share <= 0.05 for share in shares) < 9
    assert observe(services, "MSFT", SESSION, []).rarities == {}


# ---- how it turned out


def test_when_the_horizon_closes_the_outcome_answers_the_alert_once(tmp_path: Path) -> None:
    began = datetime(2021, 12, 1, 22, 0, tzinfo=UTC)
    services = services_at(tmp_path)
    with services.store.transaction() as db:
        chats_table.join(db, 7, "en", began)
    rule = add(services, RuleRequest(RuleKind.UNUSUAL, 0.5, horizon=5))
    add(services, ANY_MOVE)  # has no horizon, and no outcome
    judge_rules(services, began)
    alert = next(row for row in told(services) if row["kind"] == "unusual")
    assert alert["target_session"] == "2021-12-08"
    assert report_outcomes(services, began + 6 * DAY) == 0
    assert report_outcomes(services, began + 7 * DAY) == 1
    assert report_outcomes(services, began + 7 * DAY) == 0
    answer = owed(services)[-1]
    assert answer["kind"] == "outcome"
    assert answer["dedup_key"] == f"outcome:7:2021-12-08:{alert['id']}"
    closes = services.provider.bars("AAPL", date(2021, 12, 8))
    growth = closes.closes[-1] / closes.closes[-6] - 1
    assert f"had moved {growth * 100:+.1f}\u00a0%".replace("-", "−") in str(answer["text"])
    assert "How this turned out: by 8 December 2021" in str(answer["text"])
    assert rule.id == alert["rule_id"]


def test_a_chat_that_leaves_while_outcomes_are_looked_at_is_told_when_it_is_back(tmp_path: Path) -> None:
    began = datetime(2021, 12, 1, 22, 0, tzinfo=UTC)
    services = services_at(tmp_path)
    add(services, RuleRequest(RuleKind.UNUSUAL, 0.5, horizon=5))
    judge_rules(services, began)

    def leaves_meanwhile() -> bool:
        with services.store.transaction() as db:
            chats_table.pause(db, 7, chats_table.Silence.GONE, LATER)
        return False

    assert report_outcomes(services, began + 7 * DAY, leaves_meanwhile) == 0
    with services.store.transaction() as db:
        chats_table.wake(db, 7)
    assert report_outcomes(services, began + 7 * DAY) == 1
