"""The ledger: one chain whoever writes, nothing changed without being found out, and a row before it is shown."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from bellwether.cli.main import main
from bellwether.db.database import Store, try_write
from bellwether.track_record.ledger import checkpoint, ledger_table, outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.rebuild import rebuild
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.ledger.verify import verify
from bellwether.track_record.scores.track_record import RecordFilter, live_record
from tests.support.account import DAY, made_up, store_of
from tests.support.database import address_of, beside, drop_guards, store_at
from tests.support.training import ROOT

SESSION = date(2021, 6, 30)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Forty forecasts, entered."""
    store = store_of(tmp_path)
    record(store, [made_up(number) for number in range(40)])
    return store


def rows_of(store: Store) -> int:
    with store.reading() as db:
        return ledger_table.CHAIN.head(db).rows


def by_hand(store: Store, *statements: str, guards: bool = False) -> None:
    """What somebody with the database could do; `guards` leaves the triggers in place."""
    with beside(store) as db:
        if not guards:
            drop_guards(db)
        for statement in statements:
            db.execute(statement)


# ---- the chain


def test_what_was_written_proves_itself(store: Store) -> None:
    found = verify(store)
    assert (found.ledger.rows, found.problems) == (40, ())


def test_the_same_forecast_is_one_row_however_often_it_is_issued(store: Store) -> None:
    assert record(store, [made_up(3), made_up(3), made_up(41)]) == 1
    assert record(store, [made_up(41)]) == 0
    assert rows_of(store) == 41


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET symbol = 'NVDA' WHERE seq = 20",
        "DELETE FROM ledger WHERE seq = 40",
        "INSERT INTO ledger SELECT 99, 'f1', symbol, cutoff, horizon, target, made_at, model_id, source, shown,"
        " bars_sha256, numbers, hash, NULL FROM ledger WHERE seq = 1",
    ],
    ids=["update", "delete", "insert out of order"],
)
def test_the_database_itself_refuses_to_change_rows(store: Store, statement: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="rows of ledger are"):
        by_hand(store, statement, guards=True)


@pytest.mark.sqlite
def test_a_file_refuses_to_replace_rows_too(store: Store) -> None:
    replace = (
        "INSERT OR REPLACE INTO ledger SELECT seq, forecast_id, 'X', cutoff, horizon, target, made_at, model_id,"
        " source, shown, bars_sha256, numbers, hash, NULL FROM ledger WHERE seq = 1"
    )
    with pytest.raises(sqlite3.IntegrityError, match="rows of ledger are"):
        by_hand(store, replace, guards=True)


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE ledger SET symbol = 'NVDA' WHERE seq = 20"], "Forecast 20 is not what was written"),
        (["UPDATE ledger SET made_at = made_at - 1 WHERE seq = 1"], "Forecast 1 is not"),
        (["UPDATE ledger SET numbers = zeroblob(136) WHERE seq = 40"], "Forecast 40 is not"),
        (["UPDATE ledger SET shown = 0 WHERE seq = 7"], "Forecast 7 is not"),
        (["UPDATE ledger SET hash = zeroblob(32) WHERE seq = 7"], "Forecast 7 is not"),
        (["UPDATE ledger SET numbers = 'text' WHERE seq = 7"], "Forecast 7 is not"),
        (["UPDATE ledger SET hash = 'text' WHERE seq = 40"], "Forecast 40 is not"),
        (["DELETE FROM ledger WHERE seq = 20"], "forecasts 20 to 20 are missing"),
        (["DELETE FROM ledger WHERE seq = 1"], "forecasts 1 to 1 are missing"),
        (["DELETE FROM ledger WHERE seq BETWEEN 5 AND 9"], "forecasts 5 to 9 are missing"),
        (["DELETE FROM ledger WHERE seq = 20", "UPDATE ledger SET seq = seq - 1 WHERE seq > 20"], "Forecast 20 is not"),
        (
            [
                "UPDATE ledger SET seq = 1000 WHERE seq = 10",
                "UPDATE ledger SET seq = 10 WHERE seq = 30",
                "UPDATE ledger SET seq = 30 WHERE seq = 1000",
            ],
            "Forecast 10 is not",
        ),
        (
            [
                "UPDATE ledger SET seq = -seq WHERE seq > 20",
                "UPDATE ledger SET seq = 1 - seq WHERE seq < 0",
                "INSERT INTO ledger SELECT 21, 'f1', symbol, cutoff, horizon, target, made_at, model_id, source, shown,"
                " bars_sha256, numbers, hash, NULL FROM ledger WHERE seq = 20",
            ],
            "Forecast 21 is not",
        ),
        (["DELETE FROM ledger WHERE seq > 35"], "rows at the end were removed"),
        (["DELETE FROM ledger"], "rows at the end were removed"),
    ],
    ids=[
        "symbol",
        "time",
        "numbers",
        "shown",
        "hash",
        "text for numbers",
        "text for the last hash",
        "one gone",
        "first gone",
        "several gone",
        "gap closed",
        "swapped",
        "put between",
        "end cut off",
        "all gone",
    ],
)
@pytest.mark.sqlite
def test_tampering_of_any_kind_is_found(store: Store, statements: list[str], found: str) -> None:
    by_hand(store, *statements)
    problems = " ".join(verify(store).problems)
    assert found in problems
    assert "guards against change are missing" in problems


