"""Who had the lease and when, by the database's own account, and whether only he sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bellwether.db.connection import Connection
from bellwether.delivery.deliver import MOST_AT_ONCE
from tests.chaos import fast
from tests.chaos.promises import Broken
from tests.support.bot_api_server.server import SeenRequest

#: keeps each hold of the lease, by the server's clock
WATCH = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.holds (id serial, holder text, began double precision, ended double precision);
CREATE FUNCTION chaos.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO chaos.holds (holder, began) VALUES (NEW.holder, extract(epoch FROM clock_timestamp()));
    ELSE
        UPDATE chaos.holds SET ended = extract(epoch FROM clock_timestamp())
            WHERE holder = OLD.holder AND ended IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_began AFTER INSERT ON leases
    FOR EACH ROW WHEN (NEW.name LIKE 'telegram-%') EXECUTE FUNCTION chaos.note();
CREATE TRIGGER chaos_ended AFTER DELETE ON leases
    FOR EACH ROW WHEN (OLD.name LIKE 'telegram-%') EXECUTE FUNCTION chaos.note()
"""
WATCH_NO_MORE = "DROP SCHEMA chaos CASCADE"
_OVERLAP = 1.0  #: fast seconds: the trigger looks at its clock a moment before or after the others


@dataclass(frozen=True)
class Hold:
    """A machine has the lease, in fast seconds."""

    machine: str
    began: float
    ended: float


def read(db: Connection, offset: float) -> list[Hold]:
    """Every hold; `offset` is what the monotonic clock is ahead of the server's."""
    sql = (
        "SELECT split_part(split_part(holder, ' on ', 2), ',', 1) AS machine, began,"
        " coalesce(ended, 'infinity') AS ended FROM chaos.holds ORDER BY id"
    )
    rows = db.rows(sql)
    return [
        Hold(row["machine"], *((float(row[name]) + offset) * fast.SPEED for name in ("began", "ended"))) for row in rows
    ]


def check_senders(
    requests: Sequence[SeenRequest],
    ports: Mapping[int, str],
    holds: Sequence[Hold],
    set_free: Mapping[str, Sequence[float]],
    lapse: float,
) -> int:
    """How many digests a machine sent that no longer had the lease: what it had claimed before. Raises Broken.

    `ports` tells which machine a request came from; `set_free` when it went on after it had hung or was cut off.
    """
    beside: Counter[tuple[str, float]] = Counter()
    for seen in requests:
        if not (seen.method.startswith("send") and "Close of " in str(seen.params)):
            continue
        machine = ports[seen.port]
        own = [hold for hold in holds if hold.machine == machine and hold.began <= seen.at + _OVERLAP]
        if not own:
            raise Broken(f"{machine} sent a digest at {seen.at:.1f} and never had the lease")
        lost = max(hold.ended for hold in own)
        if seen.at <= lost + _OVERLAP:
            continue
        beside[machine, lost] += 1
        since = max([lost, *(at for at in set_free[machine] if at <= seen.at)])
        if seen.at - since > lapse:
            raise Broken(f"{machine} sent a digest {seen.at - since:.1f} s after it had lost the lease at {lost:.1f}")
    for (machine, lost), count in beside.items():
        if count > MOST_AT_ONCE:
            raise Broken(f"{machine} sent {count} digests after it had lost the lease at {lost:.1f}")
    return beside.total()
