"""While an answer is computed: its turn among others, and “typing…” at the top of its chat."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import TelegramError

MOMENT = 0.01  #: seconds, in which any answer is computed: one that takes longer waits for something
AFTER = 1.0  #: seconds of work before anybody is told
AGAIN = 4.5  #: seconds until it is told once more: Telegram shows it for five


class ComputeSlots:
    """Slots in order of arrival. One that is held for longer than a moment no longer keeps the next from starting."""

    def __init__(self, few: int, moment: float = MOMENT) -> None:
        """`few` turns at a time that are younger than `moment`, in seconds."""
        self._free = asyncio.Semaphore(few)
        self.moment = moment

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot, and run the block in it."""
        await self._free.acquire()
        counts = True

        def let_next() -> None:
            nonlocal counts
            if counts:
                counts = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self.moment, let_next)
        try:
            yield
        finally:
            timer.cancel()
            let_next()


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
