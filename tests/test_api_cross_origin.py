"""Pages of other sites that call the API from a browser."""

from pathlib import Path

import httpx
import pytest

from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError
from tests.support.api import Api
from web.middleware.cross_origin import EXPOSED

APP = "https://app.example"
ALLOWED = "access-control-allow-origin"


def first_asked(api: Api, address: str, method: str = "GET", origin: str = APP) -> httpx.Response:
    """What a browser asks before it calls with a key."""
    wishes = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,if-none-match",
    }
    return api.ask("OPTIONS", address, headers=wishes)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    return Api(tmp_path_factory.mktemp("opened"), api={"origins": [APP]})


def test_by_default_no_page_of_another_site_may_read_an_answer(tmp_path: Path) -> None:
    closed = Api(tmp_path)
    answer = first_asked(closed, "/forecasts/AAPL")
    assert answer.status_code == 405
    for given in (answer, closed.get("/forecasts/AAPL", Origin=APP)):
        assert not [name for name in given.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("address", "method"), [("/forecasts", "POST"), ("/rules/1", "DELETE"), ("/stream", "GET")])
def test_a_browser_that_asks_first_may_send_the_key_and_is_not_counted(api: Api, address: str, method: str) -> None:
    answer = first_asked(api, address, method)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, APP)
    assert method in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "ratelimit" not in answer.headers


def test_the_page_may_read_the_answer_with_its_tag_and_what_is_left(api: Api) -> None:
    answer = api.get("/forecasts/AAPL", api.key(), Origin=APP)
    assert answer.headers[ALLOWED] == APP
    shown = answer.headers["access-control-expose-headers"].split(", ")
    assert tuple(shown) == EXPOSED and {"ETag", "RateLimit", "RateLimit-Policy"} <= set(shown)
    assert all(name in answer.headers for name in ("ETag", "RateLimit", "RateLimit-Policy", "X-Request-ID"))
    assert "Origin" in answer.headers["vary"]


def test_problems_can_be_read_as_well(api: Api) -> None:
    refused = api.get("/usage", "bw_live_wrong", Origin=APP)
    assert (refused.status_code, refused.headers[ALLOWED]) == (401, APP)


def test_what_is_kept_for_one_site_is_not_given_to_another(api: Api) -> None:
    assert api.get("/universe", Origin=APP).headers[ALLOWED] == APP
    assert ALLOWED not in api.get("/universe", Origin="https://other.example").headers
    assert first_asked(api, "/universe", origin="https://other.example").status_code == 400


def test_the_operators_addresses_stay_closed_to_pages(tmp_path: Path) -> None:
    opened = Api(tmp_path, api={"origins": ["*"], "admin_token": "a" * 40})
    assert opened.get("/universe", Origin=APP).headers[ALLOWED] == "*"
    assert ALLOWED not in first_asked(opened, "/admin/keys").headers
    assert ALLOWED not in opened.get("/admin/keys", "a" * 40, Origin=APP).headers


def test_origins_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_API__ORIGINS", "https://app.example, http://localhost:3000")
    assert load_settings().api.origins == ["https://app.example", "http://localhost:3000"]


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "https://*.example", "null"])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"api\.origins is .* a scheme and a host such as https://app\.example"):
        load_settings(api={"origins": [origin]})
