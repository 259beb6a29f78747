"""A mail server that takes long to answer once it has a mail gets it once; one that takes long before is given up."""

import asyncio
import time
from pathlib import Path

import pytest

from bellwether.db.database import unstamp
from bellwether.delivery import deliver as delivery
from bellwether.delivery.channels import mail_sending, notify
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.outbox_claims_table import LEASE
from tests.support.mailbox import mailbox
from tests.test_target_mail import proved, services_with
from tests.test_targets import later, outbox, owe, run

PATIENCE = 20.0  #: seconds of the wall for what takes a moment


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """All times before a mail is handed over, a hundredth of what they are."""
    monkeypatch.setattr(notify, "TIMEOUT", notify.TIMEOUT / 100)
    monkeypatch.setattr(mail_sending, "PATIENCE", mail_sending.PATIENCE / 100)


@pytest.mark.usefixtures("hasty")
def test_a_server_that_answers_the_mail_later_than_anything_else_gets_it_once(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        box.slow_data = notify.TIMEOUT * 2
        assert run(services).sent == 1
        later(services, minutes=30)
        assert run(services) == DeliveryRun()
        assert len(box.mails) == 2, "the code, and the alert once"
        assert outbox(services)[-1]["attempts"] == 1


@pytest.mark.usefixtures("hasty")
def test_after_the_rfcs_time_it_is_sent_again_as_the_same_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mail_sending.FOR_THE_END >= 600, "RFC 5321, 4.5.3.2.6"
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        box.slow_data = 1.0
        monkeypatch.setattr(mail_sending, "FOR_THE_END", 0.1)
        assert run(services).put_back == 1
        box.slow_data = 0.0
        later(services, minutes=1)
        assert run(services).sent == 1
        assert outbox(services)[-1]["uncertain"] == 1
        _code, first, second = box.mails
        assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("farewell", ["silent", "421 too busy to say goodbye"])
def test_what_a_server_says_at_the_end_of_the_talk_sends_no_mail_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, farewell: str
) -> None:
    monkeypatch.setattr(mail_sending, "_FAREWELL", 0.1)
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        box.farewell = farewell
        assert run(services).sent == 1


def test_a_claim_is_renewed_for_as_long_as_its_mail_is_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RENEW", 0.05)
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        box.holds = asyncio.Event()

        async def until_renewed() -> None:
            for _ in range(int(PATIENCE / 0.02)):
                held = [unstamp(row["claimed_until"]) for row in outbox(services) if row["state"] == "sending"]
                if held and held[0] >= services.clock() + LEASE and box.loop is not None:
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("the claim ran out")

        async def evening() -> DeliveryRun:
            channel = NotifyChannel(services.store, services.clock, services.settings)
            running = asyncio.create_task(delivery.deliver(services.store, services.clock, channel))
            for _ in range(5):  # in all for longer than LEASE
                await until_renewed()
                later(services, seconds=LEASE.total_seconds() / 2)
            await until_renewed()
            assert await asyncio.to_thread(run, services) == DeliveryRun(), "another process finds nothing to send"
            box.let_go()
            return await running

        assert asyncio.run(evening()).sent == 1
        assert len(box.mails) == 2


def test_a_deadline_that_is_over_is_not_put_off() -> None:
    deadline = notify.Deadline(0.0)
    deadline.begin(time.monotonic)
    assert deadline.give_up()
    with pytest.raises(TimeoutError):
        deadline.put_off(60)
    other = notify.Deadline(0.0)
    other.begin(time.monotonic)
    other.put_off(60)
    assert not other.give_up() and (left := other.left()) is not None and left > 50
