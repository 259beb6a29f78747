"""One channel hangs all the time: the others get every message in the same tick as without that."""

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from bellwether.core.config import load_settings
from bellwether.delivery.channels.channel import Channel
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.channels.telegram import ChatChannel
from bellwether.delivery.deliver import DeliveryRun, deliver
from bellwether.delivery.targets import ask
from bellwether.services import Services
from bot.telegram.client import make_bot
from bot.telegram.pictures import Pictures
from bot.telegram.sender import TelegramSender
from tests.support.bot_api_server.server import TelegramServer
from tests.support.chat_services import TOPIC, ChatServices
from tests.support.http_server import HttpServer, Request, Response
from tests.support.mailbox import Mailbox, mailbox
from tests.test_targets import ANN, later, made, owe, proved, run

MESSAGES = 3
PATIENCE = 20.0  #: seconds of the wall for what takes a moment


class _Ntfy(ChatServices):
    """An ntfy server that at some time takes every request and answers none."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self.hanging = 0

    async def answer(self, request: Request) -> Response | None:
        if self.hangs:
            self.hanging += 1
            await asyncio.sleep(PATIENCE * 10)
        return await super().answer(request)


@pytest.mark.parametrize("hangs", [False, True], ids=["all are well", "ntfy hangs"])
def test_while_one_channel_hangs_the_others_get_every_message_in_its_tick(tmp_path: Path, hangs: bool) -> None:
    ntfy = _Ntfy()
    with ExitStack() as stack:
        box, telegram = stack.enter_context(mailbox()), stack.enter_context(TelegramServer())
        server = stack.enter_context(HttpServer(ntfy.answer))
        telegram.open_chat(ANN)
        services = made(tmp_path, smtp=box.url, mail_from="alerts@bell.example")
        proved(services, ntfy, "ntfy", f"ntfy://127.0.0.1:{server.port}/{TOPIC}")
        _prove_mail(services, box)
        ntfy.hangs = hangs
        came_in = asyncio.run(_ticks(services, telegram, box))
    every_tick = list(range(MESSAGES))
    assert came_in == {"Telegram": every_tick, "mail": every_tick}
    assert ntfy.hanging == hangs, "the first is on its way there all the time, and the next ones wait for it"


def _prove_mail(services: Services, box: Mailbox) -> None:
    ask.add(services, ANN, "ann@mail.example", "en")
    run(services)
    (code,) = set(re.findall(r"BW-\d{6}", str(box.mails[-1])))
    ask.prove(services, ANN, code)


async def _ticks(services: Services, telegram: TelegramServer, box: Mailbox) -> dict[str, list[int]]:
    """The tick in which each message came by each of two channels, where each tick owes one more."""
    bot = make_bot(load_settings(telegram={"token": telegram.token, "base_url": telegram.base_url}).telegram)
    sender = TelegramSender(bot, Pictures(services.store, services.clock, bot.token))
    channels: list[Channel] = [
        NotifyChannel(services.store, services.clock, services.settings),
        ChatChannel(services.store, services.clock, sender, 0),
    ]
    runs: dict[Channel, asyncio.Task[DeliveryRun]] = {}
    seen: dict[str, Callable[[], list[str]]] = {
        "Telegram": lambda: [message.text for message in telegram.messages(ANN)],
        "mail": lambda: [str(mail["Subject"]) for mail in box.mails],
    }
    came_in: dict[str, list[int]] = {name: [] for name in seen}
    async with bot:
        for tick in range(MESSAGES):
            later(services, minutes=1)
            owe(services, about=str(tick), text=f"alert {tick}")
            deadline = asyncio.get_running_loop().time() + PATIENCE
            while asyncio.get_running_loop().time() < deadline and any(len(came) <= tick for came in came_in.values()):
                for channel in channels:  # a run that has not ended is left alone, as the timetable does
                    if channel not in runs or runs[channel].done():
                        runs[channel] = asyncio.create_task(deliver(services.store, services.clock, channel))
                await asyncio.sleep(0.05)
                for name, texts in seen.items():
                    arrived = sum(any(f"alert {number}" in text for text in texts()) for number in range(MESSAGES))
                    came_in[name] += [tick] * (arrived - len(came_in[name]))
        for running in runs.values():
            running.cancel()
        await asyncio.gather(*runs.values(), return_exceptions=True)
    sender.close()
    return came_in
