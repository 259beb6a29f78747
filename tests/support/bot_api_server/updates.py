"""The queue behind getUpdates: confirmed by offset, redelivered until then, one listener at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from tests.support.bot_api_server.errors import ApiError
from tests.support.bot_api_server.webhook import Webhook

Update = dict[str, Any]

WEBHOOK_CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)

FIRST_UPDATE_ID = 310_000_001
LARGEST = 2_000_000_000  #: Telegram's own numbers end there
MAX_BATCH = 100
# Sent only to bots that ask for them by name.
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class UpdateQueue:
    """Updates waiting for the bot; `call_soon` runs a function on the server's event loop."""

    def __init__(self, lock: threading.Condition, call_soon: Callable[[Callable[[], object]], None]) -> None:
        self._lock = lock
        self._call_soon = call_soon
        self._next_id = FIRST_UPDATE_ID
        self._waiting: list[tuple[int, Any]] = []  #: with the number by which each is confirmed
        self._allowed: set[str] | None = None
        self._newest_poll: object | None = None
        self._wake: asyncio.Event | None = None
        self.webhook = Webhook(lambda: next(iter(self.numbered), None), self.confirm)

    @property
    def pending(self) -> list[Any]:
        """The updates the bot has not confirmed."""
        return [update for _, update in self.numbered]

    @property
    def numbered(self) -> list[tuple[int, Any]]:
        """The same, each with its number."""
        with self._lock:
            return list(self._waiting)

    def push(self, update: Update) -> int:
        """Queue `update`, giving it the next update_id unless it has one."""
        with self._lock:
            update_id = int(update.get("update_id", self._next_id))
            self._next_id = max(self._next_id, update_id + 1)
            if any(self._wanted(kind) for kind in update if kind != "update_id"):
                self._waiting.append((update_id, {"update_id": update_id, **update}))
                self._waiting.sort(key=lambda waiting: waiting[0])
        self._tell()
        return update_id

    def push_raw(self, update: Any) -> int:
        """Queue anything as it is; it is confirmed by the number that is returned: its own where it has one."""
        with self._lock:
            own = update.get("update_id") if isinstance(update, dict) else None
            usable = isinstance(own, int) and not isinstance(own, bool) and 0 < own < LARGEST
            number = int(own) if usable else self._next_id  # type: ignore[arg-type]
            self._next_id = max(self._next_id, number + 1)
            self._waiting.append((number, update))
            self._waiting.sort(key=lambda waiting: waiting[0])
        self._tell()
        return number

    def _tell(self) -> None:
        with self._lock:
            self._lock.notify_all()
        self._call_soon(self._wake_poll)
        self._call_soon(self.webhook.wake)

    def allow(self, kinds: list[str]) -> None:
        """Queue only updates of these kinds; an empty list is the default."""
        self._allowed = set(kinds) or None

    def confirm(self, update_id: int) -> None:
        """Forget one update, which arrived."""
        with self._lock:
            self._waiting = [waiting for waiting in self._waiting if waiting[0] != update_id]
            self._lock.notify_all()

    def drop_all(self) -> None:
        """Forget everything that waits."""
        with self._lock:
            self._waiting.clear()

    async def poll(self, params: dict[str, Any]) -> list[Update]:
        """Answer one getUpdates; a later one makes this end with a conflict."""
        if self.webhook.url:
            raise ApiError(409, WEBHOOK_CONFLICT)
        this_poll = self._newest_poll = object()
        self._wake_poll()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + params.get("timeout", 0)
        if "allowed_updates" in params:
            self.allow(params["allowed_updates"])
        try:
            while True:
                wake = self._wake = asyncio.Event()
                batch = self._batch(params.get("offset", 0), params.get("limit", MAX_BATCH))
                if batch or loop.time() >= deadline:
                    return batch
                try:
                    await asyncio.wait_for(wake.wait(), deadline - loop.time())
                except TimeoutError:
                    continue  # one last look at the queue
                if self._newest_poll is not this_poll:
                    raise ApiError(409, CONFLICT)
        finally:
            if self._newest_poll is this_poll:
                self._newest_poll = None

    def _batch(self, offset: int, limit: int) -> list[Update]:
        """Forget what `offset` confirms and return the oldest of the rest."""
        with self._lock:
            if offset < 0:
                del self._waiting[:offset]
            elif offset:
                self._waiting = [waiting for waiting in self._waiting if waiting[0] >= offset]
            self._lock.notify_all()
            return [update for _, update in self._waiting[: max(1, min(limit, MAX_BATCH))]]

    def _wanted(self, kind: str) -> bool:
        return kind not in NOT_BY_DEFAULT if self._allowed is None else kind in self._allowed

    def _wake_poll(self) -> None:
        if self._wake is not None:
            self._wake.set()
