"""The table `senders`: the processes that send for a bot, where several do, and the share of its pace that each has."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bellwether.db.connection import Connection
from bellwether.db.sql import PRESENT, put


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender as it was seen."""

    holder: str
    share: int  #: messages within a second that it may be using
    beats: int
    answered: tuple[int, ...]  #: chats that it answers just now
    refused: tuple[tuple[int, float], ...]  #: chats that met a flood limit elsewhere, and the seconds, to be told to it


def every(db: Connection, bot: str) -> list[Sender]:
    """The senders of a bot. Nobody else decides about them until the transaction ends."""
    db.one_at_a_time(f"senders {bot}")
    rows = db.rows("SELECT * FROM senders WHERE bot = :bot ORDER BY holder", {"bot": bot})
    return [
        Sender(
            row["holder"],
            row["share"],
            row["beats"],
            tuple(json.loads(row["answered"])),
            tuple((chat_id, seconds) for chat_id, seconds in json.loads(row["refused"])),
        )
        for row in rows
    ]


def keep(db: Connection, bot: str, sender: Sender) -> None:
    """Write down how a sender stands."""
    db.execute(
        put("senders", ("bot", "holder"), ("share", "beats", "answered", "refused")),
        {
            "bot": bot,
            "holder": sender.holder,
            "share": sender.share,
            "beats": sender.beats,
            "answered": json.dumps(sender.answered),
            "refused": json.dumps(sender.refused),
        },
    )


def tell(db: Connection, bot: str, others: Iterable[Sender], refused: Collection[tuple[int, float]]) -> None:
    """Have other senders know which chats met a flood limit."""
    db.executemany(
        "UPDATE senders SET refused = :refused WHERE bot = :bot AND holder = :holder",
        [
            {"bot": bot, "holder": other.holder, "refused": json.dumps([*other.refused, *refused])}
            for other in (others if refused else ())
        ],
    )


def drop(db: Connection, bot: str, holder: str, beats: int | None = None) -> None:
    """Forget a sender; with `beats` only one that has not beaten since."""
    sql = "DELETE FROM senders WHERE bot = :bot AND holder = :holder"
    if beats is not None:
        sql += " AND beats = :beats"
    db.execute(sql, {"bot": bot, "holder": holder, "beats": beats})


def is_there(db: Connection, bot: str, holder: str) -> bool:
    """Whether this sender is still counted: asked in the transaction of each claim."""
    sql = f"SELECT 1 FROM senders WHERE bot = :bot AND holder = :holder{PRESENT}"
    return bool(db.rows(sql, {"bot": bot, "holder": holder}))
