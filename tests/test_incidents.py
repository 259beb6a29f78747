"""Storms are kept for ever, told once, and said beside every answer while they go on."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bellwether.access import keys_table
from bellwether.alerts import ask as alerts_ask
from bellwether.ask import forecasts, incidents
from bellwether.ask.batch import forecasts as batch
from bellwether.core.alert_types import AlertSettings
from bellwether.core.config import load_settings
from bellwether.core.errors import LedgerError, StoreError
from bellwether.core.incident import IncidentKind
from bellwether.delivery import outbox_table
from bellwether.delivery.messages import READERS
from bellwether.delivery.webhooks import webhooks_table
from bellwether.forecasting.to_json import forecast_json
from bellwether.jobs.keep_incidents import NEWS, KeptIncidents, keep_incidents
from bellwether.market.calendar import session_after
from bellwether.services import Services, build_services
from bellwether.track_record.incidents import incidents_table, live
from bellwether.track_record.ledger import score_sums_table
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.scores.columns import COLUMNS
from bellwether.webhooks.events import event_of
from tests.support.account import live_services, set_clock
from tests.support.storms import (
    ADMIN,
    CALM,
    FIRST,
    SHARES,
    STORM,
    before_a_storm,
    cutoff_of,
    enter,
    evening,
    live_through,
    session_of,
)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return before_a_storm(tmp_path)


def messages(services: Services) -> list[tuple[str, int, str]]:
    with services.store.reading() as db:
        return [tuple(row) for row in db.execute("SELECT kind, recipient_id, text FROM outbox ORDER BY id")]


def want_storms(services: Services, chat_id: int, language: str | None = None) -> None:
    alerts_ask.change_alert_settings(services, chat_id, AlertSettings(storms=True, language=language), "en")


def rows_of(services: Services) -> list[tuple[object, ...]]:
    with services.store.reading() as db:
        begun = db.execute("SELECT id, kind, first_session, announced, lately FROM incidents").fetchall()
        over = db.execute("SELECT id, ended, depth FROM incident_ends").fetchall()
    return [*map(tuple, begun), *map(tuple, over)]


def test_a_storm_is_entered_when_it_is_announced_and_when_it_is_over(services: Services) -> None:
    did = live_through(services, range(len(SHARES)))
    assert sum(each.begun for each in did.values()) == sum(each.over for each in did.values()) == 1
    (storm,) = incidents.every(services).items
    assert storm.kind is IncidentKind.TOO_RARELY
    assert storm.first == session_of(STORM)
    announced = next(at for at, each in did.items() if each.begun)
    assert storm.announced == session_of(announced)
    assert STORM + 2 <= announced <= STORM + 5
    assert storm.ended == session_of(next(at for at, each in did.items() if each.over))
    assert storm.depth < 0.6


def test_a_service_that_was_down_for_weeks_enters_the_same(services: Services, tmp_path: Path) -> None:
    live_through(services, range(len(SHARES)))
    (tmp_path / "other").mkdir()
    other = live_services(tmp_path / "other", FIRST)
    enter(other, range(len(SHARES)))
    did = evening(other, len(SHARES) - 1)
    assert (did.begun, did.over, did.messages) == (1, 1, 0)
    assert rows_of(other) == rows_of(services)


def test_a_run_that_comes_twice_does_nothing_more(services: Services) -> None:
    live_through(services, range(STORM + 8))
    before = rows_of(services), messages(services)
    assert keep_incidents(services) == KeptIncidents()
    assert (rows_of(services), messages(services)) == before


def test_whoever_wants_it_hears_of_begin_and_end_once(services: Services) -> None:
    want_storms(services, 5)
    want_storms(services, 6, "de")
    alerts_ask.change_alert_settings(services, 7, AlertSettings(), "en")
    live_through(services, range(len(SHARES)))
    told = [(chat, text) for kind, chat, text in messages(services) if kind == "storm"]
    assert sorted(chat for chat, _ in told) == [5, 5, 6, 6]
    english = [text for chat, text in told if chat == 5]
    assert "too rarely" in english[0]
    assert "of 100 one-day ranges" in english[0]
    assert "as usual again" in english[1]
    assert all(text not in english for chat, text in told if chat == 6)
    notes = [text for kind, chat, text in messages(services) if kind == "admin" and chat == ADMIN]
    assert len(notes) == 2


def test_readers_who_want_it_and_programs_hear_of_it_once_too(services: Services) -> None:
    reader, quiet = READERS + 1, READERS + 2
    want_storms(services, reader)
    alerts_ask.change_alert_settings(services, quiet, AlertSettings(), "en")
    with services.store.transaction() as db:
        key, other = (keys_table.add(db, owner, "free", frozenset(), services.clock()) for owner in ("ann", "ben"))
        for number in (key, key, other):
            hook = webhooks_table.add(db, number, f"https://{number}.example", "whsec_x", services.clock())
        webhooks_table.disable(db, hook, "it said 410", services.clock())
    live_through(services, range(len(SHARES)))
    keep_incidents(services)
    with services.store.reading() as db:
        owed = [outbox_table.read_message(row) for row in db.rows("SELECT * FROM outbox WHERE kind = 'storm'")]
        events = [event_of(db, message, services.clock()) for message in owed]
    (storm,) = incidents.every(services).items
    assert sorted((message.recipient.kind.value, message.recipient.id) for message in owed) == [
        ("key", key), ("key", key), ("reader", reader), ("reader", reader),
    ]  # fmt: skip
    told = {event_id: json.loads(body) for event_id, body in events}
    begun, over = told[f"evt_storm_{storm.id}_begun"], told[f"evt_storm_{storm.id}_over"]
    assert begun["type"] == over["type"] == "storm"
    assert begun["data"]["incident_id"] == storm.id
    assert begun["data"]["text"].startswith("My ranges hold too rarely. In the last")
    assert over["data"]["phase"] == "over"


def test_old_news_is_entered_and_told_to_nobody(services: Services) -> None:
    want_storms(services, 5)
    enter(services, range(STORM + 7))
    set_clock(services, session_after("XNYS", session_of(STORM + 6), NEWS + 3))
    assert keep_incidents(services) == KeptIncidents(begun=1)
    assert messages(services) == []


def test_what_was_announced_stays_when_late_outcomes_would_tell_it_otherwise(services: Services) -> None:
    live_through(services, range(STORM + 6))
    (before,) = incidents.every(services).items
    key = ("made-up-1", True, 1, to_days(cutoff_of(STORM + 1)))
    sums = np.zeros(len(COLUMNS))
    sums[COLUMNS.index("forecasts")] = sums[COLUMNS.index("inside_80")] = 300
    with services.store.transaction() as db:
        score_sums_table.count_issued(db, {key: 300})
        score_sums_table.add(db, {key: sums}, {})
    evening(services, STORM + 6)
    (after,) = incidents.every(services).items
    assert (after.first, after.announced, after.lately) == (before.first, before.announced, before.lately)


def test_a_session_of_which_few_outcomes_are_in_waits(services: Services) -> None:
    """A first run each evening has some stocks' prices only; those whose prices are in doubt come later, or never."""
    enter(services, range(5))
    enter(services, [5], of=80)  # of the newest nearly all are needed
    with services.store.reading() as db:
        assert len(live.daily_record(db)) == 5
    enter(services, [6], of=95)
    with services.store.reading() as db:
        assert len(live.daily_record(db)) == 7
    enter(services, [7], of=40)
    enter(services, [8])
    with services.store.reading() as db:
        assert session_of(7) not in {live.daily_record(db).session(at) for at in range(8)}


