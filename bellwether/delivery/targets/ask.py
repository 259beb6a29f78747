"""What the faces ask about the targets of a chat: add one, prove it, stop it, forget it."""

import hmac
from dataclasses import replace
from datetime import timedelta

from bellwether.core.errors import BadTarget, LimitReached
from bellwether.core.i18n.translate import said
from bellwether.core.sealing import Sealer
from bellwether.db.connection import Connection
from bellwether.delivery import admin_notes, chats_table
from bellwether.delivery.messages import is_reader
from bellwether.delivery.targets import kinds, target_outbox_table, targets_table
from bellwether.delivery.targets.kinds import TargetAddress
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, TargetState, code_of, stop_token
from bellwether.delivery.targets.terms import TargetTerms
from bellwether.services import Services

_A_DAY = timedelta(days=1)  #: between two codes for one address, and for as long as a code is good
_UNPROVED_FOR = timedelta(days=2)
_MOST_CODES = 5  #: of one chat in a day
_MOST_TRIES = 5  #: wrong codes, after which a target has to be asked anew


def offered(services: Services) -> list[TargetKind]:
    """The kinds that people may set up; none without a key, for addresses have secrets."""
    terms = TargetTerms.of(services.settings)
    return kinds.offered(terms) if terms.sealer is not None and terms.limit > 0 else []


def is_wanted(services: Services) -> bool:
    """Whether whoever runs the service lets chats have targets, though the key for them may be missing."""
    channels = services.settings.channels
    return channels.limit > 0 and bool(channels.schemes)


def without_key() -> BadTarget:
    """What people are told who want a target where there is no key."""
    return BadTarget(
        said("I can't write to other apps here: whoever runs me has not set the key that keeps addresses secret.")
    )


def of_chat(services: Services, chat_id: int) -> list[Target]:
    """The targets of a chat, oldest first. Raises StoreError."""
    with services.store.reading() as db:
        return targets_table.of_chat(db, chat_id)


def add(services: Services, chat_id: int, typed: str, language: str) -> Target:
    """A target at the address that somebody typed; a code is on its way there.

    Raises BadTarget, LimitReached and StoreError.
    """
    terms = TargetTerms.of(services.settings)
    if terms.sealer is None or terms.limit == 0:
        raise without_key()
    address = kinds.read_address(typed, terms)
    now = services.clock()
    check_all(services, terms.sealer, "chats")
    with services.store.transaction() as db:
        chats_table.know(db, chat_id, language, now)
        target = _added(db, chat_id, address, terms, terms.sealer, services)
        target_outbox_table.owe_proof(db, target, now)
    return target


def check_all(services: Services, sealer: Sealer, face: str) -> None:
    """Ask no more strangers today than the operator lets a face; who is told. Raises LimitReached and StoreError."""
    now, most = services.clock(), services.settings.channels.asked_a_day
    with services.store.reading() as db:
        asked = targets_table.requests_since(db, sealer.mark("all", face), now - _A_DAY)
    if asked < most:
        return
    with services.store.transaction() as db:  # one of its own: it stands, though nothing else is done
        admin_notes.tell(db, services.settings.telegram.admin_chat, admin_notes.AdminTopic.MANY_ASKED, now)
    raise LimitReached(said("I asked as many people today as I may. Please try again tomorrow."))


def _added(
    db: Connection, chat_id: int, address: TargetAddress, terms: TargetTerms, sealer: Sealer, services: Services
) -> Target:
    now = services.clock()
    db.one_at_a_time("targets")  # or two chats would each ask one address for its first code today
    mark, chat_mark = sealer.mark("address", address.identity), sealer.mark("chat", str(chat_id))
    existing = targets_table.of_chat(db, chat_id)
    same = next((target for target in existing if target.mark == mark), None)
    if same is not None and same.state is TargetState.PROVED:
        raise BadTarget(said("Messages go there already."))
    if same is None and len(existing) >= terms.limit:
        text = said("You have {count} targets, and more are not possible. Delete one first.", count=terms.limit)
        raise LimitReached(text)
    if targets_table.requests_since(db, mark, now - _A_DAY):
        raise LimitReached(
            said(
                "A code went to that address within the last 24 hours: please wait a day. Or its reader wants none: "
                "the link under that code takes it back."
            )
        )
    if targets_table.requests_since(db, chat_mark, now - _A_DAY) >= _MOST_CODES:
        raise LimitReached(said("That were {count} codes in a day; please go on tomorrow.", count=_MOST_CODES))
    for asked in (mark, chat_mark, sealer.mark("all", "chats")):
        targets_table.note_request(db, asked, now)
    sealed = sealer.seal(address.address)
    if same is None:
        return targets_table.add(db, chat_id, address.kind, sealed, address.shown, mark, now)
    targets_table.ask_again(db, same.id, sealed, now)
    return replace(same, state=TargetState.UNPROVED, asked_at=now, stopped_why=None)


