"""However many chats and networks ask, the service writes to so many strangers a day, and tells whoever runs it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bellwether.core.errors import LimitReached
from bellwether.delivery.admin_notes import AdminTopic
from bellwether.delivery.readers import ask as readers
from bellwether.delivery.targets import ask
from bellwether.services import Services
from tests.test_targets import later, made, outbox

ADMIN = 99


@pytest.fixture
def services(tmp_path: Path) -> Services:
    plain = made(tmp_path, smtp="smtp://127.0.0.1:9", mail_from="alerts@bell.example", asked_a_day=3)
    telegram = plain.settings.telegram.model_copy(update={"admin_chat": ADMIN})
    return replace(plain, settings=plain.settings.model_copy(update={"telegram": telegram}))


def test_many_chats_ask_no_more_strangers_than_the_operator_lets_them(services: Services) -> None:
    for chat in range(1, 4):
        ask.add(services, chat, f"person{chat}@mail.example", "en")
    for chat in (4, 5):
        with pytest.raises(LimitReached, match="tomorrow"):
            ask.add(services, chat, f"person{chat}@mail.example", "en")
    assert len(outbox(services)) == 3
    assert [row["text"] for row in outbox(services, "chat")] == [AdminTopic.MANY_ASKED.value], "once a day"
    readers.subscribe(services, "ben@mail.example", "en", "192.0.2.1")
    assert len(outbox(services)) == 4, "the page has a count of its own"
    later(services, hours=25)
    ask.add(services, 4, "person4@mail.example", "en")


def test_many_networks_have_no_more_strangers_mailed_than_the_operator_lets_them(services: Services) -> None:
    for number in (0, 0, 1, 1, 2):  # what is asked again goes nowhere, and does not count
        readers.subscribe(services, f"person{number}@mail.example", "en", f"192.0.2.{number}")
    with pytest.raises(LimitReached, match="tomorrow"):
        readers.subscribe(services, "one.more@mail.example", "en", "192.0.2.77")
    assert len(outbox(services)) == 3
    assert [row["text"] for row in outbox(services, "chat")] == [AdminTopic.MANY_ASKED.value]
    ask.add(services, 1, "person4@mail.example", "en")
