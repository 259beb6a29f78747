"""The short form: a few seeds of `python -m tests.chaos`, and what makes the rest believable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.chaos import plan, victim
from tests.chaos.evenings import fork_server, play
from tests.chaos.everybody import empty_database
from tests.chaos.plan import make_plan
from tests.chaos.plan_of_hosts import make_plan_of_hosts
from tests.chaos.two_hosts import play_on_hosts, template_of
from tests.support.postgres import NoServer, Server

SEEDS = (1, 14, 17, 76, 236)  # with every trouble there is
SEEDS_OF_HOSTS = (17,)  # with every trouble of hosts there is


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return fork_server()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_database(tmp_path_factory.mktemp("chaos") / "template.sqlite3")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds_through_kills_and_faults(
    seed: int, context: ForkServerContext, template: Path, tmp_path: Path
) -> None:
    figures = play(context, make_plan(seed), template, tmp_path)
    assert figures.missing == 0
    assert figures.owed == figures.evenings * (len(plan.PEOPLE) + 1)
    assert figures.twice <= figures.explained
    assert figures.targets_missing == 0
    assert figures.targets_owed + figures.targets_left == figures.evenings * len(plan.HEARERS) * 2
    assert figures.targets_twice <= figures.targets_explained


@pytest.fixture(scope="module")
def durable() -> Iterator[Server]:
    try:
        server = Server(durable=True)
    except NoServer as problem:
        pytest.skip(str(problem))
    yield server
    server.remove()


@pytest.mark.parametrize("seed", SEEDS_OF_HOSTS)
def test_every_promise_holds_on_two_hosts_through_kills_and_lost_ways_to_their_database(
    seed: int, context: ForkServerContext, durable: Server, tmp_path: Path
) -> None:
    figures = play_on_hosts(context, make_plan_of_hosts(seed), durable, template_of(durable), tmp_path)
    assert figures.missing == 0
    assert figures.owed == figures.evenings * (len(plan.PEOPLE) + 1)
    assert figures.twice <= figures.explained
    assert figures.targets_missing == 0
    assert figures.targets_owed + figures.targets_left == figures.evenings * len(plan.HEARERS) * 2
    assert figures.targets_twice <= figures.targets_explained


def test_the_few_seeds_have_every_kind_of_trouble_that_five_hundred_have() -> None:
    def kinds(seed: int) -> set[object]:
        made = make_plan(seed)
        # a later death waits for those before it, and so may never come
        deaths = {death.point for death in made.deaths[:4] if death}
        events = [event for evening in made.evenings for event in evening]
        return deaths | {(event.what, event.fault, event.for_good, event.seconds < 0) for event in events}

    def of(seeds: Iterable[int]) -> set[object]:
        return set().union(*map(kinds, seeds))

    assert of(SEEDS) == of(range(1, 501))


def test_every_trouble_of_two_hosts_befalls_some_in_the_long_form() -> None:
    troubles = {
        event.what for seed in range(1, 201) for evening in make_plan_of_hosts(seed).evenings for event in evening
    }
    assert troubles >= {
        "kill host",
        "terminate host",
        "hang host",
        "end connections",
        "stop server",
        "lose database",
        "lose Telegram",
    }


def test_a_seed_always_makes_the_same_plan() -> None:
    def without_orders(seed: int) -> object:
        made = make_plan(seed)
        return [[(one.at, one.what, one.chat_id, one.seconds) for one in evening] for evening in made.evenings], (
            made.deaths
        )

    assert without_orders(7) == without_orders(7)
    assert without_orders(7) != without_orders(8)


def test_every_place_to_die_is_tried_by_the_short_form_or_the_long_one() -> None:
    points = {*plan.POINTS, *plan.POINTS_OF_CHANNELS}
    assert points == set(victim._PLACES)
    deaths = [death.point for seed in range(1, 501) for death in make_plan(seed).deaths if death]
    assert set(deaths) == points
