"""“typing…” at the top of a chat while an answer is computed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

AFTER = 1.0  #: seconds of work before anybody is told
AGAIN = 4.5  #: seconds until it is told once more: Telegram shows it for five


@contextmanager
def typing(bot: Bot, chat_id: int, thread: int | None) -> Iterator[None]:
    """Show “typing…” while the block runs, after a while. A failure to show it is ignored."""
    loop, shown = asyncio.get_running_loop(), []
    # a timer, not a task: most answers come long before
    timer = loop.call_later(AFTER, lambda: shown.append(loop.create_task(_show(bot, chat_id, thread))))
    try:
        yield
    finally:
        timer.cancel()
        for task in shown:
            task.cancel()


async def _show(bot: Bot, chat_id: int, thread: int | None) -> None:
    while True:
        with suppress(TelegramError):
            await bot.send_chat_action(chat_id, ChatAction.TYPING, message_thread_id=thread)
        await asyncio.sleep(AGAIN)
