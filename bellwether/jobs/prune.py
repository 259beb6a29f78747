"""Forget what nobody needs any more: settled messages, answered updates, addresses never proved, old backups."""

import logging
from datetime import timedelta

from bellwether.alerts import alerts_table
from bellwether.core import metrics
from bellwether.db import upgrade_backups
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery import inbox_table, outbox_table, settled_outbox_table
from bellwether.delivery.messages import RecipientKind
from bellwether.delivery.readers import ask as readers
from bellwether.delivery.targets import ask as targets
from bellwether.delivery.targets import targets_table
from bellwether.delivery.webhooks import webhooks_table
from bellwether.services import Services

KEPT = timedelta(days=30)  #: settled messages, for questions about what was sent
log = logging.getLogger(__name__)


def prune(services: Services) -> None:
    """Delete rows and files that are past their time, and give up messages that nothing can send. Raises StoreError."""
    before = services.clock() - KEPT
    with services.store.transaction() as db:
        # what nobody reads at the terminal, and what no key or mail server lets leave: what a channel sends expires in
        # its runs, which there are none of then
        unreached = (RecipientKind.TERMINAL, RecipientKind.READER, RecipientKind.TARGET)
        unread = sum(outbox_table.expire(db, kind, services.clock()) for kind in unreached)
        gone = (
            settled_outbox_table.prune(db, before)
            + inbox_table.prune(db, before)
            + alerts_table.prune(db, before.date())
        )
        gone += webhooks_table.prune(db, before)
        gone += targets_table.prune(db, before)
        inbox_table.erase_set_aside(db, services.clock() - inbox_table.READ_AGAIN)
    readers.forget_old(services)
    targets.forget_unproved(services)
    metrics.EXPIRED.add(unread)
    if gone:
        log.info("%d old rows were forgotten.", gone)
    store = services.store
    for file in upgrade_backups.delete_old(store.path, services.clock()) if isinstance(store, SqliteStore) else ():
        log.info("A backup was deleted that an upgrade made %d days ago: %s", upgrade_backups.MAX_AGE.days, file)