def test_a_fault_of_all_prices_on_a_session_raises_no_storm(services: Services) -> None:
    """Two bad sessions, out of it and back: as when a split of the unit is told a day late for everything."""
    shares = list(SHARES)
    shares[STORM:] = [0.0, 0.0, *(CALM[at % 10] for at in range(len(SHARES) - STORM - 2))]
    enter(services, range(len(shares)), shares=shares)
    assert evening(services, len(shares) - 1) == KeptIncidents()


def test_a_small_universe_says_nothing(services: Services) -> None:
    enter(services, range(len(SHARES)), of=10, issued=10)
    assert evening(services, len(SHARES) - 1) == KeptIncidents()


def test_days_that_are_no_sessions_of_the_market_are_left_out(services: Services) -> None:
    """Coins have weekends too."""
    enter(services, range(5))
    saturday = date(2023, 1, 7)
    key = ("made-up-1", True, 1, to_days(saturday))
    with services.store.transaction() as db:
        score_sums_table.count_issued(db, {key: 100})
        sums = np.zeros(len(COLUMNS))
        sums[COLUMNS.index("forecasts")] = 100
        score_sums_table.add(db, {key: sums}, {})
        assert len(live.daily_record(db)) == 5


def test_each_answer_says_so_while_it_goes_on(services: Services) -> None:
    calm = forecasts.answer(services, "AAPL", 10).forecast
    assert calm.incident is None
    assert forecast_json(calm)["incident"] is None
    live_through(services, range(STORM + 6))
    made = forecasts.answer(services, "AAPL", 10).forecast
    assert made.incident is not None
    assert made.caveats[-1] == (
        "In the last 10 trading days only 52 of 100 one-day ranges of all stocks held, not 80: expect wider."
    )
    assert forecast_json(made)["incident"] == {
        "id": made.incident.id,
        "kind": "too_rarely",
        "first_session": session_of(STORM).isoformat(),
        "lately": pytest.approx(0.518),
        "sessions": 10,
    }
    of_batch = batch(services, ["AAPL", "KO"], 10)
    assert all(each.incident == made.incident for each in of_batch)  # type: ignore[union-attr]
    of_the_past = forecasts.answer(services, "AAPL", 10, FIRST).forecast
    assert of_the_past.incident is None
    live_through(services, range(STORM + 6, len(SHARES)))
    assert forecasts.answer(services, "AAPL", 10).forecast.incident is None


