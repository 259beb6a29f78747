"""What the owner of a key asks about webhooks. Errors are for people, as in `ask.forecasts`."""

from datetime import timedelta

from bellwether.access import keys_table
from bellwether.core.clock import Clock
from bellwether.core.errors import BadWebhook, LimitReached, UnknownWebhook
from bellwether.db.connection import Connection
from bellwether.db.database import Store
from bellwether.delivery.channels.addresses import Lookup, check, look_up
from bellwether.delivery.webhooks import webhook_outbox_table, webhooks_table
from bellwether.delivery.webhooks.signing import new_secret
from bellwether.delivery.webhooks.webhooks_table import Attempt, Webhook
from bellwether.webhooks.events import trial_event

OVERLAP = timedelta(days=1)  #: for which the old secret signs too
MOST_WAITING = 100  #: events of a webhook before it is sent more tests and replays: nobody is to be flooded through us


def add(
    store: Store, clock: Clock, key_id: int, url: str, most: int, *, private: bool, lookup: Lookup = look_up
) -> Webhook:
    """A new address for alerts. Raises BadWebhook, LimitReached and StoreError."""
    check(url, private=private, look_up=lookup)
    with store.transaction() as db:
        keys_table.hold_one(db, key_id)
        hooks = webhooks_table.of_key(db, key_id)
        if any(hook.url == url for hook in hooks):
            raise BadWebhook("This address is there already.")
        if len(hooks) >= most:
            raise LimitReached(f"Your plan has {most} webhooks; remove one first.")
        number = webhooks_table.add(db, key_id, url, new_secret(), clock())
        return _of_key(db, key_id, number)


def every(store: Store, key_id: int) -> list[Webhook]:
    """The addresses of a key's owner. Raises StoreError."""
    with store.reading() as db:
        return webhooks_table.of_key(db, key_id)


def get(store: Store, key_id: int, webhook_id: int) -> Webhook:
    """One address. Raises UnknownWebhook and StoreError."""
    with store.reading() as db:
        return _of_key(db, key_id, webhook_id)


def remove(store: Store, key_id: int, webhook_id: int) -> None:
    """Forget an address. Raises UnknownWebhook and StoreError."""
    with store.transaction() as db:
        _of_key(db, key_id, webhook_id)
        webhook_outbox_table.forget(db, webhook_id)
        webhooks_table.remove(db, webhook_id)


def rotate(store: Store, clock: Clock, key_id: int, webhook_id: int, overlap: timedelta = OVERLAP) -> Webhook:
    """A new secret; the old one signs beside it for `overlap`. Raises UnknownWebhook and StoreError."""
    with store.transaction() as db:
        _of_key(db, key_id, webhook_id)
        webhooks_table.rotate(db, webhook_id, new_secret(), clock() + overlap)
        return _of_key(db, key_id, webhook_id)


def enable(store: Store, key_id: int, webhook_id: int) -> Webhook:
    """Send to an address again that was disabled. Raises UnknownWebhook and StoreError."""
    with store.transaction() as db:
        _of_key(db, key_id, webhook_id)
        webhooks_table.enable(db, webhook_id)
        return _of_key(db, key_id, webhook_id)


def trial(store: Store, clock: Clock, key_id: int, webhook_id: int) -> str:
    """Send a test event; its id. Raises UnknownWebhook, BadWebhook, LimitReached and StoreError."""
    now = clock()
    with store.transaction() as db:
        hook = _awake(db, key_id, webhook_id)
        event_id, body = trial_event(webhook_id, now)
        webhook_outbox_table.enqueue(db, hook.id, event_id, body, now)
        return event_id


def attempts(store: Store, key_id: int, webhook_id: int, before: int, limit: int) -> list[Attempt]:
    """What came of the attempts, newest first. Raises UnknownWebhook and StoreError."""
    with store.reading() as db:
        _of_key(db, key_id, webhook_id)
        return webhooks_table.attempts(db, webhook_id, before, limit)


def replay(store: Store, clock: Clock, key_id: int, webhook_id: int, attempt_id: int) -> str:
    """Send the event of an attempt once more, under the same id; that id.

    Raises UnknownWebhook, BadWebhook, LimitReached and StoreError.
    """
    now = clock()
    with store.transaction() as db:
        hook = _awake(db, key_id, webhook_id)
        tried = webhooks_table.attempt(db, webhook_id, attempt_id)
        if tried is None:
            raise UnknownWebhook(f"Webhook {webhook_id} has no attempt {attempt_id}.")
        again = f":again:{now.timestamp()}"
        webhook_outbox_table.enqueue(db, hook.id, tried.event_id, tried.body, now, again=again)
        return tried.event_id


def _of_key(db: Connection, key_id: int, webhook_id: int) -> Webhook:
    hook = webhooks_table.get(db, webhook_id)
    if hook is None or hook.key_id != key_id:  # another's is as good as none
        raise UnknownWebhook(f"You have no webhook {webhook_id}.")
    return hook


def _awake(db: Connection, key_id: int, webhook_id: int) -> Webhook:
    keys_table.hold_one(db, key_id)  # of two that ask at once the second counts what the first has written
    hook = _of_key(db, key_id, webhook_id)
    if hook.disabled_at is not None:
        raise BadWebhook(f"Webhook {webhook_id} is disabled: {hook.disabled_why}. Enable it first.")
    if webhook_outbox_table.waiting(db, webhook_id) >= MOST_WAITING:
        raise LimitReached(f"Already {MOST_WAITING} events wait for webhook {webhook_id}; let them arrive first.")
    return hook
