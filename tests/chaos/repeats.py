"""Whether each answer that came again was on its way at a trouble: then nobody could know that it had come.

Its own request got no answer, or it was not marked yet when its host died, hung or lost a way; or the one who sent it
again had hung or been cut off until then, and did not know that another had answered. Each trouble excuses one copy.
What was marked when a host died, the database tells; where it cannot be asked, what was sent long before was marked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.db.encryption import BUSY_TIMEOUT
from bellwether.delivery import inbox_table
from tests.chaos.fast import SPEED
from tests.support.bot_api_server.server import Effect

EVERYBODY = ""  #: in place of a machine
#: fast seconds, half a second of the wall's, in which what was sent is marked, a death is seen, or a way is used again
_A_WHILE = 10.0
_PATIENCE = BUSY_TIMEOUT * SPEED  #: fast seconds that a mark may wait for the database's other writers


@dataclass(frozen=True)
class Trouble:
    """What befell a machine, or everybody, in fast seconds."""

    what: str
    machine: str
    began: float
    ended: float
    unmarked: frozenset[str] = frozenset()  #: what had been typed and was not marked as answered when it was looked

    def befell(self, machine: str, since: float, until: float) -> bool:
        """Whether it hit a machine in that time, or so shortly before that it was not well again."""
        return self.machine in {EVERYBODY, machine} and self.began <= until and self.ended + _A_WHILE >= since


def unmarked(store: Store) -> frozenset[str]:
    """What was typed and is not marked as answered; nothing while the database is away."""
    try:
        with store.reading() as db:
            bodies = [json.loads(body) for _, body in inbox_table.unanswered(db)]
    except StoreError:
        return frozenset()
    return frozenset(body["message"]["text"] for body in bodies if "text" in body.get("message", {}))


def copies_of(words: str, chat_id: int, effects: Sequence[Effect]) -> list[Effect]:
    """The messages of an answer that has these words, oldest first; what changed one afterwards is no copy."""
    copies = [
        effect
        for effect in effects
        if effect.chat_id == chat_id and effect.seen.method.startswith("send") and words in str(effect.seen.params)
    ]
    return sorted(copies, key=lambda effect: effect.at)


def unexcused(typed: str, copies: Sequence[Effect], ports: Mapping[int, str], troubles: Sequence[Trouble]) -> list[str]:
    """Tell of each copy that came again though the one before had arrived, and could be known to have.

    `typed` is what they answer. `ports` tells which machine a request came from; without any there is one machine.
    """
    left = sorted(troubles, key=lambda trouble: trouble.ended)
    told = []
    for copy, again in pairwise(copies):
        if not copy.told:
            continue
        host, other = ports.get(copy.seen.port, EVERYBODY), ports.get(again.seen.port, EVERYBODY)
        excuse = next(
            (
                trouble
                for trouble in left
                if trouble.befell(host, copy.seen.at, copy.at + (_PATIENCE if typed in trouble.unmarked else _A_WHILE))
                or (host != other and trouble.befell(other, again.seen.at, again.seen.at))
            ),
            None,
        )
        if excuse is None:
            told.append(f"sent by {host or 'the host'} at {copy.at:.1f}, and by {other or 'it'} at {again.at:.1f}")
        else:
            left.remove(excuse)
    return told
