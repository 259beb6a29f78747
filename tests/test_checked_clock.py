"""The machine's clock, put right by Telegram's where it is hours off, and left alone where it is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from telegram.error import TelegramError

from bellwether.alerts import watchlist
from bellwether.alerts.rules.digest_due import DigestReason
from bellwether.alerts.tick import tick
from bellwether.core.clock import FARTHEST, KEPT, SLACK, CheckedClock
from bellwether.core.config import load_settings
from bot.telegram.client import make_bot
from tests.support.http_server import HttpServer, Request, Response
from tests.test_evaluate_rules import live

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A machine whose clock is off, and whose seconds pass when told."""

    def __init__(self, off: timedelta) -> None:
        self.off, self.passed = off, timedelta(0)
        self.clock = CheckedClock(lambda: NOW + self.passed + self.off, lambda: self.passed.total_seconds())


@pytest.mark.parametrize(
    ("off", "shown"),
    [
        (timedelta(0), timedelta(0)),
        (SLACK, SLACK),
        (3 * HOUR, timedelta(0)),
        (12 * HOUR, timedelta(0)),
        (-5 * HOUR, timedelta(0)),
        (FARTHEST, FARTHEST),
        (timedelta(days=-1800), timedelta(days=-1800)),
    ],
    ids=["right", "a little off", "3 h ahead", "12 h ahead", "5 h behind", "days ahead", "a rehearsal years ago"],
)
def test_a_clock_that_is_hours_off_is_put_right(off: timedelta, shown: timedelta) -> None:
    machine = Machine(off)
    assert machine.clock() == NOW + off  # nobody else has told the time yet
    machine.clock.heard(NOW)
    assert machine.clock() == NOW + shown
    machine.passed = 10 * HOUR / 60
    assert machine.clock() == NOW + machine.passed + shown


def test_a_clock_that_jumps_between_two_answers_is_not_believed_for_a_moment() -> None:
    machine = Machine(timedelta(0))
    machine.clock.heard(NOW)
    machine.passed, machine.off = timedelta(minutes=1), 7 * HOUR
    assert machine.clock() == NOW + machine.passed


def test_what_was_heard_long_ago_is_not_held_against_the_machine() -> None:
    machine = Machine(7 * HOUR)
    machine.clock.heard(NOW)
    machine.passed = KEPT
    assert machine.clock() == NOW + KEPT + 7 * HOUR


def test_it_is_said_once_that_the_clock_is_wrong_and_once_that_it_is_right(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(7 * HOUR)
    machine.clock.heard(NOW)
    for _ in range(3):
        machine.clock()
    machine.off = timedelta(0)
    for _ in range(3):
        machine.clock()
    assert [record.levelname for record in caplog.records if record.name == "bellwether.core.clock"] == [
        "ERROR",
        "WARNING",
    ]


@pytest.mark.parametrize(
    ("says", "heard"),
    [("Mon, 23 Nov 2026 15:00:00 GMT", [NOW]), ("soon", []), (None, [])],
    ids=["the time", "nonsense", "nothing"],
)
def test_telegrams_answers_tell_the_time(says: str | None, heard: list[datetime]) -> None:
    async def answer(request: Request) -> Response:
        return Response(500, b"{}", headers={"Date": says} if says else {})

    async def ask(address: str, told: list[datetime]) -> None:
        bot = make_bot(load_settings(telegram={"token": "1:T", "base_url": f"{address}/bot"}).telegram, told.append)
        with pytest.raises(TelegramError):
            await bot.initialize()
        await bot.shutdown()

    told: list[datetime] = []
    with HttpServer(answer, None) as server:
        asyncio.run(ask(server.url, told))
    assert told == heard


@pytest.mark.parametrize("ahead", [3, 7, 12])
def test_a_clock_that_runs_hours_ahead_does_not_use_up_the_digest_of_the_evening(tmp_path: Path, ahead: int) -> None:
    """By the machine the session is over and its prices have not come for hours; by Telegram it is afternoon."""
    machine = Machine(ahead * HOUR)
    afternoon = datetime(2021, 12, 30, 20, 45, tzinfo=UTC)  # a quarter of an hour before New York closes
    clock = CheckedClock(lambda: afternoon + machine.passed + machine.off, lambda: machine.passed.total_seconds())
    services = replace(live(tmp_path, date(2021, 12, 29)), clock=clock)
    watchlist.watch(services, 7, "AAPL", "en")
    clock.heard(afternoon)
    assert tick(services, clock()).written == 0
    machine.passed = HOUR + timedelta(minutes=10)
    clock.heard(afternoon + machine.passed)
    with_prices = replace(live(tmp_path, date(2021, 12, 30)), clock=clock)
    assert tick(with_prices, clock()).reasons == {DigestReason.DUE: 1}
