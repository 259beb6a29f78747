"""Databases of 0.1.0 open, migrate and answer the same, plain and encrypted: one of the code before its floors, and one
of the last day of 0.1.0.

The databases and their answers were made by those versions: `tests/support/old_database/` says how.
"""

import json
import multiprocessing
import signal
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bellwether.db import encryption
from bellwether.db.database import Store
from bellwether.db.migrations import migrations
from bellwether.db.rewrite import rewrite
from bellwether.db.sqlite_store import SqliteStore
from tests.support.data import DATA
from tests.support.models import SERVED
from tests.support.old_database.answers import answers
from tests.support.old_database.comparing import dump, same
from tests.support.old_database.opening import open_and_die, open_at_once
from tests.support.old_database.parts import KEY, unpack

OLD = DATA / "old_database"
KEPT = json.loads((OLD / "answers.json").read_text(encoding="utf-8"))
NEWEST = json.loads((OLD / "newest" / "answers.json").read_text(encoding="utf-8"))
FORMS = {"plain": "", "encrypted": KEY}

pytestmark = pytest.mark.parametrize("form", FORMS)


@pytest.fixture
def store(tmp_path: Path, form: str) -> Store:
    """A copy of the old database; nothing has looked at it yet."""
    return SqliteStore(unpack(OLD / f"{form}.zip", tmp_path), FORMS[form])


def test_it_was_made_before_the_last_migrations(store: Store, form: str) -> None:
    connection = encryption.connect(store.path, store.key)
    names = [migration.name for migration in migrations.pending(Database(connection))]
    connection.close()
    assert names[:3] == ["updates_set_aside", "doubtful_splits", "told_pauses"]


#: what was said, and how it is said now
REWORDED = {
    "/unwatch SYMBOL stops one.": "To stop watching one, send for example /unwatch {first}.",
    "/unwatch SYMBOL nimmt eines heraus.": "So nehmen Sie eine heraus: /unwatch {first}.",
    "Drücken Sie + und eine Aktie für einen neuen, oder tippen Sie ihn:": (
        "Für einen neuen tippen Sie auf + und eine Aktie, oder schreiben Sie: „sag mir, wenn Nvidia um 5 % fällt“. "
        "Als Befehl:"
    ),
    "Press + and a stock for a new one, or type it:": (
        "Press + and a stock for a new one, or write it: “tell me when Nvidia drops 5 %”. As a command:"
    ),
    "Ihre Uhr: Europe/Berlin, dort ist es jetzt 23:00": "Zeitzone: Europe/Berlin, dort ist es jetzt 23:00 Uhr",
    "um 18:30 oder später": "frühestens um 18:30 Uhr",
    "So schreibe ich Ihnen:": "So schreibe ich Ihnen. Die Übersicht ist eine Nachricht über alles, was Sie beobachten.",
    "Einzelne Alarme pro Woche:": "Alarme als eigene Nachricht, pro Woche:",
    "Prognosen: einfache Worte": "„Details“ einer Prognose: in einfachen Worten",
    "KO: a close above 60.00": "KO: a close above $60.00",
    "a session that moves": "a rise or fall of",
    "or more either way": "or more from one close to the next",
    "How I write to you:": "How I write to you. The digest is one message on all that you watch.",
    "Your clock:": "Time zone:",
    "Digest: after every session,": "Digest: after every trading day,",
    "minutes after the close\n": "minutes after the close (about 20:45 your time)\n",
    "Alerts of their own in a week:": "Separate alert messages a week:",
    "Forecasts: plain words": "“Details” of a forecast: in plain words",
    "Forecasts: all the numbers": "“Details” of a forecast: with all figures",
    "Drücken Sie auf das, was Sie ändern wollen. /alerts hat Ihre Alarme, /stop lässt alles schweigen.": (
        "Tippen Sie an, was Sie ändern wollen. Ihre Alarme stehen unter /alerts; /stop schaltet alles stumm."
    ),
}


def _reworded(text: str, first: str = "") -> str:
    for before, now in REWORDED.items():
        text = text.replace(before, now.format(first=first))
    return text


