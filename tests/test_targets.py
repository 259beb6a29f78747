"""Alerts and digests beside Telegram: targets are proved, each gets its own copy, and a broken one delays no other."""

import asyncio
import json
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack

from bellwether.core.config import load_settings
from bellwether.core.errors import BadTarget, BellwetherError, LimitReached
from bellwether.delivery import chat_data_table, chats, chats_table, outbox_table
from bellwether.delivery.channels import notify
from bellwether.delivery.channels.guard import ConnectionGuard, PrivateAddress
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.deliver import DeliveryRun, deliver
from bellwether.delivery.messages import recipient_of
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.targets import ask, target_outbox_table, targets_table
from bellwether.delivery.targets.target import StopReason, TargetState
from bellwether.services import Services, build_services
from tests.conftest import MODELS
from tests.support.chat_services import DISCORD, MATRIX_TOKEN, ROOM, SLACK, TOPIC, ChatServices
from tests.support.database import Kind, new_database, store_at
from tests.support.http_server import HttpServer, Request, Response

ANN, BEN = 7346519820127, 5512345678901
KEY = "5e" * 32
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
ALERT = "<b>PFE</b> closed at $26.40 &amp; fell\n<i>rule 3*</i>"


class Clock:
    now = EVENING

    def __call__(self) -> datetime:
        return self.now


@cache
def market() -> Services:
    """What all tests share: the model takes a while to load."""
    return build_services(load_settings(models={"folder": MODELS}))


def made(folder: Path, **channels: object) -> Services:
    schemes = ["ntfy", "ntfys", "matrix", "discord", "slack", "mailto"]
    settings = load_settings(
        database={"path": new_database(folder / "t.sqlite3")},
        models={"folder": MODELS},
        channels={"key": KEY, "private": True, "schemes": schemes} | channels,
        web={"public_url": "https://bell.example"},
    )
    return replace(market(), settings=settings, store=store_at(settings.database.path), clock=Clock())


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return made(tmp_path)


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ChatServices, dict[str, str]]]:
    """The services, and the addresses that people paste; those of Discord and Slack lead to here."""
    there = ChatServices()
    with HttpServer(there.answer) as server:
        host = f"127.0.0.1:{server.port}"
        monkeypatch.setattr(NotifyDiscord, "notify_url", f"{server.url}/api/webhooks")
        monkeypatch.setattr(NotifySlack, "webhook_url", f"{server.url}/services")
        yield (
            there,
            {
                "ntfy": f"ntfy://{host}/{TOPIC}",
                "discord": f"https://discord.com{DISCORD}",
                "slack": f"https://hooks.slack.com{SLACK}",
                "matrix": f"matrix://{MATRIX_TOKEN}@{host}/{ROOM}",
            },
        )


def run(services: Services, **more: Any) -> DeliveryRun:
    channel = NotifyChannel(services.store, services.clock, services.settings, **more)
    return asyncio.run(deliver(services.store, services.clock, channel))


def owe(services: Services, chat: int = ANN, about: str = "1", text: str = ALERT, reply: str | None = None) -> None:
    now = services.clock()
    until = now + timedelta(hours=12)
    draft = Draft(f"move:{chat}:{about}", recipient_of(chat), "move", text, now, until, reply_key=reply)
    with services.store.transaction() as db:
        outbox_table.enqueue(db, draft, now)


def later(services: Services, **by: float) -> None:
    services.clock.now += timedelta(**by)  # type: ignore[attr-defined]


def proved(services: Services, there: ChatServices, service: str, url: str, chat: int = ANN) -> int:
    """A target that was set up and proved as a person does it."""
    number = ask.add(services, chat, url, "en").id
    run(services)
    (code,) = re.findall(r"BW\\?-\d{6}", there.seen[service][-1])
    assert ask.prove(services, chat, code.replace("\\", "")).id == number
    return number


def state_of(services: Services, number: int) -> TargetState | None:
    with services.store.reading() as db:
        target = targets_table.get(db, number)
    return target.state if target else None


def outbox(services: Services, kind: str = "target") -> list[dict[str, Any]]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM outbox WHERE recipient_kind = :kind ORDER BY id", {"kind": kind})


