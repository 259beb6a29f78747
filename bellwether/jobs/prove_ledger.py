"""The ledger proved once a day by the service itself, so that whoever runs it need not remember to."""

import logging
from collections.abc import Callable
from datetime import timedelta

from bellwether.db.database import is_recent
from bellwether.delivery import admin_notes
from bellwether.services import Services
from bellwether.track_record.ledger import verified_table
from bellwether.track_record.ledger.verify import VerificationStopped, Verified, verify

EVERY = timedelta(days=1)
log = logging.getLogger(__name__)


def prove_ledger(services: Services, stopping: Callable[[], bool]) -> Verified | None:
    """What `ledger verify` finds; None where the last proof is younger than a day, or the service stops.

    A ledger that does not prove itself is told to the administrator and shown in the metrics. Nothing is mended here,
    and answers go on: whether they should is for a person to say. Raises StoreError.
    """
    now, store = services.clock(), services.store
    with store.reading() as db:
        before = verified_table.last(db)
    if before is not None and is_recent(before.at, now, EVERY):
        return None
    try:
        proof = verify(store, stopping=stopping)
    except VerificationStopped:
        return None
    for problem in proof.problems:
        log.error("The ledger does not prove itself: %s", problem)
    with store.transaction() as db:
        verified_table.note(db, now, whole=not proof.problems)
        if proof.problems:
            admin_notes.tell(db, services.settings.telegram.admin_chat, admin_notes.AdminTopic.LEDGER, now)
    return proof
