"""Mails as they are read: an evening of the sample market, sent to a real mail server and taken apart there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from html import unescape
from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.alerts.ask import add_rule, change_alert_settings
from bellwether.alerts.message_chart import chart_of
from bellwether.alerts.tick import tick
from bellwether.charts import renderer
from bellwether.core.alert_types import AlertSettings, RuleKind, RuleRequest
from bellwether.delivery import chats_table, settled_outbox_table
from bellwether.delivery.channels.mail import subject_of
from bellwether.delivery.channels.mail_html import mail_html
from bellwether.delivery.targets import ask
from bellwether.delivery.targets.told import PageLink, Told
from bellwether.services import Services
from tests.support.browser import CHROMIUM, chromium
from tests.support.mailbox import Mailbox, mailbox
from tests.support.png import corner
from tests.test_targets import EVENING, later, made, outbox, owe, run

GROUP, SUPERGROUP = -1001, -100200300


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def services(tmp_path: Path, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Services:
    # charts are drawn with little urgency: beside other tests that may take long, and here they are waited for
    monkeypatch.setattr(renderer, "LONGEST", 240.0)
    return made(tmp_path, smtp=box.url, mail_from="alerts@bell.example")


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def proved(services: Services, box: Mailbox, chat: int, language: str = "en") -> None:
    ask.add(services, chat, f"reader{chat}@mail.example", language)
    run(services)
    ask.prove(services, chat, re.findall(r"BW-\d{6}", words(box.mails[-1]))[0])
    later(services, seconds=1)


def evening(services: Services) -> None:
    """Everything that is due after a close is written, and sent, with its charts."""
    tick(services, EVENING)
    later(services, minutes=1)
    run(services, chart_of=partial(chart_of, services))


def test_an_alert_and_a_digest_are_words_and_a_page_with_the_chart_of_what_they_tell(
    services: Services, box: Mailbox
) -> None:
    proved(services, box, 7)
    change_alert_settings(services, 7, AlertSettings(theme="dark"), "en")
    for symbol in ("AAPL", "PFE"):
        watchlist.watch(services, 7, symbol, "en")
    add_rule(services, 7, "PFE", RuleRequest(RuleKind.UNUSUAL, 0.5, horizon=63), "en")
    evening(services)
    _code, alert, digest = box.mails
    for mail in (alert, digest):
        assert [part.get_content_type() for part in mail.walk()] == [
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
        ]
        page, picture = words(mail, "html"), list(mail.walk())[-1]
        assert corner(picture.get_content()) == "#10161d", "in the colours that the chat chose"
        assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
        assert picture.get_content_disposition() == "inline"
        assert re.findall(r'(?:src|background)="(?!cid:)|<link|<script|@import|url\(', page) == [], "nothing remote"
        assert len(page.encode()) < 100_000, "more is cut off by some programs"
        assert set(re.findall(r'href="([^"]*)"', page)) == set(re.findall(r"https://\S+", words(mail)))
        assert mail["List-Id"] == "Bellwether <alerts.bell.example>"
    ((low, high),) = re.findall(r"8 in 10 outcomes: (\S+) to (\S+) by", words(alert))
    (told,) = re.findall(r'alt="([^"]*)"', words(alert, "html"))
    assert f"between {low} and {high}" in unescape(told), "the picture is of the range that the words tell"
    (told,) = re.findall(r'alt="([^"]*)"', words(digest, "html"))
    assert re.search(r"AAPL −[\d.]+.% … \+[\d.]+.%; PFE −", told), told


def test_a_mail_is_in_the_language_of_its_reader_and_so_is_what_its_chart_shows(
    services: Services, box: Mailbox
) -> None:
    proved(services, box, 7, "ru")
    watchlist.watch(services, 7, "PFE", "ru")
    evening(services)
    page = words(box.mails[-1], "html")
    assert '<html lang="ru"' in page
    assert 'alt="График PFE. ' in page
    assert str(box.mails[-1]["Subject"]) == "Сегодня ничего необычного"


def test_a_mail_that_is_sent_again_after_a_crash_is_the_same_mail_also_once_its_group_has_moved(
    services: Services, box: Mailbox
) -> None:
    proved(services, box, GROUP)
    owe(services, GROUP)
    run(services)
    with services.store.transaction() as db:  # its sender died before it could write down that it arrived
        db.execute("UPDATE outbox SET state = 'pending' WHERE kind = 'move' AND recipient_kind = 'target'")
        chats_table.migrate(db, GROUP, SUPERGROUP)
    run(services)
    owe(services, SUPERGROUP, "2", "It ended inside.", reply=f"move:{SUPERGROUP}:1")
    run(services)
    _code, first, again, outcome = box.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert str(first["Message-ID"]).endswith("@bell.example>")
    assert outcome["In-Reply-To"] == outcome["References"] == first["Message-ID"]
    assert outcome["Subject"] == "Re: PFE closed at $26.40 & fell"


def test_an_outcome_answers_no_mail_that_never_came(services: Services, box: Mailbox) -> None:
    owe(services, 7)
    later(services, seconds=1)
    proved(services, box, 7)
    box.refused_data = "554 looks like spam"
    owe(services, 7, "2")
    assert run(services).failed == 1
    box.refused_data = ""
    for before in ("1", "2"):
        owe(services, 7, f"{before}:outcome", "It ended inside.", reply=f"move:7:{before}")
    assert run(services).sent == 2
    for outcome in box.mails[-2:]:
        assert outcome["Subject"] == "It ended inside"
        assert outcome["In-Reply-To"] is None


def test_an_alert_stays_known_for_as_long_as_its_outcome_is_to_come(services: Services, box: Mailbox) -> None:
    proved(services, box, 7)
    add_rule(services, 7, "PFE", RuleRequest(RuleKind.UNUSUAL, 0.5, horizon=63), "en")
    add_rule(services, 7, "PFE", RuleRequest(RuleKind.MOVE, 0.0001), "en")
    evening(services)
    assert {row["kind"] for row in outbox(services)} == {"proof", "unusual", "move"}
    with services.store.transaction() as db:
        settled_outbox_table.prune(db, EVENING + timedelta(days=40))
    assert [row["kind"] for row in outbox(services)] == ["unusual"], "a move is news without an end"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("<b>Nothing unusual today.</b>\nClose of 30 December.", "Nothing unusual today"),
        ("<b>Coca-Cola</b> (KO): " + "a rise or fall, " * 6, "Coca-Cola (KO): a rise or fall" + ", a rise or fall" * 2),
        (f"<b>{'word ' * 40}</b>\nmore", f"{'word ' * 15}".rstrip() + "…"),
        ("W" * 100, "W" * 77 + "…"),
        ("\n \n", "Bellwether"),
    ],
)  # fmt: skip
def test_a_subject_is_the_first_line_and_ends_where_words_do(text: str, subject: str) -> None:
    assert subject_of(text) == subject


STOP = f"https://bell.example/channels/stop/{'5' * 40}"
LINES = [f"<b>A company with a long name {at}</b> (SYMBOL{at}.LONG) 1,234,567.89 to 2,345,678.90" for at in range(9)]
LONG = Told(
    "\n".join(["<b>Restless day: none of 40 stayed inside.</b>", "", *LINES, "", f"<code>{'unbroken' * 12}</code>"]),
    links=tuple(PageLink(f"SYMBOL{at}.L", "Forecast", f"https://bell.example/stocks/{at}") for at in range(8)),
    ending=f'<i>Stop it: <a href="{STOP}">{STOP}</a></i>',
)


def test_a_link_alone_on_its_line_is_a_button_and_one_within_words_is_none() -> None:
    told = Told('Yes?\n\n<a href="https://x/?a=1&amp;b">Confirm</a>\n\nNo: <a href="y">never</a>')
    page = mail_html(told, "S", "en", "")
    assert re.findall(r'<a (class="button")?[^>]*>(\w+)</a>', page) == [('class="button"', "Confirm"), ("", "never")]
    assert 'href="https://x/?a=1&amp;b"' in page


def test_every_line_of_a_page_has_whole_tags_and_no_word_can_be_a_tag() -> None:
    page = mail_html(Told("<i>a\n&lt;b&gt;</i>\n\n<blockquote expandable>c</blockquote>"), "S & <s>", "en", "")
    assert "<title>S &amp; &lt;s&gt;</title>" in page
    lines = re.findall(r'<p style="margin: (\d+)px[^>]*>(.*)</p>', page)
    assert lines == [("0", "<i>a</i>"), ("6", "<i>&lt;b&gt;</i>"), ("0", "c")]


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed here")
def test_a_page_fits_the_width_of_a_phone_and_is_dark_where_mails_are() -> None:
    pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with chromium() as browser:
        for width in (320, 390):
            for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(16, 22, 29)")):
                page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                page.set_content(mail_html(LONG, "Restless day", "en", ""))
                assert page.evaluate("document.documentElement.scrollWidth") == width
                assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == colour
                page.close()
