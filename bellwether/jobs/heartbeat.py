"""A sign of life after each tick, so that somebody outside notices when none comes any more."""

import http.client
import logging
import urllib.request

TIMEOUT = 5.0  #: seconds for the monitor to answer
log = logging.getLogger(__name__)


def heartbeat(address: str) -> None:
    """Ask for the address; nothing for an empty one. A failure is only logged: the alerts go on without a monitor."""
    if not address:
        return
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT):
            pass
    except (OSError, http.client.HTTPException, ValueError) as problem:
        # without the address: whoever knows it can keep the monitor quiet
        log.warning("The heartbeat did not arrive (%s).", type(problem).__name__)
