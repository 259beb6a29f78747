"""Alerts by mail, through the operator's server: proved, threaded, and stopped in one click."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bellwether.core.errors import BadTarget, LimitReached
from bellwether.delivery.channels import notify
from bellwether.delivery.channels.mail import subject_of
from bellwether.delivery.targets import ask
from bellwether.delivery.targets.target import TargetState
from bellwether.services import Services
from tests.support.mailbox import PASSWORD, USER, Mailbox, mailbox
from tests.support.web import Visitor
from tests.test_targets import ANN, later, made, outbox, owe, run, state_of
from web.app import create_app

ADDRESS = "ann.reader@mail.example"


def services_with(folder: Path, box: Mailbox) -> Services:
    return made(folder, smtp=box.url, mail_from="alerts@bell.example")


def proved(services: Services, box: Mailbox) -> int:
    number = ask.add(services, ANN, "Ann.Reader@MAIL.example", "en").id
    assert run(services).sent == 1
    (code,) = set(re.findall(r"BW-\d{6}", str(box.mails[-1])))
    ask.prove(services, ANN, code)
    later(services, seconds=1)
    return number


def stop_link(box: Mailbox) -> str:
    return str(box.mails[-1]["List-Unsubscribe"]).strip(" <>").removeprefix("https://bell.example")


def test_an_alert_comes_as_words_and_html_and_its_outcome_answers_it(tmp_path: Path) -> None:
    with mailbox(login=True) as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        run(services)
        owe(services, about="2", text="It ended inside.", reply=f"move:{ANN}:1")
        run(services)
    code, alert, outcome = box.mails
    assert set(box.logins) == {(USER, PASSWORD)}
    assert code["Subject"] == "Your code for Bellwether"
    assert (alert["From"], alert["To"]) == ("Bellwether <alerts@bell.example>", "Ann.Reader@mail.example")
    assert alert["Subject"] == "PFE closed at $26.40 & fell"
    assert alert["Auto-Submitted"] == "auto-generated"
    words, html = (alert.get_body((kind,)) for kind in ("plain", "html"))
    assert words is not None and words.get_content().splitlines()[:2] == ["PFE closed at $26.40 & fell", "rule 3*"]
    assert html is not None and "<b>PFE</b> closed at $26.40 &amp; fell</p>" in html.get_content()
    assert outcome["In-Reply-To"] == outcome["References"] == alert["Message-ID"]
    assert len({mail["Message-ID"] for mail in box.mails}) == 3


def test_every_mail_is_stopped_in_one_click_and_a_look_at_the_link_changes_nothing(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = proved(services, box)
        owe(services)
        run(services)
        visitor, link = Visitor(create_app(services)), stop_link(box)
        assert all(mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" for mail in box.mails)
        assert "Stop these messages?" in visitor.get(link).text
        assert state_of(services, number) is TargetState.PROVED
        assert visitor.get(f"{link[:-1]}{'0' if link[-1] != '0' else '1'}").status_code == 404
        assert visitor.ask("POST", link, content_type="application/x-www-form-urlencoded").status_code == 200
        assert state_of(services, number) is TargetState.STOPPED
        assert "<h1>Stopped</h1>" in visitor.get(link).text
        owe(services, about="2")
        run(services)
        assert len(box.mails) == 2
        ask.remove(services, ANN, number)
        assert visitor.get(link).status_code == 404


def test_a_mailbox_that_does_not_exist_is_stopped_once_that_is_said_on_different_days(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        box.refused = "450 try later"
        number = ask.add(services, ANN, "ann@mail.example", "en").id
        assert run(services).put_back == 1
        assert "could not be sent to <b>Mail a…@mail.example</b> yet" in outbox(services, "chat")[-1]["text"]
        box.refused = ""
        later(services, seconds=5)
        run(services)
        (code,) = set(re.findall(r"BW-\d{6}", str(box.mails[-1])))
        ask.prove(services, ANN, code)
        later(services, seconds=1)
        box.refused = "550 5.1.1 no such user"
        owe(services)
        assert run(services).put_back == 1
        assert state_of(services, number) is TargetState.PROVED
        later(services, hours=25)
        box.refused = ""
        ask.add(services, ANN + 1, "ben@mail.example", "en")
        assert run(services).sent == 1, "mails get through to others"
        box.refused = "550 5.1.1 no such user"
        owe(services, about="2")
        run(services)
        assert state_of(services, number) is TargetState.STOPPED


@pytest.mark.parametrize(
    "refused",
    ["550 5.7.1 Relaying denied: authentication required", "553 5.1.8 Sender address rejected", "550 blocked"],
)
def test_a_refusal_that_is_ours_stops_no_mailbox(tmp_path: Path, refused: str) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = proved(services, box)
        box.refused = refused
        for day in range(5):
            owe(services, about=str(day))
            run(services)
            later(services, hours=24)
        assert state_of(services, number) is TargetState.PROVED
        box.refused = ""
        owe(services, about="mended")
        assert run(services).sent == 1


def test_without_its_sender_no_mailbox_is_stopped_however_long(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = proved(services, box)
        unset = replace(made(tmp_path, smtp=box.url), clock=services.clock)
        for day in range(5):
            owe(services, about=str(day))
            for _ in range(8):
                run(unset)
                later(services, hours=1)
            later(services, hours=16)
        assert state_of(services, number) is TargetState.PROVED
        owe(services, about="mended")
        assert run(services).sent == 1


def test_a_mail_that_was_given_up_does_not_arrive_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services)
        box.holds = asyncio.Event()
        with monkeypatch.context() as patience:
            patience.setattr(notify, "TIMEOUT", 0.5)
            assert run(services).put_back == 1
        box.let_go()
        assert box.left.wait(60)
        assert len(box.mails) == 1, "the code alone"
        later(services, seconds=5)
        assert run(services).sent == 1
        assert len(box.mails) == 2


def test_a_mail_that_is_refused_for_what_it_says_is_a_dead_letter_and_the_next_one_comes(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        number = proved(services, box)
        box.refused_data = "554 looks like spam"
        owe(services)
        assert run(services).failed == 1
        box.refused_data = ""
        owe(services, about="2")
        assert run(services).sent == 1
        assert state_of(services, number) is TargetState.PROVED


def test_a_person_is_asked_once_a_day_however_their_address_is_written(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        ask.add(services, ANN, ADDRESS, "en")
        for same in ("ANN.reader+alerts@Mail.Example", "mailto:ann.reader@mail.example"):
            with pytest.raises(LimitReached, match="24 hours"):
                ask.add(services, ANN + 1, same, "en")


def test_a_server_that_is_away_costs_nothing_but_time(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        gone = replace(made(tmp_path, smtp="smtp://127.0.0.1:1", mail_from="alerts@bell.example"), clock=services.clock)
        owe(services)
        assert run(gone).put_back == 1
        later(services, seconds=5)
        assert run(services).sent == 1


def test_no_password_is_in_the_log_whatever_it_is_made_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with mailbox(login=True) as box:
        address = box.url.replace("p%40ss%2Fword", "hunter2secr%C3%A9t")
        services = made(tmp_path, smtp=address, mail_from="alerts@bell.example")
        ask.add(services, ANN, ADDRESS, "en")
        assert run(services).put_back == 1
    assert "was not reached" in caplog.text
    assert not any(secret in caplog.text for secret in ("hunter2", "\\xe9", "Traceback"))


def test_without_a_mail_server_no_mail_is_offered(tmp_path: Path) -> None:
    services = made(tmp_path)
    assert "mail" not in [kind.value for kind in ask.offered(services)]
    with pytest.raises(BadTarget, match="no mail server"):
        ask.add(services, ANN, ADDRESS, "en")


def test_a_long_first_line_is_a_subject_that_fits() -> None:
    subject = subject_of(f"<b>{'word ' * 40}</b>\nmore")
    assert len(subject) <= 90 and subject.endswith("word…")


def test_a_sentence_in_bold_is_the_subject_and_a_name_in_bold_is_none() -> None:
    assert subject_of("<b>My ranges hold too rarely.</b> In the last 10 days only 59") == "My ranges hold too rarely"
    assert (
        subject_of("<b>Tesla (TSLA)</b> closed at 201, above your 200.") == "Tesla (TSLA) closed at 201, above your 200"
    )


def test_a_command_in_a_message_is_said_to_be_for_the_bot_and_no_other_message_speaks_of_any(tmp_path: Path) -> None:
    with mailbox() as box:
        services = services_with(tmp_path, box)
        proved(services, box)
        owe(services, text="<b>A digest</b>\n/settings changes how often this comes.")
        owe(services, about="2", text="An alert on https://x.example/settings")
        run(services)
        digest, alert = (str(mail.get_body(("plain",))) for mail in box.mails[-2:])
    assert "Commands such as /settings are for the bot in Telegram." in digest
    assert "Commands" not in alert
