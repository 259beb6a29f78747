"""The channel to targets: mail by the operator's server, all else by apprise.

what is owed to chats | `spread` over their targets | `send`, rendered for each | a target that is gone is stopped
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from html import escape

from bellwether.core import mail_server
from bellwether.core.clock import Clock
from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.i18n.translate import spoken, use_language
from bellwether.core.sealing import Sealer, Unsealable
from bellwether.core.types import Theme
from bellwether.db.connection import Connection
from bellwether.db.database import Store, stamp
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.channels.abilities import Abilities, PicturePlace, parts
from bellwether.delivery.channels.addresses import is_open
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.channels.guard import ConnectionGuard
from bellwether.delivery.channels.lane_places import AT_ONCE, full_lanes
from bellwether.delivery.channels.outages import Outages
from bellwether.delivery.channels.own_threads import Deadline, OwnThreads
from bellwether.delivery.channels.stopping import why_to_stop
from bellwether.delivery.channels.target_error import OperatorFault, TargetError, error_of
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.lateness import is_late, sent_late
from bellwether.delivery.message_kinds import READER_ACCESS, READER_LINK, TARGET_NOTE, TARGET_PROOF
from bellwether.delivery.messages import OutboxMessage, RecipientKind, is_reader
from bellwether.delivery.readers import sentences as reader_sentences
from bellwether.delivery.retry import DOUBLING, Cause, DeliveryError, RetryPolicy
from bellwether.delivery.targets import sentences, target_outbox_table, targets_table
from bellwether.delivery.targets.kinds import ABILITIES
from bellwether.delivery.targets.target import (
    StopReason,
    Target,
    TargetKind,
    TargetState,
    access_token,
    code_of,
    confirm_token,
    reader_token,
    stop_token,
)
from bellwether.delivery.targets.target_outbox_table import MailThread
from bellwether.delivery.targets.terms import TargetTerms
from bellwether.delivery.targets.told import ChartOf, MessageChart, Told, whole

TIMEOUT = 40.0  #: seconds for all of a message, from when it has a thread; of a mail, until it is handed over
_SPREAD_AT_ONCE = 200
_ASKED_FOR = frozenset({TARGET_PROOF, READER_LINK, READER_ACCESS})  #: a person waits for it, whatever is paused
_NOTE_IS_FRESH = timedelta(days=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """A message as one target gets it, and where that is."""

    target: Target
    address: str
    told: Told
    stop_url: str
    subject: str  #: of a mail
    thread: MailThread
    language: str
    theme: Theme


class NotifyChannel(Channel):
    """To the targets of chats and readers. What is owed to a chat stays owed to it, so it is not in `spreads`."""

    kind = RecipientKind.TARGET
    retries = RetryPolicy(DOUBLING.pauses, longest_asked=timedelta(hours=1))
    units = "messages to targets"
    spreads = (RecipientKind.READER,)

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        chart_of: ChartOf = lambda message, theme: None,
        may_connect: Callable[[str], bool] | None = None,
    ) -> None:
        """`chart_of` draws; `may_connect` is asked about each IP address: by default the open internet's alone are."""
        self._store, self._clock = store, clock
        self._terms = TargetTerms.of(settings)
        self._public_url = settings.web.public_url.rstrip("/")
        self._mail_from = settings.channels.mail_from
        self._mail_server = mail_server.read(settings.channels.smtp.get_secret_value())
        self._may_connect = may_connect or ((lambda address: True) if settings.channels.private else is_open)
        self._chart_of = chart_of
        self._threads = OwnThreads(AT_ONCE, "target")
        self._said_no_key = False
        self._outages = Outages()

    def can_send(self) -> bool:
        """Whether there are targets, and the key that reads their addresses."""
        with self._store.reading() as db:
            if not targets_table.is_any(db):
                return False
        if self._terms.sealer is None and not self._said_no_key:
            self._said_no_key = True
            log.error("Targets cannot be read without channels.key. What is owed to them is kept while it is fresh.")
        return self._terms.sealer is not None

    def at_once(self) -> int:
        """As many as there are threads for."""
        return AT_ONCE

    def full_lanes(self, under_way: Mapping[str, int]) -> Collection[str]:
        """Each kind is a lane with places of its own."""
        return full_lanes(under_way)

    def spread(self, db: Connection, now: datetime) -> bool:
        """What is owed to chats becomes a row for each of their targets."""
        return target_outbox_table.spread(db, now, _SPREAD_AT_ONCE) > 0

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part; a chart that is a part of its own comes last. Raises DeliveryError."""
        said = await self._with_chart(message, await self._threads.run(partial(self._said, message)))
        if said.target.kind is TargetKind.MAIL:
            await self._mail(said)
            return Accepted()
        abilities, chart = ABILITIES[said.target.kind], said.told.chart
        pieces = parts(whole(said.told, abilities), abilities)
        if message.parts_sent < len(pieces):
            await self._notify(said.address, pieces[message.parts_sent], abilities.takes_html)
            return Accepted(more=message.parts_sent + 1 < len(pieces) or chart is not None)
        if chart is not None:
            await self._show(message, said.address, chart, abilities)
        return Accepted()

    async def _show(self, message: OutboxMessage, address: str, chart: MessageChart, abilities: Abilities) -> None:
        """Send a chart. Raises DeliveryError, but not where charts are refused: its words have arrived."""
        caption = chart.words if abilities.pictures is PicturePlace.CAPTIONED else ""
        words = parts(escape(caption, quote=False), abilities)[0] if caption else ""
        try:
            await self._notify(address, words, abilities.takes_html, chart.png)
        except TargetError as refused:
            if refused.cause not in {
                Cause.REFUSED,
                Cause.NOT_NOW,
            }:  # the words were taken a moment ago: it means the chart
                raise
            log.info("Target %d takes no charts: %s", message.recipient.id, refused)

    def _said(self, message: OutboxMessage) -> _Said:
        """A message as its target gets it. Raises DeliveryError, also where nothing goes there any more."""
        sealer = self._terms.sealer
        try:
            with self._store.reading() as db:
                target = targets_table.get(db, message.recipient.id)
                if sealer is None or target is None or not _takes(target, message):
                    raise DeliveryError("nothing goes to this target any more", Cause.GONE)
                if message.kind not in _ASKED_FOR and _is_left_alone(db, target):
                    raise DeliveryError(outbox_table.PAUSED.removeprefix(outbox_table.GONE), Cause.GONE)
                wishes = ChatWishes.of_chat(db, target.chat_id)
                thread = target_outbox_table.thread_of(db, message)
        except StoreError as busy:
            raise OperatorFault("the database could not be read", Cause.NOT_NOW) from busy
        try:
            address = sealer.unseal(target.address)
        except Unsealable:
            raise OperatorFault("its address was sealed by another key than that of today", Cause.NOT_NOW) from None
        token = stop_token(target.id, target.created_at, sealer)
        stop_url = f"{self._public_url}/channels/stop/{token}" if self._public_url else ""
        with wishes.speaking(target.chat_id):
            subject, told = self._words(message, target, sealer, stop_url)
            told = replace(told, answered=thread.answered_text)
            theme = wishes.settings(target.chat_id).theme
            return _Said(target, address, told, stop_url, subject, thread, spoken(), theme)

    def _words(self, message: OutboxMessage, target: Target, sealer: Sealer, stop_url: str) -> tuple[str, Told]:
        """The subject of a mail, empty where it is its first line, and the text. No row has the secrets put in here."""
        url, reads_alone = self._public_url, is_reader(target.chat_id)
        page_url = f"{url}/subscription/{reader_token(target, sealer)}" if url and reads_alone else ""
        if message.kind == READER_LINK:
            return reader_sentences.link_subject(), Told(reader_sentences.link(page_url))
        if message.kind == READER_ACCESS:
            access_url = f"{url}/subscribe/access/{access_token(target, self._clock(), sealer)}"
            return reader_sentences.access_subject(), Told(reader_sentences.access(access_url, page_url))
        if message.kind == TARGET_PROOF and reads_alone:
            confirm_url = f"{url}/subscribe/confirm/{confirm_token(target, sealer)}"
            return reader_sentences.confirm_subject(), Told(reader_sentences.confirm(confirm_url, stop_url))
        if message.kind == TARGET_PROOF:
            return sentences.proof_subject(), Told(sentences.proof(code_of(target, sealer), stop_url, target.chat_id))
        now, text = self._clock(), message.text
        if message.due_at is not None and is_late(message.due_at, now):
            text = f"{text}\n{sent_late(now - message.due_at)}"
        if reads_alone:
            stops = reader_sentences.how_to_stop(page_url, stop_url)
        else:
            stops = sentences.how_to_stop(stop_url, target.chat_id, sentences.command_in(text))
        return "", Told(text, sentences.links(message.offers, url), stops)

    async def _with_chart(self, message: OutboxMessage, said: _Said) -> _Said:
        """With its chart, where that can be shown; whatever keeps it from being drawn keeps no words from arriving."""
        if not message.offers or ABILITIES[said.target.kind].pictures is PicturePlace.NONE:
            return said

        def draw() -> MessageChart | None:
            with use_language(said.language):
                return self._chart_of(message, said.theme)

        try:
            chart = await self._threads.run(draw, TIMEOUT)
        except Exception:
            log.exception("The chart of message %d could not be drawn; its words go alone.", message.id)
            return said
        return replace(said, told=replace(said.told, chart=chart))

    async def _notify(self, address: str, body: str, is_html: bool, picture: bytes | None = None) -> None:
        """Raises TargetError."""
        from bellwether.delivery.channels import apprise_sending  # loads apprise, which most never need

        guard, exchange = ConnectionGuard(self._may_connect), apprise_sending.Exchange()

        def attempt() -> bool:
            with guard.guarding():
                return apprise_sending.send(address, body, is_html, exchange, picture)

        try:
            arrived = await self._threads.run(attempt, TIMEOUT)
        except TimeoutError:
            raise TargetError(f"no answer within {TIMEOUT:g} s", Cause.UNANSWERED) from None
        finally:  # also where the service stops: whoever sends for ever is to hold no thread
            guard.cut()
        if guard.refused or not arrived:
            raise error_of(exchange.status, exchange.retry_after, exchange.code, is_private=guard.refused)

    async def _mail(self, said: _Said) -> None:
        """Raises TargetError."""
        from bellwether.delivery.channels import mail, mail_sending  # loads templates, which most never need

        sealer, thread, server = self._terms.sealer, said.thread, self._mail_server
        if server is None or not self._mail_from or sealer is None:
            raise OperatorFault("channels.smtp or channels.mail_from is not set any more", Cause.NOT_NOW)
        letter = mail.Mail(
            to=said.address,
            subject=said.subject or mail.subject_of(said.told.text, said.told.answered),
            told=said.told,
            key=sealer.mark("mail", thread.name)[:32],
            answers=sealer.mark("mail", thread.answered)[:32] if thread.answered else "",
            stop_url=said.stop_url,
            at=self._clock(),
            language=said.language,
        )
        written = mail.written(letter, self._mail_from)
        guard = ConnectionGuard(lambda address: True)  # the operator's own server is wherever the operator says

        deadline = Deadline(TIMEOUT)

        def attempt() -> None:
            with guard.guarding():
                mail_sending.send(written, server, deadline)

        try:
            await self._threads.run(attempt, deadline)
        except TimeoutError:
            raise OperatorFault("no answer of the mail server in time", Cause.UNANSWERED) from None
        finally:  # what was given up must not arrive all the same, once more with each try
            guard.cut()

    def last_error(self, error: DeliveryError) -> str:
        """Of a target that takes nothing more it is no dead letter: nobody could send it."""
        begins = outbox_table.GONE if error.cause in {Cause.GONE, Cause.CLOSED} else ""
        return f"{begins}{error}"

    def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
        """Somebody is there."""
        self._outages.answered(message.lane)
        targets_table.arrived(db, message.recipient.id)

    def failed(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, again: datetime | None, now: datetime
    ) -> None:
        """A target that is gone, or silent for days, is stopped, which its chat is told.

        Where a service answers nobody, what else would go there waits: it is not to try them all in vain.
        """
        self._note_outage(db, message, error, now)
        target = targets_table.get(db, message.recipient.id)
        if target is None or not isinstance(error, (TargetError, OperatorFault)):
            return
        stops = why_to_stop(db, target, error, now) if isinstance(error, TargetError) else None
        if stops is not None:
            if targets_table.stop(db, target.id, stops):
                target_outbox_table.forget(db, target.id)
                if is_reader(target.chat_id):  # that mailbox was all there was
                    chats_table.pause(db, target.chat_id, Silence.GONE, now)
                    return
                _tell_chat(db, target, lambda: sentences.why_stopped(target, stops), now)
            return
        if isinstance(error, TargetError):
            targets_table.failed(db, target.id, error.stops, now)
        if message.kind == TARGET_PROOF and message.attempts <= 1 and not is_reader(target.chat_id):
            is_private = isinstance(error, TargetError) and error.stops is StopReason.PRIVATE
            missed = sentences.not_reached if again is not None else sentences.not_taken
            tell = partial(sentences.why_stopped, why=StopReason.PRIVATE) if is_private else missed
            _tell_chat(db, target, lambda: tell(target), now)

    def _note_outage(self, db: Connection, message: OutboxMessage, error: DeliveryError, now: datetime) -> None:
        if error.cause not in {Cause.UNANSWERED, Cause.UNREACHABLE}:
            if isinstance(error, TargetError):
                self._outages.answered(message.lane)
            return
        until = self._outages.unanswered(message.lane, message.recipient.id, now)
        if until is not None:
            target_outbox_table.hold_back(db, message.lane, until)

    def counted(self, message: OutboxMessage, error: DeliveryError | None) -> None:
        """Say which target was not reached."""
        if error is not None:
            log.warning("Target %d was not reached: %s", message.recipient.id, error)


def _takes(target: Target, message: OutboxMessage) -> bool:
    """Whether a message goes to a target: alerts once it is proved, a link to a reader's page also where it stopped."""
    if message.kind == TARGET_PROOF:
        return target.state is TargetState.UNPROVED
    return target.state is TargetState.PROVED or (message.kind in _ASKED_FOR and target.was_proved)


def _is_left_alone(db: Connection, target: Target) -> bool:
    """Whether nothing but a code goes to the targets of its chat now."""
    chat = chats_table.get(db, target.chat_id)
    return chat is not None and chat.paused


def _tell_chat(db: Connection, target: Target, sentence: Callable[[], str], now: datetime) -> None:
    wishes = ChatWishes.of_chat(db, target.chat_id)
    with wishes.speaking(target.chat_id):
        about = f"{target.id}:{stamp(now)}"
        draft = wishes.draft(TARGET_NOTE, target.chat_id, about, sentence(), _NOTE_IS_FRESH, now, now)
    outbox_table.enqueue(db, draft, now)
