"""What the page asks about readers: subscribe, confirm, find one by a link, stop, resume and forget.

An address is typed | one mail a day asks its reader | confirmed | an owner like a chat, with a mailbox for a target

A reader's rows are those of a chat, under a number that no chat of Telegram has. So rules, digests, outcomes, an export
and an erasure need to know nothing of readers, and nothing of theirs can go to Telegram.
"""

import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bellwether.core.errors import BadTarget, LimitReached
from bellwether.core.i18n.translate import said
from bellwether.core.sealing import Sealer
from bellwether.db.connection import Connection
from bellwether.delivery import chat_settings_table, chats, chats_table
from bellwether.delivery.messages import READERS, is_reader
from bellwether.delivery.readers import readers_table
from bellwether.delivery.targets import ask, kinds, target_outbox_table, targets_table
from bellwether.delivery.targets.target import (
    StopReason,
    Target,
    TargetKind,
    TargetState,
    access_token,
    confirm_token,
    reader_token,
)
from bellwether.delivery.targets.target_outbox_table import ACCESS_FOR
from bellwether.delivery.targets.terms import TargetTerms
from bellwether.services import Services

_MOST_ACCESSES = 5  #: links to everything about a reader in a day: whoever has an old mail is to flood nobody
_A_DAY = timedelta(days=1)  #: between two mails to one address, and for as long as a confirmation is good
_MOST_OF_NETWORK = 10  #: addresses that are typed from one network in a day
_NUMBERS = 10**15  #: of owners: so many that a new one is nobody's, and tells nothing of how many there are
_UNCONFIRMED_FOR = timedelta(days=2)
_STOPPED_FOR = timedelta(days=90)  #: that somebody may come back and find everything as it was
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever came by a link that only their mailbox has."""

    owner: int  #: in place of the number of a chat
    mailbox: Target
    language: str
    token: str  #: of their page

    @property
    def is_stopped(self) -> bool:
        """Whether nothing goes to them."""
        return self.mailbox.state is TargetState.STOPPED


def offered(services: Services) -> bool:
    """Whether people may subscribe: there is a mail server, a key, and a page that others reach."""
    return bool(services.settings.web.public_url) and TargetKind.MAIL in ask.offered(services)


def subscribe(services: Services, typed: str, language: str, network: str) -> None:
    """Owe a mail to the address that somebody typed, unless one went there today or its reader wants none.

    Whoever asks learns nothing of which it was. `network` is theirs. Raises BadTarget, LimitReached and StoreError.
    """
    terms = TargetTerms.of(services.settings)
    if terms.sealer is None or not offered(services):
        raise BadTarget(said("I can't send mail here: whoever runs me has set up no mail server."))
    if not kinds.is_mail(typed):
        raise BadTarget("That is no mail address; please write it like ann@example.com.")
    address, sealer, now = kinds.read_address(typed, terms), terms.sealer, services.clock()
    mark, network_mark = sealer.mark("address", address.identity), sealer.mark("network", network)
    ask.check_all(services, sealer, "page")
    with services.store.transaction() as db:
        db.one_at_a_time("targets")  # or two who ask at once would each be the first of today
        if targets_table.requests_since(db, network_mark, now - _A_DAY) >= _MOST_OF_NETWORK:
            raise LimitReached(f"That were {_MOST_OF_NETWORK} addresses in a day; please go on tomorrow.")
        targets_table.note_request(db, network_mark, now)
        if targets_table.requests_since(db, mark, now - _A_DAY):
            return
        for asked in (mark, sealer.mark("all", "page")):
            targets_table.note_request(db, asked, now)
        known = readers_table.by_mark(db, mark)
        if known is not None and known.state is TargetState.PROVED:
            target_outbox_table.owe_link(db, known, now)
            return
        sealed = sealer.seal(address.address)
        if known is None:
            owner = READERS + 1 + secrets.randbelow(_NUMBERS)
            chats_table.know(db, owner, language, now)
            known = targets_table.add(db, owner, TargetKind.MAIL, sealed, address.shown, mark, now)
        else:
            targets_table.ask_again(db, known.id, sealed, now)
        target_outbox_table.owe_proof(db, known, now)


def to_confirm(services: Services, token: str) -> Target | None:
    """The mailbox that a link of a mail confirms, or has confirmed; None for no link of ours, or a lapsed one."""
    target = _by_token(services, token, confirm_token)
    lapsed = target is None or services.clock() - target.asked_at >= _A_DAY
    return None if lapsed or target is None or target.state is TargetState.STOPPED else target


def confirm(services: Services, token: str) -> str | None:
    """Whoever reads there wants to be a reader; the token of their page, None as in `to_confirm`. Raises StoreError."""
    target, sealer = to_confirm(services, token), TargetTerms.of(services.settings).sealer
    if target is None or sealer is None:
        return None
    if target.state is TargetState.UNPROVED:
        services.store.repeated(lambda db: _wake(services, db, target))
    return reader_token(target, sealer)


def by_token(services: Services, token: str) -> Reader | None:
    """The reader whose page this is; None for no link of ours. Raises StoreError."""
    target = _by_token(services, token, reader_token)
    return _reader(services, target) if target is not None else None


def _reader(services: Services, target: Target) -> Reader:
    sealer = TargetTerms.of(services.settings).sealer
    assert sealer is not None  # by it the token was made
    with services.store.reading() as db:
        language = chat_settings_table.language_of(db, target.chat_id)
    return Reader(target.chat_id, target, language, reader_token(target, sealer))


def renew_links(services: Services, reader: Reader) -> None:
    """Make the links to a reader's page in all mails so far void, and mail a new one. Raises BadTarget and StoreError.

    What stops the mails stays good for ever.
    """
    _check_takes_mail(reader)
    with services.store.transaction() as db:
        targets_table.renew_links(db, reader.mailbox.id)
        target_outbox_table.owe_link(db, reader.mailbox, services.clock())


def ask_access(services: Services, reader: Reader) -> None:
    """Mail a link to everything about a reader, good for an hour. Raises BadTarget, LimitReached and StoreError."""
    _check_takes_mail(reader)
    sealer, now = TargetTerms.of(services.settings).sealer, services.clock()
    assert sealer is not None  # or there would be no reader
    mark = sealer.mark("access", str(reader.mailbox.id))
    with services.store.transaction() as db:
        db.one_at_a_time("targets")
        if targets_table.requests_since(db, mark, now - _A_DAY) >= _MOST_ACCESSES:
            raise LimitReached(f"That were {_MOST_ACCESSES} such mails in a day; please go on tomorrow.")
        targets_table.note_request(db, mark, now)
        target_outbox_table.owe_access(db, reader.mailbox, now)


def _check_takes_mail(reader: Reader) -> None:
    if not reader.mailbox.was_proved:
        raise BadTarget("Nothing goes to that mailbox before it is confirmed; what you chose is deleted by itself.")


def by_access(services: Services, token: str) -> Reader | None:
    """The reader to whom a link to everything was mailed within the hour; None for any other. Raises StoreError."""
    words, now = token.split("-"), services.clock()
    if len(words) != 3 or not all(word.isascii() and word.isalnum() for word in words) or not words[1].isdecimal():
        return None
    if len(words[1]) > 11 or not timedelta(0) <= now - (at := datetime.fromtimestamp(int(words[1]), UTC)) < ACCESS_FOR:
        return None
    target = _by_token(services, token, lambda target, sealer: access_token(target, at, sealer))
    return _reader(services, target) if target is not None else None


def stop(services: Services, reader: Reader) -> None:
    """Send nothing more; what the reader chose is kept for a while. Raises StoreError."""
    ask.stop(services, reader.owner, reader.mailbox.id)
    chats.leave(services.store, services.clock, reader.owner)


def may_resume(reader: Reader) -> bool:
    """Whether it was the reader who stopped it: a mailbox that took nothing has to be confirmed anew."""
    return reader.is_stopped and reader.mailbox.stopped_why in {StopReason.CHAT, StopReason.LINK}


def resume(services: Services, reader: Reader) -> None:
    """Send mails again. Raises BadTarget and StoreError."""
    if not may_resume(reader):
        raise BadTarget("That mailbox took no mails. Please subscribe once more, so that we know it does now.")
    services.store.repeated(lambda db: _wake(services, db, reader.mailbox))


def _wake(services: Services, db: Connection, mailbox: Target) -> None:
    now = services.clock()
    chats_table.join(db, mailbox.chat_id, chat_settings_table.language_of(db, mailbox.chat_id), now)
    targets_table.prove(db, mailbox.id, now)


def forget_old(services: Services) -> int:
    """Erase whoever did not confirm, and whoever stopped all mails long ago; how many. Raises StoreError."""
    now = services.clock()
    with services.store.reading() as db:
        owners = {
            *readers_table.unconfirmed(db, now - _UNCONFIRMED_FOR),
            *readers_table.stopped(db, now - _STOPPED_FOR),
        }
    for owner in sorted(owners):
        chats.erase(services.store, services.clock, owner)
    if owners:
        log.info("%d readers were forgotten, who did not confirm or stopped all mails long ago.", len(owners))
    return len(owners)


def _by_token(services: Services, token: str, made: Callable[[Target, Sealer], str]) -> Target | None:
    number, sealer = token.partition("-")[0], TargetTerms.of(services.settings).sealer
    if sealer is None or not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    with services.store.reading() as db:
        target = targets_table.get(db, int(number))
    if target is None or not is_reader(target.chat_id):
        return None
    return target if hmac.compare_digest(made(target, sealer).encode(), token.encode()) else None
