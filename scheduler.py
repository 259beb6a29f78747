"""The timetable: one line for each job, each job one call.

Jobs are ticks that may run late, twice or not at all; what is due is decided from rows and calendars, never from what
the scheduler remembers of missed runs.
"""

import asyncio
import logging

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bellwether.alerting.deliver import Transport, deliver
from bellwether.alerting.evaluate import tick
from bellwether.errors import BellwetherError
from bellwether.services import Services

log = logging.getLogger(__name__)

# APScheduler drops a job that starts over a second late, and by default runs two of a kind side by side
_MANNERS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


def make_scheduler(services: Services, transport: Transport | None) -> AsyncIOScheduler:
    """The jobs of the running service, not started yet. Without a transport messages are written but not sent."""
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=_MANNERS)
    if services.provider.live:  # the sample market has no new sessions; `alerts tick` still rehearses one
        scheduler.add_job(_tick, "interval", [services], seconds=60, id="tick")
    if transport is not None:
        scheduler.add_job(_deliver, "interval", [services, transport], seconds=5, id="deliver")
    return scheduler


async def _tick(services: Services) -> None:
    """Decide what is due now."""
    try:
        did = await asyncio.to_thread(tick, services, services.clock())
    except BellwetherError as problem:
        log.error("The tick did not run: %s", problem)
        return
    if did.written:
        log.info("%d digests are due.", did.written)


async def _deliver(services: Services, transport: Transport) -> None:
    """Send what is owed."""
    try:
        did = await deliver(services, transport)
    except BellwetherError as problem:
        log.error("Nothing could be delivered: %s", problem)
        return
    if did.sent:
        log.info("%d messages sent.", did.sent)
