"""The job that files why ranges missed, and its tables: once for each outcome, on either kind of database."""

from datetime import date
from pathlib import Path

import pytest

from bellwether.ask.miss_evidence import PATIENCE, EvidenceMarket
from bellwether.core.errors import MarketDataError
from bellwether.core.types import Bars
from bellwether.db.database import Store
from bellwether.jobs.file_evidence import file_evidence
from bellwether.jobs.record_universe import forecast_universe
from bellwether.services import Services
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.rebuild import differences, rebuild
from bellwether.track_record.ledger.receipts import is_final, receipt
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.misses.evidence import RULE, Evidence
from bellwether.track_record.misses.evidence_table import Filed, Unfiled
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from bellwether.track_record.to_json import entry_json, record_json
from tests.support.account import live_services, set_clock, settle

SESSIONS = (date(2023, 10, 23), date(2023, 10, 24), date(2023, 10, 25))


@pytest.fixture
def settled_services(tmp_path: Path) -> Services:
    """Two companies' forecasts of two sessions; those a day ahead have their outcome."""
    services = live_services(tmp_path, SESSIONS[0], ("GOOGL", "KO"))
    forecast_universe(services)
    for session in SESSIONS[1:]:
        set_clock(services, session)
        settle(services)
        forecast_universe(services)
    return services


def filed(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as db:
        sql = (
            "SELECT symbol, horizon, cutoff, held, evidence FROM outcome_evidence JOIN outcomes USING (id)"
            " JOIN ledger USING (seq) ORDER BY outcome_evidence.id"
        )
        return [tuple(row) for row in db.execute(sql)]


def test_each_outcome_is_filed_once_however_often_the_job_runs(settled_services: Services) -> None:
    services = settled_services
    assert file_evidence(services) == 4
    once = filed(services.store)
    assert file_evidence(services) == 0
    assert filed(services.store) == once
    with services.store.reading() as db:
        assert differences(db) == []
        (entry,) = (
            entry
            for entry in outcomes_table.page(db, 0, 100, "GOOGL", 1)
            if entry.row.cutoff == SESSIONS[1] and entry.row.shown
        )
    (outcome,) = (entry_json(entry)["outcome"],)
    assert (outcome["why_missed"], outcome["causes"]) == ("REPORT", ["REPORT", "GAP"])


def test_a_receipt_is_final_once_its_range_held_or_why_it_missed_is_filed(settled_services: Services) -> None:
    store = settled_services.store
    with store.reading() as db:
        entries = outcomes_table.page(db, 0, 100, "GOOGL")
    (miss,) = (entry.row.forecast_id for entry in entries if entry.row.horizon == 1 and entry.row.cutoff == SESSIONS[1])
    final = {entry.row.forecast_id: is_final(receipt(store, entry.row.forecast_id)) for entry in entries}
    assert not final[miss]
    for entry in entries:
        inside = (entry_json(entry)["outcome"] or {"inside_80": False})["inside_80"]
        assert final[entry.row.forecast_id] is inside
    file_evidence(settled_services)
    assert is_final(receipt(store, miss))


def test_a_run_files_no_more_than_it_may_and_the_next_goes_on(
    settled_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = settled_services
    monkeypatch.setattr("bellwether.jobs.file_evidence.AT_ONCE", 1)
    assert file_evidence(services, most=3) == 3
    assert file_evidence(services, most=3) == 1
    assert file_evidence(services, stopping=lambda: True) == 0


def test_what_other_tests_filed_is_filed_anew(settled_services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    services = settled_services
    with monkeypatch.context() as earlier:
        earlier.setattr("bellwether.jobs.file_evidence.RULE", 0)
        file_evidence(services)
    assert file_evidence(services) == 4
    assert file_evidence(services) == 0


@pytest.mark.parametrize("cleared_by", [0, RULE])
def test_what_was_read_before_another_process_began_again_is_not_filed(
    settled_services: Services, monkeypatch: pytest.MonkeyPatch, cleared_by: int
) -> None:
    services, tables = settled_services, evidence_table
    monkeypatch.setattr("bellwether.jobs.file_evidence.AT_ONCE", 2)
    assert file_evidence(services, most=2) == 2
    read = EvidenceMarket.filed

    def begin_again(market: EvidenceMarket, symbol: str, outcomes: list[Unfiled]) -> list[Filed]:
        rows = read(market, symbol, outcomes)
        with services.store.transaction() as db:
            tables.clear(db)
            if cleared_by != RULE:  # a process of another version, which has filed the oldest already
                oldest = tables.unfiled(db, 2)
                tables.add(db, [Filed(outcome, None, 0) for outcome in oldest], cleared_by)
        return rows

    with monkeypatch.context() as race:
        race.setattr(EvidenceMarket, "filed", begin_again)
        assert file_evidence(services) == 0
    assert file_evidence(services) == 4
    with services.store.reading() as db:
        assert differences(db) == []


def test_a_rebuild_forgets_the_file_and_the_job_makes_the_same_again(settled_services: Services) -> None:
    services = settled_services
    file_evidence(services)
    once = filed(services.store)
    with services.store.transaction() as db:
        db.execute("UPDATE evidence_sums SET forecasts = forecasts + 1")
    with services.store.reading() as db:
        (problem,) = differences(db)
    assert "why ranges missed" in problem
    rebuild(services.store, lambda symbol: "XNYS")
    file_evidence(services)
    assert filed(services.store) == once
    with services.store.reading() as db:
        assert differences(db) == []


class Unheard:
    """A market without the prices of one symbol."""

    def __init__(self, services: Services, symbol: str) -> None:
        self._market = services.provider._market  # type: ignore[attr-defined]
        self._symbol = symbol
        services.provider._market = self  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._market, name)

    def bars(self, symbol: str, end: date) -> Bars:
        if symbol == self._symbol:
            raise MarketDataError("There are none just now.")
        bars: Bars = self._market.bars(symbol, end)
        return bars


def test_without_the_index_outcomes_wait_some_days_and_are_filed_as_not_known(settled_services: Services) -> None:
    services = settled_services
    Unheard(services, "^GSPC")
    assert file_evidence(services) == 0
    services.clock.now += PATIENCE  # type: ignore[attr-defined]
    assert file_evidence(services) == 4
    assert all(Evidence.MARKET_UNKNOWN in Evidence(int(str(row[-1]))) for row in filed(services.store))


def test_without_the_prices_of_a_symbol_its_misses_are_not_known(settled_services: Services) -> None:
    services = settled_services
    Unheard(services, "KO")
    file_evidence(services)
    bits = {Evidence(int(str(row[-1]))) for row in filed(services.store) if row[0] == "KO"}
    assert bits == {Evidence.PRICES_UNKNOWN | Evidence.REPORTS_UNKNOWN}


def test_the_record_counts_the_same_for_all_symbols_as_for_each(settled_services: Services) -> None:
    services = settled_services
    file_evidence(services)
    whole, *each = (live_record(services.store, RecordFilter(symbol=symbol)) for symbol in (None, "GOOGL", "KO"))
    reasons = [record.why_missed.pooled for record in (whole, *each) if record.why_missed]
    assert len(reasons) == 3
    assert reasons[0].misses + reasons[0].held == whole.settled
    assert reasons[0].misses == sum(row.misses for row in reasons[1:])
    for at, row in enumerate(reasons[0].classes):
        assert row.misses == sum(other.classes[at].misses for other in reasons[1:])
    assert record_json(whole)["why_missed"]["pooled"]["misses"] == reasons[0].misses
    nothing = live_record(services.store, RecordFilter(since=SESSIONS[2]))
    assert nothing.why_missed is None
