"""What an answer in the chat costs, against a bare echo bot of python-telegram-bot, each on a local Bot API server.

Ours runs as the service runs it (uvloop, the collector spared), the echo bot as the library's example does.

Each bot is a process of its own, so that its processor time is its own. They are asked in turn, message by message,
each from another chat: ours keeps to Telegram's 30 messages a second, and a processor that rests between two messages
takes half as long again for the same work, whoever does it. Where there is a server to be had, ours is a third bot
besides, on PostgreSQL. Then 50 chats ask at once for 25 charts that were never drawn.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bellwether.core.config import load_settings
from bellwether.services import build_services
from benchmarks.databases import file_in, of_postgres
from benchmarks.timing import Comparison
from tests.support.bot_api_server.server import TelegramServer
from tests.support.postgres import NoServer

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, MESSAGES = 3, 150  #: of each bot; the system counts in hundredths of a second
CROWDS, CHATS, SYMBOLS = 5, 50, 25
CPU_LIMIT = 2.0  #: times the echo bot's processor time
POSTGRES_LIMIT = 1.3  #: times the processor time of ours on SQLite
LATEST_LIMIT, MEDIAN_LIMIT = 2.0, 0.150  #: seconds, of 50 chats at once
CHART_LIMIT = 0.150  #: seconds of processor time


@dataclass(frozen=True)
class Measured:
    """Seconds: of processor time for one message; from the 50 questions to the median and the last answer; a chart.

    Of several crowds the median of the medians, and the very last answer.
    """

    answer: Comparison
    on_postgres: Comparison | None  #: with SQLite; None without a server
    median: float
    latest: float
    chart: float


def measure() -> Measured:
    """Both bots, then the crowd."""
    with tempfile.TemporaryDirectory() as name:
        answer, on_postgres = _per_message(Path(name))
        crowds = [_crowd(Path(name) / str(number)) for number in range(CROWDS)]
        median, latest = statistics.median(one for one, _ in crowds), max(last for _, last in crowds)
        return Measured(answer, on_postgres, median, latest, _new_chart())


def _per_message(folder: Path) -> tuple[Comparison, Comparison | None]:
    """Median processor time of one answered /forecast with its chart known, and of one echo."""
    with ExitStack() as running:
        bots = [
            running.enter_context(_bot("ours", file_in(folder, "ours"))),
            running.enter_context(_bot("echo", {})),
        ]
        try:
            bots.append(running.enter_context(_bot("ours", running.enter_context(of_postgres(folder)))))
        except NoServer as problem:
            print(f"not on PostgreSQL: {problem}")
        taken: list[list[float]] = [[] for _ in bots]
        for turn in range(ROUNDS + 1):
            before = [bot.cpu() for bot in bots]
            for chat_id in range(1 + turn * MESSAGES, 1 + (turn + 1) * MESSAGES):
                for bot in bots:
                    bot.server.ask(chat_id, "/forecast AAPL")
            if turn:  # the first is the warm-up
                for bot, times, start in zip(bots, taken, before, strict=True):
                    times.append((bot.cpu() - start) / MESSAGES)
    ours, echo, *there = map(statistics.median, taken)
    return Comparison(ours, echo), Comparison(there[0], ours) if there else None


def _crowd(folder: Path) -> tuple[float, float]:
    """Seconds to the median and to the last first answer, when all ask in the same instant."""
    with _bot("ours", file_in(folder, "crowd"), flood_limits=True) as bot:
        bot.server.ask(CHATS + 1, "/forecast AAPL")
        symbols = _symbols()[1 : SYMBOLS + 1]
        began = time.time()
        for chat_id in range(1, CHATS + 1):
            bot.server.say(chat_id, f"/forecast {symbols[chat_id % SYMBOLS]}")
        bot.server.wait_for(lambda server: all(server.messages(chat_id) for chat_id in range(1, CHATS + 1)), 60)
        waits = [bot.server.messages(chat_id)[0].sent_at.timestamp() - began for chat_id in range(1, CHATS + 1)]
        if bot.server.flood_hits or bot.server.violations:
            raise SystemExit(f"{bot.server.flood_hits} flood limits met, wrong requests: {bot.server.violations}")
    return statistics.median(waits), max(waits)


def _new_chart() -> float:
    """Mean processor seconds of a chart that was never drawn, those of the drawing process included."""
    from bellwether.ask import forecasts

    services = build_services(load_settings(market={"source": "sample"}))
    asked = [forecasts.answer(services, symbol, 21) for symbol in _symbols()[:20]]
    forecasts.chart_png(asked[0], "light", "chat")  # starts the drawing process
    before = _with_children()
    for one in asked[1:]:
        forecasts.chart_png(one, "light", "chat")
    return (_with_children() - before) / len(asked[1:])


def _with_children() -> float:
    """Processor seconds of this process and of those that it started and that still run."""
    this = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (this, *this.children(recursive=True)))


def _symbols() -> list[str]:
    return [
        instrument.symbol
        for instrument in build_services(load_settings(market={"source": "sample"})).provider.universe()
    ]


@dataclass(frozen=True)
class _Running:
    server: TelegramServer
    process: psutil.Process

    def cpu(self) -> float:
        """Processor seconds so far, of all its threads."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def _bot(kind: str, database: dict[str, Any], *, flood_limits: bool = False) -> Iterator[_Running]:
    """A bot in a process of its own, polling a server of its own."""
    with TelegramServer(flood_limits=flood_limits) as server:
        told = json.dumps([kind, server.token, server.base_url, database], default=str)
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.chat_speed", told], cwd=ROOT)
        try:
            server.wait_for(lambda seen: seen.calls("getUpdates"), 60)
            yield _Running(server, psutil.Process(process.pid))
        finally:
            process.kill()
            process.wait()


