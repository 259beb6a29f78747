"""Notes to whoever runs the service, when something needs a person: at most one of each kind a day."""

from datetime import datetime, timedelta
from enum import Enum

from bellwether.core.places import COMMAND
from bellwether.db.connection import Connection
from bellwether.delivery import outbox_table
from bellwether.delivery.message_kinds import ADMIN
from bellwether.delivery.messages import recipient_of

_FRESH = timedelta(days=1)


class AdminTopic(Enum):
    """What needs a person; the value is the note."""

    DEAD_LETTER = f"A message could not be sent; <code>{COMMAND} outbox list</code> tells why."
    NO_MODEL = f"The model can't be used, so the plain rule answers: <code>{COMMAND} doctor</code> says why."
    NO_PRICES = (
        "Prices have been missing for hours, and digests go out without them: "
        f"<code>{COMMAND} doctor</code> tells more."
    )
    MISSED = f"Nothing ran for so long that digests were never written: <code>{COMMAND} doctor</code> says how many."
    LEDGER = (
        f"A row of the record is not what was written: <code>{COMMAND} ledger verify</code> says which. "
        "Keep the database and its backups as they are."
    )
    MANY_ASKED = (
        "So many other apps and mailboxes were asked today for a code or a confirmation that no more are: somebody may "
        "be using this service to bother strangers. <code>CHANNELS__ASKED_A_DAY</code> is the limit."
    )
    STORM = (
        "Ranges of all stocks have held too rarely or too often for it to be chance, or hold as usual again: the page "
        "/track-record tells since when. As far as prices are right nothing is broken; whoever wants it is told too."
    )
    SECOND_PROCESS = "A second process was started for this bot. It waits; stop it, or give it a token of its own."


def tell(db: Connection, admin_chat: int, topic: AdminTopic, now: datetime) -> bool:
    """Owe the administrator a note. False without an administrator (chat 0), or when today's was written already."""
    if admin_chat == 0:
        return False
    key = f"{ADMIN}:{admin_chat}:{now.date()}:{topic.name.lower()}"
    draft = outbox_table.Draft(key, recipient_of(admin_chat), ADMIN, topic.value, now, now + _FRESH)
    return outbox_table.enqueue(db, draft, now)
