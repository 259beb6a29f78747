"""What goes wrong in one run, and when: all of it decided by the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bellwether.delivery.targets.target import TargetKind
from tests.chaos.unreadable import MADE_UNREADABLE
from tests.support.bot_api_server.server import TelegramServer

PEOPLE = tuple(range(1001, 1011))
READER = PEOPLE[0]  #: watches so much that each digest takes several messages
GROUP = -2001
SUPERGROUP = -1002001
HEARERS = (READER, PEOPLE[3], PEOPLE[6], GROUP)  #: the chats that also hear by mail and by ntfy
EVENINGS = 2
UNREADABLE = True  #: whether people also send what the Telegram library cannot decode
TROUBLE = 8.0  #: fast seconds of an evening in which things go wrong; then it is left to recover

# where a victim may die by its own hand: the places between which a row and Telegram disagree
POINTS = (
    "tick: rows written, not committed",
    "claim: row taken, not committed",
    "send: claimed, not sent",
    "send: sent, not recorded",
    "send: recorded, not committed",
    "send: part recorded, not committed",
    "receive: fetched, not stored",
    "receive: stored, not committed",
    "answer: begun, not sent",
    "answer: sent, not recorded",
    "answer: recorded, not committed",
    "lease: taken, not committed",
)
POINTS_OF_CHANNELS = (
    "target: rows written, not committed",
    "target: claimed, not sent",
    "target: sent, not recorded",
)

NO_TEXT = "Bad Request: not enough rights to send text messages to the chat"
NO_PHOTO = "Bad Request: not enough rights to send photos to the chat"
HORIZONS = tuple(one for one in range(2, 60) if one not in {5, 10, 21, 42})  #: each told by its number of days
RIGHTS = (("photo",), ("text",), ("text", "photo", "document"))  #: taken from the bot together
Order = Callable[[TelegramServer], None]
#: what befalls the channels beside Telegram (see other_channels), and whether after a message was taken
OF_CHANNELS = (
    ("refuses", False),
    ("is busy", False),
    ("fails", False),
    ("drops", False),
    ("drops", True),
    ("hangs", False),
    ("hangs", True),
)
_QUICK = frozenset({"is busy", "fails"})  #: what may hit one after the other without much waiting
HANGS = 30.0  #: fast seconds: longer than anybody waits for an answer, but for that to a mail


@dataclass(frozen=True)
class TargetFault:
    """A trouble of one of the channels beside Telegram."""

    kind: TargetKind  #: of the channel
    what: str
    late: bool  #: after a message was taken
    times: int
    seconds: int


@dataclass(frozen=True)
class Death:
    """The place where a victim kills itself, and at which passing of it."""

    point: str
    passing: int


@dataclass(frozen=True)
class Event:
    """Something that happens at an instant of an evening, in fast seconds from its beginning."""

    at: float
    #: "kill", "second process", "fault", "target fault", "say", "ask", "unreadable", "jump", "block", "forbid",
    #: "migrate"; what befalls one of two hosts is in `plan_of_hosts`
    what: str
    order: Order | None = None
    target_fault: TargetFault | None = None
    fault: str = ""  #: what a fault hits and how, for whoever counts them
    chat_id: int = 0
    seconds: float = 0.0
    number: int = 0  #: of the horizon that is asked for, or of the update that cannot be read
    sorts: tuple[str, ...] = ()  #: of messages that a chat does not let in
    for_good: bool = False  #: until what is owed is out of date
    host: int = 0  #: whom it befalls, where there are two


@dataclass(frozen=True)
class Plan:
    """The events of each evening, and how the victims die of themselves, in the order they are started."""

    seed: int
    evenings: tuple[tuple[Event, ...], ...]
    deaths: tuple[Death | None, ...]
    trouble: float = TROUBLE


def make_plan(seed: int, trouble: float = TROUBLE) -> Plan:
    """The run of this seed, with so many seconds of trouble an evening."""
    random = Random(seed)
    migrates = random.choice([None, *range(EVENINGS)])
    horizons = random.sample(HORIZONS, len(HORIZONS))
    evenings = tuple(
        tuple(sorted([*_evening(random, migrates == number, horizons, trouble), *beside], key=lambda event: event.at))
        for number, beside in enumerate(_of_channels(seed, trouble))
    )
    deaths = [Death(random.choice(POINTS), random.randint(1, 4)) if random.random() < 0.75 else None for _ in range(4)]
    deaths.insert(seed % 3, Death(POINTS_OF_CHANNELS[seed // 2 % len(POINTS_OF_CHANNELS)], random.randint(1, 4)))
    return Plan(seed, evenings, tuple(deaths), trouble)


def _evening(random: Random, migrates: bool, horizons: list[int], trouble: float) -> list[Event]:
    def when() -> float:
        return random.uniform(0, trouble)

    events = [Event(when(), "kill") for _ in range(random.randint(0, 2))]
    events += [Event(when(), "fault", *_fault(random)) for _ in range(random.randint(2, 8))]
    events += [Event(when(), "say", chat_id=random.choice(PEOPLE)) for _ in range(random.randint(1, 4))]
    events += [
        Event(when(), "jump", seconds=random.choice([-7200, -60, 61, 130, 3600])) for _ in range(random.randint(0, 2))
    ]
    events += [
        Event(when(), "ask", chat_id=random.choice(PEOPLE), number=horizons.pop()) for _ in range(random.randint(0, 2))
    ]
    if UNREADABLE:
        events += [
            Event(when(), "unreadable", chat_id=random.choice(PEOPLE), number=random.randrange(len(MADE_UNREADABLE)))
            for _ in range(random.randint(0, 3))
        ]
    if random.random() < 0.5:
        events.append(_missing_right(random, when()))
    if random.random() < 0.4:
        events.append(Event(when(), "block", chat_id=random.choice(PEOPLE)))
    if random.random() < 0.3:
        events.append(Event(when(), "second process"))
    if migrates:
        events.append(Event(when(), "migrate"))
    return events


def _of_channels(seed: int, trouble: float) -> list[list[Event]]:
    """What befalls the channels beside Telegram: each trouble once in a run, on one evening or the other."""
    random, evenings = Random(f"channels {seed}"), [list[Event]() for _ in range(EVENINGS)]
    for kind in (TargetKind.NTFY, TargetKind.MAIL):
        for number, (what, late) in enumerate(random.sample(OF_CHANNELS, len(OF_CHANNELS))):
            fault = TargetFault(kind, what, late, random.randint(1, 2) if what in _QUICK else 1, random.randint(1, 4))
            name = f"{kind.value}: {what}, {late=}"
            evenings[number % EVENINGS].append(
                Event(random.uniform(0, trouble / 2), "target fault", target_fault=fault, fault=name)
            )
    return evenings


def _missing_right(random: Random, at: float) -> Event:
    """A chat that does not let some sort of message in for a while; now and then until the digest is out of date."""
    if random.random() < 0.3:
        return Event(at, "forbid", chat_id=random.choice([*PEOPLE[1:], GROUP]), sorts=RIGHTS[-1], for_good=True)
    return Event(at, "forbid", chat_id=random.choice([*PEOPLE, GROUP]), sorts=random.choice(RIGHTS))


def _fault(random: Random) -> tuple[Order, str]:
    """One trouble of Telegram's, or of the way to it, and its name."""
    method = random.choice(["sendMessage", "sendMessage", "sendMessage", "getUpdates", "getMe"])
    after, times, wait = random.random() < 0.5, random.randint(1, 4), random.randint(1, 6)
    status = random.choice([500, 502, 503])
    late = after and method != "getUpdates"
    choices: list[tuple[Order, str]] = [
        (lambda server: server.fail_next(method, 429, retry_after=wait, times=times), f"{method}: too many"),
        (
            lambda server: server.fail_next(method, status, times=times, after_processing=late),
            f"{method}: error, {late=}",
        ),
        (lambda server: server.hang_next(method, 30, after_processing=late), f"{method}: hangs, {late=}"),
        (lambda server: server.drop_next(method, after_processing=after, times=times), f"{method}: dropped, {after=}"),
        (lambda server: server.refuse_markup_next(), "markup"),
        (lambda server: server.fail_next("sendMessage", 400, description=NO_TEXT, times=times), "no text"),
        (lambda server: server.fail_next("sendPhoto", 400, description=NO_PHOTO, times=times), "no photo"),
    ]
    return random.choice(choices)
