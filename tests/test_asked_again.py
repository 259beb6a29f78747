"""Whoever pressed \"Never ask here again\" can take that back by the same link."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bellwether.cli import alerts as command
from bellwether.jobs.prune import prune
from tests.support.web import plain_text
from tests.test_readers import ADDRESS, somebody
from tests.test_targets import later


def test_who_wanted_no_mail_may_be_asked_again_by_the_same_link_and_no_sooner_than_after_a_day(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        stop = ann.link("Never ask here again")
        assert "I may be asked again" in ann.send(stop).text
        later(ann.services, hours=25)
        ann.subscribe()
        assert len(ann.box.mails) == 1, "none, as she said"
        forged = f"{stop[:-1]}{'0' if stop[-1] != '0' else '1'}"
        assert ann.send(f"{forged}/undo").status_code == 404
        ann.subscribe()
        assert len(ann.box.mails) == 1
        assert "You may be asked again" in ann.send(f"{stop}/undo").text
        ann.subscribe()
        assert len(ann.box.mails) == 2
        ann.confirm()
        assert ann.send(f"{stop}/undo").status_code == 404, "there is nothing to take back"


def test_after_two_days_only_whoever_runs_the_service_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        stop = ann.link("Never ask here again")
        shown = plain_text(ann.send(stop).text)
        assert "takes that back for two days" in shown
        later(ann.services, hours=49)
        prune(ann.services)
        for answer in (ann.send(f"{stop}/undo"), ann.visitor.get(stop)):
            assert answer.status_code == 404
            assert "only whoever runs this service can undo it" in plain_text(answer.text)
        ann.subscribe()
        assert len(ann.box.mails) == 1, "it holds, though the address is deleted"
        monkeypatch.setattr(command, "build", lambda: ann.services)
        runner = CliRunner()
        assert runner.invoke(command.alerts, ["ask-again", "ben@mail.example"]).exit_code == 1
        assert runner.invoke(command.alerts, ["ask-again", ADDRESS.upper()]).exit_code == 0
        ann.subscribe()
        assert len(ann.box.mails) == 2
