"""People without Telegram: they subscribe on the page, confirm by mail, choose there, and leave with everything."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from bellwether.alerts import ask as rules
from bellwether.alerts import watchlist
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import DigestMode
from bellwether.core.i18n.translate import gettext as translated
from bellwether.core.i18n.translate import use_language
from bellwether.delivery import chats, outbox_table
from bellwether.delivery.chat_wishes import alert_settings
from bellwether.delivery.messages import READERS, RecipientKind, recipient_of
from bellwether.delivery.outbox_table import Draft
from bellwether.delivery.readers import ask
from bellwether.delivery.readers import sentences as reader_sentences
from bellwether.delivery.targets import ask as targets_ask
from bellwether.delivery.targets import page_links, targets_table
from bellwether.jobs.prune import prune
from bellwether.services import Services
from tests import test_web_every_page as every_page
from tests.support.mailbox import Mailbox, mailbox
from tests.support.web import Visitor, plain_text
from tests.test_targets import ALERT, EVENING, later, made, run
from web.app import create_app

ADDRESS = "ann.reader@mail.example"
FORM = "application/x-www-form-urlencoded"


class Page:
    """Somebody with a browser and a mailbox."""

    def __init__(self, services: Services, box: Mailbox) -> None:
        self.services, self.box, self.visitor = services, box, Visitor(create_app(services))
        self.path = ""  #: of their own page

    def send(self, path: str, **fields: str) -> httpx.Response:
        return self.visitor.post(path, urlencode(fields).encode(), FORM)

    def subscribe(self, address: str = ADDRESS) -> httpx.Response:
        answer = self.send("/subscribe", address=address)
        run(self.services)
        return answer

    def link(self, words: str) -> str:
        """The path of a link in the newest mail."""
        html = self.box.mails[-1].get_body(("html",))
        assert html is not None
        (url,) = re.findall(rf'<a [^>]*href="https://bell.example([^"]+)"[^>]*>{words}', html.get_content())
        return str(url)

    def confirm(self) -> None:
        self.path = self.send(self.link("Confirm")).headers["location"]
        later(self.services, seconds=1)

    def do(self, what: str, **fields: str) -> httpx.Response:
        return self.send(f"{self.path}/{what}", **fields)

    def text(self) -> str:
        return plain_text(self.visitor.get(self.path).text)

    def access(self) -> str:
        """The path that a mail brings on demand, to all that is kept."""
        self.do("access")
        run(self.services)
        return self.link("Take along or delete")

    @property
    def owner(self) -> int:
        reader = ask.by_token(self.services, self.path.removeprefix("/subscription/"))
        assert reader is not None
        return reader.owner

    def owe(self, about: str = "1", text: str = ALERT, reply: str | None = None) -> None:
        """Owe an alert, as a tick does."""
        now = self.services.clock()
        key = f"move:{self.owner}:{about}"
        draft = Draft(key, recipient_of(self.owner), "move", text, now, now + timedelta(hours=12), reply_key=reply)
        with self.services.store.transaction() as db:
            outbox_table.enqueue(db, draft, now)


@contextmanager
def somebody(folder: Path, **channels: object) -> Iterator[Page]:
    with mailbox() as box:
        yield Page(made(folder, smtp=box.url, mail_from="alerts@bell.example", **channels), box)


def rows(services: Services) -> list[dict[str, Any]]:
    with services.store.reading() as db:
        return db.rows("SELECT * FROM outbox ORDER BY id")


def test_somebody_subscribes_confirms_and_hears_of_an_alert_and_its_outcome(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        answer = ann.subscribe()
        assert "Look into your mailbox" in answer.text and ADDRESS not in answer.text
        assert ann.box.mails[-1]["Subject"] == "Please confirm your subscription to Bellwether"
        assert "Alerts by mail to a…@mail.example?" in ann.visitor.get(ann.link("Confirm")).text
        ann.confirm()
        assert "Mails go to a…@mail.example" in ann.text()
        ann.owe()
        ann.owe("2", "It ended inside.", reply=f"move:{ann.owner}:1")
        run(ann.services)
        run(ann.services)
        _, alert, outcome = ann.box.mails
        assert alert["Subject"] == "PFE closed at $26.40 & fell"
        assert outcome["In-Reply-To"] == alert["Message-ID"]
        assert ann.link("Your stocks and alerts") == ann.path
        assert "Telegram" not in str(alert)
        assert {row["state"] for row in rows(ann.services)} == {"sent"}
        kinds = {row["recipient_kind"] for row in rows(ann.services)}
        assert kinds == {"reader", "target"}, "nothing that Telegram's channel takes"


def test_an_evening_brings_digest_and_alert_by_mail_without_a_word_of_commands(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.do("watch", stock="AAPL")
        ann.do("alert", stock="PFE", kind="move", value="0.01", side="", horizon="10")
        later(ann.services, hours=24)
        assert tick(ann.services, ann.services.clock()).written == 1
        run(ann.services)
        alert, digest = sorted((str(mail.get_body(("plain",))) for mail in ann.box.mails[1:]), key=len)
        assert "your alert" in alert and "Close of 31 December" in digest
        for mail in (alert, digest):
            assert "/settings" not in mail and "/alerts" not in mail and "Telegram" not in mail
        assert tick(ann.services, ann.services.clock()).written == 0
        assert {row["state"] for row in rows(ann.services)} == {"sent"}


@pytest.mark.parametrize(
    ("language", "says"), [("de", "31. Dezember"), ("ru", "31 декабря"), ("es", "31 de diciembre")]
)
def test_mails_come_in_the_language_that_was_chosen_on_the_page(tmp_path: Path, language: str, says: str) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.do("watch", stock="AAPL")
        ann.do("settings", timezone="UTC", language=language, digest="always")
        later(ann.services, hours=24)
        tick(ann.services, ann.services.clock())
        run(ann.services)
        plain, html = (ann.box.mails[-1].get_body((kind,)) for kind in ("plain", "html"))
        assert plain is not None and html is not None
        digest = plain.get_content()
        assert says in digest, "the digest itself"
        assert f'lang="{language}"' in html.get_content()
        with use_language(language):
            subject, stop = reader_sentences.access_subject(), translated("Stop all mails")
        assert stop in digest and "Stop all mails" not in digest
        ann.do("access")
        run(ann.services)
        assert ann.box.mails[-1]["Subject"] == subject != "Take along or delete what Bellwether keeps of you"


def test_a_look_at_the_link_confirms_nothing_and_nothing_comes_before(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        link = ann.link("Confirm")
        ann.visitor.get(link)
        assert ann.visitor.get(f"{link[:-1]}{'0' if link[-1] != '0' else '1'}").status_code == 404
        with ann.services.store.reading() as db:
            (row,) = db.rows("SELECT * FROM targets")
        assert row["state"] == "unproved"
        later(ann.services, hours=24)
        assert ann.visitor.get(link).status_code == 404
        assert ann.send(link).status_code == 404


def test_one_address_has_one_mail_a_day_and_the_answer_tells_nobody_anything(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        first = ann.subscribe()
        again = ann.subscribe("ANN.reader+news@Mail.Example")
        assert plain_text(first.text) == plain_text(again.text)
        assert len(ann.box.mails) == 1
        ann.confirm()
        later(ann.services, hours=24)
        assert plain_text(ann.subscribe().text) == plain_text(first.text)
        assert ann.box.mails[-1]["Subject"] == "Your page at Bellwether"
        assert ann.link("Your stocks and alerts") == ann.path
        assert "Mails go to" in ann.text(), "whoever asks stops nothing"


def test_of_two_who_type_one_address_at_once_one_has_a_mail_sent(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        together = threading.Barrier(2)

        def subscribe(network: str) -> None:
            together.wait()
            ask.subscribe(ann.services, ADDRESS, "en", network)

        threads = [threading.Thread(target=subscribe, args=[network]) for network in ("192.0.2.1", "192.0.2.2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [row["kind"] for row in rows(ann.services)] == ["proof"]


def test_whoever_wants_no_such_mail_is_never_asked_again_and_forgotten(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        confirm, never = ann.link("Confirm"), ann.link("Never ask here again")
        assert ann.send(never).status_code == 200
        assert ann.send(confirm).status_code == 404
        later(ann.services, hours=49)
        prune(ann.services)
        ann.subscribe()
        assert len(ann.box.mails) == 1
        with ann.services.store.reading() as db:
            assert not db.rows("SELECT * FROM targets") and not db.rows("SELECT * FROM chats")


def test_one_network_asks_for_ten_addresses_a_day(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        answers = [ann.send("/subscribe", address=f"p{n}@mail.example").status_code for n in range(11)]
        assert answers == [200] * 10 + [429]
        later(ann.services, hours=24)
        assert ann.subscribe().status_code == 200


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "typed", ["", "ann", "https://ntfy.sh/topic", "ann@mail.example, ben@mail.example", "é@x.example"]
)
def test_what_is_no_mail_address_is_said_above_the_form(tmp_path: Path, typed: str) -> None:
    with somebody(tmp_path) as ann:
        answer = ann.send("/subscribe", address=typed)
        assert answer.status_code == 400
        assert "That is no mail address" in answer.text
        assert not rows(ann.services)


@pytest.mark.sqlite
def test_without_a_mail_server_nobody_is_asked_for_an_address(tmp_path: Path) -> None:
    visitor = Visitor(create_app(made(tmp_path)))
    assert visitor.get("/subscribe").status_code == 404
    assert visitor.post("/subscribe", b"address=a%40b.example", FORM).status_code == 400
    assert "/subscribe" not in visitor.get("/").text
    assert 'id="mails"' not in visitor.get("/privacy").text
    with somebody(tmp_path / "mails") as ann:
        assert 'href="/subscribe"' in ann.visitor.get("/").text
        assert 'id="mails"' in ann.visitor.get("/privacy").text


def test_stocks_alerts_and_times_are_chosen_as_in_the_chat(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        assert ann.do("watch", stock="pfizer").status_code == 303
        told = ann.do("watch", stock="AAPL, KO, RKLB")
        assert "Not clear, so not added: RKLB" in plain_text(told.text)
        assert {row.symbol for row in watchlist.watchlist(ann.services.store, ann.owner)} == {"PFE", "AAPL", "KO"}
        ann.do("unwatch", symbol="AAPL")
        ann.do("alert", stock="PFE", kind="move", value="5 %", side="below", horizon="10", once="1")
        ann.do("alert", stock="KO", kind="risk", value="10", side="", horizon="21")
        ann.do(
            "settings", timezone="Berlin", language="de", digest="weekly", at="18:30", quiet_since="22:00",
            quiet_until="07:00", budget="5", storms="1",
        )  # fmt: skip
        chosen = alert_settings(ann.services.store, ann.owner)
        assert (chosen.timezone, chosen.digest_mode, chosen.weekly_budget) == ("Europe/Berlin", DigestMode.WEEKLY, 5)
        assert chosen.quiet is not None and chosen.language == "de" and str(chosen.digest_at) == "18:30:00"
        assert chosen.storms and 'name="storms" type="checkbox" value="1" checked' in ann.visitor.get(ann.path).text
        again = ann.do("alert", stock="KO", kind="risk", value="10", side="", horizon="21")
        assert "You have this alert already. " in plain_text(again.text), "with no command of the chat"
        first, second = rules.rules_of(ann.services.store, ann.owner)
        ann.do("pause-alert", alert=str(first.id))
        ann.do("remove-alert", alert=str(second.id))
        text = ann.text()
        assert "Coca-Cola" in text and "(paused)" in text and "a bad case" not in text.partition("New alert")[0]
        ann.owe()
        run(ann.services)
        assert len(ann.box.mails) == 2
        assert "Ihre Aktien" in str(ann.box.mails[-1].get_body(("plain",)))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("what", "fields", "says"),
    [
        ("watch", {"stock": "NOPE9"}, "NOPE9"),
        ("alert", {"stock": "PFE", "kind": "move", "value": "much", "horizon": "10"}, "is no percentage"),
        ("alert", {"stock": "PFE", "kind": "luck", "horizon": "10"}, "choose what the alert looks at"),
        ("alert", {"stock": "PFE", "kind": "price", "value": "", "horizon": "10"}, "The price must be a number"),
        ("remove-alert", {"alert": "x"}, "You have no alert number"),
        ("settings", {"timezone": "Atlantis"}, "Atlantis"),
        ("settings", {"timezone": "Berlin", "quiet_since": "22:00"}, "Quiet hours need a beginning and an end"),
        ("settings", {"timezone": "Berlin", "quiet_since": "late", "quiet_until": "7"}, "is no time of day"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_above_and_changes_nothing(
    tmp_path: Path, what: str, fields: dict[str, str], says: str
) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        before = chats.export(ann.services.store, ann.services.clock, ann.owner)
        answer = ann.do(what, **fields)
        assert answer.status_code == 400
        assert says in plain_text(answer.text)
        assert chats.export(ann.services.store, ann.services.clock, ann.owner) == before


@pytest.mark.parametrize(
    ("typed", "watched", "unclear"),
    [
        ("aapl; KO,\tPFE", {"AAPL", "KO", "PFE"}, ""),
        ("Coca-Cola, apple,, ", {"KO", "AAPL"}, ""),
        ("AAPL  KO\r\nBank of America", {"AAPL", "KO", "BAC"}, ""),
        ('"AAPL", Nowhere Inc, <b>', {"AAPL"}, "Nowhere Inc, <b>"),
        ("AAPL,", {"AAPL"}, ""),
        ("AAPL, MSFT and KO", {"AAPL", "MSFT", "KO"}, ""),
    ],
)
def test_a_list_is_taken_however_it_is_typed(tmp_path: Path, typed: str, watched: set[str], unclear: str) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        answer = ann.do("watch", stock=typed)
        assert {row.symbol for row in watchlist.watchlist(ann.services.store, ann.owner)} == watched
        assert answer.status_code == (200 if unclear else 303)
        assert f"Not clear, so not added: {unclear}." in plain_text(answer.text) or not unclear


def test_mails_stop_in_one_click_and_begin_again_on_the_page(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.owe()
        run(ann.services)
        stop = str(ann.box.mails[-1]["List-Unsubscribe"]).strip(" <>").removeprefix("https://bell.example")
        assert ann.visitor.ask("POST", stop, content_type=FORM).status_code == 200
        assert "Nothing goes to a…@mail.example" in ann.text()
        assert "Mails are stopped" in plain_text(ann.do("watch", stock="PFE").text)
        ann.owe("2")
        run(ann.services)
        assert len(ann.box.mails) == 2
        later(ann.services, seconds=1)
        ann.do("resume")
        later(ann.services, seconds=1)
        ann.owe("3")
        run(ann.services)
        assert len(ann.box.mails) == 3, "nothing of the time between"
        ann.do("stop")
        later(ann.services, hours=24 * 91)
        assert ask.forget_old(ann.services) == 1
        assert ann.visitor.get(ann.path).status_code == 404


def test_a_stopped_reader_who_is_asked_once_more_loses_nothing_by_it(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.do("watch", stock="PFE")
        ann.do("stop")
        later(ann.services, hours=25)
        ann.subscribe()
        later(ann.services, hours=50)
        assert ask.forget_old(ann.services) == 0
        ann.services.clock.now = EVENING + timedelta(hours=26)  # type: ignore[attr-defined]
        ann.confirm()
        assert "Pfizer" in ann.text() and "Mails go to" in ann.text()


def test_a_mailbox_that_is_gone_ends_what_is_written_for_it(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.box.refused = "550 5.1.1 no such user"
        ann.owe()
        run(ann.services)
        later(ann.services, hours=25)
        ann.box.refused = ""
        targets_ask.add(ann.services, 7, "ben@mail.example", "en")
        assert run(ann.services).sent == 1, "mails get through to others"
        ann.box.refused = "550 5.1.1 no such user"
        ann.owe("2")
        run(ann.services)
        assert "The mailbox took no mails any more" in ann.text()
        assert ann.do("resume").status_code == 400
        with ann.services.store.reading() as db:
            (row,) = db.rows("SELECT paused, pause_reason FROM chats WHERE chat_id <> 7")
        assert row == {"paused": 1, "pause_reason": "gone"}


def test_a_reader_takes_everything_along_without_the_address_and_deletes_it(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        ann.do("watch", stock="PFE")
        ann.owe()
        run(ann.services)
        access = ann.access()
        answer = ann.visitor.get(f"{access}/data.json")
        kept = json.loads(answer.content)["kept"]
        assert {"chats", "subscriptions", "outbox", "targets"} <= set(kept)
        assert kept["targets"][0]["shown"] == "a…@mail.example"
        assert ADDRESS not in answer.text.lower()
        assert answer.headers["content-disposition"] == 'attachment; filename="bellwether-my-data.json"'
        assert "Please tick the box first" in ann.send(f"{access}/delete").text
        assert "Everything is deleted" in ann.send(f"{access}/delete", sure="yes").text
        assert ann.visitor.get(ann.path).status_code == ann.visitor.get(access).status_code == 404
        with ann.services.store.reading() as db:
            for table in ("chats", "subscriptions", "targets", "outbox", "alert_rules", "alert_settings"):
                assert not db.rows(f"SELECT * FROM {table}"), table


@pytest.mark.sqlite
def test_no_form_of_another_site_and_no_other_kind_of_body_is_taken(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ask_by = {"content_type": FORM, "sec_fetch_site": "cross-site"}
        assert "page of another site" in ann.visitor.ask("POST", "/subscribe", **ask_by).text
        assert ann.visitor.post("/subscribe", b"{}", "application/json").status_code == 415
        assert ann.visitor.post("/subscribe", b"&".join([b"a=1"] * 99), FORM).status_code == 400


@pytest.mark.sqlite
def test_pages_of_readers_are_kept_by_no_cache_and_no_search_engine(tmp_path: Path) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        ann.confirm()
        answer = ann.visitor.get(ann.path)
        assert answer.headers["cache-control"] == "private, no-store"
        assert ann.visitor.get(f"{ann.path}/watch").headers["location"] == ann.path, "a form's address opened again"
        assert '<meta name="robots" content="noindex">' in answer.text
        assert "set-cookie" not in answer.headers
        assert ADDRESS not in answer.text.lower()


@pytest.mark.sqlite
def test_a_readers_number_is_no_chats_and_a_message_to_it_is_no_message_to_telegram() -> None:
    telegrams = 2**52  # numbers of Telegram have 52 bits
    assert telegrams < READERS
    assert recipient_of(READERS + 1).kind is RecipientKind.READER
    assert recipient_of(telegrams).kind is recipient_of(-telegrams).kind is RecipientKind.CHAT


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "holds",
    [
        every_page.test_headings_go_down_step_by_step_and_pictures_keep_their_place,
        every_page.test_a_page_is_sound_html_for_a_screen_reader,
        every_page.test_no_page_gives_advice_or_promises_a_price,
        every_page.test_a_page_is_small_packed_and_described,
        every_page.test_every_answer_carries_the_security_headers_and_no_cookie,
    ],
)
def test_these_pages_are_as_every_page(tmp_path: Path, holds: Callable[[Visitor, str], None]) -> None:
    with somebody(tmp_path) as ann:
        ann.subscribe()
        confirm = ann.link("Confirm")
        holds(ann.visitor, confirm)
        ann.confirm()
        ann.do("watch", stock="PFE")
        ann.do("alert", stock="PFE", kind="move", value="5", side="", horizon="10")
        link = page_links.link(ann.services, 1001, "en").removeprefix("https://bell.example")
        for path in ("/subscribe", ann.path, ann.access(), link, "/privacy"):
            holds(ann.visitor, path)


def test_an_address_is_in_no_row_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with somebody(tmp_path) as ann, caplog.at_level("DEBUG"):
        ann.subscribe()
        ann.confirm()
        ann.owe()
        run(ann.services)
        with ann.services.store.reading() as db:
            everything = str([db.rows(f'SELECT * FROM "{table}"') for table in db.columns()])
    assert "ann.reader" not in everything.lower()
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # that is the mail server's
    assert ours and "ann.reader" not in str(ours).lower()
    assert targets_table.NEVER not in everything
    assert ann.path.removeprefix("/subscription/") not in everything
