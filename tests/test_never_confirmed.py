"""An address that nobody confirms is forgotten after two days, whatever became of the mail or the code that asked."""

from pathlib import Path

import pytest

from bellwether.delivery import chats_table
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.targets import ask as targets
from bellwether.jobs.prune import prune
from tests.test_readers import ADDRESS, somebody
from tests.test_targets import ANN, later, listening, made, outbox, proved


def test_an_address_whose_mailbox_refused_the_question_is_forgotten_like_any_other(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.box.refused = "550 no such user"
        ann.subscribe(ADDRESS)
        with ann.services.store.transaction() as db:
            (row,) = db.rows("SELECT chat_id FROM targets")
            chats_table.pause(db, row["chat_id"], Silence.GONE, ann.services.clock())
        later(ann.services, hours=47)
        prune(ann.services)
        with ann.services.store.reading() as db:
            assert len(db.rows("SELECT id FROM targets")) == 1
        later(ann.services, hours=2)
        prune(ann.services)
        with ann.services.store.reading() as db:
            assert not db.rows("SELECT id FROM targets") + db.rows("SELECT chat_id FROM chats")


def test_a_target_of_a_chat_whose_code_nobody_sent_is_forgotten_and_a_proved_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = made(tmp_path)
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
    targets.add(services, ANN, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    later(services, hours=47)
    prune(services)
    assert len(targets.of_chat(services, ANN)) == 2
    later(services, hours=2)
    prune(services)
    assert [target.id for target in targets.of_chat(services, ANN)] == [number]
    assert not [row for row in outbox(services) if row["state"] == "pending"]
