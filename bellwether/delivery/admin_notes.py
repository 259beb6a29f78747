"""Notes to whoever runs the service, when something needs a person: at most one of each kind a day."""

from datetime import timedelta
from enum import Enum

from bellwether.db.database import Database
from bellwether.delivery import outbox_table
from bellwether.delivery.kinds import ADMIN
from bellwether.services import Services

_FRESH = timedelta(days=1)


class AdminTopic(Enum):
    """What needs a person; the value is the note."""

    DEAD_LETTER = "A message could not be sent; <code>python -m bellwether outbox list</code> tells why."
    NO_MODEL = "The model can't be used, so the plain rule answers: <code>python -m bellwether doctor</code> says why."
    NO_PRICES = (
        "Prices have been missing for hours, and digests go out without them: "
        "<code>python -m bellwether doctor</code> tells more."
    )
    MISSED = (
        "Nothing ran for so long that digests were never written: "
        "<code>python -m bellwether doctor</code> says how many."
    )
    SECOND_PROCESS = "A second process was started for this bot. It waits; stop it, or give it a token of its own."


def tell(db: Database, services: Services, topic: AdminTopic) -> bool:
    """Owe the administrator a note. False without an administrator, or when today's was written already."""
    chat_id = services.settings.telegram.admin_chat
    if chat_id == 0:
        return False
    now = services.clock()
    key = f"{ADMIN}:{chat_id}:{now.date()}:{topic.name.lower()}"
    return outbox_table.enqueue(db, outbox_table.Draft(key, chat_id, ADMIN, topic.value, now, now + _FRESH), now)