def test_an_alert_reaches_every_proved_target_rendered_for_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        owe(services, about="before")
        later(services, seconds=1)
        for service, url in urls.items():
            proved(services, there, service, url)
        later(services, minutes=1)
        owe(services)
        assert run(services).sent == 4
        assert run(services) == DeliveryRun(), "once each"
        got = {service: texts[-1] for service, texts in there.seen.items()}
        assert all(len(texts) == 2 for texts in there.seen.values()), "nothing that was written before the proof"
    stop = "https://bell.example/channels/stop/"
    assert got["ntfy"].startswith("PFE closed at $26.40 & fell\nrule 3*\n\n") and stop in got["ntfy"]
    assert got["discord"].startswith("**PFE** closed at $26.40 & fell\n*rule 3\\**") and stop in got["discord"]
    assert got["slack"].startswith("PFE closed at $26.40 &amp; fell\nrule 3*") and stop in got["slack"]
    assert got["matrix"].startswith("<b>PFE</b> closed at $26.40 &amp; fell<br>\n<i>rule 3*</i><br>")


def test_nothing_but_a_code_goes_to_a_target_before_it_is_proved(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = ask.add(services, ANN, urls["ntfy"], "en").id
        owe(services)
        assert run(services).sent == 1
        (code,) = re.findall(r"BW-\d{6}", there.seen["ntfy"][0])
        wrong = "BW-000000" if code != "BW-000000" else "BW-000001"
        with pytest.raises(BadTarget, match="not the code"):
            ask.prove(services, ANN, wrong)
        with pytest.raises(BadTarget, match="No target waits"):
            ask.prove(services, BEN, code)
        for _ in range(4):
            with pytest.raises(BadTarget):
                ask.prove(services, ANN, wrong)
        with pytest.raises(BadTarget, match="No target waits"):
            ask.prove(services, ANN, code)
        assert state_of(services, number) is TargetState.UNPROVED
        owe(services, about="2")
        assert run(services) == DeliveryRun()
        assert code not in json.dumps([chats.export(services.store, services.clock, ANN).decode(), outbox(services)])


def test_a_stranger_is_asked_for_a_code_once_a_day_whoever_asks_and_whatever_is_erased(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        ask.add(services, ANN, urls["ntfy"], "en")
        run(services)
        chats.erase(services.store, services.clock, ANN)
        for chat in (ANN, BEN):
            with pytest.raises(LimitReached, match="24 hours"):
                ask.add(services, chat, urls["ntfy"].upper().replace("NTFY", "ntfy"), "en")
        later(services, hours=25)
        ask.add(services, BEN, urls["ntfy"], "en")
        assert run(services).sent == 1
        link = re.search(r"/channels/stop/(\S+)$", there.seen["ntfy"][-1])
        assert link is not None
        assert not ask.stop_by_token(services, link[1][:-1] + ("0" if link[1][-1] != "0" else "1"))
        assert ask.stop_by_token(services, link[1])
        later(services, days=400)
        with pytest.raises(LimitReached, match="wants none"):
            ask.add(services, ANN, urls["ntfy"], "en")


def test_a_chat_has_so_many_targets_and_asks_for_so_many_codes_a_day(services: Services) -> None:
    for number in range(5):
        ask.add(services, ANN, f"ntfy://127.0.0.1:9/topic{number}", "en")
    with pytest.raises(LimitReached, match="5 targets"):
        ask.add(services, ANN, "ntfy://127.0.0.1:9/topic5", "en")
    ask.remove(services, ANN, ask.of_chat(services, ANN)[0].id)
    with pytest.raises(LimitReached, match="5 codes"):
        ask.add(services, ANN, "ntfy://127.0.0.1:9/topic5", "en")


BROKEN: tuple[Callable[[], Response | None], ...] = (
    lambda: None,
    lambda: Response(500, b""),
    lambda: Response(429, b"", headers={"Retry-After": "7.5"}),
    lambda: Response(302, b"", headers={"Location": "http://127.0.0.1:1/"}),
    lambda: Response(403, b""),
)


@pytest.mark.parametrize("answer", BROKEN)
def test_a_broken_target_delays_no_other_and_gets_everything_when_it_is_mended(
    services: Services, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Response | None]
) -> None:
    with listening(monkeypatch) as (there, urls):
        for service in ("ntfy", "discord", "matrix"):
            proved(services, there, service, urls[service])
        there.broken["discord"] = answer
        for number in range(3):
            later(services, minutes=20)
            owe(services, about=str(number), text=f"alert {number}")
            run(services)
            assert [texts[-1][:7] for service, texts in there.seen.items() if service != "discord"] == [
                f"alert {number}"
            ] * 2
        assert len(there.seen["discord"]) == 1
        del there.broken["discord"]
        later(services, minutes=20)
        run(services)
        later(services, seconds=5)
        run(services)
        assert [text[:7] for text in there.seen["discord"][1:]] == ["alert 0", "alert 1", "alert 2"], "in order"
        assert [row["state"] for row in outbox(services)].count("sent") == 3 + 9


def test_a_server_that_answers_for_ever_holds_nobody_for_ever(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "TIMEOUT", 0.5)
    was_left = threading.Event()

    def answer_for_ever(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while True:
                connection.sendall(b"a")
                time.sleep(0.01)
        was_left.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_for_ever, args=[listener], daemon=True).start()
        ask.add(services, ANN, f"ntfy://127.0.0.1:{listener.getsockname()[1]}/{TOPIC}", "en")
        assert run(services).put_back == 1
        assert was_left.wait(60), "the connection is cut, so its thread is free"


def test_a_target_that_is_gone_is_stopped_and_its_chat_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "discord", urls["discord"])
        there.broken["discord"] = lambda: Response(404, b'{"code": 10015}')
        owe(services)
        owe(services, about="2")
        assert run(services).failed == 1
        assert state_of(services, number) is TargetState.STOPPED
        assert [row["text"] for row in outbox(services, "chat")][-1].startswith(
            "<b>Discord …dddd</b>: there it says that there is no such place"
        )
        owe(services, about="3")
        assert run(services) == DeliveryRun()
        del there.broken["discord"]
        later(services, hours=25)
        proved(services, there, "discord", urls["discord"])
        assert len(ask.of_chat(services, ANN)) == 1, "set up anew it is the same one"