def test_whoever_may_log_in_to_the_server_is_found_out_too(store: Store) -> None:
    """The same proof, over rows as each kind of database hands them out."""
    by_hand(store, "UPDATE ledger SET made_at = made_at - 1 WHERE seq = 20")
    problems = " ".join(verify(store).problems)
    assert "Forecast 20 is not" in problems
    assert "guards against change are missing" in problems


def settled_store(store: Store) -> Store:
    """The same store with the outcomes of thirty of its forecasts."""
    with store.transaction() as db:
        due = outcomes_table.due(db, date.max)[:30]
        came = [Outcome(one, None if one.seq % 9 == 0 else 0.011 * (one.seq % 5 - 2), DAY) for one in due]
        count(db, outcomes_table.append(db, came, datetime(2026, 11, 25, tzinfo=UTC)))
    checkpoint.note(store)
    assert verify(store).problems == ()
    return store


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE outcomes SET log_return = 0.0001 WHERE id = 7"], "Outcome 7 is not what was written"),
        (["UPDATE outcomes SET settled_at = settled_at - 1 WHERE id = 1"], "Outcome 1 is not"),
        (["UPDATE outcomes SET log_return = NULL, session = NULL WHERE id = 30"], "Outcome 30 is not"),
        (["DELETE FROM outcomes WHERE id = 4"], "outcomes 4 to 4 are missing"),
        (["DELETE FROM outcomes WHERE id > 25"], "note on outcomes beside the database knows 30 rows"),
        (
            [
                "UPDATE outcomes SET id = 100 WHERE id = 5",
                "UPDATE outcomes SET id = 5 WHERE id = 6",
                "UPDATE outcomes SET id = 6 WHERE id = 100",
            ],
            "Outcome 5 is not",
        ),
        (
            [
                "UPDATE outcomes SET seq = -1 WHERE id = 5",
                "UPDATE outcomes SET seq = (SELECT seq FROM outcomes WHERE id = 6) WHERE id = 5",
                "UPDATE outcomes SET seq = 99 WHERE id = 6",
            ],
            "Outcome 5 is not",
        ),
        (["DELETE FROM ledger WHERE seq > 20"], "outcomes belong to forecasts that are not there"),
    ],
    ids=["return", "time", "made lost", "one gone", "end cut off", "swapped", "given to another", "forecasts gone"],
)
@pytest.mark.sqlite
def test_tampering_with_outcomes_is_found(store: Store, statements: list[str], found: str) -> None:
    settled_store(store)
    by_hand(store, "DROP INDEX idx_outcomes_seq", *statements)
    assert found in " ".join(verify(store).problems)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE score_sums SET loss = loss * 0.9 WHERE forecasts > 0", "sums that the track record shows are not"),
        ("UPDATE score_sums SET issued = issued - 1", "sums that the track record shows are not"),
        ("UPDATE score_sums SET lost = 0", "sums that the track record shows are not"),
        ("DELETE FROM score_sums", "sums that the track record shows are not"),
        ("UPDATE score_sums SET model_id = 'other'", "sums that the track record shows are not"),
        ("DELETE FROM misses WHERE distance = (SELECT max(distance) FROM misses)", "list of misses is not"),
        ("UPDATE misses SET distance = distance / 2", "list of misses is not"),
        ("UPDATE misses SET cutoff = cutoff + 1", "list of misses is not"),
        ("INSERT INTO misses (seq, distance, cutoff) SELECT max(seq), 9, 1 FROM pending", "list of misses is not"),
        ("DELETE FROM pending WHERE seq = (SELECT max(seq) FROM pending)", "1 open forecasts, the first in row"),
        (
            "UPDATE pending SET target = 99999 WHERE seq = (SELECT max(seq) FROM pending)",
            "1 open forecasts, the first in row",
        ),
    ],
    ids=[
        "flattered",
        "fewer issued",
        "none lost",
        "sums gone",
        "another model",
        "biggest miss gone",
        "misses smaller",
        "misses moved",
        "miss made up",
        "never to be settled",
        "put off",
    ],
)
def test_what_the_page_shows_is_proved_too_and_can_be_made_again(store: Store, statement: str, found: str) -> None:
    settled_store(store)
    before = live_record(store, RecordFilter())
    by_hand(store, statement, guards=True)
    (problem,) = verify(store).problems
    assert found in problem
    assert "ledger rebuild" in problem

    def calendar_of(symbol: str) -> str:
        with store.transaction() as db:  # whoever writes meanwhile waits for no source
            try_write(db)
        return "XNYS"

    rebuild(store, calendar_of)
    assert verify(store).problems == ()
    assert live_record(store, RecordFilter()) == before


