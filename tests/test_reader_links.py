"""A reader's link is in each mail, which may be forwarded: it may be made void, and neither shows nor deletes all."""

import json
from pathlib import Path

from tests.support.web import plain_text
from tests.test_readers import ADDRESS, FORM, Page, rows, somebody
from tests.test_targets import later, run


def _forwarded(ann: Page) -> tuple[str, str]:
    """The path of her page, and the one that stops her mails, in an alert that somebody else has too."""
    ann.subscribe()
    ann.confirm()
    ann.owe()
    run(ann.services)
    stop = str(ann.box.mails[-1]["List-Unsubscribe"]).strip(" <>").removeprefix("https://bell.example")
    return ann.path, stop


def test_a_new_link_makes_those_in_all_earlier_mails_void_and_comes_by_mail(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        confirm = ann.link("Confirm")
        ann.box.mails.clear()
        ann.path = ann.send(confirm).headers["location"]
        old = ann.path
        answer = ann.do("new-link")
        assert "Earlier links are void" in answer.text
        assert ann.visitor.get(old).status_code == ann.visitor.get(confirm).status_code == 404
        assert ann.do("new-link").status_code == ann.do("stop").status_code == 404
        run(ann.services)
        (mail,) = ann.box.mails
        assert mail["Subject"] == "Your page at Bellwether"
        ann.path = ann.link("Your stocks and alerts")
        assert ann.path != old and "Mails go to" in ann.text()
        later(ann.services, seconds=1)
        ann.owe()
        run(ann.services)
        assert ann.link("Your stocks and alerts") == ann.path


def test_mails_stop_by_the_link_of_an_earlier_mail_for_ever(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _old, stop = _forwarded(ann)
        for _ in range(2):
            later(ann.services, seconds=1)
            ann.do("new-link")
            run(ann.services)
            ann.path = ann.link("Your stocks and alerts")
        later(ann.services, hours=24 * 400)
        assert ann.visitor.ask("POST", stop, content_type=FORM).status_code == 200
        assert "Nothing goes to a…@mail.example" in ann.text()


def test_whoever_has_an_earlier_mail_neither_reads_nor_deletes_everything(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        path, _stop = _forwarded(ann)
        export = ann.visitor.get(f"{path}/data.json")
        assert (export.status_code, export.headers["location"]) == (303, path)
        assert ann.do("delete", sure="yes").status_code == 404
        assert "on its way to a…@mail.example" in ann.do("access").text
        run(ann.services)
        access = ann.link("Take along or delete")
        assert ann.link("Your stocks and alerts") == path, "where earlier links are made void"
        assert access.removeprefix("/subscribe/access/") not in json.dumps(rows(ann.services))
        forged = f"{access[:-1]}{'0' if access[-1] != '0' else '1'}"
        number, seconds, mark = access.rpartition("/")[2].split("-")
        longer = f"/subscribe/access/{number}-{int(seconds) + 60}-{mark}"
        for wrong in (forged, longer, path.replace("subscription", "subscribe/access"), "/subscribe/access/1-²-a"):
            assert ann.visitor.get(wrong).status_code == 404
            assert ann.visitor.get(f"{wrong}/data.json").status_code == 404
            assert ann.send(f"{wrong}/delete", sure="yes").status_code == 404
        assert ann.visitor.get(f"{access}/data.json").status_code == 200
        ann.visitor.get(f"{access}/delete")
        assert "Mails go to" in ann.text(), "a look deletes nothing"
        later(ann.services, minutes=60)
        assert ann.send(f"{access}/delete", sure="yes").status_code == 404
        assert "good for an hour" in plain_text(ann.visitor.get(access).text)


def test_a_new_link_makes_the_link_to_everything_void_as_well(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _forwarded(ann)
        access = ann.access()
        ann.do("new-link")
        assert ann.visitor.get(f"{access}/data.json").status_code == 404


def test_whoever_stopped_all_mails_still_gets_the_way_to_everything_and_nothing_else(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _path, stop = _forwarded(ann)
        ann.visitor.ask("POST", stop, content_type=FORM)
        access = ann.access()
        later(ann.services, seconds=1)
        ann.owe("2")
        run(ann.services)
        assert ann.box.mails[-1]["Subject"] == "Take along or delete what Bellwether keeps of you"
        assert "Everything is deleted" in ann.send(f"{access}/delete", sure="yes").text


def test_nobody_is_flooded_by_whoever_has_one_mail(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _forwarded(ann)
        assert [ann.do("access").status_code for _ in range(6)] == [200] * 5 + [400]
        later(ann.services, hours=24)
        assert ann.do("access").status_code == 200


def test_a_link_to_everything_that_could_not_be_sent_within_the_hour_is_not_sent_later(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _forwarded(ann)
        ann.do("access")
        sent = len(ann.box.mails)
        later(ann.services, minutes=61)
        run(ann.services)
        assert len(ann.box.mails) == sent


def test_a_mailbox_that_is_not_confirmed_gets_no_such_links(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        _forwarded(ann)
        ann.do("stop")
        later(ann.services, hours=25)
        ann.subscribe(ADDRESS)
        for what in ("access", "new-link"):
            assert "before it is confirmed" in ann.do(what).text
        assert not [row for row in rows(ann.services) if row["kind"] in {"access", "link"}]
