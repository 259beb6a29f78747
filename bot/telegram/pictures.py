"""Pictures on their way to Telegram: drawn once, uploaded once, and sent by Telegram's own name for them after that.

Picture.key | file_id known? send it | else drawn once for all who ask | uploaded by the first, the others wait
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from cachetools import LRUCache
from telegram import Message
from telegram.error import BadRequest

from bellwether.core.errors import StoreError
from bellwether.services import Services
from bot.replies import Picture
from bot.telegram import sent_pictures_table
from bot.telegram.errors import refusal
from bot.telegram.refusals import Meaning

KEPT = 20  #: pictures that are drawn and wait for their turn to be sent, 50 kB each
REMEMBERED = 2_000  #: names in memory, half a megabyte; the rest is in the database
Put = Callable[[str | bytes], Awaitable[Message]]  #: sends a picture by its name, or its bytes
log = logging.getLogger(__name__)


class Pictures:
    """What Telegram knows already, for one bot."""

    def __init__(self, services: Services) -> None:
        """Nothing is read yet."""
        self._services = services
        token = services.settings.telegram.token.get_secret_value()
        self._bot = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._names: LRUCache[str, str] = LRUCache(REMEMBERED)
        self._drawing: dict[str, asyncio.Future[bytes]] = {}  # those that are done among them
        # one pen draws: those who wait for it must not fill the threads that the database is asked in
        self._pen = ThreadPoolExecutor(1, thread_name_prefix="pen")
        self._uploading: dict[str, tuple[asyncio.Lock, int]] = {}  # and how many want it

    async def ready(self, picture: Picture, kind: str, patience: float | None = None) -> bool:
        """Whether it can be sent at once: Telegram has it, or it is drawn within so many seconds (None: however long).

        What was begun goes on. Raises what the drawing raises.
        """
        name = _key(picture, kind)
        is_busy = any(not one.done() for key, one in self._drawing.items() if key != picture.key)
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
            await asyncio.to_thread(self._forget, key)
            return await self._upload(picture, key, put)

    def close(self) -> None:
        """Let the thread go; nothing is drawn after that."""
        self._pen.shutdown(wait=False, cancel_futures=True)

    async def _upload(self, picture: Picture, key: str, put: Put) -> Message:
        sent = await put(await asyncio.shield(self._draw(picture)))
        self._drawing.pop(picture.key, None)
        file_id = sent.document.file_id if sent.document else sent.photo[-1].file_id if sent.photo else None
        if file_id is not None:
            self._names[key] = file_id
            await asyncio.to_thread(self._keep, key, file_id)
        return sent

    def _draw(self, picture: Picture) -> asyncio.Future[bytes]:
        """The drawing under way, or begun now: all who ask for one picture wait for the same.

        One that is done stays until it is uploaded, for it may have to wait for its chat's turn, or be sent again.
        """
        drawing = self._drawing.get(picture.key)
        if drawing is None or (drawing.done() and (drawing.cancelled() or drawing.exception() is not None)):
            drawing = asyncio.get_running_loop().run_in_executor(self._pen, picture.draw)
            self._drawing[picture.key] = drawing
            drawn = [key for key, one in self._drawing.items() if one.done()]
            for key in drawn[:-KEPT]:
                del self._drawing[key]
        return drawing

    @asynccontextmanager
    async def _one_at_a_time(self, key: str) -> AsyncIterator[None]:
        """A lock for each picture, which exists while somebody wants it."""
        lock, wanted = self._uploading.get(key, (asyncio.Lock(), 0))
        self._uploading[key] = lock, wanted + 1
        try:
            async with lock:
                yield
        finally:
            lock, wanted = self._uploading.pop(key)
            if wanted > 1:
                self._uploading[key] = lock, wanted - 1

    async def _name(self, key: str) -> str | None:
        name = self._names.get(key)
        if name is None:
            name = await asyncio.to_thread(self._recall, key)
            if name is not None:
                self._names[key] = name
        return name

    # The database, asked in threads. Without one a picture is only uploaded once more.

    def _recall(self, key: str) -> str | None:
        try:
            with self._services.store.reading() as db:
                return sent_pictures_table.recall(db, self._bot, key)
        except StoreError:
            return None

    def _keep(self, key: str, name: str) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            sent_pictures_table.keep(db, self._bot, key, name, self._services.clock())

    def _forget(self, key: str) -> None:
        with suppress(StoreError), self._services.store.transaction() as db:
            sent_pictures_table.forget(db, self._bot, key)


def _key(picture: Picture, kind: str) -> str:
    """A photo and a document are two things to Telegram."""
    return f"{kind}:{picture.key}"
