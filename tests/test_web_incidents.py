"""Storms on the page, in the API and in the chat."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bellwether.ask import incidents
from bellwether.client.answers.track_record import IncidentsAnswer
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from tests.support.data import DATA
from tests.support.shapes import check_shape
from tests.support.storms import SHARES, STORM, before_a_storm, live_through, session_of
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app
from web.pages import storm_banner

SAID = "In the last 10 trading days only 52 of 100 one-day ranges of all stocks held, not 80: expect wider."


@pytest.fixture(scope="module")
def stormy(tmp_path_factory: pytest.TempPathFactory) -> Services:
    services = before_a_storm(tmp_path_factory.mktemp("stormy"))
    live_through(services, range(STORM + 6))
    return services


@pytest.fixture(scope="module")
def visitor(stormy: Services) -> Visitor:
    return Visitor(create_app(stormy))


@pytest.fixture(scope="module")
def of_sample(tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    return Visitor(create_app(sample_services(tmp_path_factory.mktemp("sample"))))


@pytest.mark.parametrize("path", ["/", "/stocks/AAPL", "/market", "/track-record", "/how-it-works", "/nope"])
def test_a_banner_stands_above_every_page_and_says_it_once(visitor: Visitor, stormy: Services, path: str) -> None:
    page = visitor.get(path)
    (storm,) = incidents.every(stormy).items
    assert plain_text(page.text).count(SAID) == 1
    assert f'href="/incidents/{storm.id}"' in page.text


def test_in_calm_times_there_is_no_banner(of_sample: Visitor) -> None:
    assert 'aria-label="Storm"' not in of_sample.get("/").text


def test_a_page_that_a_browser_has_is_another_once_a_storm_begins(tmp_path: Path) -> None:
    services = before_a_storm(tmp_path)
    tag = Visitor(create_app(services)).get("/how-it-works").headers["etag"]
    live_through(services, range(STORM + 6))
    again = Visitor(create_app(services)).get("/how-it-works", If_None_Match=tag)
    assert again.status_code == 200
    assert SAID in plain_text(again.text)


def test_the_database_is_not_asked_for_every_page(stormy: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, now = [], [0.0]
    known = incidents.going_on(stormy)
    monkeypatch.setattr(storm_banner.incidents, "going_on", lambda services: asked.append(1) or known)
    banner = storm_banner.StormBanner(stormy, lambda: now[0])
    shown = banner.get()
    assert banner.get() is shown
    assert len(asked) == 1
    now[0] = 31.0
    banner.get()
    assert len(asked) == 2


def test_the_page_of_one_that_goes_on_tells_so(visitor: Visitor, stormy: Services) -> None:
    (storm,) = incidents.every(stormy).items
    text = plain_text(visitor.get(f"/incidents/{storm.id}").text)
    assert "It goes on." in text
    assert "Simulated" not in text


def test_the_page_of_a_storm_tells_begin_depth_and_end(of_sample: Visitor) -> None:
    page = of_sample.get("/incidents/2020-03-02")
    text = plain_text(page.text)
    assert "Ranges held too rarely, 24 February to 27 March 2020" in text
    assert "announced after the close of 2 March 2020" in text
    assert "At its worst 44 of 100 held over 10 trading days. It was over on 27 March 2020" in text
    assert "Simulated" in text
    assert page.text.count('<rect class="below"') == 25  # the sessions from its begin to its end


def test_the_days_of_other_storms_are_marked_and_named(of_sample: Visitor) -> None:
    page = of_sample.get("/incidents/2020-03-02").text
    text = plain_text(page)
    assert (
        "fainter ones those of other storms: 7 April to 11 June 2020 (too many held), 24 January to 14 February" in text
    )
    assert '<a href="/incidents/2020-01-31">' in page
    assert page.count('<rect class="other"') == page.count(", a day of another storm") > 20
    assert "other storms" not in plain_text(of_sample.get("/incidents/2011-08-09").text)


def test_the_manual_tells_the_demos_figures_as_its_page_does(of_sample: Visitor) -> None:
    manual = (DATA.parents[1] / "docs" / "track-record.md").read_text(encoding="utf-8")
    text = plain_text(of_sample.get("/incidents/2020-03-02").text)
    then, worst = re.findall(r"(\d+) of 100", text)[:2]
    assert f"with {then} of 100 then and {worst} at worst" in " ".join(manual.split())
    assert "of the sample's 40 stocks" in text and "the demo's 40 stocks" in manual


def test_the_track_record_of_all_lists_them_newest_first(of_sample: Visitor) -> None:
    page = of_sample.get("/track-record").text
    assert (
        page.index("/incidents/2020-03-02") < page.index("/incidents/2018-02-06") < page.index("/incidents/2011-08-09")
    )
    assert "/incidents/" not in of_sample.get("/track-record?symbol=AAPL").text
    led = of_sample.get("/incidents")
    assert (led.status_code, led.headers["location"]) == (302, "/track-record#storms") and 'id="storms"' in page


def test_an_unknown_storm_is_not_found(of_sample: Visitor) -> None:
    page = of_sample.get("/incidents/2019-05-01")
    assert page.status_code == 404
    assert "No storm was announced on 1 May 2019; the track record lists them." in plain_text(page.text)


def test_the_api_lists_them(visitor: Visitor, of_sample: Visitor, stormy: Services) -> None:
    answer = visitor.get("/api/v1/incidents").json()
    check_shape(IncidentsAnswer, answer)
    (storm,) = answer["items"]
    assert (storm["kind"], storm["first_session"], storm["ended"]) == ("too_rarely", str(session_of(STORM)), None)
    simulated = of_sample.get("/api/v1/incidents").json()
    assert simulated["simulated"] and len(simulated["items"]) > 10
    table = of_sample.get("/api/v1/incidents?format=csv").text.splitlines()
    assert table[0] == "id,kind,first_session,announced,ended,lately,depth"
    assert len(table) == len(simulated["items"]) + 1


def test_a_forecast_of_the_api_names_it(visitor: Visitor) -> None:
    made = visitor.get("/api/v1/forecasts/AAPL").json()
    assert made["incident"]["kind"] == "too_rarely"
    assert SAID in made["caveats"]


def test_an_answer_in_the_chat_says_it(stormy: Services) -> None:
    chat = ChatContext(stormy, chat_id=5)
    assert SAID in conversation.answer(chat, "AAPL").text


@pytest.mark.parametrize(
    ("days", "says"), [(STORM + 6, "A storm since"), (len(SHARES), "The last storm,"), (STORM - 3, None)]
)
def test_the_chats_track_record_tells_the_last_one_and_where_all_are(
    tmp_path: Path, days: int, says: str | None
) -> None:
    services = before_a_storm(tmp_path)
    web = services.settings.web.model_copy(update={"public_url": "https://bell.example"})
    services = replace(services, settings=services.settings.model_copy(update={"web": web}))
    live_through(services, range(days))
    text = conversation.answer(ChatContext(services, chat_id=5), "/track").text
    assert ("storm" in text) == (says is not None)
    if says is not None:
        assert says in text and text.endswith('<a href="https://bell.example/track-record#storms">All storms</a>')
        assert "storm" not in conversation.answer(ChatContext(services, chat_id=5), "/track AAPL").text


def test_afterwards_the_banner_is_gone_and_the_storm_is_listed(tmp_path: Path) -> None:
    services = before_a_storm(tmp_path)
    live_through(services, range(len(SHARES)))
    page = Visitor(create_app(services)).get("/track-record").text
    assert 'aria-label="Storm"' not in page
    (storm,) = incidents.every(services).items
    assert f"/incidents/{storm.id}" in page
