"""What is owed to programs, and whether anything is: without what sends it, which takes a while to load."""

from datetime import datetime

from bellwether.services import Services
from bellwether.store import outbox, webhook_outbox
from bellwether.store.database import Database
from bellwether.store.owners import chat_of_webhook
from bellwether.store.webhooks import Webhook
from bellwether.webhooks.schedule import KEEP_TRYING


def owe(db: Database, hook: Webhook, event_id: str, body: str, now: datetime, *, again: str = "") -> bool:
    """Owe an event to a webhook, once; `again` makes another row of one that was owed before."""
    chat = chat_of_webhook(hook.id)
    draft = outbox.Draft(
        dedup_key=f"{webhook_outbox.KIND}:{chat}:{event_id}{again}",
        chat_id=chat,
        kind=webhook_outbox.KIND,
        text=f"{event_id}\n{body}",
        not_before=now,
        expires_at=now + KEEP_TRYING,
    )
    return outbox.owe(db, draft, now)


def any_owed(services: Services) -> bool:
    """Whether something is owed to owners of keys or to their webhooks. Raises StoreError."""
    with services.store.reading() as db:
        return webhook_outbox.any_owed(db) or bool(webhook_outbox.owed_to_owners(db, services.clock(), 1))
