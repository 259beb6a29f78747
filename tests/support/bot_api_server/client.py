"""Small helpers of tests that talk to the Telegram test server."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from telegram import Bot

from tests.support.bot_api_server.server import TelegramServer

T = TypeVar("T")


def png(width: int = 40, height: int = 30) -> bytes:
    """A real, small PNG."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def drive(server: TelegramServer, use: Callable[[Bot], Awaitable[T]], token: str | None = None) -> T:
    """Run `use` with a real bot that talks to the server."""

    async def run() -> T:
        bot = Bot(token or server.token, base_url=server.base_url, base_file_url=server.base_file_url)
        async with bot:
            return await use(bot)

    return asyncio.run(run())


def post(server: TelegramServer, method: str, **fields: Any) -> dict[str, Any]:
    """The answer to one raw form request, for what python-telegram-bot would never send."""
    answer = httpx.post(f"{server.base_url}{server.token}/{method}", data=fields).json()
    assert isinstance(answer, dict)
    return answer
