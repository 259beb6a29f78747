"""When a target is stopped: each rule of `delivery/channels/stopping`, and what its chat is told."""

from pathlib import Path

import pytest

from bellwether.core.i18n.translate import use_language
from bellwether.delivery.channels.stopping import ALONE_REFUSED, ALONE_SILENT
from bellwether.delivery.channels.target_error import error_of
from bellwether.delivery.messages import TERMINAL
from bellwether.delivery.targets import sentences, target_outbox_table, targets_table
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, TargetState
from bellwether.services import Services
from tests.support.chat_services import TOPIC
from tests.support.http_server import Response
from tests.support.mailbox import mailbox
from tests.test_slow_server import prove
from tests.test_target_mail import proved as mail_proved
from tests.test_target_mail import services_with
from tests.test_targets import ANN, later, listening, made, outbox, owe, proved, run

NO_SUCH_MAILBOX = "550 5.1.1 no such user"


def _target(services: Services, number: int) -> Target:
    with services.store.reading() as db:
        target = targets_table.get(db, number)
    assert target is not None
    return target


def _hours(services: Services, hours: int, every: int = 1) -> None:
    for _ in range(hours // every):
        later(services, hours=every)
        run(services)


def test_only_404s_count_for_the_hours_after_which_a_404_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = made(tmp_path)
    with listening(monkeypatch) as (there, urls):
        number = proved(services, there, "ntfy", urls["ntfy"])
        there.broken["ntfy"] = lambda: Response(503, b"")
        owe(services)
        run(services)
        _hours(services, 8)
        there.broken["ntfy"] = lambda: Response(404, b"")
        _hours(services, 3)
        assert _target(services, number).state is TargetState.PROVED, "hours of 503 are none of 404"
        there.broken["ntfy"] = lambda: Response(503, b"")
        owe(services, about="2")
        _hours(services, 1)
        there.broken["ntfy"] = lambda: Response(404, b"")
        _hours(services, 6)
        assert _target(services, number).state is TargetState.PROVED, "the 503 had them count anew"
        _hours(services, 1)
        assert _target(services, number).stopped_why is StopReason.REFUSED


def test_a_mailbox_that_is_alone_and_none_is_stopped_after_a_week(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = mail_proved(services, box)
        box.refused = NO_SUCH_MAILBOX
        for day in range(ALONE_REFUSED.days):
            owe(services, about=str(day))
            run(services)
            assert _target(services, number).state is TargetState.PROVED, day
            later(services, hours=24)
        owe(services, about="last")
        run(services)
        assert _target(services, number).stopped_why is StopReason.REFUSED
        assert "there is no such place" in outbox(services, "chat")[-1]["text"]


@pytest.mark.parametrize(("owner", "place"), [(ANN, "Telegram"), (TERMINAL, "terminal")])
def test_a_target_is_told_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, place: str
) -> None:
    services = made(tmp_path)
    with listening(monkeypatch) as (there, urls):
        proved(services, there, "ntfy", urls["ntfy"], owner)
        owe(services, owner)
        run(services)
        shown = list(there.seen["ntfy"])
    assert len(shown) > 1, "the code and the alert"
    for text in shown:
        assert [name for name in ("Telegram", "terminal") if name in text] == [place]


def test_another_word_of_the_mail_server_has_the_week_count_anew(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = mail_proved(services, box)
        for day in range(ALONE_REFUSED.days + 2):
            box.refused = "550 5.7.1 not from you" if day == 4 else NO_SUCH_MAILBOX
            owe(services, about=str(day))
            run(services)
            later(services, hours=24)
        assert _target(services, number).state is TargetState.PROVED


def test_a_lone_target_that_never_answers_is_stopped_after_a_month(tmp_path: Path) -> None:
    services = made(tmp_path)
    prove(services, ANN, TargetKind.NTFY, f"ntfy://127.0.0.1:9/{TOPIC}")
    with services.store.reading() as db:
        (target,) = targets_table.of_chat(db, ANN)
    for day in range(ALONE_SILENT.days):
        owe(services, about=str(day))
        run(services)
        later(services, hours=24)
        assert _target(services, target.id).state is TargetState.PROVED, day
    owe(services, about="last")
    run(services)
    assert _target(services, target.id).stopped_why is StopReason.SILENT
    assert "three days or longer" in outbox(services, "chat")[-1]["text"]
    with services.store.reading() as db:
        assert not [row for row in target_outbox_table.rows_of(db, ANN) if row["state"] == "pending"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (StopReason.CHAT, "you stopped it"),
        (StopReason.LINK, "somebody stopped it there"),
        (StopReason.REFUSED, "no such place"),
        (StopReason.PRIVATE, "private network"),
        (StopReason.SILENT, "three days or longer"),
    ],
)
def test_each_reason_to_stop_has_a_sentence_that_is_true_of_its_rule(
    tmp_path: Path, reason: StopReason, says: str
) -> None:
    services = made(tmp_path)
    prove(services, ANN, TargetKind.NTFY, f"ntfy://127.0.0.1:9/{TOPIC}")
    with services.store.reading() as db:
        (target,) = targets_table.of_chat(db, ANN)
    with use_language("en"):
        assert says in sentences.why_stopped(target, reason)


@pytest.mark.sqlite
def test_only_these_answers_speak_for_a_stop() -> None:
    def reason(status: int | None, code: int | None = None, *, private: bool = False) -> tuple[object, float]:
        error = error_of(status, "", code, is_private=private)
        return error.stops, error.stops_after.total_seconds() / 3600

    assert reason(410) == reason(404, 10015) == (StopReason.REFUSED, 0)
    assert reason(404) == (StopReason.REFUSED, 6)
    assert reason(None, private=True) == (StopReason.PRIVATE, 6)
    assert {reason(status) for status in (None, 400, 401, 403, 413, 429, 500, 502, 503)} == {(None, 0)}