def test_a_storm_is_found_by_its_day_with_the_days_around_it(services: Services) -> None:
    live_through(services, range(len(SHARES)))
    (storm,) = incidents.every(services).items
    described = incidents.named(services, storm.id)
    known, days, simulated = described.incident, described.days, described.simulated
    assert described.others == ()
    assert (known, simulated) == (storm, False)
    assert days.session(0) < storm.first < storm.ended < days.session(len(days) - 1)  # type: ignore[operator]
    with pytest.raises(LedgerError, match="No storm was announced on 2020-01-01"):
        incidents.named(services, "2020-01-01")


def test_the_sample_market_has_the_storms_of_its_past(tmp_path: Path) -> None:
    sample_services = build_services(load_settings(database={"path": tmp_path / "unused.sqlite3"}))
    storms = incidents.every(sample_services)
    assert storms.simulated
    announced = {storm.announced.year for storm in storms.items}
    assert {2011, 2018, 2020} <= announced
    assert all(storm.ended is not None for storm in storms.items)
    assert incidents.going_on(sample_services) is None
    assert list(storms.items) == sorted(storms.items, key=lambda storm: storm.announced, reverse=True)


@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET noted_at = 'never'", "DELETE FROM {}", "INSERT INTO {} SELECT * FROM {}"],
    ids=["changed", "deleted", "entered again"],
)
@pytest.mark.parametrize("table", ["incidents", "incident_ends"])
@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
def test_the_database_itself_refuses_that_a_storm_is(services: Services, table: str, change: str) -> None:
    live_through(services, range(len(SHARES)))
    before = rows_of(services)
    assert len(before) == 2
    with pytest.raises(StoreError), services.store.transaction() as db:
        db.execute(change.replace("{}", table))
    assert rows_of(services) == before


def test_an_end_that_has_not_come_cannot_be_entered(services: Services) -> None:
    live_through(services, range(STORM + 6))
    (storm,) = incidents.every(services).items
    with pytest.raises(ValueError, match="has not ended"), services.store.transaction() as db:
        incidents_table.end(db, storm, services.clock())
