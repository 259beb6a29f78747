"""The channel to targets: mail by the operator's server, all else by apprise.

what is owed to chats | `spread` over their targets | `send`, rendered for each | a target that is gone is stopped
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bellwether.core.clock import Clock
from bellwether.core.config import Settings
from bellwether.core.pools import pool
from bellwether.core.sealing import Sealer, Unsealable
from bellwether.db.connection import Connection
from bellwether.db.database import Store, stamp
from bellwether.delivery import chats_table, outbox_table
from bellwether.delivery.channels.abilities import parts
from bellwether.delivery.channels.addresses import is_open
from bellwether.delivery.channels.channel import Accepted, Channel
from bellwether.delivery.channels.guard import ConnectionGuard
from bellwether.delivery.channels.target_error import TargetError, error_of
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.chats_table import Silence
from bellwether.delivery.lateness import is_late, sent_late
from bellwether.delivery.message_kinds import READER_LINK, TARGET_NOTE, TARGET_PROOF
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
    code_of,
    confirm_token,
    has_fallen_silent,
    reader_token,
    stop_token,
)
from bellwether.delivery.targets.terms import TargetTerms

AT_ONCE = 24  #: targets that are written to at the same time: some of them answer late
TIMEOUT = 40.0  #: seconds for all of a message
_SPREAD_AT_ONCE = 200
_NOTE_IS_FRESH = timedelta(days=1)
_Result = TypeVar("_Result")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Said:
    """A message as one target gets it, and where that is."""

    target: Target
    address: str
    subject: str  #: of a mail
    text: str
    stop_url: str


class NotifyChannel(Channel):
    """To the targets of chats and readers. What is owed to a chat stays owed to it, so it is not in `spreads`."""

    kind = RecipientKind.TARGET
    retries = RetryPolicy(DOUBLING.pauses, longest_asked=timedelta(hours=1))
    units = "messages to targets"
    spreads = (RecipientKind.READER,)

    def __init__(
        self, store: Store, clock: Clock, settings: Settings, may_connect: Callable[[str], bool] | None = None
    ) -> None:
        """`may_connect` is asked about each IP address: those of the open internet, unless the settings say more."""
        self._store, self._clock = store, clock
        self._terms = TargetTerms.of(settings)
        self._public_url = settings.web.public_url.rstrip("/")
        self._mail_from, self._smtp = settings.channels.mail_from, settings.channels.smtp.get_secret_value()
        self._may_connect = may_connect or ((lambda address: True) if settings.channels.private else is_open)
        self._threads: ThreadPoolExecutor | None = None
        self._said_no_key = False

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

    def spread(self, db: Connection, now: datetime) -> bool:
        """What is owed to chats becomes a row for each of their targets."""
        return target_outbox_table.spread(db, now, _SPREAD_AT_ONCE) > 0

    async def send(self, message: OutboxMessage) -> Accepted:
        """Send a message, or its next part. Raises DeliveryError."""
        said = await asyncio.to_thread(self._said, message)
        if said.target.kind is TargetKind.MAIL:
            await self._mail(message, said)
            return Accepted()
        abilities = ABILITIES[said.target.kind]
        pieces = parts(said.text, abilities)
        # what is appended may have changed since the parts before were sent, but there is a next one
        await self._notify(said.address, pieces[min(message.parts_sent, len(pieces) - 1)], abilities.takes_html)
        return Accepted(more=message.parts_sent + 1 < len(pieces))

    def _said(self, message: OutboxMessage) -> _Said:
        """A message as its target gets it. Raises DeliveryError where nothing goes there, and StoreError."""
        sealer = self._terms.sealer
        with self._store.reading() as db:
            target = targets_table.get(db, message.recipient.id)
            if sealer is None or target is None or not _takes(db, target, message):
                raise DeliveryError("nothing goes to this target any more", Cause.GONE)
            wishes = ChatWishes.of_chat(db, target.chat_id)
        try:
            address = sealer.unseal(target.address)
        except Unsealable:
            raise TargetError("its address was sealed by another key than that of today", Cause.NOT_NOW) from None
        token = stop_token(target.id, target.created_at, sealer)
        stop_url = f"{self._public_url}/channels/stop/{token}" if self._public_url else ""
        with wishes.speaking(target.chat_id):
            subject, text = self._words(message, target, sealer, stop_url)
        return _Said(target, address, subject, text, stop_url)

    def _words(self, message: OutboxMessage, target: Target, sealer: Sealer, stop_url: str) -> tuple[str, str]:
        """The subject of a mail, empty where it is its first line, and the text. No row has the secrets put in here."""
        url, reads_alone = self._public_url, is_reader(target.chat_id)
        page_url = f"{url}/subscription/{reader_token(target, sealer)}" if url and reads_alone else ""
        if message.kind == READER_LINK:
            return reader_sentences.link_subject(), reader_sentences.link(page_url)
        if message.kind == TARGET_PROOF and reads_alone:
            confirm_url = f"{url}/subscribe/confirm/{confirm_token(target, sealer)}"
            return reader_sentences.confirm_subject(), reader_sentences.confirm(confirm_url, stop_url)
        if message.kind == TARGET_PROOF:
            return sentences.proof_subject(), sentences.proof(code_of(target, sealer), stop_url)
        stops = reader_sentences.how_to_stop(page_url, stop_url) if reads_alone else sentences.how_to_stop(stop_url)
        return "", self._text(message, stops)

    def _text(self, message: OutboxMessage, how_to_stop: str) -> str:
        now, text = self._clock(), message.text
        if message.due_at is not None and is_late(message.due_at, now):
            text = f"{text}\n{sent_late(now - message.due_at)}"
        below = [sentences.links(message.offers, self._public_url), how_to_stop]
        return "\n\n".join(filter(None, [text, *below]))

    async def _notify(self, address: str, body: str, is_html: bool) -> None:
        """Raises TargetError."""
        from bellwether.delivery.channels import apprise_sending  # loads apprise, which most never need

        guard, exchange = ConnectionGuard(self._may_connect), apprise_sending.Exchange()

        def attempt() -> bool:
            with guard.guarding():
                return apprise_sending.send(address, body, is_html, exchange)

        try:
            arrived = await self._in_thread(attempt)
        except TimeoutError:
            raise TargetError(f"no answer within {TIMEOUT:g} s", Cause.UNANSWERED) from None
        finally:  # also where the service stops: whoever sends for ever is to hold no thread
            guard.cut()
        if guard.refused or not arrived:
            raise error_of(exchange.status, exchange.retry_after, is_private=guard.refused)

    async def _mail(self, message: OutboxMessage, said: _Said) -> None:
        """Raises TargetError."""
        from bellwether.delivery.channels import mail_sending

        sealer = self._terms.sealer
        if not self._smtp or not self._mail_from or sealer is None:
            raise TargetError("channels.smtp or channels.mail_from is not set any more", Cause.NOT_NOW)
        mail = mail_sending.Mail(
            to=said.address,
            subject=said.subject or mail_sending.subject_of(message.text),
            text=said.text,
            key=sealer.mark("mail", message.dedup_key)[:32],
            answers=sealer.mark("mail", message.reply_key)[:32] if message.reply_key else "",
            stop_url=said.stop_url,
            at=self._clock(),
        )
        written = mail_sending.written(mail, self._mail_from)
        try:
            await self._in_thread(lambda: mail_sending.send(written, self._smtp))
        except TimeoutError:
            raise TargetError(f"no answer within {TIMEOUT:g} s", Cause.UNANSWERED) from None

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        """Raises TimeoutError after all of TIMEOUT."""
        if self._threads is None:  # threads of our own: those that wait for an answer are taken from nobody
            self._threads = pool(AT_ONCE, "target")
        running = asyncio.get_running_loop().run_in_executor(self._threads, contextvars.copy_context().run, work)
        async with asyncio.timeout(TIMEOUT):
            return await running

    def last_error(self, error: DeliveryError) -> str:
        """Of a target that takes nothing more it is no dead letter: nobody could send it."""
        begins = outbox_table.GONE if error.cause in {Cause.GONE, Cause.CLOSED} else ""
        return f"{begins}{error}"

    def arrived(self, db: Connection, message: OutboxMessage, accepted: Accepted, now: datetime) -> None:
        """Somebody is there."""
        targets_table.arrived(db, message.recipient.id)

    def failed(
        self, db: Connection, message: OutboxMessage, error: DeliveryError, again: datetime | None, now: datetime
    ) -> None:
        """A target that is gone, or silent for days, is stopped, which its chat is told."""
        target = targets_table.get(db, message.recipient.id)
        if target is None or not isinstance(error, TargetError):
            return
        stops = error.stops or (StopReason.SILENT if has_fallen_silent(target, now) else None)
        if stops is not None:
            if targets_table.stop(db, target.id, stops):
                target_outbox_table.forget(db, target.id)
                if is_reader(target.chat_id):  # that mailbox was all there was
                    chats_table.pause(db, target.chat_id, Silence.GONE, now)
                    return
                _tell_chat(db, target, lambda: sentences.why_stopped(target, stops), now)
            return
        targets_table.failed(db, target.id, now)
        if message.kind == TARGET_PROOF and target.failures == 0 and not is_reader(target.chat_id):
            _tell_chat(db, target, lambda: sentences.not_reached(target), now)

    def counted(self, message: OutboxMessage, error: DeliveryError | None) -> None:
        """Say which target was not reached."""
        if error is not None:
            log.warning("Target %d was not reached: %s", message.recipient.id, error)


def _takes(db: Connection, target: Target, message: OutboxMessage) -> bool:
    """Whether a message goes to a target: alerts once it is proved, and nothing while its chat is to be left alone."""
    if message.kind == TARGET_PROOF:
        return target.state is TargetState.UNPROVED
    chat = chats_table.get(db, target.chat_id)
    return target.state is TargetState.PROVED and (chat is None or not chat.paused)


def _tell_chat(db: Connection, target: Target, sentence: Callable[[], str], now: datetime) -> None:
    wishes = ChatWishes.of_chat(db, target.chat_id)
    with wishes.speaking(target.chat_id):
        about = f"{target.id}:{stamp(now)}"
        draft = wishes.draft(TARGET_NOTE, target.chat_id, about, sentence(), _NOTE_IS_FRESH, now, now)
    outbox_table.enqueue(db, draft, now)
