"""Doctor's line about the processes that serve: how many, what nobody does, and what differs between them."""

from datetime import datetime, timedelta

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.hosts import hosts_table
from bellwether.hosts.differences import differences
from bellwether.hosts.parts import ServicePart, named

SILENT = timedelta(minutes=1)  #: after which a process that serves should have told of itself


def examine_hosts(store: Store, settings: Settings, now: datetime) -> list[Check]:
    """None where nothing serves, or where the database, which has a line of its own, cannot be read."""
    try:
        with store.reading() as db:
            hosts = hosts_table.serving(db)
    except StoreError:
        return []
    if not hosts:
        return []
    silent = [host.name.short for host in hosts if now - host.beat_at > SILENT]
    alive = [host for host in hosts if host.name.short not in silent]
    detail = ", ".join(f"{host.name.short} ({named(host.parts)})" for host in alive) or "none is alive"
    wanted = {ServicePart.JOBS, *([ServicePart.BOT] if settings.telegram.token.get_secret_value() else [])}
    missing = wanted - frozenset().union(*(host.parts for host in alive))
    faults = differences(alive)
    if missing:
        faults.append(f"nobody runs {named(frozenset(missing))}")
    if silent:
        detail += f"; nothing has been heard for a minute of {', '.join(silent)}"
    if faults:
        told = "; ".join(faults)
        return [Check("Hosts", False, f"{detail}. {told[0].upper()}{told[1:]}.", "Set them alike and restart.")]
    return [Check("Hosts", True, detail)]
