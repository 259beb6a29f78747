"""Owed messages through the real sender to a Bot API server as strict as Telegram: what is refused, and what then."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bellwether.db.database import unstamp
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.message_kinds import SILENT
from bellwether.delivery.messages import RecipientKind, recipient_of
from bellwether.delivery.outbox_table import ClaimOrder
from bellwether.delivery.retry import Cause, DeliveryError
from bellwether.services import Services
from bot.telegram.client import make_bot
from bot.telegram.errors import as_delivery_error
from bot.telegram.one_shot import deliver_now
from bot.telegram.pictures import Pictures
from bot.telegram.rate_limits import GROUP_BURST, SendRateLimit
from bot.telegram.sender import TelegramSender
from tests.support.bot_api_server.server import TelegramServer
from tests.support.faults import Fault
from tests.support.http_server import Response
from tests.support.running_bot import bot_services, running_bot

ANN, GROUP, SUPERGROUP = 1001, -2002, -1002002


@pytest.fixture
def services(server: TelegramServer, tmp_path: Path) -> Services:
    return bot_services(server, tmp_path)


def owe(
    services: Services, text: str = "<b>words</b>", kind: str = "digest", chat_id: int = ANN, key: str = "x"
) -> None:
    now = services.clock()
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, "en", now)
        outbox_table.enqueue(
            db,
            outbox_table.Draft(
                f"{kind}:{chat_id}:{key}", recipient_of(chat_id), kind, text, now, now + timedelta(hours=1)
            ),
            now,
        )


def deliver(services: Services) -> DeliveryRun:
    return asyncio.run(deliver_now(services))


def row(services: Services) -> dict[str, Any]:
    with services.store.transaction() as db:
        return db.rows("SELECT * FROM outbox ORDER BY id")[0]


def make_due(services: Services) -> None:
    with services.store.transaction() as db:
        db.execute("UPDATE outbox SET not_before = created_at")


@pytest.mark.sqlite
@pytest.mark.parametrize(("kind", "silent"), SILENT.items())
def test_a_phone_makes_a_sound_for_an_alert_and_none_for_a_digest(
    server: TelegramServer, services: Services, kind: str, silent: bool
) -> None:
    owe(services, kind=kind)
    deliver(services)
    assert server.last(ANN).silent == silent


def test_markup_that_telegram_refuses_goes_as_plain_text(server: TelegramServer, services: Services) -> None:
    owe(services, "<b>5 &lt; 6</b>")
    server.refuse_markup_next()
    assert deliver(services).sent == 1
    assert [message.text for message in server.messages(ANN)] == ["5 < 6"]
    assert server.last(ANN).entities == []


def test_a_long_text_goes_in_parts_and_what_arrived_is_not_sent_again(
    server: TelegramServer, services: Services
) -> None:
    owe(services, "\n".join(f"<b>line {number}</b> of many" for number in range(500)))
    server.hang_next("sendMessage", 0)  # the first part passes
    server.fail_next("sendMessage", 500)
    assert deliver(services).put_back == 1
    assert (row(services)["parts_sent"], len(server.messages(ANN))) == (1, 1)
    make_due(services)
    assert deliver(services).sent == 1
    lines = "\n".join(message.text for message in server.messages(ANN)).split("\n")
    assert lines == [f"line {number} of many" for number in range(500)]


@pytest.mark.parametrize("took_effect", [False, True], ids=["lost on the way", "answer lost"])
def test_a_connection_that_breaks_after_the_send_is_recorded_as_uncertain_and_sent_again(
    server: TelegramServer, services: Services, took_effect: bool
) -> None:
    owe(services)
    server.drop_next("sendMessage", after_processing=took_effect)
    assert deliver(services).put_back == 1
    assert row(services)["uncertain"] == 1
    make_due(services)
    assert deliver(services).sent == 1
    assert len(server.messages(ANN)) == 1 + took_effect


def test_a_flood_limit_is_no_uncertainty_and_is_waited_out_exactly(server: TelegramServer, services: Services) -> None:
    owe(services)
    server.fail_next("sendMessage", 429, retry_after=77)
    before = services.clock()
    assert deliver(services).put_back == 1
    found = row(services)
    wait = unstamp(found["not_before"]) - before
    assert timedelta(seconds=77) <= wait < timedelta(seconds=82)
    assert found["uncertain"] == 0


def test_a_group_that_moved_gets_its_message_and_the_answer_to_its_question(
    server: TelegramServer, services: Services
) -> None:
    server.open_chat(GROUP, type="group")
    server.migrate(GROUP, SUPERGROUP)
    server.say(GROUP, "/help")
    with running_bot(services):
        server.wait_for(lambda s: s.messages(SUPERGROUP))
        assert "What you can ask" in server.last(SUPERGROUP).text
        owe(services, chat_id=GROUP)  # decided a moment before the move was known
        server.wait_for(lambda s: len(s.messages(SUPERGROUP)) == 2)
    assert row(services)["recipient_id"] == SUPERGROUP


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (RetryAfter(3), Cause.TOO_FAST),
        (Forbidden("Forbidden: bot was blocked by the user"), Cause.GONE),
        (BadRequest("Chat not found"), Cause.GONE),
        (BadRequest("not enough rights to send text messages to the chat"), Cause.MAY_NOT_WRITE),
        (BadRequest("message is too long"), Cause.REFUSED),
        (NetworkError("Bad Gateway"), Cause.UNANSWERED),
        (InvalidToken("revoked"), Cause.UNREACHABLE),
        (TelegramError("Invalid server response"), Cause.UNANSWERED),
    ],
    ids=lambda value: str(value),
)
def test_each_refusal_is_understood(error: TelegramError, cause: Cause) -> None:
    assert as_delivery_error(error).cause is cause


def test_an_answer_that_is_cut_off_is_recorded_as_uncertain_and_nothing_of_it_is_logged(
    server: TelegramServer, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    owe(services)
    cut = Response(200, b'{"ok": true, "result": {"text": "secret words')
    server._faults.add("sendMessage", Fault(response=cut, after_processing=True))
    assert asyncio.run(deliver_now(services)).put_back == 1
    assert (row(services)["state"], row(services)["uncertain"]) == ("pending", 1)
    assert "secret words" not in caplog.text


@pytest.mark.parametrize("status", [400, 403])
def test_the_page_of_a_proxy_is_no_refusal_and_nobody_reads_the_token_from_it(
    server: TelegramServer, services: Services, status: int
) -> None:
    owe(services)
    page = f"<html>{status}: you may not see /bot{server.token}/sendMessage</html>"
    server._faults.add("sendMessage", Fault(response=Response(status, page.encode(), "text/html")))
    assert asyncio.run(deliver_now(services)).put_back == 1
    server.fail_next("sendMessage", 400, description=f"Bad Request: nothing at /bot{server.token}/sendMessage")
    with services.store.transaction() as db:
        db.execute("UPDATE outbox SET not_before = due_at")
    assert asyncio.run(deliver_now(services)).failed == 1
    assert server.token not in str(row(services))
    assert "othing at /bot.../sendmessage" in row(services)["last_error"]


def test_an_owed_message_to_a_full_group_only_waits_until_it_opens(server: TelegramServer, services: Services) -> None:
    async def send() -> DeliveryError:
        pace = SendRateLimit()
        for _ in range(GROUP_BURST):
            async with pace.turn(GROUP):
                pass
        bot = make_bot(services.settings.telegram)
        sender = TelegramSender(bot, Pictures(services.store, services.clock, bot.token), pace)
        owe(services, chat_id=GROUP)
        with services.store.transaction() as db:
            message = outbox_table.claim_next(db, services.clock(), RecipientKind.CHAT, ClaimOrder.IN_ORDER)
        assert message is not None
        with pytest.raises(DeliveryError) as full:
            await sender.send(message)
        sender.close()
        return full.value

    error = asyncio.run(send())
    assert (error.cause, error.only_waits, error.uncertain) == (Cause.TOO_FAST, True, False)
    assert error.retry_after is not None
    assert timedelta(seconds=50) < error.retry_after < timedelta(seconds=61)
    assert server.calls("sendMessage") == []


@pytest.mark.sqlite
def test_a_connection_that_never_stood_leaves_no_doubt(server: TelegramServer, tmp_path: Path) -> None:
    import httpx
    from telegram.error import TimedOut

    for cause in (httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")):
        error = TimedOut()
        error.__cause__ = cause
        assert not as_delivery_error(error).uncertain
    error = TimedOut()
    error.__cause__ = httpx.ReadTimeout("late")
    assert as_delivery_error(error).uncertain


def test_a_question_that_could_not_be_answered_is_answered_when_telegram_is_back(
    server: TelegramServer, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.sender._PAUSES", (0, 0))
    monkeypatch.setattr("bot.telegram.face.REPLAY", 1.0)
    with running_bot(services):
        server.wait_for(lambda s: s.calls("getUpdates"))
        server.fail_next("sendMessage", 500, times=4)
        server.say(ANN, "/help")
        server.wait_for(lambda s: s.messages(ANN), timeout=20)
        assert "What you can ask" in server.last(ANN).text


def test_while_another_program_receives_for_the_bot_nothing_is_sent(
    server: TelegramServer, services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.telegram.face._PAUSES", (1.0,))
    server.fail_next("getUpdates", 409, description="Conflict: terminated by other getUpdates request", times=2)
    with running_bot(services) as face:
        server.wait_for(lambda _: "Another program receives for this bot" in caplog.text)
        assert not face.connected.is_set()
        owe(services)
        server.wait_for(lambda s: s.messages(ANN))
        assert face.connected.is_set()


@pytest.mark.parametrize("chat_id", [ANN, GROUP], ids=["a person", "a group"])
def test_three_questions_in_a_row_are_answered_without_a_wait_and_none_is_refused(tmp_path: Path, chat_id: int) -> None:
    with TelegramServer(flood_limits=True) as server:
        server.open_chat(chat_id, type="private" if chat_id > 0 else "group")
        with running_bot(bot_services(server, tmp_path)) as face:
            for count in (1, 2, 3):
                assert face.sender.resting() == [], "nothing keeps the next answer back"
                server.say(chat_id, "/help")
                server.wait_for(lambda s, count=count: len(s.messages(chat_id)) == count)
        assert (server.flood_hits, server.violations) == (0, [])
