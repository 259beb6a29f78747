"""What is kept of a history is what was given, to the last bit; and new bars are joined to it only where they fit."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwether.core.errors import StoreError
from bellwether.core.types import Bars, Instrument, to_date
from bellwether.db.database import Store
from bellwether.db.sqlite_store import SqliteStore
from bellwether.market.provider import Fetched
from bellwether.market.remote import bars_table as kept_bars
from bellwether.market.remote.bars_table import DamagedBars
from bellwether.market.remote.splice import OVERLAP, joined
from tests.support.database import store_at

ONE = Instrument("MADE", "Made", "", "XNYS", "USD")


@pytest.fixture
def store(database_kind: str, tmp_path: Path) -> Iterator[Store]:
    """Of the kind that the test is on; one for all examples of a test."""
    store = store_at(tmp_path / "kept.sqlite3")
    yield store
    store.close()


one_database = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@st.composite
def histories(draw: st.DrawFn, shortest: int = 1) -> Bars:
    """Sessions over several years with any numbers at all."""
    count = draw(st.integers(shortest, 60))
    gaps = draw(st.lists(st.integers(1, 60), min_size=count, max_size=count))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    sessions = np.datetime64("1998-11-20") + np.cumsum(gaps)
    quoted = np.exp(random.normal(3, 1, count))
    values = np.column_stack(
        [0.9 * quoted[:, None] * np.exp(random.normal(0, 0.01, (count, 4))), random.integers(0, 10**12, count)]
    )
    return Bars("MADE", sessions, values, quoted)


def same(one: Bars | None, other: Bars) -> bool:
    return one is not None and all(
        np.array_equal(getattr(one, part), getattr(other, part)) for part in ("sessions", "values", "quoted_closes")
    )


@one_database
@given(histories())
def test_what_is_read_is_what_was_written(store: Store, bars: Bars) -> None:
    with store.transaction() as db:
        kept_bars.save(db, "yahoo", bars)
        read = kept_bars.load(db, "yahoo", "MADE")
        assert same(read, bars)
        assert kept_bars.load(db, "other", "MADE") is None


@one_database
@given(histories(shortest=2), st.data())
def test_writing_only_what_changed_leaves_the_same_history(store: Store, bars: Bars, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(bars) - 1))
    with store.transaction() as db:
        kept_bars.save(db, "yahoo", bars.part(slice(at)))
        kept_bars.save(db, "yahoo", bars, to_date(bars.sessions[at]))
        assert same(kept_bars.load(db, "yahoo", "MADE"), bars)


def test_a_shared_history_cannot_be_changed_by_who_reads_it(store: Store) -> None:
    bars = Bars("MADE", np.array(["2021-01-04"], "datetime64[D]"), np.ones((1, 5)), np.ones(1))
    with store.transaction() as db:
        kept_bars.save(db, "yahoo", bars)
        read = kept_bars.load(db, "yahoo", "MADE")
    assert read is not None
    with pytest.raises(ValueError, match="read-only"):
        read.values[0, 0] = 2.0


@pytest.mark.parametrize("damage", [{"data": b"\0"}, {"checksum": 0}])
def test_damage_is_noticed(store: Store, damage: dict[str, object]) -> None:
    refuses_when(store, damage)


@pytest.mark.sqlite
@pytest.mark.parametrize("data", [7, "text"])
def test_another_kind_of_value_which_only_sqlite_would_keep_is_noticed(store: Store, data: object) -> None:
    refuses_when(store, {"data": data})


def refuses_when(store: Store, damage: dict[str, object]) -> None:
    bars = Bars("MADE", np.array(["2021-01-04"], "datetime64[D]"), np.ones((1, 5)), np.ones(1))
    with store.transaction() as db:
        kept_bars.save(db, "yahoo", bars)
        for column, value in damage.items():
            db.execute(f"UPDATE bars SET {column} = :value", {"value": value})
        with pytest.raises(DamagedBars):
            kept_bars.load(db, "yahoo", "MADE")


# ---- joining


@given(histories(shortest=OVERLAP + 1), st.data())
@pytest.mark.sqlite
def test_a_history_cut_anywhere_and_joined_again_is_whole(bars: Bars, data: st.DataObject) -> None:
    at = data.draw(st.integers(OVERLAP, len(bars)))
    new = Fetched(ONE, bars.part(slice(at - OVERLAP, None)))
    assert same(joined(bars.part(slice(at)), ONE, new), bars)


@given(histories(shortest=OVERLAP + 2), st.sampled_from([0.25, 0.98, 0.9998, 1.01, 2.0, 100.0]), st.booleans())
@pytest.mark.sqlite
def test_whatever_changed_the_past_is_never_joined(bars: Bars, factor: float, quoted: bool) -> None:
    """A dividend changes the adjusted closes before it; a split or a unit, the quoted ones too."""
    kept = bars.part(slice(len(bars) - 1))
    again = bars.part(slice(len(bars) - 1 - OVERLAP, None))
    values, closes = again.values.copy(), again.quoted_closes.copy()
    values[:-1, :4] *= factor
    if quoted:
        closes[:-1] *= factor
    assert joined(kept, ONE, Fetched(ONE, replace(again, values=values, quoted_closes=closes))) is None


@pytest.mark.sqlite
def test_other_currencies_events_gaps_and_nothing_in_common_are_never_joined() -> None:
    days = np.arange("2021-01-04", "2021-02-04", dtype="datetime64[D]")
    bars = Bars("MADE", days, np.ones((len(days), 5)), np.ones(len(days)))
    kept, new = bars.part(slice(20)), bars.part(slice(15, None))
    assert joined(kept, ONE, Fetched(ONE, new)) is not None
    assert joined(kept, ONE, Fetched(replace(ONE, currency="GBp"), new)) is None
    assert joined(kept, ONE, Fetched(ONE, new, (to_date(days[20]),))) is None
    assert joined(kept, ONE, Fetched(ONE, new, (to_date(days[19]),))) is not None  # it was there when we kept them
    assert joined(kept, ONE, Fetched(ONE, bars.part(slice(20, None)))) is None
    holed = Bars("MADE", np.delete(new.sessions, 2), np.delete(new.values, 2, 0), np.delete(new.quoted_closes, 2))
    assert joined(kept, ONE, Fetched(ONE, holed)) is None


@pytest.mark.parametrize(("factor", "taken"), [(1.001, True), (0.999, True), (1.02, False)])
@pytest.mark.sqlite
def test_a_small_correction_of_the_newest_close_is_taken_over(factor: float, taken: bool) -> None:
    days = np.arange("2021-01-04", "2021-02-04", dtype="datetime64[D]")
    bars = Bars("MADE", days, np.ones((len(days), 5)), np.ones(len(days)))
    kept, new = bars.part(slice(20)), bars.part(slice(15, None))
    values, quoted = new.values.copy(), new.quoted_closes.copy()
    values[4, :4] *= factor
    quoted[4] *= factor
    together = joined(kept, ONE, Fetched(ONE, replace(new, values=values, quoted_closes=quoted)))
    assert (together is not None) == taken
    if together is not None:
        assert together.quoted_closes[19] == pytest.approx(factor)
        assert together.cutoff == date(2021, 2, 3)


@pytest.mark.sqlite
def test_what_is_kept_is_read_while_another_program_keeps_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellwether.db.sqlite_store.BUSY_TIMEOUT", 0.1)
    file = tmp_path / "t.sqlite3"
    first, started_later = store_at(file), SqliteStore(file)
    with first.transaction() as db:
        db.execute("UPDATE chats SET paused = paused")
        with started_later.reading() as read:
            assert kept_bars.load(read, "yahoo", "MADE") is None
        with pytest.raises(StoreError), started_later.transaction():
            pass
    first.close()
    started_later.close()


@pytest.mark.sqlite
def test_a_database_from_before_gets_the_tables(tmp_path: Path) -> None:
    store = store_at(tmp_path / "t.sqlite3")
    with store.reading() as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert {"bars", "instruments", "statements"} <= tables
    store.close()
