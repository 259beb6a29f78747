"""Why ranges missed, filed once for each outcome: after it is there, and of old ones some at a time.

outcomes not filed yet, in their order | the prices at hand, days of reports known then, the index | Evidence | tables

Nothing is fetched. A symbol whose prices are no longer at hand is filed as that, and not looked at again.
"""

from collections.abc import Callable
from itertools import groupby

from bellwether.ask.miss_evidence import EvidenceMarket
from bellwether.services import Services
from bellwether.track_record.misses import evidence_table
from bellwether.track_record.misses.evidence import RULE

AT_ONCE = 2000  #: outcomes in one transaction: others want to write too
MOST = 20_000  #: in one run of the job: what settled before there was a file is filed over hours


def file_evidence(services: Services, stopping: Callable[[], bool] = lambda: False, most: int | None = MOST) -> int:
    """File what is not filed, at most so many; how many were. Safe to run late, twice or not at all.

    What other tests have filed is filed anew. Raises StoreError.
    """
    store, filed = services.store, 0
    with store.reading() as db:
        begin_again = evidence_table.other_rule(db, RULE)
    if begin_again:
        with store.transaction() as db:
            evidence_table.clear_other_rule(db, RULE)
    while not stopping() and (most is None or filed < most):
        with store.reading() as db:
            some = evidence_table.unfiled(db, AT_ONCE)
        market = EvidenceMarket(services, services.clock().date())
        some = market.ready(some)
        if not some:
            break
        rows = [
            row
            for symbol, outcomes in groupby(sorted(some, key=lambda row: row.symbol), lambda row: row.symbol)
            for row in market.filed(symbol, list(outcomes))
        ]
        with store.transaction() as db:
            added = evidence_table.add(db, rows, RULE)
        if not added:
            break  # another process files, or began again: the next run goes on where that one stands
        filed += added
    return filed
