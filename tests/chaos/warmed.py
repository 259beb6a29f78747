"""What the server of processes imports: the victim, and what each would work out anew, as calendars.

Half a second of computing at each start, which in fast time is ten: nobody would die at a place that he never reached.
"""

import logging
import tempfile
from ctypes import c_double
from pathlib import Path

from bellwether.alerts.tick import tick
from bellwether.delivery.channels import apprise_sending
from tests.chaos.everybody import empty_database
from tests.chaos.fast import now
from tests.chaos.victim import World


def _have_an_evening() -> None:
    """Decide what everybody is owed on the first evening, of a database that is gone afterwards."""
    logging.disable(logging.CRITICAL)  # as the victims do
    with tempfile.TemporaryDirectory() as folder:
        database = {"path": empty_database(Path(folder) / "evening.sqlite3")}
        services = World(Path(folder), database, "1:token", "", "", now(), c_double()).services()
        tick(services, services.clock())
        services.store.close()


_have_an_evening()
apprise_sending.read("ntfy://example/topic")  # loads all its plugins