def test_a_forecast_entered_when_its_outcome_was_known_is_found(store: Store) -> None:
    """The chain follows: whoever can enter rows can compute hashes."""
    record(store, [made_up(300, cutoff=date(2026, 10, 5))])
    (problem,) = verify(store).problems
    assert problem.startswith("Forecast 41 says that it was made before one that was entered earlier")
    late = store_of(store.path.parent / "late")
    record(late, [made_up(301, made_at=datetime(2026, 11, 25, 3, tzinfo=UTC))])
    assert verify(late).problems == ("Forecast 1 was made after the session that it is about.",)


def test_two_processes_that_enter_what_they_made_at_once_are_no_problem(store: Store) -> None:
    minute = datetime(2026, 11, 23, 21, 59, tzinfo=UTC)
    record(store, [made_up(302, made_at=minute)])
    assert verify(store).problems == ()


def test_a_ledger_written_anew_is_found_by_whoever_noted_its_head(store: Store, tmp_path: Path) -> None:
    with store.reading() as db:
        noted = ledger_table.CHAIN.head(db)
    (tmp_path / "other").mkdir()
    other = store_of(tmp_path / "other")
    record(other, [made_up(number, symbol="BETTER") for number in range(40)])
    assert verify(other).problems == (), "alone it cannot be told"
    assert "the rows up to it were written anew" in verify(other, noted).problems[0]
    assert verify(store, noted).problems == ()


@pytest.mark.sqlite
def test_an_old_backup_is_found_by_the_note_beside_the_database(store: Store) -> None:
    store.close()
    old = store.path.read_bytes()
    record(store, [made_up(100)])
    store.close()
    for left in store.path.parent.glob(f"{store.path.name}-*"):
        left.unlink()
    store.path.write_bytes(old)
    assert "or an older backup was put back" in verify(store_at(store.path)).problems[0]
    record(store, [made_up(101), made_up(102)])
    assert "another hash of row 41" in verify(store).problems[0]


@pytest.mark.parametrize(
    "content", ["", "{}", '{"ledger": "x:y", "outcomes": "0:00"}'], ids=["empty", "no keys", "odd"]
)
def test_a_damaged_or_missing_note_is_said(store: Store, content: str) -> None:
    note = checkpoint.path_of(store)
    note.write_text(content)
    assert "cannot be read" in verify(store).problems[0]
    note.unlink()
    assert "is missing" in verify(store).problems[0]
    record(store, [made_up(100)])
    assert verify(store).problems == ()


# ---- many writers


def test_threads_keep_one_chain(store: Store) -> None:
    def enter(first: int) -> int:
        return sum(record(store, [made_up(number)]) for number in range(first, first + 30))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter, [100, 110, 120, 130, 140, 150])) == 80, "what two of them enter is there once"
    assert verify(store).problems == ()
    assert rows_of(store) == 120


def writer(store: Store, mode: str, first: int) -> subprocess.Popen[bytes]:
    """A process that writes into the same database, as `ledger_writers` says."""
    command = [sys.executable, "-m", "tests.support.ledger_writers", mode, address_of(store), str(store.folder)]
    return subprocess.Popen([*command, str(first)], cwd=ROOT, stdout=subprocess.PIPE)


def test_two_processes_keep_one_chain(store: Store) -> None:
    store.close()
    both = [writer(store, "enter", first) for first in (200, 220)]
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    proof = verify(store)
    assert (proof.problems, proof.ledger.rows) == ((), 40 + 61)


def test_kills_in_the_middle_of_issuing_and_settling_leave_a_whole_account(store: Store) -> None:
    """Two at a time, each killed as hard as can be wherever it happens to be."""
    store.close()
    both = [writer(store, "on", first) for first in (1000, 2000)]
    for process in both:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline()
    for process in both:
        process.kill()
        process.communicate()
    proof = verify(store)
    assert proof.problems == ()
    assert proof.outcomes.rows > 20


def test_an_older_note_never_stays_in_place_of_a_newer_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process adds rows and notes them between our look at the chain and our writing."""
    write, late = checkpoint.write, [made_up(500)]

    def meanwhile(file: Path, now: checkpoint.Checkpoint) -> None:
        if late:
            record(store, [late.pop()])
        write(file, now)

    monkeypatch.setattr(checkpoint, "write", meanwhile)
    checkpoint.note(store)
    noted = checkpoint.read(store)
    assert noted is not None and noted.ledger.rows == 41


# ---- the command


@pytest.mark.sqlite
def test_the_command_proves_it_and_prints_the_head(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(store.path))
    fine = CliRunner().invoke(main, ["ledger", "verify"])
    assert fine.exit_code == 0, fine.output
    with store.reading() as db:
        head = str(ledger_table.CHAIN.head(db))
    assert head in fine.output
    assert CliRunner().invoke(main, ["ledger", "verify", "--expect", head]).exit_code == 0
    odd = CliRunner().invoke(main, ["ledger", "verify", "--expect", "12:zz"])
    assert (odd.exit_code, "is no head" in odd.output) == (1, True)
    by_hand(store, "DELETE FROM ledger WHERE seq = 40")
    cut = CliRunner().invoke(main, ["ledger", "verify"])
    assert (cut.exit_code, "rows at the end were removed" in cut.output) == (1, True)
