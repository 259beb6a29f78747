"""The page where targets of a chat are set up: a link of the chat opens it once, for an hour."""

import re
import string
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from bellwether.delivery.targets import ask, page_links
from bellwether.services import Services
from tests.support.chat_services import ChatServices
from tests.support.talk import Talk
from tests.support.web import Visitor, plain_text
from tests.test_targets import listening, made, owe, run
from web.app import create_app

CHAT = 1001
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return made(tmp_path)


class Page:
    """Somebody who has a link of their chat."""

    def __init__(self, services: Services) -> None:
        self.visitor = Visitor(create_app(services))
        self.shown = ""  #: HTML

    def open(self, link: str) -> int:
        path = link.removeprefix("https://bell.example")
        answer = self.visitor.ask("POST", path, content_type=FORM)
        self.shown = answer.text
        return answer.status_code

    def do(self, what: str, **fields: str) -> httpx.Response:
        (visit,) = set(re.findall(r'name="visit" value="([^"]+)"', self.shown))
        body = urlencode({"visit": visit, "do": what} | fields).encode()
        answer = self.visitor.post("/channels", body, FORM)
        self.shown = answer.text if answer.status_code != 404 else self.shown
        return answer

    @property
    def text(self) -> str:
        return plain_text(self.shown)


def link_of(talk: Talk) -> str:
    """What the chat offers under the guide of a kind."""
    talk.say("/alerts")
    talk.press("Also send to…")
    talk.press("+ ntfy")
    (link,) = re.findall('<a href="([^"]+)">on a page</a>', talk.shown.text)
    return str(link)


def code_in(there: ChatServices) -> str:
    (code,) = re.findall(r"BW-\d{6}", there.seen["ntfy"][-1])
    return str(code)


def test_a_target_is_set_up_proved_stopped_and_deleted_on_the_page(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(services)
    with listening(monkeypatch) as (there, urls):
        assert page.open(link_of(Talk(services))) == 200
        page.do("add", address=urls["ntfy"])
        assert "A code is on its way to ntfy …" in page.text and urls["ntfy"] not in page.shown
        run(services)
        assert page.do("prove", code="BW-000000").status_code == 400
        assert "That is not the code." in page.text
        page.do("prove", code=code_in(there).lower())
        assert "Done. Alerts and digests go to ntfy …" in page.text
        owe(services, CHAT)
        run(services)
        assert len(there.seen["ntfy"]) == 2
        (target,) = ask.of_chat(services, CHAT)
        page.do("stop", target=str(target.id))
        assert "stopped by you" in page.text
        page.do("resume", target=str(target.id))
        assert "alerts and digests go there" in page.text
        page.do("delete", target=str(target.id))
        assert not ask.of_chat(services, CHAT)


def test_a_link_opens_once_a_look_at_it_opens_nothing_and_both_lapse_after_an_hour(services: Services) -> None:
    page, link = Page(services), page_links.link(services, CHAT, "en")
    path = link.removeprefix("https://bell.example")
    for _ in range(2):
        assert "Open it" in page.visitor.get(path).text
    assert page.open(link) == 200
    shown = page.shown
    assert page.visitor.get(path).status_code == page.open(link) == 404
    page.shown = shown
    late = page_links.link(services, CHAT, "en")
    services.clock.now = services.clock().replace(hour=services.clock().hour + 1)  # type: ignore[attr-defined]
    assert page.open(late) == 404
    page.shown = shown
    assert page.do("add", address="ntfy://127.0.0.1/topic").status_code == 404


def test_a_link_that_was_opened_opens_in_no_other_writing(services: Services) -> None:
    letters = string.ascii_letters + string.digits + "-_"
    token = page_links.link(services, CHAT, "en").rpartition("/")[2]
    another = page_links.link(services, CHAT, "en").rpartition("/")[2]
    assert page_links.open_once(services, token) is not None
    for rewritten in [f"{token[:30]}....{token[30:]}", f"{token}=", *(token[:-1] + letter for letter in letters)]:
        assert page_links.open_once(services, rewritten) is None
        assert not page_links.is_good(services, rewritten)
    assert page_links.open_once(services, another) is not None, "given in the same second"


def test_a_link_is_for_its_chat_alone(services: Services) -> None:
    other = ask.add(services, CHAT + 1, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    page = Page(services)
    page.open(page_links.link(services, CHAT, "en"))
    assert "8f2k" not in page.text
    for what in ("stop", "resume", "delete"):
        assert page.do(what, target=str(other.id)).status_code == 400
    assert page.do("delete", target="x").status_code == 400
    assert ask.of_chat(services, CHAT + 1) == [other]


@pytest.mark.sqlite
@pytest.mark.parametrize("token", ["x", "gAAAAA" + "A" * 120, "9" * 900, "%C3%A9"])
def test_what_is_no_link_of_ours_opens_nothing(services: Services, token: str) -> None:
    visitor = Visitor(create_app(services))
    assert visitor.get(f"/channels/{token}").status_code == 404
    assert visitor.ask("POST", f"/channels/{token}", content_type=FORM).status_code == 404


def test_a_link_is_no_visit_and_a_sealed_address_is_neither(services: Services) -> None:
    ask.add(services, CHAT, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    link = page_links.link(services, CHAT, "en").rpartition("/")[2]
    (target,) = ask.of_chat(services, CHAT)
    assert page_links.visit(services, link) is None
    assert page_links.visit(services, target.address) is page_links.open_once(services, target.address) is None
    opened = page_links.open_once(services, link)
    assert opened is not None and page_links.visit(services, opened.token) is not None
    assert not page_links.is_good(services, opened.token)


@pytest.mark.sqlite
def test_a_group_in_which_others_read_gets_no_link(services: Services) -> None:
    assert page_links.link(services, -100123, "en") == ""
    assert page_links.link(services, 0, "en") == "", "the terminal shows no links"
