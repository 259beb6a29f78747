"""The timetable: one line for each job, each job one call. Of several hosts the one that holds its lease runs it.

Jobs are ticks that may run late, twice or not at all; what is due is decided from rows and calendars, never from what
the scheduler remembers of missed runs. So a job that is under way when the lease goes to another host, which may begin
the same one, does no harm: it ends at its next step, and until then each row is written once, whoever comes first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bellwether.alerts.message_chart import chart_of
from bellwether.alerts.missed_digests import note_missed
from bellwether.alerts.report_alerts import report_growth
from bellwether.alerts.rules.digest_due import DigestReason
from bellwether.alerts.tick import Tick, tick
from bellwether.core.courtesy import Courtesy
from bellwether.core.errors import BellwetherError
from bellwether.db.connection import Connection
from bellwether.delivery import admin_notes
from bellwether.delivery.channels.channel import Channel
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.channels.telegram import ChatChannel, Transport
from bellwether.delivery.channels.webhook import WebhookChannel
from bellwether.delivery.deliver import deliver
from bellwether.hosts.keeping import LeaseKeeper
from bellwether.hosts.lease import Lease
from bellwether.hosts.parts import EVERY, ServicePart
from bellwether.jobs.evening import Evening, keep_evening, reads_evening
from bellwether.jobs.file_evidence import file_evidence
from bellwether.jobs.heartbeat import heartbeat
from bellwether.jobs.keep_incidents import keep_incidents
from bellwether.jobs.prove_ledger import prove_ledger
from bellwether.jobs.prune import prune
from bellwether.jobs.publish_heads import publish_heads
from bellwether.jobs.record_universe import Forecasted, forecast_universe
from bellwether.jobs.refresh_prices import refresh_all
from bellwether.jobs.refresh_reports import refresh_reports
from bellwether.services import Services
from bellwether.track_record.ledger.lists import settle as settle_lists
from bellwether.track_record.ledger.settle import settle
from bellwether.webhooks.events import event_of

SOON = timedelta(seconds=20)  #: after a start: what a stop kept from the record is not to wait for a quarter of an hour
log = logging.getLogger(__name__)

# APScheduler drops a job that starts over a second late, and by default runs two of a kind side by side
_MANNERS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}


LEASE = "timetable"


@dataclass(frozen=True, slots=True)
class _Planned:
    """A job that waits for the lease."""

    job: Job
    first_after: timedelta  #: having it


class Timetable:
    """The jobs of the running service."""

    def __init__(
        self,
        services: Services,
        transport: Transport | None = None,
        connected: Callable[[], bool] = lambda: False,
        may_send: Callable[[Connection], bool] = lambda db: True,
        courtesy: Courtesy | None = None,
        *,
        may_help: Callable[[Connection], bool] = lambda db: False,
        parts: frozenset[ServicePart] = EVERY,
        lease: Lease | None = None,
        ticks_every: timedelta = timedelta(minutes=1),
        delivers_every: timedelta = timedelta(seconds=1),
    ) -> None:
        """Without a transport messages are written but not sent; while it is not connected they wait.

        `may_send` tells whether this process holds the right to send, `may_help` whether it may do so beside the one
        that holds it. Jobs give way to what is `courtesy`'s hurry. With a lease they run only while it is ours.
        """
        self._services = services
        self._stopping = self._lost = False
        self._courtesy = courtesy or Courtesy()
        self._said: dict[Callable[[], Awaitable[None]], str] = {}  # why a job does not run, until it does
        self._one_evening = asyncio.Lock()  # two jobs come to it, and one is enough
        self._running: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()  # of these, those that are on their way to people
        self._hearts: set[asyncio.Future[None]] = set()
        # its own warnings are about jobs that run longer than their interval, which ours may
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=_MANNERS)
        self._planned: list[_Planned] = []
        if ServicePart.JOBS in parts:
            if services.provider.live:  # the sample market has no new sessions; `alerts tick` still rehearses one
                self._plan(ticks_every, self._tick)
                self._plan(timedelta(minutes=15), self._refresh)
                self._plan(timedelta(minutes=15), self._account, first_after=SOON)
                self._plan(timedelta(hours=3), self._reports)  # statements are asked for once a day at most
            # asked for hourly and done daily, so that a service restarted every night gets there too
            self._plan(timedelta(hours=1), self._prove, first_after=timedelta(minutes=5))
            self._plan(timedelta(hours=1), self._publish, first_after=timedelta(minutes=10))
            self._plan(timedelta(hours=1), self._prune)  # a service that is restarted every night must get there too
        self._keeper = LeaseKeeper(lease, "the timetable", self._begin, self._end) if lease and self._planned else None
        self._keeping: asyncio.Task[None] | None = None
        # each host does what follows: claims see to it that nothing is sent twice, and the log of a file is a process's
        self.channels = _channels(services, transport, connected, may_send, may_help, parts)
        for channel in self.channels:
            self._every(delivers_every, partial(self._deliver, channel))
        self._every(timedelta(minutes=1), self._empty_log)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()
        if self._keeper is None:
            self._begin()
        else:
            self._keeping = asyncio.create_task(self._keeper.run())

    async def stop(self, grace: float) -> None:
        """Start nothing more, and give what is running this many seconds: a message on its way arrives once.

        The lease is given up at once.
        """
        self._stop_starting()
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        self._scheduler.shutdown(wait=False)

    async def finish_sending(self, grace: float) -> None:
        """Start nothing more, and give the messages on their way this many seconds."""
        self._stop_starting()
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace)

    def _stop_starting(self) -> None:
        self._stopping = True
        self._scheduler.pause()

    def _every(self, interval: timedelta, job: Callable[[], Awaitable[None]], **first: datetime | None) -> Job:
        seconds = interval.total_seconds()
        return self._scheduler.add_job(self._run, "interval", [job], seconds=seconds, **first)

    def _plan(
        self, interval: timedelta, job: Callable[[], Awaitable[None]], first_after: timedelta | None = None
    ) -> None:
        """A job that waits until the lease is ours, and then runs for the first time after its interval, or sooner."""
        waiting = self._every(interval, job, next_run_time=None)
        self._planned.append(_Planned(waiting, interval if first_after is None else first_after))

    def _begin(self) -> None:
        self._lost = False
        for planned in self._planned:
            planned.job.modify(next_run_time=datetime.now(UTC) + planned.first_after)

    def _end(self) -> None:
        self._lost = True
        for planned in self._planned:
            planned.job.pause()

    async def _run(self, job: Callable[[], Awaitable[None]]) -> None:
        """One run of a job; a failure is written down and the next run comes all the same."""
        task = asyncio.ensure_future(job())
        self._running.add(task)
        try:
            # shielded: APScheduler cancels what runs when it shuts down, `stop` waits for it first
            await asyncio.shield(task)
            if self._said.pop(job, ""):
                log.info("A job runs again that did not.")
        except BellwetherError as problem:
            self._say_why(job, problem.for_operator)
        except Exception:
            log.exception("A job failed.")
        finally:
            self._running.discard(task)

    def _say_why(self, job: Callable[[], Awaitable[None]], why: str) -> None:
        """Once, until it changes: some jobs are tried each second, and a database may be away for hours."""
        if self._said.get(job) != why:
            self._said[job] = why
            log.error("A job did not run: %s", why)

    def _gives_way(self) -> Callable[[], bool]:
        """Whether a job is to end, asked between its steps: there it gives way to messages that are being sent."""
        return self._courtesy.between_steps(lambda: self._stopping or self._lost)

    async def _tick(self) -> None:
        """Count what nobody wrote while nothing ran, and decide what is due now."""
        await asyncio.to_thread(note_missed, self._services, self._services.clock())
        did = await asyncio.to_thread(tick, self._services, self._services.clock(), self._gives_way())
        if did.written:
            log.info("%d digests are due.", did.written)
        if did.rules.told or did.rules.folded or did.outcomes:
            log.info("%d alerts, %d more for digests, %d outcomes.", did.rules.told, did.rules.folded, did.outcomes)
        await asyncio.to_thread(self._tell_admin, did)
        heart = asyncio.ensure_future(asyncio.to_thread(heartbeat, self._services.settings.alerts.heartbeat_url))
        self._hearts.add(heart)  # the loop keeps only a weak hold on it; nobody waits for it
        heart.add_done_callback(self._hearts.discard)

    def _tell_admin(self, did: Tick) -> None:
        """A note when a person is needed; one a day of each kind."""
        topics = []
        if self._services.model is None:
            topics.append(admin_notes.AdminTopic.NO_MODEL)
        if did.reasons.get(DigestReason.DUE_WITHOUT_PRICES):
            topics.append(admin_notes.AdminTopic.NO_PRICES)
        if topics:
            admin_chat = self._services.settings.telegram.admin_chat
            with self._services.store.transaction() as db:
                for topic in topics:
                    admin_notes.tell(db, admin_chat, topic, self._services.clock())

    async def _deliver(self, channel: Channel) -> None:
        """Send what is owed by one channel."""
        # people look at chats: what computes gives way to them
        hurry = self._courtesy.hurried() if channel.is_urgent else nullcontext()
        task = asyncio.current_task()
        assert task is not None
        self._sending.add(task)
        try:
            with hurry:
                did = await deliver(self._services.store, self._services.clock, channel, lambda: self._stopping)
        finally:
            self._sending.discard(task)
        if did.sent:
            log.info("%d %s sent.", did.sent, channel.units)

    async def _refresh(self) -> None:
        """Fetch the bars of sessions that have closed and days of reports that are due, and work out what they tell."""
        did = await asyncio.to_thread(refresh_all, self._services, self._gives_way())
        if did is not None and (did.fetched or did.stopped):
            log.info("Prices: %s", did)
        learned = await asyncio.to_thread(refresh_reports, self._services, self._gives_way())
        if learned.asked or learned.failed:
            log.info("Days of reports: %d companies asked for, %d failed.", learned.asked, learned.failed)
        await self._evening()

    async def _evening(self) -> Evening:
        """What the newest session tells of all stocks together, once its bars are in."""
        async with self._one_evening:
            did = await asyncio.to_thread(keep_evening, self._services, self._gives_way())
        if did.sessions or did.widths:
            log.info("Evening: %d sessions of the whole universe, %d widths.", did.sessions, did.widths)
        return did

    async def _account(self) -> None:
        """Enter the session's forecasts of the whole universe, and the outcomes that are known by now.

        What the evening tells of all stocks together comes first: forecasts may be made of it.
        """
        evening = Evening()
        try:
            evening = await self._evening()
        except BellwetherError as problem:  # the record says the same where it is why nothing can be entered
            log.error("The evening could not be worked out: %s", problem.for_operator)
        except Exception:
            log.exception("The evening could not be worked out; the record does not wait for it.")
        issued = Forecasted()
        if not (evening.waiting and reads_evening(self._services)):  # else people are told another range a little later
            issued = await asyncio.to_thread(forecast_universe, self._services, self._gives_way())
        settled = await asyncio.to_thread(
            settle, self._services.store, self._services.provider, self._services.clock, self._gives_way()
        )
        if issued.issued or settled.settled or settled.lost:
            log.info("Track record: %d forecasts entered. %s", issued.issued, settled)
        lists = await asyncio.to_thread(
            settle_lists, self._services.store, self._services.provider, self._services.clock, self._gives_way()
        )
        if lists.settled or lists.lost:
            log.info("Track record: %s", lists)
        await asyncio.to_thread(file_evidence, self._services, self._gives_way())
        storms = await asyncio.to_thread(keep_incidents, self._services)
        if storms.begun or storms.over:
            log.warning("Ranges of all stocks: %d storms begun, %d over.", storms.begun, storms.over)

    async def _reports(self) -> None:
        """Tell of companies that have reported, and enter the forecasts that follow from it."""
        written = await asyncio.to_thread(report_growth, self._services, self._services.clock(), self._gives_way())
        if written:
            log.info("%d alerts on reports.", written)

    async def _empty_log(self) -> None:
        """What was erased while somebody else read the database leaves its log once they have ended."""
        if self._services.store.owes_empty_log:
            await asyncio.to_thread(self._services.store.empty_log)

    async def _prove(self) -> None:
        """Whether every row of the record is still what was written."""
        proof = await asyncio.to_thread(prove_ledger, self._services, self._gives_way())
        if proof is not None and not proof.problems:
            log.info("The ledger proves itself: %d forecasts, %d outcomes.", proof.ledger.rows, proof.outcomes.rows)

    async def _publish(self) -> None:
        """Where the ledger ends, told to the outside."""
        did = await asyncio.to_thread(publish_heads, self._services)
        if did.published or did.stamped:
            log.info("The ledger's head: %s.", "published" if did.published else "stamped")

    async def _prune(self) -> None:
        """Forget what nobody needs any more."""
        await asyncio.to_thread(prune, self._services)


def _channels(
    services: Services,
    transport: Transport | None,
    connected: Callable[[], bool],
    may_send: Callable[[Connection], bool],
    may_help: Callable[[Connection], bool],
    parts: frozenset[ServicePart],
) -> list[Channel]:
    """The ways for messages to leave: one line for each."""
    store, clock, settings = services.store, services.clock, services.settings
    channels: list[Channel] = []
    if ServicePart.JOBS in parts:
        channels.append(WebhookChannel(store, clock, event_of, private=settings.api.private_webhooks))
        channels.append(NotifyChannel(store, clock, settings, partial(chart_of, services)))
    if transport is not None and ServicePart.BOT in parts:
        admin_chat = settings.telegram.admin_chat
        chats = ChatChannel(store, clock, transport, admin_chat, connected=connected, may_send=may_send)
        chats.share(may_help, settings.telegram.messages_a_second)
        channels.append(chats)
    return channels
