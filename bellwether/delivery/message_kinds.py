"""The kinds of messages that are sent of our own accord, and which of them make a sound."""

DIGEST = "digest"
ADMIN = "admin"
OUTCOME = "outcome"
LEFTOVERS = "leftovers"  #: alerts beyond the budget of a chat that gets no digest
VANISHED = "vanished"  #: rules rest, for what they look at has no prices any more
TARGET_PROOF = "proof"  #: the code by which a chat proves that a target is its own
READER_LINK = "link"  #: the way to the page where a reader chooses what comes
READER_ACCESS = "access"  #: the way to all that is kept about a reader, for an hour
TARGET_NOTE = "target"  #: a target takes nothing more
REPORT = "report"  #: a company that is watched has reported its revenue
STORM = "storm"  #: ranges of all stocks hold too rarely or too often, or do so no longer
HEADS = "heads"  #: where the ledger ends, to the operator's public channel

SILENT = {  #: whether a phone makes no sound for it
    DIGEST: True,  # comes every evening and can wait until somebody looks
    OUTCOME: True,  # an old story's end
    LEFTOVERS: True,  # in place of a digest
    VANISHED: True,  # it has been so for a week
    TARGET_NOTE: True,  # what goes elsewhere comes here as well
    STORM: True,  # it concerns no stock of its own, and the answers say it too
    REPORT: False,
    "growth": False,
    "chance": False,
    "risk": False,
    "price": False,
    "move": False,
    "unusual": False,
    "earnings": False,
    ADMIN: True,
    HEADS: True,  # for whoever checks the record one day
}


def is_silent(kind: str) -> bool:
    """Whether a message of this kind makes no sound. One that is not in the table does: it was worth a message."""
    return SILENT.get(kind, False)