def as_told_now(old: dict[str, Any]) -> dict[str, Any]:
    """The old answers but for what is told otherwise on purpose: each symbol's biggest miss, words, keys."""
    record = old["api"]["0 /track-record"]["body"]
    record["misses"] = list({miss["symbol"]: miss for miss in reversed(record["misses"])}.values())[::-1]
    record["standings"][0] |= {"model_id": SERVED, "sessions": 0}  # another model is served now
    for about in ("0 /track-record", "1 /track-record?symbol=AAPL&horizon=5"):
        body = old["api"][about]["body"]
        for part in (body, *body["by_horizon"], *body["by_model"]):  # no range was stretched then
            part["score"] |= {"stretched": 0, "unstretched_coverage_80": part["score"]["coverage_80"]}
    for entry in old["api"]["2 /ledger?symbol=KO"]["body"]["items"]:
        entry |= {"calibration": None, "probability_of_growth": None}  # nor was the told chance kept
    for rule in old["api"]["3 /rules"]["body"]["items"]:
        rule["text"] = _reworded(rule["text"])
    for answers_of_chat in old["chats"].values():
        first = answers_of_chat["/list"].splitlines()[1].split()[0]  # of what is watched
        answers_of_chat.update({said: _reworded(text, first) for said, text in answers_of_chat.items()})
    return old


def unfiled(old: dict[str, Any]) -> dict[str, Any]:
    """Answers with what is told of misses now; those of an old database are filed by the service once it runs."""
    for about, answer in old["api"].items():
        if about.startswith(("0 /track-record", "1 /track-record")):
            answer["body"]["why_missed"] = None
        for entry in answer["body"].get("items", []) if "/ledger" in about else []:
            if entry["outcome"] is not None:
                entry["outcome"] |= {"why_missed": None, "causes": None}
    return old


def test_it_answers_the_same(store: Store, form: str) -> None:
    old = unfiled(as_told_now(deepcopy(KEPT["answers"])))
    new = same(answers(store.path.parent, KEPT["tokens"], FORMS[form]), old)
    for about, expected in old.items():
        assert new[about] == expected, about
    assert new.keys() == old.keys()


def test_one_of_the_last_day_of_0_1_0_answers_the_same(tmp_path: Path, form: str) -> None:
    """The ledger's proof and what is owed are among the answers; its encrypted form is made of the plain one here."""
    path, key = unpack(OLD / "newest" / "plain.zip", tmp_path), FORMS[form]
    if key:
        rewrite(path, "", key)
    before = dump(SqliteStore(path, key))
    old = unfiled(deepcopy(NEWEST["answers"]))
    new = same(answers(tmp_path, NEWEST["tokens"], key), old)
    for about, expected in old.items():
        assert new[about] == expected, about
    assert new.keys() == old.keys()
    assert "ok" in new["proof"] and "FAIL" not in new["proof"]
    after = dump(SqliteStore(path, key))
    assert after["ledger"] == before["ledger"] and after["ledger"], "what was issued stands as it was"


def test_it_is_migrated_once_and_a_second_start_changes_nothing(store: Store, form: str) -> None:
    first = dump(store)
    store.close()
    for _ in range(2):
        again = SqliteStore(store.path, FORMS[form])
        assert dump(again) == first
        again.close()
    with store.reading() as db:
        assert not migrations.pending(Database(db.conn))


@pytest.mark.parametrize("statement", [1, 5, 8])
def test_a_kill_while_it_is_migrated_leaves_it_as_it_was(
    store: Store, form: str, tmp_path: Path, statement: int
) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=open_and_die, args=(store.path, FORMS[form], statement)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    untouched = SqliteStore(unpack(OLD / f"{form}.zip", tmp_path / "untouched"), FORMS[form])
    after, expected = dump(store), dump(untouched)
    for kept in (after, expected):
        kept["_sqlite_migrations"] = [name for _, _, name, *_ in kept["_sqlite_migrations"]]  # not when
    assert after == expected


def test_two_processes_may_migrate_it_at_once(store: Store, form: str, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    begin = spawn.Barrier(2)
    processes = [spawn.Process(target=open_at_once, args=(begin, store.path, FORMS[form])) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    migrated_alone = SqliteStore(unpack(OLD / f"{form}.zip", tmp_path / "alone"), FORMS[form])
    together, alone = dump(store), dump(migrated_alone)
    for kept in (together, alone):
        kept["_sqlite_migrations"] = [name for _, _, name, *_ in kept["_sqlite_migrations"]]  # not when
    assert together == alone
