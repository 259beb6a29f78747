"""What `doctor` says of the ledger's head: whether it leaves the house, and what keeps it in."""

from datetime import datetime, timedelta
from pathlib import Path

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.places import COMMAND
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.delivery.outbox_table import FORBIDDEN, GONE, MessageState
from bellwether.track_record.ledger import published_heads_table

_LATE = timedelta(days=2)
_AGAIN = "It is tried again by itself; the rest of the service does not wait for it."


def examine_proof(settings: Settings, store: Store, now: datetime) -> list[Check]:
    """Nothing where nothing is to be published and nothing was."""
    proof = settings.proof
    try:
        with store.reading() as db:
            head = published_heads_table.newest(db, now.date())
            ahead = published_heads_table.ahead(db, now.date())
            message = published_heads_table.newest_message(db, now.date())
    except StoreError:  # which has a line of its own
        return []
    if proof.authority and not Path(proof.authority_certificate).is_file():
        detail = "there is a time stamp authority, and no file with its certificate."
        return [Check("Proof", False, detail, "Set PROOF__AUTHORITY_CERTIFICATE.")]
    wrong_clock = ""
    if ahead is not None:
        wrong_clock = (
            f"A head was published for {ahead.day}, which lies ahead: this machine's clock was ahead then, or is "
            "behind now. Heads of the days before go on; see that the clock is right."
        )
    if head is None:
        return [Check("Proof", False, wrong_clock, _AGAIN)] if wrong_clock else []
    if not (proof.channel or proof.authority):
        detail = f"the ledger's head of {head.day} is in the API alone."
        advice = f"PROOF__CHANNEL or PROOF__AUTHORITY has it leave the house; `{COMMAND} config` explains both."
        return [Check("Proof", True, f"{detail} {wrong_clock}".rstrip(), advice)]
    problems = []
    if message is not None and message.error:
        why = message.error.removeprefix(FORBIDDEN).removeprefix(GONE).rstrip(".")
        problems.append(
            f"The head of {head.day} did not reach the channel: {why}. "
            "Make the bot an administrator of it that may post messages."
        )
    if proof.authority and head.stamp is None and head.stamp_error:
        problems.append(f"The head of {head.day} has no time stamp: {head.stamp_error}")
    if now - head.published_at > _LATE:
        problems.append(f"The last head was published on {head.day}; the log says what keeps the next one.")
    if problems:
        return [Check("Proof", False, " ".join(filter(None, [*problems, wrong_clock])), _AGAIN)]
    waiting = message is not None and message.state == MessageState.PENDING.value
    told = "; its message waits to be sent" if waiting else ""
    stamped = f", stamped {head.stamped_at:%Y-%m-%d %H:%M} UTC" if head.stamped_at else ""
    detail = f"the ledger's head of {head.day} was published{stamped}{told}"
    return [Check("Proof", True, f"{detail}. {wrong_clock}" if wrong_clock else detail)]