def fail_for_days(services: Services) -> None:
    for day in range(5):
        owe(services, about=str(day))
        owe(services, BEN, about=str(day))
        for _ in range(12):
            run(services)
            later(services, hours=1)
        later(services, hours=12)


def test_a_target_that_alone_is_silent_for_three_days_is_stopped_and_may_be_resumed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = ChatServices()
    with listening(monkeypatch) as (there, urls), HttpServer(well.answer) as server:
        number = proved(services, there, "ntfy", urls["ntfy"])
        proved(services, well, "ntfy", f"ntfy://127.0.0.1:{server.port}/{TOPIC}", BEN)
        there.broken["ntfy"] = lambda: Response(503, b"")
        fail_for_days(services)
        assert state_of(services, number) is TargetState.STOPPED
        with services.store.reading() as db:
            assert (target := targets_table.get(db, number)) and target.stopped_why is StopReason.SILENT
        del there.broken["ntfy"]
        ask.resume(services, ANN, number)
        later(services, minutes=1)
        owe(services, about="mended", text="It is back.")
        run(services)
        assert there.seen["ntfy"][-1].startswith("It is back.")


def test_where_nothing_gets_through_to_anybody_no_target_is_to_blame(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
        there.broken["ntfy"] = lambda: None
        fail_for_days(services)
        assert state_of(services, number) is TargetState.PROVED


def test_a_missing_key_stops_no_target_however_long(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
        fail_for_days(replace(made(tmp_path, key="ab" * 32), clock=services.clock))
        with services.store.reading() as db:
            target = targets_table.get(db, number)
        assert target is not None and (target.state, target.failures) == (TargetState.PROVED, 0)


def test_a_page_that_is_not_there_stops_a_target_after_hours_and_not_at_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
        there.broken["ntfy"] = lambda: Response(404, b"404 page not found")
        owe(services)
        assert run(services).put_back == 1
        assert state_of(services, number) is TargetState.PROVED
        for _ in range(7):
            later(services, hours=1)
            run(services)
        assert state_of(services, number) is TargetState.STOPPED
        del there.broken["ntfy"]
        ask.resume(services, ANN, number)
        assert state_of(services, number) is TargetState.PROVED


@pytest.mark.sqlite
def test_addresses_are_sealed_and_neither_shown_nor_logged(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "discord", urls["discord"])
        owe(services)
        run(services)
        there.broken["discord"] = lambda: Response(500, b"")
        owe(services, about="2")
        run(services)
    exported = chats.export(services.store, services.clock, ANN).decode()
    kept = json.loads(exported)["kept"]
    assert kept["targets"][0]["shown"] == "…dddd"
    assert [row["kind"] for row in kept["outbox"] if "target" in row] == ["proof", "move", "move"]
    services.store.close()
    on_disk = b"".join(file.read_bytes() for file in Path(services.settings.database.path).parent.iterdir())
    for place in (exported, caplog.text, on_disk.decode("latin-1")):
        assert "ddddd" not in place
    assert f"Target {number} was not reached: it answered 500" in caplog.text


def test_all_of_it_is_erased_with_the_chat_and_moves_with_a_group(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, supergroup = -1001, -100200300
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"], group)
        owe(services, group)
        assert run(services).sent == 1
        with services.store.transaction() as db:
            chats_table.migrate(db, group, supergroup)
        assert run(services) == DeliveryRun(), "nothing comes twice"
        owe(services, supergroup, "2")
        assert run(services).sent == 1
        assert [target.id for target in ask.of_chat(services, supergroup)] == [number]
    chats.erase(services.store, services.clock, supergroup)
    assert outbox(services) == []
    with services.store.reading() as db:
        assert chat_data_table.export(db, supergroup) == {}
        assert "targets" in chat_data_table.tables_about_chats(db)


def test_nothing_goes_to_the_targets_of_a_chat_that_said_stop(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        proved(services, there, "ntfy", urls["ntfy"])
        owe(services)
        owe(services, about="2")
        chats.leave(services.store, services.clock, ANN)
        run(services)
        assert len(there.seen["ntfy"]) == 1


def test_a_long_text_comes_in_parts_that_fit(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(monkeypatch) as (there, urls):
        proved(services, there, "discord", urls["discord"])
        owe(services, text="\n".join(f"<b>S{number}_*</b> closed higher" for number in range(200)))
        assert run(services).sent == 1
        whole = "\n".join(there.seen["discord"][1:])
    assert all(f"**S{number}\\_\\*** closed higher" in whole for number in range(200)), "and each has whole marks"
    assert whole.count("/channels/stop/") == 1


def test_a_redirect_into_a_private_network_is_not_followed_and_none_is_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, inside = made(tmp_path, private=False), ChatServices()
    with HttpServer(inside.answer) as secret, listening(monkeypatch) as (there, urls):
        ask.add(services, ANN, urls["ntfy"], "en")
        run(services)
        assert there.asked == [], "this address itself is a private one"
        (told,) = outbox(services, "chat")
        assert "private network" in told["text"]
        there.broken["discord"] = lambda: Response(307, b"", headers={"Location": f"{secret.url}/"})
        ask.add(services, ANN, urls["discord"], "en")
        run(services, may_connect=lambda address: True)
        assert there.asked == [DISCORD]
        assert inside.asked == []


@pytest.mark.sqlite
def test_whatever_library_connects_is_kept_from_private_addresses_also_behind_a_redirect() -> None:
    import requests

    asked: list[str] = []

    async def lead_on(request: Request) -> Response:
        asked.append(request.path)
        return Response(302, b"", headers={"Location": f"http://127.0.0.2:{port}/inside"})

    with HttpServer(lead_on) as server:
        port = server.port
        guard = ConnectionGuard(lambda address: address == "127.0.0.1")
        with guard.guarding(), pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/outside", timeout=5)
        assert asked == ["/outside"]
        assert guard.refused
        with ConnectionGuard().guarding(), pytest.raises(requests.ConnectionError):
            requests.get(f"http://localhost:{server.port}/by-name", timeout=5)
        assert requests.get(f"{server.url}/free", timeout=5, allow_redirects=False).status_code == 302, (
            "without a guard"
        )


@pytest.mark.sqlite
def test_a_local_socket_is_no_address_of_the_internet(tmp_path: Path) -> None:
    with ConnectionGuard().guarding(), socket.socket(socket.AF_UNIX) as local, pytest.raises(PrivateAddress):
        local.connect(str(tmp_path / "s"))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("hello", "don't see an address"),
        ("https://example.org/hook", "don't know what that address leads to"),
        ("discord://123", "don't know what that address leads to"),
        ("json://127.0.0.1/x", "does not let messages go to addresses of “json”"),
        ("syslog://", "don't see an address"),
        ("ntfy://127.0.0.1/one/two", "several places"),
        ("me@example.org", "no mail server"),
        ("mailto://me:secret@example.org", "does not let messages go"),
        ("ntfy://127.0.0.1/" + "x" * 600, "at most 500"),
        ("ntfy://127.0.0.1/a b", "no spaces"),
    ],
)
def test_what_is_no_address_is_refused_kindly(services: Services, typed: str, told: str) -> None:
    with pytest.raises(BellwetherError, match=re.escape(told)):
        ask.add(services, ANN, typed, "en")
    assert ask.of_chat(services, ANN) == []


def test_what_would_have_a_service_mail_or_fetch_is_left_out_of_an_address(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []

    async def note(request: Request) -> Response:
        bodies.append(request.body)
        return Response(200, b"{}")

    with HttpServer(note) as server:
        extras = "email=stranger@example.org&attach=http://127.0.0.1/&delay=3d&to=other"
        ask.add(services, ANN, f"ntfy://127.0.0.1:{server.port}/topic?{extras}", "en")
        run(services)
    (body,) = bodies
    assert set(json.loads(body)) <= {"topic", "message"}


def test_without_a_key_no_address_is_taken(tmp_path: Path) -> None:
    services = made(tmp_path, key="")
    assert ask.offered(services) == []
    with pytest.raises(BadTarget, match="key that keeps addresses secret"):
        ask.add(services, ANN, "ntfy://127.0.0.1:9/topic", "en")


def test_with_another_key_messages_wait_and_come_when_the_right_one_is_back(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
        owe(services)
        other = made(tmp_path, key="ab" * 32)
        assert run(other).put_back == 1
        assert state_of(services, number) is TargetState.PROVED
        later(services, minutes=1)
        assert run(services).sent == 1


@pytest.mark.parametrize("reached_before", [False, True], ids=["before it is spread", "after it is spread"])
def test_what_is_owed_while_a_chat_is_away_reaches_its_targets_once_it_is_back(
    services: Services, monkeypatch: pytest.MonkeyPatch, reached_before: bool
) -> None:
    with listening(monkeypatch) as (there, urls):
        with services.store.transaction() as db:
            chats_table.join(db, ANN, "en", services.clock())
        proved(services, there, "ntfy", urls["ntfy"])
        owe(services)
        if reached_before:
            there.broken["ntfy"] = lambda: Response(503, b"")
            assert run(services).put_back == 1
            del there.broken["ntfy"]
        with services.store.transaction() as db:
            chats_table.pause(db, ANN, Silence.GONE, services.clock())
        later(services, minutes=1)
        run(services)
        assert len(there.seen["ntfy"]) == 1, "nothing but the code while its chat is away"
        with services.store.transaction() as db:
            chats_table.heard(db, ANN, services.clock())
        later(services, minutes=1)
        assert run(services).sent == 1
        assert run(services) == DeliveryRun(), "once"
        assert there.seen["ntfy"][-1].startswith("PFE closed")


def test_each_message_is_looked_at_once_for_its_targets(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(monkeypatch) as (there, urls):
        proved(services, there, "ntfy", urls["ntfy"])
        for number in range(5):
            owe(services, about=str(number))
        owe(services, BEN)
    with services.store.transaction() as db:
        looked_at = [target_outbox_table.spread(db, services.clock(), 2) for _ in range(4)]
    assert looked_at == [2, 2, 1, 0], "none of a chat without targets"
    assert len(outbox(services)) == 1 + 5
    explain = "EXPLAIN" if Kind.postgres else "EXPLAIN QUERY PLAN"
    with services.store.transaction() as db:
        plan = db.execute(f"{explain} {target_outbox_table.TO_SPREAD}", {"most": 2}).fetchall()
    assert "idx_outbox_to_spread" in str(plan), "whatever else is owed"


def test_a_code_that_is_refused_is_not_said_to_be_tried_further(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(monkeypatch) as (_there, urls):
        ask.add(services, ANN, urls["ntfy"].replace(TOPIC, "no-such-topic"), "en")
        assert run(services).failed == 1
    assert outbox(services, "chat")[-1]["text"].startswith("<b>ntfy …opic</b> does not take the code.")
