"""Whoever pressed \"Never ask here again\" can take that back by the same link."""

from pathlib import Path

from tests.test_readers import somebody
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
