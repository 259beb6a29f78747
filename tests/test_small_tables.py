"""What the small tables keep and forget, on each kind of database: other files see them through SQLite alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bellwether.alerts import alerts_table, rules_table
from bellwether.core.alert_types import AlertSettings
from bellwether.core.incident import IncidentKind
from bellwether.core.types import Instrument
from bellwether.db.database import Store
from bellwether.delivery import chat_settings_table, chats_table, inbox_table, outbox_admin_table, settled_outbox_table
from bellwether.delivery.outbox_table import MessageState
from bellwether.delivery.webhooks import webhooks_table
from bellwether.forecasting import evening_width_table
from bellwether.forecasting.evening_width import Learned
from bellwether.market import universe_state_table
from bellwether.market.remote import bars_table, instruments_table
from bellwether.market.remote.instruments_table import SymbolRequest
from bellwether.market.symbols import searches_table
from bellwether.market.universe_state import DailyState
from bellwether.track_record.incidents import incidents_table
from bellwether.track_record.incidents.types import Incident
from bellwether.track_record.ledger import ledger_table, outcomes_table, score_sums_table
from bellwether.track_record.ledger.ledger_table import to_days
from bellwether.track_record.scores.columns import COLUMNS
from tests.support.database import new_database, store_at

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TODAY = NOW.date()
APPLE = Instrument("AAPL", "Apple", "NASDAQ", "XNYS", "USD")


@pytest.fixture
def store(database_kind: str, tmp_path: Path) -> Store:
    return store_at(new_database(tmp_path / "small.sqlite3"))


def test_the_state_of_the_market_is_kept_by_session(store: Store) -> None:
    state = DailyState(np.array(["2026-11-19", "2026-11-20"], "datetime64[D]"), np.ones((2, 2)), np.array([50, 60]))
    with store.transaction() as db:
        assert universe_state_table.newest(db, "yahoo") == (date.min, 0)
        assert universe_state_table.add(db, "yahoo", state) == (2, None)
        assert universe_state_table.add(db, "yahoo", state) == (0, None)
        assert universe_state_table.newest(db, "yahoo") == (date(2026, 11, 20), 60)
        assert universe_state_table.extent(db, "yahoo") == (date(2026, 11, 20), 2, 110)
        assert universe_state_table.sessions_of(db, "yahoo").tolist() == state.days.tolist()
        assert universe_state_table.load(db, "yahoo").stocks.tolist() == [50, 60]


def test_what_an_evening_has_taught_stays_until_it_is_forgotten(store: Store) -> None:
    learned, other = Learned((0.25,), 9, (0.1,)), Learned((0.5,), 9, (0.1,))
    with store.transaction() as db:
        evening_width_table.add(db, "yahoo", "m", TODAY, learned, learned)
        evening_width_table.add(db, "yahoo", "m", TODAY, other, other)
        assert evening_width_table.newest_learned(db, "yahoo", "m", TODAY) == (TODAY, learned, learned)
        evening_width_table.forget(db, "yahoo", TODAY)
        assert evening_width_table.newest_learned(db, "yahoo", "m", TODAY) is None


def test_a_storm_is_entered_once_and_so_is_its_end(store: Store) -> None:
    begun = Incident(IncidentKind.TOO_RARELY, date(2026, 11, 16), date(2026, 11, 18), 0.61, 0.61)
    over = replace(begun, depth=0.5, ended=date(2026, 12, 1))
    with store.transaction() as db:
        assert incidents_table.newest(db) is None
        assert incidents_table.announce(db, begun, NOW)
        assert not incidents_table.announce(db, replace(begun, lately=0.1), NOW)
        assert incidents_table.newest(db) == begun
        assert incidents_table.end(db, over, NOW)
        assert not incidents_table.end(db, replace(over, depth=0.1), NOW)
        assert incidents_table.every(db) == [over]


def test_days_are_counted_over_all_models_that_were_shown(store: Store) -> None:
    sums = np.zeros(len(COLUMNS))
    sums[COLUMNS.index("forecasts")], sums[COLUMNS.index("inside_80")] = 30, 20
    with store.transaction() as db:
        for model, shown, horizon in (("a", True, 1), ("b", True, 1), ("a", False, 1), ("a", True, 5)):
            key = (model, shown, horizon, to_days(TODAY))
            score_sums_table.count_issued(db, {key: 32})
            score_sums_table.add(db, {key: sums}, {key: 1})
        assert incidents_table.daily_counts(db) == [(TODAY, 62, 60, 40)]
        assert incidents_table.daily_counts(db, TODAY + timedelta(days=1)) == []


def test_who_wants_to_hear_of_storms(store: Store) -> None:
    with store.transaction() as db:
        for chat_id, wanted in ((5, True), (6, False), (7, True)):
            chats_table.join(db, chat_id, "en", NOW)
            chat_settings_table.save(db, chat_id, AlertSettings(storms=wanted))
        chats_table.stop(db, 7, NOW)
        assert chat_settings_table.wanting_storms(db) == [5]


def test_an_answer_to_a_search_is_remembered_while_it_counts(store: Store) -> None:
    with store.transaction() as db:
        searches_table.keep(db, "apple", (APPLE,), NOW - timedelta(days=365))
        searches_table.keep(db, "Apfel", (APPLE,), NOW)
        assert db.execute("SELECT count(*) FROM symbol_searches").fetchone()[0] == 1


def test_an_instrument_is_kept_until_it_is_forgotten(store: Store) -> None:
    asked = SymbolRequest(APPLE, date(2020, 1, 1), TODAY, NOW)
    with store.transaction() as db:
        instruments_table.save(db, "yahoo", asked)
        assert instruments_table.of_source(db, "yahoo") == [asked]
        instruments_table.forget(db, "yahoo", "AAPL")
        assert instruments_table.of_source(db, "yahoo") == []


def test_what_is_old_and_settled_goes_and_the_rest_stays(store: Store) -> None:
    old, settled = "2026-01-02T00:00:00.000000+00:00", "2026-11-23T00:00:00.000000+00:00"
    with store.transaction() as db:
        for number, at in enumerate((old, settled), 1):
            db.execute(
                "INSERT INTO inbox (update_id, body, received_at, attempts, done_at) VALUES (:n, '', :at, 1, :at)",
                {"n": number, "at": at},
            )
            db.execute(
                "INSERT INTO outbox (dedup_key, recipient_id, kind, text, state, attempts, not_before, expires_at,"
                " created_at, failed_at, last_error) VALUES (:key, 7, 'digest', '', 'failed', 3,"
                " :at, :at, :at, :at, 'no')",
                {"key": f"k{number}", "at": at},
            )
            db.execute(
                "INSERT INTO told_ranges VALUES ('AAPL', :day, 5, :day, 1.0, 2.0)",
                {"day": at[:10]},
            )
        before = NOW - timedelta(days=30)
        assert inbox_table.prune(db, before) == 1
        assert alerts_table.prune(db, before.date()) == 1
        assert webhooks_table.prune(db, before) == 0
        assert settled_outbox_table.prune(db, before) == 1
        (letter,) = outbox_admin_table.all_of(db)
        assert outbox_admin_table.drop(db, [letter.id]) == [letter.id]
        assert outbox_admin_table.all_of(db) == []
        assert outbox_admin_table.states(db, [letter.id]) == {MessageState.EXPIRED: 1}


def test_questions_about_an_empty_database_have_an_answer(store: Store) -> None:
    with store.transaction() as db:
        assert rules_table.symbols_of_awake_chats(db) == []
        assert chats_table.topic(db, 7) is None
        assert ledger_table.calibration_of(db, "no such forecast") is None
        assert outcomes_table.page(db, 0, 10, "AAPL", 5) == []
        outcomes_table.await_again(db, [])
        bars_table.forget(db, "yahoo", "AAPL")
        inbox_table.take_back(db, 1)
        score_sums_table.clear(db)
