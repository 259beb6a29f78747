"""Everything kept about a chat can be had and erased, from whatever table, down to the bytes of the file."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import ask, watchlist
from bellwether.alerts.tick import tick
from bellwether.alerts.tick_rules import judge_rules
from bellwether.core.alert_types import AlertSettings, Preferences, RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.core.errors import LimitReached
from bellwether.delivery import chat_data_table, chat_wishes, chats, chats_table, inbox_table, outbox_table
from bellwether.delivery.messages import RecipientKind, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.targets import ask as targets
from bellwether.services import Services, build_services
from scheduler import Timetable
from tests.conftest import MODELS
from tests.support.database import store_at

ANN, BEN, ADMIN = 7346519820127, 5512345678901, 99
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    settings = load_settings(
        database={"path": tmp_path / "t.sqlite3"},
        models={"folder": MODELS},
        telegram={"admin_chat": ADMIN},
        channels={"key": "5e" * 32},
    )
    return build_services(settings, clock=lambda: EVENING)


def say(services: Services, chat_id: int, text: str) -> None:
    """Somebody tells the operator something."""
    chats.say_to_operator(services.store, services.clock, services.settings.telegram.admin_chat, chat_id, text)


def live(services: Services, chat_id: int) -> None:
    """A chat that did everything there is to do the day before, and hears of it in the evening."""
    today, services = services, replace(services, clock=lambda: EVENING - timedelta(days=1))
    watchlist.watch(services, chat_id, "AAPL", "en")
    watchlist.watch(services, chat_id, "MSFT", "en")
    ask.add_rule(services, chat_id, "TSLA", RuleRequest(RuleKind.MOVE, 0.001), "en")
    ask.change_alert_settings(services, chat_id, AlertSettings("Europe/Berlin", theme="dark"), "en")
    say(services, chat_id, "The chart is hard to read.")
    targets.add(services, chat_id, f"https://ntfy.sh/{chat_id % 7919}-my-topic", "en")
    tick(today, EVENING)
    judge_rules(today, EVENING)
    with services.store.transaction() as db:
        body = {"update_id": chat_id, "message": {"chat": {"id": chat_id, "type": "private"}, "text": "AAPL"}}
        inbox_table.keep(db, chat_id % 1_000_000, json.dumps(body), EVENING)


def tables_with_rows(services: Services, chat_id: int) -> set[str]:
    with services.store.reading() as db:
        return set(chat_data_table.export(db, chat_id))


def test_an_export_has_every_row_of_the_chat_and_of_nobody_else(services: Services) -> None:
    live(services, ANN)
    live(services, BEN)
    told = json.loads(chats.export(services.store, services.clock, ANN))
    kept = told["kept"]
    assert told["chat_id"] == ANN
    assert {row["symbol"] for row in kept["subscriptions"]} == {"AAPL", "MSFT"}
    assert kept["chats"][0]["timezone"] == "Europe/Berlin"
    assert kept["alert_settings"][0]["theme"] == "dark"
    assert kept["feedback"][0]["text"] == "The chart is hard to read."
    assert kept["inbox"][0]["body"]["message"]["text"] == "AAPL"
    assert any(row["kind"] == "digest" for row in kept["outbox"])
    assert {row["kind"] for row in kept["alert_rules"]} == {"move"}
    assert str(BEN) not in json.dumps(told)


def test_what_others_forward_answer_or_mention_is_theirs(services: Services) -> None:
    ann, ben = ({"id": number, "first_name": "x"} for number in (ANN, BEN))
    chat, group = {"id": ANN, "type": "private"}, {"id": -5, "type": "supergroup"}
    of_ben = {"message_id": 1, "chat": {"id": BEN, "type": "private"}, "from": ben}
    mention = [{"type": "text_mention", "offset": 0, "length": 3, "user": ben}]
    said = {"from": ann, "text": "AAPL"}
    of_ann = [
        {"message": {"chat": chat, **said, "reply_to_message": of_ben}},
        {"message": {"chat": group, **said, "reply_to_message": of_ben | {"chat": group}}},
        {"message": {"chat": chat, **said, "forward_origin": {"type": "user", "sender_user": ben, "date": 0}}},
        {"message": {"chat": chat, **said, "entities": mention}},
        {"callback_query": {"id": "1", "from": ann, "data": "x", "message": {"chat": chat, "from": ben}}},
        {"message": {"chat": {"id": str(ANN)}, "text": 5, "contact": {"user_id": BEN}, "left_chat_member": ben}},
    ]
    with services.store.transaction() as db:
        for number, update in enumerate(of_ann, 100):
            inbox_table.keep(db, number, json.dumps({"update_id": number, **update}), EVENING)
        inbox_table.set_aside(db, 105, inbox_table.Aside.UNREADABLE, "TypeError", EVENING)
        assert "inbox" not in chat_data_table.export(db, BEN)
        assert len(chat_data_table.export(db, ANN)["inbox"]) == len(of_ann)
        assert [row["update_id"] for row in chat_data_table.export(db, -5)["inbox"]] == [101]
        assert chat_data_table.erase(db, BEN, EVENING) == 0
        assert len(inbox_table.unanswered(db)) == len(of_ann) - 1
        assert chat_data_table.erase(db, ANN, EVENING) == len(of_ann)


def test_every_table_about_chats_is_tried_out_here(services: Services) -> None:
    live(services, ANN)
    with services.store.reading() as db:
        about_chats = set(chat_data_table.tables_about_chats(db))
    assert tables_with_rows(services, ANN) == about_chats | {"inbox"}, "a new table needs a row in `live`"


def test_a_table_that_names_recipients_is_handed_out_and_erased_without_being_known(services: Services) -> None:
    with services.store.transaction() as db:
        columns = "recipient_kind TEXT, recipient_id BIGINT, words TEXT"
        db.execute(f"CREATE TABLE later ({columns})")
        db.execute("CREATE TABLE of_nobody (recipient_id BIGINT)")
        for kind in RecipientKind:
            db.execute("INSERT INTO later VALUES (:kind, :ann, :kind)", {"kind": kind.value, "ann": ANN})
        assert "later" in chat_data_table.tables_about_chats(db)
        assert chat_data_table.export(db, ANN) == {"later": [{"chat_id": ANN, "words": recipient_of(ANN).kind.value}]}
        assert chat_data_table.export(db, BEN) == {}
        assert chat_data_table.erase(db, ANN, EVENING) == 1
        left = {row["words"] for row in db.rows("SELECT words FROM later")}
    assert left == {kind.value for kind in RecipientKind} - {"chat"}, "what has the same number is another's"


@pytest.mark.sqlite
def test_nothing_of_an_erased_chat_is_left_in_any_file_of_the_database(services: Services, tmp_path: Path) -> None:
    live(services, ANN)
    live(services, BEN)
    with services.store.transaction() as db:  # a message that was answered long ago leaves its bytes behind, too
        for number in range(50):
            body = json.dumps({"message": {"chat": {"id": ANN}, "text": "x" * 500}})
            inbox_table.keep(db, number, body, EVENING)
            inbox_table.done(db, number, EVENING)
    assert traces(tmp_path, ANN), "or the search finds nothing anyway"
    assert chats.erase(services.store, services.clock, ANN) > 5
    assert tables_with_rows(services, ANN) == set()
    assert chat_wishes.preferences(services.store, ANN) == Preferences()
    assert traces(tmp_path, ANN) == []
    assert traces(tmp_path, BEN), "others keep what is theirs"
    assert tables_with_rows(services, BEN) >= {"chats", "subscriptions", "alert_rules", "outbox", "inbox"}
    assert len(watchlist.watchlist(services.store, BEN)) == 2


def test_an_erased_chat_is_owed_nothing_and_its_feedback_goes_nowhere(services: Services) -> None:
    live(services, ANN)
    chats.erase(services.store, services.clock, ANN)
    assert chats.erase(services.store, services.clock, ANN) == 0
    tick(services, EVENING)
    with services.store.reading() as db:
        owed = db.rows("SELECT * FROM outbox")
    assert owed == []


@pytest.mark.sqlite
def test_an_erasure_leaves_the_file_whole(services: Services) -> None:
    live(services, ANN)
    chats.erase(services.store, services.clock, ANN)
    with services.store.reading() as db:
        healthy = db.execute("PRAGMA integrity_check").fetchone()[0]
        broken = db.execute("PRAGMA foreign_key_check").fetchall()
    assert (healthy, broken) == ("ok", [])


def test_an_update_that_was_erased_is_not_answered_when_telegram_brings_it_again(services: Services) -> None:
    live(services, ANN)
    chats.erase(services.store, services.clock, ANN)
    with services.store.transaction() as db:
        assert not inbox_table.keep(db, ANN % 1_000_000, "{}", EVENING)
        assert inbox_table.unanswered(db) == []


def test_the_ledger_survives_an_erasure(services: Services) -> None:
    live(services, ANN)
    with services.store.reading() as db:
        before = db.execute("SELECT count(*) FROM ledger").fetchone()
    chats.erase(services.store, services.clock, ANN)
    with services.store.reading() as db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == before


@pytest.mark.sqlite
def test_an_erasure_counts_though_somebody_keeps_reading(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bellwether.db.sqlite_store.BUSY_TIMEOUT", 0.1)
    live(services, ANN)
    reader = sqlite3.connect(tmp_path / "t.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM chats").fetchall()
    assert chats.erase(services.store, services.clock, ANN) > 5
    assert "may linger" in caplog.text
    assert not services.store.empty_log(), "somebody still reads"
    assert traces(tmp_path, ANN)
    reader.close()
    assert tables_with_rows(services, ANN) == set()
    asyncio.run(Timetable(services)._empty_log())
    assert traces(tmp_path, ANN) == [], "the service makes up for it within a minute"
    assert not services.store.owes_empty_log
    assert store_at(services.store.path).owes_empty_log, "an earlier process may have been killed before it could"


def test_feedback_reaches_the_administrator_without_a_name_and_is_kept(services: Services) -> None:
    say(services, ANN, "<b>loud</b>")
    (kept,) = chats.newest_feedback(services.store)
    assert (kept.chat_id, kept.text) == (ANN, "<b>loud</b>")
    with services.store.transaction() as db:
        message = outbox_table.claim_next(db, EVENING, RecipientKind.CHAT, ClaimOrder.IN_ORDER)
    assert message is not None
    assert (message.recipient.id, message.kind) == (ADMIN, "admin")
    assert "&lt;b&gt;loud" in message.text
    assert str(ANN) not in message.text + message.dedup_key


def test_feedback_has_a_limit_a_day(services: Services) -> None:
    for number in range(chats.MOST_A_DAY):
        say(services, ANN, f"{number}")
    with pytest.raises(LimitReached, match="tomorrow"):
        say(services, ANN, "one more")
    say(services, BEN, "others are heard")


def test_without_an_administrator_feedback_is_only_kept(tmp_path: Path) -> None:
    alone = build_services(load_settings(database={"path": tmp_path / "a.sqlite3"}, models={"folder": MODELS}))
    say(alone, ANN, "hello")
    with alone.store.reading() as db:
        assert db.rows("SELECT * FROM outbox") == []
    assert len(chats.newest_feedback(alone.store)) == 1


def test_feedback_moves_with_a_group(services: Services) -> None:
    live(services, ANN)
    with services.store.transaction() as db:
        chats_table.migrate(db, ANN, BEN)
    assert [one.chat_id for one in chats.newest_feedback(services.store)] == [BEN]
    assert tables_with_rows(services, ANN) <= {"inbox", "outbox"}, "an update that waits names the old chat"


def test_stopping_keeps_everything_and_joining_again_goes_on(services: Services) -> None:
    live(services, ANN)
    chats.leave(services.store, services.clock, ANN)
    later = EVENING + timedelta(days=1)
    services = replace(services, clock=lambda: later)
    assert tick(services, later).written == 0
    with services.store.reading() as db:
        subscriber = chats_table.get(db, ANN)
    assert subscriber is not None
    assert subscriber.paused
    watchlist.join(services.store, services.clock, ANN, "en")
    assert tick(services, later).written >= 1


def traces(folder: Path, chat_id: int) -> list[str]:
    """The files in which the number stands, as text or as SQLite keeps whole numbers: big-endian."""
    wanted = (str(chat_id).encode(), chat_id.to_bytes(6, "big"))
    return [
        path.name for path in folder.iterdir() if path.is_file() and any(one in path.read_bytes() for one in wanted)
    ]
