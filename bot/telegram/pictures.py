"""Pictures on their way to Telegram: drawn once, uploaded once, and sent by Telegram's own name for them after that.

Picture.key | file_id known? send it | else drawn once for all who ask | uploaded by the first, the others wait
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from cachetools import LRUCache
from telegram import Message
from telegram.error import BadRequest

from bellwether.core.clock import Clock
from bellwether.core.errors import StoreError
from bellwether.core.pools import pool
from bellwether.db.database import Store
from bot.replies import Picture
from bot.telegram import sent_pictures_table
from bot.telegram.database_threads import try_change
from bot.telegram.refusals import Meaning, refusal

KEPT = 20  #: pictures that are drawn and wait for their turn to be sent, 50 kB each
REMEMBERED = 2_000  #: names in memory, half a megabyte; the rest is in the database
Put = Callable[[str | bytes], Awaitable[Message]]  #: sends a picture by its name, or its bytes
log = logging.getLogger(__name__)


class Pictures:
    """Draws and sends pictures for one bot, and remembers those that Telegram knows."""

    def __init__(self, store: Store, clock: Clock, token: str) -> None:
        """`token` identifies the bot; only its digest is kept."""
        self._store, self._clock = store, clock
        self._bot = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._names: LRUCache[str, str] = LRUCache(REMEMBERED)
        self._drawing: dict[str, asyncio.Future[bytes]] = {}  # those that are done among them
        # one pen draws: those who wait for it must not fill the threads that the database is asked in
        self._pen = pool(1, "pen")
        self._uploading = WeakValueDictionary[str, asyncio.Lock]()  # of those that somebody wants now

    async def ready(self, picture: Picture, kind: str, patience: float | None = None) -> bool:
        """Tell whether it can be sent: Telegram has it, or it is drawn within `patience` seconds (None: no limit).

        The drawing goes on in any case. Raises what the drawing raises.
        """
        name = _key(picture, kind)
        is_busy = any(not drawing.done() for key, drawing in self._drawing.items() if key != picture.key)
        if patience is not None and is_busy and name not in self._names:
            return False  # so many want pictures now that the words must not even wait for the database
        if await self._name(name) is not None:
            return True
        drawing = self._draw(picture)
        await asyncio.wait([drawing], timeout=patience)
        if drawing.done():
            drawing.result()
        return drawing.done()

    async def send(self, picture: Picture, kind: str, put: Put) -> Message:
        """Send it by Telegram's name, else upload it. `kind` is "photo" or "document". Raises what `put` raises."""
        key = _key(picture, kind)
        name = await self._name(key)
        if name is None:
            async with self._one_at_a_time(key):
                name = await self._name(key)
                if name is None:
                    return await self._upload(picture, key, put)
        try:
            return await put(name)
        except BadRequest as error:
            if refusal(error) is not Meaning.FILE_UNKNOWN:
                raise
            log.info("Telegram does not know a picture any more; it is uploaded again.")
        async with self._one_at_a_time(key):
            if self._names.get(key) != name:  # somebody else was faster
                return await self.send(picture, kind, put)
            self._names.pop(key, None)
            await try_change(self._store, sent_pictures_table.forget, self._bot, key)
            return await self._upload(picture, key, put)

    def close(self) -> None:
        """Stop the thread; nothing is drawn after that."""
        self._pen.shutdown(wait=False, cancel_futures=True)

    async def _upload(self, picture: Picture, key: str, put: Put) -> Message:
        sent = await put(await asyncio.shield(self._draw(picture)))
        self._drawing.pop(picture.key, None)
        file_id = sent.document.file_id if sent.document else sent.photo[-1].file_id if sent.photo else None
        if file_id is not None:
            self._names[key] = file_id
            await try_change(self._store, sent_pictures_table.keep, self._bot, key, file_id, self._clock())
        return sent

    def _draw(self, picture: Picture) -> asyncio.Future[bytes]:
        """Return the drawing under way, or begin it: all who ask for one picture wait for the same.

        One that is done stays until it is uploaded, for it may have to wait for its chat's turn, or be sent again.
        """
        drawing = self._drawing.get(picture.key)
        if drawing is None or (drawing.done() and (drawing.cancelled() or drawing.exception() is not None)):
            drawing = asyncio.get_running_loop().run_in_executor(self._pen, picture.draw)
            self._drawing[picture.key] = drawing
            drawn = [key for key, begun in self._drawing.items() if begun.done()]
            for key in drawn[:-KEPT]:
                del self._drawing[key]
        return drawing

    def _one_at_a_time(self, key: str) -> asyncio.Lock:
        lock = self._uploading.get(key)
        if lock is None:
            lock = self._uploading[key] = asyncio.Lock()
        return lock

    async def _name(self, key: str) -> str | None:
        name = self._names.get(key)
        if name is None:
            name = await asyncio.to_thread(self._recall, key)
            if name is not None:
                self._names[key] = name
        return name

    def _recall(self, key: str) -> str | None:
        try:
            with self._store.glance() as db:
                return sent_pictures_table.recall(db, self._bot, key)
        except StoreError:  # it is only uploaded once more
            return None


def _key(picture: Picture, kind: str) -> str:
    """A photo and a document are two things to Telegram."""
    return f"{kind}:{picture.key}"