def prove(services: Services, chat_id: int, typed: str) -> Target:
    """The target of a chat that the code was sent to, which is proved now. Raises BadTarget and StoreError."""
    sealer, now = TargetTerms.of(services.settings).sealer, services.clock()
    code = typed.strip().upper().replace(" ", "").replace("BW", "BW-").replace("--", "-")
    with services.store.transaction() as db:
        db.one_at_a_time("targets")
        waiting = [
            target
            for target in targets_table.of_chat(db, chat_id)
            if target.state is TargetState.UNPROVED and target.wrong_codes < _MOST_TRIES
            if now - target.asked_at < _A_DAY
        ]
        for target in waiting:
            if sealer is not None and hmac.compare_digest(code_of(target, sealer).encode(), code.encode()):
                targets_table.prove(db, target.id, now)
                return replace(target, state=TargetState.PROVED)
        for target in waiting:
            targets_table.count_wrong_code(db, target.id)
    if waiting:
        raise BadTarget(said("That is not the code. Look at the newest message there; after five tries it is void."))
    raise BadTarget(said("No target waits for a code. A code is good for a day and five tries; /alerts begins anew."))


def stop(services: Services, chat_id: int, target_id: int) -> Target:
    """Send nothing more there, until the chat says otherwise. Raises BadTarget and StoreError."""
    with services.store.transaction() as db:
        target = _of_chat(db, chat_id, target_id)
        targets_table.stop(db, target.id, StopReason.CHAT)
        target_outbox_table.forget(db, target.id)
        return _of_chat(db, chat_id, target_id)


def resume(services: Services, chat_id: int, target_id: int) -> Target:
    """Send there again, what its chat had stopped. Raises BadTarget and StoreError."""
    with services.store.transaction() as db:
        target = _of_chat(db, chat_id, target_id)
        if not may_resume(target):
            raise BadTarget(said("That can't be resumed: delete it, and set it up anew."))
        targets_table.prove(db, target.id, services.clock())
        return _of_chat(db, chat_id, target_id)


def may_resume(target: Target) -> bool:
    """Whether a target was proved, and it was nobody there who stopped it: what failed may be mended."""
    return target.was_proved and target.stopped_why not in {None, StopReason.LINK}


def remove(services: Services, chat_id: int, target_id: int) -> Target:
    """Forget a target. Raises BadTarget and StoreError."""
    with services.store.transaction() as db:
        target = _of_chat(db, chat_id, target_id)
        target_outbox_table.forget(db, target.id)
        targets_table.remove(db, target.id)
    return target


def forget_unproved(services: Services) -> int:
    """Forget the targets whose code nobody sent; how many. Raises StoreError."""
    with services.store.transaction() as db:
        numbers = targets_table.never_proved(db, services.clock() - _UNPROVED_FOR)
        for number in numbers:
            target_outbox_table.forget(db, number)
            targets_table.remove(db, number)
    return len(numbers)


def get(services: Services, chat_id: int, target_id: int) -> Target:
    """A target of a chat. Raises BadTarget and StoreError."""
    with services.store.reading() as db:
        return _of_chat(db, chat_id, target_id)


def _of_chat(db: Connection, chat_id: int, target_id: int) -> Target:
    target = targets_table.get(db, target_id)
    if target is None or target.chat_id != chat_id:  # another's is as good as none
        raise BadTarget(said("That target is gone; /alerts shows those there are."))
    return target


def by_token(services: Services, token: str) -> Target | None:
    """The target that a link in one of its messages stops; None for no link of ours. Raises StoreError."""
    number, _, _mark = token.partition("-")
    sealer = TargetTerms.of(services.settings).sealer
    if sealer is None or not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    with services.store.reading() as db:
        target = targets_table.get(db, int(number))
    if target is None:
        return None
    known = hmac.compare_digest(stop_token(target.id, target.created_at, sealer).encode(), token.encode())
    return target if known else None


def stop_by_token(services: Services, token: str) -> bool:
    """Stop a target from there. Where it was not proved, nobody is asked there for a code again. Raises StoreError.

    False for no link of ours; a target that is stopped already is stopped, whoever asks.
    """
    target = by_token(services, token)
    if target is None:
        return False
    with services.store.transaction() as db:
        if targets_table.stop(db, target.id, StopReason.LINK):
            target_outbox_table.forget(db, target.id)
            if (
                is_reader(target.chat_id) and target.was_proved
            ):  # who hears of nothing elsewhere: nothing more is written for them
                chats_table.stop(db, target.chat_id, services.clock())
            if not target.was_proved:
                targets_table.note_request(db, target.mark, None)
    return True


def allow_again(services: Services, token: str) -> bool:
    """Somebody who wanted no code there may be asked for one again. Raises StoreError; False for no link of ours."""
    target = by_token(services, token)
    if target is None or target.was_proved:
        return False
    with services.store.transaction() as db:
        targets_table.allow_requests(db, target.mark)
    return True


def allow_address(services: Services, typed: str) -> bool:
    """The same by whoever runs the service, whatever became of the link. Raises BadTarget and StoreError.

    False where nobody at that address said never to be asked.
    """
    terms = TargetTerms.of(services.settings)
    if terms.sealer is None:
        raise BadTarget("Without channels.key it is not known who is never to be asked.")
    mark = terms.sealer.mark("address", kinds.read_address(typed, terms).identity)
    with services.store.transaction() as db:
        return targets_table.allow_requests(db, mark)
