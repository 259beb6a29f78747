"""What is issued: in the ledger before anybody sees it, once, and nothing whose outcome could be known."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.core.errors import LedgerError, StoreError
from bellwether.core.types import Bars
from bellwether.db.database import Store
from bellwether.jobs.record_universe import forecast_universe
from bellwether.services import Services
from bellwether.track_record.ledger import ledger_table, receipts
from bellwether.track_record.ledger.issue import UNRECORDED
from bellwether.track_record.ledger.verify import verify
from scheduler import Timetable
from tests.support.account import live_services, set_clock, settle
from tests.support.sample import SAMPLE_LAST

SESSION = date(2021, 6, 30)


def rows_of(store: Store) -> int:
    with store.reading() as db:
        return ledger_table.CHAIN.head(db).rows


def test_a_live_answer_is_in_the_ledger_before_it_is_shown(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    asked = forecasts.answer(services, "AAPL", 10)
    made = asked.forecast
    kept = receipts.receipt(services.store, made.forecast_id)
    assert (kept.symbol, kept.cutoff, kept.horizon, kept.model_id) == ("AAPL", SESSION, 10, made.model_id)
    assert (kept.log_returns, kept.baseline) == (made.log_returns, made.baseline.log_returns)
    assert kept.adjusted_close == asked.outlook.bars.closes[-1]
    assert (kept.quoted_close, kept.made_at, kept.target_session) == (
        made.last_close,
        made.made_at,
        made.target_session,
    )
    again = forecasts.answer(services, "apple", 10).forecast
    assert again.forecast_id == made.forecast_id
    assert rows_of(services.store) == 1


def test_a_receipt_says_how_to_compute_its_hash(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    first = forecasts.answer(services, "AAPL", 10).forecast
    second = forecasts.answer(services, "MSFT", 7).forecast
    one, two = (receipts.receipt(services.store, made.forecast_id) for made in (first, second))
    for kept in (one, two):
        assert hashlib.sha256(bytes.fromhex(kept.hash_before + kept.content)).hexdigest() == kept.hash
    assert (one.row, one.hash_before, two.hash_before) == (1, "0" * 64, one.hash)
    assert two.outcome is None


def test_an_id_that_was_never_issued_is_a_kind_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no forecast 'f123'"):
        receipts.receipt(live_services(tmp_path, SESSION).store, " F123 ")


@pytest.mark.sqlite
def test_neither_the_sample_market_nor_a_day_in_the_past_is_issued(tmp_path: Path, services: Services) -> None:
    services.store.path.unlink()
    forecasts.answer(services, "AAPL", 10)
    assert not services.store.path.exists(), "no database is needed for it"
    live = live_services(tmp_path, SESSION)
    forecasts.answer(live, "AAPL", 10, date(2021, 6, 29))
    assert rows_of(live.store) == 0


def test_a_forecast_whose_target_has_passed_is_none(tmp_path: Path) -> None:
    services = live_services(tmp_path, SAMPLE_LAST)
    assert isinstance(services.clock.now, datetime)  # type: ignore[attr-defined]
    services.clock.now = datetime(2024, 3, 18, 22, tzinfo=UTC)  # type: ignore[attr-defined]
    forecasts.answer(services, "AAPL", 5)  # prices end ten days ago: five sessions from there are over
    assert rows_of(services.store) == 0
    forecasts.answer(services, "AAPL", 21)
    assert rows_of(services.store) == 1


@pytest.mark.sqlite
def test_a_store_that_cannot_be_written_hides_no_forecast_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    services = live_services(tmp_path, SESSION)
    (tmp_path / "live.sqlite3").unlink()
    (tmp_path / "live.sqlite3").mkdir()
    made = forecasts.answer(services, "AAPL", 10).forecast
    assert made.caveats[-1] == UNRECORDED
    assert "not in the ledger" in caplog.text
    with pytest.raises(StoreError):
        receipts.receipt(services.store, made.forecast_id)


def test_a_perturbed_future_never_changes_an_issued_row(tmp_path: Path) -> None:
    class Perturbed:
        """The same market with other prices after the session."""

        def __init__(self, market: object) -> None:
            self._market = market

        def __getattr__(self, name: str) -> object:
            return getattr(self._market, name)

        def bars(self, symbol: str, end: date) -> Bars:
            bars = self._market.bars(symbol, end)  # type: ignore[attr-defined]
            values = bars.values.copy()
            values[int((bars.sessions <= bars.sessions.dtype.type(SESSION)).sum()) :] *= (
                2.5  # a threefold jump would look like a split
            )
            return replace(bars, values=values)

    ids = []
    for name in ("as it came", "another future"):
        (tmp_path / name).mkdir()
        services = live_services(tmp_path / name, SESSION)
        if name == "another future":
            services.provider._market = Perturbed(services.provider._market)  # type: ignore[attr-defined]
        forecast_universe(services)
        with services.store.reading() as db:
            ids.append([row[1:-1] for row in ledger_table.CHAIN.every_row(db)])
        set_clock(services, date(2021, 7, 8))
        assert settle(services).settled == 6
        with services.store.reading() as db:
            assert [row[1:-1] for row in ledger_table.CHAIN.every_row(db)] == ids[-1]
    assert ids[0] == ids[1]


# ---- the universe


def test_the_universe_is_entered_once_a_session_at_all_heads(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)
    asked = forecasts.answer(services, "AAPL", 10).forecast
    did = forecast_universe(services)
    assert (did.issued, did.there, did.late, did.failed) == (14, 0, 0, 0), "3 symbols, 5 heads, one was asked for"
    assert receipts.receipt(services.store, asked.forecast_id).row == 1
    assert forecast_universe(services).there == 3
    set_clock(services, date(2021, 7, 1))
    assert forecast_universe(services).issued == 15
    assert forecasts.answer(services, "AAPL", 10).forecast.forecast_id != asked.forecast_id
    assert rows_of(services.store) == 30, "what the universe entered is what people are shown"


def test_a_symbol_whose_prices_are_late_waits(tmp_path: Path) -> None:
    services = live_services(tmp_path, SAMPLE_LAST)
    set_clock(services, date(2024, 3, 11))  # the sample market has no bar of it
    did = forecast_universe(services)
    assert (did.issued, did.late) == (0, 3)


def test_the_scheduler_keeps_the_account(tmp_path: Path) -> None:
    services = live_services(tmp_path, SESSION)

    async def one_run() -> None:
        timetable = Timetable(services)
        await timetable._account()

    asyncio.run(one_run())
    set_clock(services, date(2021, 7, 1))
    asyncio.run(one_run())
    found = verify(services.store)
    assert (found.ledger.rows, found.outcomes.rows, found.problems) == (30, 3, ())
