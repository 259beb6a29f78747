"""What a caller of the API may ask, counted exactly: keys, plans, what is left, and what is free."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from bellwether.access import keys, usage_table
from bellwether.access import keys_table as kept
from bellwether.core.plans import Plan
from tests.support.api import Api
from tests.support.database import store_at
from tests.support.web import served
from web.api.caller import Caller
from web.app import create_app

ONE = "/forecasts/AAPL"
BAD = "/forecasts/NOPE-NOPE"


def codes(answers: list[httpx.Response]) -> list[int]:
    return sorted(each.status_code for each in answers)


def counted(api: Api) -> int:
    """Requests of key 1 in the database."""
    with api.services.store.reading() as db:
        return usage_table.total(db, 1)


def test_every_answer_says_what_is_left(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key("free")
    api.get(ONE, key)
    api.clock.on(seconds=18)
    answer = api.get("/forecasts/MSFT", key)
    assert answer.headers["ratelimit-policy"] == '"minute";q=60;w=60, "day";q=5000;w=86400'
    assert answer.headers["ratelimit"] == '"minute";r=58;t=42, "day";r=4998;t=43182'
    assert "s-maxage" not in answer.headers["cache-control"]
    assert {"Authorization", "Accept"} <= {one.strip() for one in answer.headers["vary"].split(",")}


def test_beyond_the_plan_is_429_with_when_to_go_on(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 2})
    assert [api.get(ONE, key).status_code for _ in range(3)] == [200, 200, 429]
    refused = api.get(ONE, key)
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["retry-after"] == "60"
    assert api.get(ONE, api.key()).status_code == 200, "others are not held back"
    api.clock.on(seconds=60)
    assert api.get(ONE, key).status_code == 200


def test_an_answer_from_the_cache_counts_like_any_other(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key()
    assert len({api.get(ONE, key).content for _ in range(3)}) == 1
    assert counted(api) == 3


@pytest.mark.parametrize("address", [BAD, "/forecasts/AAPL?horizon=64", "/nope", "/ledger?cursor=x"])
def test_failed_calls_are_free(tmp_path: Path, address: str) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 1})
    assert [api.get(address, key).status_code for _ in range(3)] == [api.get(address, key).status_code] * 3
    assert (counted(api), api.get(ONE, key).status_code) == (0, 200)


@pytest.mark.parametrize("address", ["/usage", "/status"])
def test_asking_how_one_stands_is_free(tmp_path: Path, address: str) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 1})
    assert [api.get(address, key).status_code for _ in range(3)] == [200] * 3
    assert (counted(api), api.get(ONE, key).status_code) == (0, 200)


def test_of_32_clients_at_once_exactly_as_many_succeed_as_the_plan_has(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 100})
    results: list[int] = []

    def client(base: str) -> None:
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            results.extend(http.get(f"/api/v1{ONE}").status_code for _ in range(8))

    with served(api.app) as base:
        clients = [threading.Thread(target=client, args=(base,)) for _ in range(32)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
    assert (results.count(200), results.count(429), len(results)) == (100, 156, 256)
    assert counted(api) == 100


def test_counting_goes_on_where_a_killed_process_left_it(tmp_path: Path) -> None:
    first = Api(tmp_path)
    key = first.key(changes={"requests_a_minute": 5})
    assert codes(first.ask_all([("GET", ONE, key, {})] * 3)) == [200] * 3
    second = Api(tmp_path)  # another process's: nothing was closed, written or handed over
    assert codes(second.ask_all([("GET", ONE, key, {})] * 4)) == [200, 200, 429, 429]
    assert codes(first.ask_all([("GET", ONE, key, {})] * 2)) == [429, 429], "each sees what the other counted"


def test_two_processes_at_once_share_one_limit(tmp_path: Path) -> None:
    two = [Api(tmp_path), Api(tmp_path)]
    key = two[0].key(changes={"requests_a_minute": 20})
    for api in two:
        api.get("/status", key)  # so that both have read before either writes
    results: list[httpx.Response] = []

    def ask(api: Api) -> None:
        for _ in range(5):
            results.extend(api.ask_all([("GET", ONE, key, {})] * 5))

    threads = [threading.Thread(target=ask, args=(api,)) for api in two]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.status_code for each in results].count(200) == 20


def test_revocation_and_new_terms_count_at_once(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 1})
    assert codes(api.ask_all([("GET", ONE, key, {})] * 2)) == [200, 429]
    keys.give_terms(api.services.store, api.services.settings.api, 1, api.clock(), plan="trader", terms=None)
    keys.give_terms(
        api.services.store, api.services.settings.api, 1, api.clock(), terms=keys.Terms({"requests_a_minute": 2})
    )
    assert api.get(ONE, key).status_code == 200
    keys.revoke(api.services.store, 1, api.clock())
    refused = api.get(ONE, key)
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked_key")
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_a_clock_that_is_set_back_over_midnight_makes_no_second_day(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_day": 2, "requests_a_minute": 0})
    assert codes(api.ask_all([("GET", ONE, key, {})] * 3)) == [200, 200, 429]
    api.clock.on(days=1)
    assert codes([api.get(ONE, key)]) == [200]
    api.clock.on(days=-1)
    for app in (api.app, create_app(api.services)):  # one that remembers, and one that reads it anew
        api.app = app
        assert codes([api.get(ONE, key)]) == [429]


def test_a_connection_that_was_closed_takes_what_it_remembered_with_it(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key(changes={"requests_a_minute": 5})
    assert api.get(ONE, key).status_code == 200
    api.services.store.close()  # as when a backup is put back
    other = store_at(api.services.store.path)
    keys.revoke(other, 1, api.clock())
    other.close()
    assert api.get(ONE, key).json()["code"] == "revoked_key"


def test_a_personal_plan_begins_and_ends_by_itself(tmp_path: Path) -> None:
    api = Api(tmp_path)
    terms = keys.Terms({"requests_a_minute": 1}, api.clock.now.replace(hour=13), api.clock.now.replace(hour=14))
    key = keys.create(api.services.store, api.services.settings.api, "Ada", "free", api.clock(), terms=terms).token
    quotas = []
    for _ in range(3):
        quotas.append(api.get("/usage", key).json()["in_force"]["requests_a_minute"])
        api.clock.on(hours=1)
    assert quotas == [60, 1, 60]


def test_switched_off_limits_hold_nobody_back_and_usage_is_counted_all_the_same(tmp_path: Path) -> None:
    api = Api(tmp_path, api={"limits": False})
    key = api.key(changes={"requests_a_minute": 1})
    answers = api.ask_all([("GET", ONE, key, {})] * 5)
    assert codes(answers) == [200] * 5
    assert "ratelimit" not in answers[0].headers
    assert counted(api) == 5
    assert codes(api.ask_all([("GET", ONE, None, {})] * 100)) == [200] * 100


def test_without_a_key_there_is_the_demo_plan_for_each_address(tmp_path: Path) -> None:
    api = Api(tmp_path, api={"plans": {"demo": {"requests_a_minute": 3}}})
    answers = api.ask_all([("GET", ONE, None, {})] * 5)
    assert codes(answers) == [200, 200, 200, 429, 429]
    assert answers[0].headers["ratelimit-policy"].startswith('"minute";q=3;w=60')
    assert codes(api.ask_all([("GET", ONE, None, {})], client=("203.0.113.8", 1))) == [200]
    assert codes(api.ask_all([("GET", ONE, None, {})] * 9, client=("127.0.0.1", 1))) == [200] * 9
    failed = [api.ask_all([("GET", BAD, None, {})], client=("203.0.113.9", 1))[0].status_code for _ in range(9)]
    assert failed == [404] * 9
    assert codes(api.ask_all([("GET", ONE, None, {})], client=("203.0.113.9", 1))) == [200]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Bearer nonsense", "bad_key"),
        ("Bearer ", "bad_key"),
        ("Basic YTpi", "bad_key"),
        (f"Bearer bw_live_{'0' * 12}_{'0' * 40}", "bad_key"),
        (f"Bearer bw_live_{'0' * 12}_{'0' * 40} x", "bad_key"),
    ],
)
def test_a_wrong_key_is_never_taken_for_none(tmp_path: Path, header: str, code: str) -> None:
    answer = Api(tmp_path).get(ONE, Authorization=header)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("scopes", "address", "status"),
    [
        (["read"], ONE, 200),
        (["alerts"], ONE, 403),
        (["alerts"], "/rules", 200),
        (["read"], "/rules", 403),
        (["read", "alerts"], "/webhooks", 403),
        (["webhooks"], "/webhooks", 200),
        (["webhooks"], "/usage", 200),
        (["webhooks"], "/status", 200),
        (["read"], "/alerts", 403),
        (["read"], "/stream", 403),
    ],
)
def test_a_key_is_for_its_scopes_alone(tmp_path: Path, scopes: list[str], address: str, status: int) -> None:
    api = Api(tmp_path)
    answer = api.get(address, api.key(scopes=scopes))
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "missing_scope"


@pytest.mark.sqlite
@pytest.mark.parametrize("address", ["/rules", "/alerts", "/webhooks", "/webhooks/1/attempts", "/stream", "/usage"])
def test_what_belongs_to_a_key_needs_one(tmp_path: Path, address: str) -> None:
    answer = Api(tmp_path).get(address)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_required")


@pytest.mark.parametrize(
    ("changes", "address", "status"),
    [
        ({"symbols": ["AAPL"]}, "/forecasts/apple", 200),
        ({"symbols": ["AAPL"]}, "/forecasts/MSFT", 403),
        ({"symbols": ["AAPL"]}, "/baseline/MSFT", 403),
        ({"horizons": [5, 10]}, "/forecasts/AAPL?horizon=2w", 200),
        ({"horizons": [5, 10]}, "/forecasts/AAPL?horizon=11", 403),
        ({"history_days": 30}, "/forecasts/AAPL?as_of=2024-02-26", 200),
        ({"history_days": 30}, "/forecasts/AAPL?as_of=2021-11-20", 403),
    ],
)
def test_what_a_plan_has_not_is_refused_also_when_others_have_just_asked_for_it(
    tmp_path: Path, changes: dict[str, Any], address: str, status: int
) -> None:
    api = Api(tmp_path)
    assert api.get(address, api.key()).status_code == 200, "and it is in the cache now"
    answer = api.get(address, api.key(changes=changes))
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "not_in_plan"


@pytest.mark.sqlite
def test_when_many_wait_the_higher_priority_goes_first() -> None:
    from web.middleware.priority import Priority

    went: list[str] = []

    async def crowd() -> None:
        first = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["name"] == "first":
                await first.wait()
            went.append(scope["name"])

        async def nothing(*_: Any) -> None: ...

        turns = Priority(app, at_once=1)

        def call(name: str, priority: int) -> "asyncio.Task[None]":
            caller = Caller(Plan(requests_a_minute=1, requests_a_day=1, priority=priority))
            scope = {"type": "http", "path": "/api/v1/x", "name": name, "caller": caller}
            return asyncio.create_task(turns(scope, nothing, nothing))

        calls = [call("first", 0), call("free", 1), call("left", 9), call("business", 3), call("free too", 1)]
        await asyncio.sleep(0)
        calls[2].cancel()
        await asyncio.sleep(0)
        first.set()
        await asyncio.gather(*calls, return_exceptions=True)
        await call("later", 0)

    asyncio.run(crowd())
    assert went == ["first", "business", "free", "free too", "later"]


def test_a_key_on_a_plan_that_was_taken_away_gets_the_least(tmp_path: Path) -> None:
    api = Api(tmp_path, api={"plans": {"demo": {"requests_a_minute": 2}}})
    key = api.key("trader")
    with api.services.store.transaction() as db:
        kept.set_plan(db, 1, "one of last year")
    assert codes(api.ask_all([("GET", ONE, key, {})] * 3)) == [200, 200, 429]


@pytest.mark.sqlite
def test_a_key_is_told_when_the_database_is_down_and_others_are_not_held_up(tmp_path: Path) -> None:
    key = Api(tmp_path).key()
    api = Api(tmp_path / "x", database={"path": tmp_path})
    answer = api.get(ONE, key)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert str(tmp_path) not in answer.text
    assert api.get(ONE).status_code == 200


def test_calls_that_fail_without_end_have_to_rest_though_they_are_free(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key, other = api.key(), api.key()
    batch = {"json": {"symbols": [f"NOPE-{number}" for number in range(500)]}}
    answers = [api.ask("POST", "/forecasts", key, **batch).status_code for _ in range(3)]
    assert answers == [207, 207, 429]
    assert api.get(ONE, key).headers["retry-after"] == "60"
    assert api.get(ONE, other).status_code == 200
    api.clock.on(seconds=60)
    assert api.get(ONE, key).status_code == 200
    assert counted(api) == 1


def test_wrong_keys_are_slowed_down_and_the_right_one_is_not(tmp_path: Path) -> None:
    api = Api(tmp_path)
    key = api.key()
    wrong = [("GET", ONE, f"bw_live_{number:012x}_{'0' * 40}", {}) for number in range(40)]
    assert codes(api.ask_all(wrong)) == [401] * 30 + [429] * 10
    assert api.get(ONE, key).status_code == 200
