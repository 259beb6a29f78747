"""What goes wrong with two hosts and their database, besides what goes wrong in any run.

kill | terminate | hang       a host: SIGKILL, SIGTERM, SIGSTOP for a while, now and then for longer than the lapse
end connections               the server ends everybody's
stop server                   it is stopped at once, as by a crash, and started again
lose database, lose Telegram  the way of one host: every connection breaks, or all is swallowed
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.chaos.plan import POINTS, Death, Event, Plan, make_plan

TROUBLE_OF_HOSTS = 45.0  #: fast seconds of an evening: longer than the lapse, so that take-overs have their time
BUSY = 12.0  #: of these, in which people and Telegram make trouble, and most of the digests leave
AWAY = 45.0  #: how long a host that ended may stay away, when it is not started again at once
HOLDER = -1  #: whichever host has the lease then
HOSTS = 2
SKEW = 60.0  #: seconds by which the hosts' clocks may differ
BREAKS, SWALLOWS, SWALLOWS_AND_BREAKS = range(3)  #: how a way is lost: what is swallowed arrives late, or never
_OF_ONE_PROCESS = {"kill", "second process"}


def make_plan_of_hosts(seed: int) -> Plan:
    """The run of this seed on two hosts."""
    plan, random = make_plan(seed, BUSY), Random(f"hosts {seed}")
    evenings = tuple(
        tuple(
            sorted(
                [event for event in evening if event.what not in _OF_ONE_PROCESS] + _evening(random),
                key=lambda event: event.at,
            )
        )
        for evening in plan.evenings
    )
    deaths = tuple(
        Death(random.choice(POINTS), random.randint(1, 6)) if random.random() < 0.6 else None for _ in range(6)
    )
    return replace(plan, evenings=evenings, deaths=deaths, trouble=TROUBLE_OF_HOSTS)


def absences(seed: int) -> Iterator[float]:
    """For how long the hosts that end stay away, one after the other."""
    random = Random(f"absences {seed}")
    while True:
        yield random.choice([0.0, random.uniform(0, AWAY)])


def skews(seed: int) -> tuple[float, ...]:
    """By how much each host's clock is wrong."""
    random = Random(f"skews {seed}")
    return tuple(random.uniform(-SKEW / 2, SKEW / 2) for _ in range(HOSTS))


def _evening(random: Random) -> list[Event]:
    def some(what: str, most: int, longest: float = 0.0) -> list[Event]:
        return [
            Event(
                TROUBLE_OF_HOSTS * random.random() ** 2,  # most of it while there is something to be sent
                what,
                host=random.choice([HOLDER, HOLDER, *range(HOSTS)]),
                seconds=random.uniform(0.5, longest) if longest else 0.0,
                number=random.randrange(3),
            )
            for _ in range(random.randint(0, most))
        ]

    return [
        *some("kill host", 2),
        *some("terminate host", 1),
        *some("hang host", 1, longest=70.0),
        *some("end connections", 2),
        *some("stop server", 1, longest=8.0),
        *some("lose database", 2, longest=50.0),
        *some("lose Telegram", 1, longest=50.0),
    ]
