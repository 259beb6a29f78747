"""A place among several senders of one bot, and the share of the bot's pace that goes with it.

every BEAT: those that beat no more are forgotten | the pace / the senders, as far as nobody else may be using it | told

A sender that others make smaller keeps its old share in the table until it has surely used no more than the new one for
a second, so that all shares together never pass the pace. Nobody's clock is compared with another's: beats are watched
by a clock that never jumps, and a share ends by the holder's own such clock before anybody else may take it.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery import senders_table
from bellwether.delivery.senders_table import Sender

BEAT = 1.0  #: seconds between two beats
LAPSE = 10.0  #: seconds without a beat after which a sender's share goes to the others
OURS = 8.0  #: seconds after the beginning of a beat for which its share is surely ours; what was sent counts longer


@dataclass(frozen=True, slots=True)
class Share:
    """What a beat brings."""

    most: int  #: messages within a second
    until: float  #: on the clock of the place
    answered_elsewhere: frozenset[int]  #: chats that other senders answer
    refused_elsewhere: tuple[tuple[int, float], ...]  #: chats that met a flood limit there, and the seconds


class SenderPlace:
    """This process's place. Not for several threads at once, but for `is_ours`."""

    def __init__(
        self, store: Store, bot: str, holder: str, pace: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`pace` is that of the bot, in messages a second; `now` tells seconds that never run backwards."""
        self._store, self._bot, self._holder, self._pace, self._now = store, bot, holder, pace, now
        self._watched: dict[str, tuple[int, float]] = {}  # of each other: its beats, and since when we know them

    def beat(self, holds: int, answered: Collection[int], refused: Collection[tuple[int, float]]) -> Share:
        """Take the place, or keep it. Raises StoreError.

        `holds` is how many messages within a second may be ours until now, `answered` the chats that only this process
        should write to, `refused` those that met a flood limit since the last beat.
        """
        began = self._now()
        with self._store.transaction() as db:
            known = {sender.holder: sender for sender in senders_table.every(db, self._bot)}
            mine = known.pop(self._holder, Sender(self._holder, 0, 0, (), ()))
            others = self._living(db, known)
            fair = self._pace // (len(others) + 1)
            most = max(min(fair, self._pace - sum(other.share for other in others)), 0)
            standing = Sender(self._holder, max(most, holds), mine.beats + 1, tuple(answered), ())
            senders_table.keep(db, self._bot, standing)
            senders_table.tell(db, self._bot, others, refused)
        elsewhere = frozenset(chat_id for other in others for chat_id in other.answered)
        return Share(most, began + OURS, elsewhere, mine.refused)

    def is_ours(self, db: Connection) -> bool:
        """Whether we still have it, within the caller's transaction."""
        return senders_table.is_there(db, self._bot, self._holder)

    def leave(self) -> None:
        """Give the place back. Raises StoreError."""
        with self._store.transaction() as db:
            senders_table.drop(db, self._bot, self._holder)

    def _living(self, db: Connection, known: dict[str, Sender]) -> list[Sender]:
        """The other senders, without those that have not beaten for LAPSE; these are forgotten."""
        now = self._now()
        watched = {
            holder: seen if (seen := self._watched.get(holder)) and seen[0] == sender.beats else (sender.beats, now)
            for holder, sender in known.items()
        }
        ended = {holder for holder, (_, since) in watched.items() if now - since >= LAPSE}
        for holder in ended:
            senders_table.drop(db, self._bot, holder, known[holder].beats)
        self._watched = {holder: seen for holder, seen in watched.items() if holder not in ended}
        return [sender for holder, sender in known.items() if holder not in ended]
