"""Every page in every state the service may be in: an answer that says what is the matter, and no trace."""

from pathlib import Path

import pytest

from tests.support.web import Visitor, plain_text, sample_services
from tests.support.web_pages import ERRORS, PAGES, STATES
from web.app import create_app

#: what a page says in a state; all others in it are 200
SAYS = {
    "provider down": {
        "/": (200, "not available just now"),
        "/stocks/AAPL": (503, "not available just now"),
        "/stocks/%5EVIX?horizon=63": (503, "not available just now"),
        "/stocks/KO?as_of=2020-03-16": (503, "not available just now"),
        "/stocks/KO?as_of=2024-03-07": (503, "not available just now"),
        "/market?sort=width&order=down": (200, "No stock has usable prices"),
        "/compare?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (503, "not available just now"),
        "/risk?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (503, "not available just now"),
    },
    "a bug": {
        "/": (200, "Something went wrong on our side"),
        "/stocks/AAPL": (500, "Something went wrong on our side"),
        "/stocks/%5EVIX?horizon=63": (500, "please mention the number"),
        "/stocks/KO?as_of=2020-03-16": (500, "please mention the number"),
        "/stocks/KO?as_of=2024-03-07": (500, "please mention the number"),
        "/market?sort=width&order=down": (500, "please mention the number"),
        "/compare?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (500, "please mention the number"),
        "/risk?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (500, "please mention the number"),
    },
    "no model": {
        "/stocks/AAPL": (200, "The model is silent because it could not be loaded"),
        "/market?sort=width&order=down": (200, "is the plain rule"),
    },
    "nothing yet": {
        "/": (200, "No example just now"),
        "/stocks/AAPL": (503, "not available just now"),
        "/stocks/%5EVIX?horizon=63": (503, "not available just now"),
        "/stocks/KO?as_of=2020-03-16": (503, "not available just now"),
        "/stocks/KO?as_of=2024-03-07": (503, "not available just now"),
        "/market?sort=width&order=down": (200, "No prices are kept yet"),
        "/compare?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (503, "not available just now"),
        "/risk?symbols=AAPL,NVDA,%5EGSPC,KO,NOPE": (503, "not available just now"),
        "/track-record": (200, "Nothing has come due yet"),
        "/incidents/2020-03-02": (404, "No storm was announced on 2 March 2020"),
        "/track-record?symbol=AAPL&horizon=10": (200, "No forecast of Apple was issued yet"),
    },
    "no database": {},
}


@pytest.fixture(scope="module", params=STATES)
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Visitor]:
    name = str(request.param)
    return name, Visitor(create_app(STATES[name](tmp_path_factory.mktemp("state"))))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_is_the_matter(state: tuple[str, Visitor], path: str) -> None:
    name, visitor = state
    status, said = SAYS[name].get(path, (200, "not investment advice"))
    page = visitor.get(path)
    assert page.status_code == status
    assert said in plain_text(page.text)
    for unwanted in ("Traceback", "secret detail", "Error(", "None", "sqlite"):
        assert unwanted not in page.text
    if status >= 400:
        assert "s-maxage" not in page.headers["cache-control"], "trouble is not kept"
        assert ("retry-after" in page.headers) == (status == 503)


@pytest.mark.parametrize("path", [path for path in ERRORS if not path.endswith(".ics")])
def test_a_wrong_question_is_answered_the_same_in_every_state(
    state: tuple[str, Visitor], path: str, tmp_path: Path
) -> None:
    name, visitor = state
    page = visitor.get(path)
    assert 400 <= page.status_code <= 503
    assert 'role="search"' in page.text and "Traceback" not in page.text
    if name == "no model":
        assert page.status_code == Visitor(create_app(sample_services(tmp_path))).get(path).status_code