def _be(kind: str, token: str, base_url: str, database: dict[str, Any]) -> None:
    """The process of a bot; runs until it is killed."""
    if kind == "echo":
        _echo(token, base_url)
        return
    from concurrent.futures import ThreadPoolExecutor

    from bot.telegram.face import TelegramFace
    from serving import WORKERS, new_event_loop, spare_the_collector

    settings = load_settings(
        telegram={"token": token, "base_url": base_url},
        market={"source": "sample"},
        database=database,
    )

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(WORKERS))
        face = TelegramFace(build_services(settings))
        spare_the_collector()
        await face.run()

    new_event_loop().run_until_complete(run())


def _echo(token: str, base_url: str) -> None:
    """The library's own example."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text(update.message.text or "")

    application = Application.builder().token(token).base_url(base_url).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


def main() -> int:
    """Print what was measured; exit status 1 when a limit is passed."""
    got = measure()
    ours, theirs = got.answer.ours, got.answer.theirs
    lines = [
        (
            "CPU of an answered /forecast / of an echo",
            got.answer.ratio,
            CPU_LIMIT,
            f"{ours * 1e3:.2f} / {theirs * 1e3:.2f} ms",
        ),
        (f"{CHATS} chats at once: the median answer, s", got.median, MEDIAN_LIMIT, ""),
        (f"{CHATS} chats at once: the last answer, s", got.latest, LATEST_LIMIT, ""),
        ("a new chart, s of processor time", got.chart, CHART_LIMIT, ""),
    ]
    if got.on_postgres is not None:
        there = got.on_postgres
        detail = f"{there.ours * 1e3:.2f} / {there.theirs * 1e3:.2f} ms"
        lines.append(("the same /forecast on PostgreSQL / on SQLite", there.ratio, POSTGRES_LIMIT, detail))
    for name, value, limit, detail in lines:
        print(f"{'ok  ' if value <= limit else 'MISS'} {name}: {value:.3f} (at most {limit:g}) {detail}")
    return int(any(value > limit for _, value, limit, _ in lines))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _be(*json.loads(sys.argv[1]))
        os._exit(0)
    sys.exit(main())
