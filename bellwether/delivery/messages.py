"""Messages owed, and whom they are for.

Rules and alerts have an owner, which is one number: a chat's is Telegram's own, 0 is whoever sits at the terminal,
those of API keys lie far below all of them, and those of readers, who have a mailbox and no Telegram, far above. Here,
and nowhere else, an owner becomes the recipient of a message.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bellwether.core.i18n.translate import ENGLISH
from bellwether.delivery.offers import Offer

TERMINAL = 0  #: the owner at the terminal; no Telegram chat has this number
_KEYS = -(10**16)  #: the owner of key n is _KEYS - n. Telegram's numbers lie within 52 bits of 0
READERS = 10**16  #: the owners of readers lie above


class RecipientKind(Enum):
    """What a message goes to; which number it has follows from that."""

    CHAT = "chat"  #: a chat of Telegram, by its number there
    TERMINAL = "terminal"  #: whoever sits at the terminal
    KEY = "key"  #: the owner of an API key: spread over the owner's webhooks
    WEBHOOK = "webhook"  #: one webhook, by its number
    TARGET = "target"  #: where a chat wants to hear of it too, by its number
    READER = "reader"  #: a person without Telegram, by their owner's number: spread over their mailbox, a target


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for."""

    kind: RecipientKind
    id: int


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message owed."""

    id: int
    dedup_key: str
    recipient: Recipient
    kind: str
    text: str  #: HTML as Telegram understands it; to a webhook, the event as JSON
    attempts: int
    expires_at: datetime
    strikes: int = 0  #: failures while others arrived: the fault is the message's own
    parts_sent: int = 0  #: of a text that needs several messages, how many have arrived
    reply_to: int | None = None  #: Telegram's number of the message that this one answers, in the same chat
    due_at: datetime | None = None  #: when it was to be sent, before any failure
    thread: int | None = None  #: the topic of a forum group that it belongs in
    event_id: str = ""  #: of an event to a webhook
    offers: tuple[Offer, ...] = ()  #: what can be done about it
    language: str = ENGLISH  #: of its chat, a code as it was told
    reply_key: str = ""  #: dedup_key of the message that this one answers
    lane: str = ""  #: which of the services that its channel writes to it goes by


def owner_of_key(key_id: int) -> int:
    """The owner that the rules and alerts of an API key have."""
    return _KEYS - key_id


def is_reader(owner: int) -> bool:
    """Whether an owner is somebody without Telegram."""
    return owner > READERS


def recipient_of(owner: int) -> Recipient:
    """Where messages about an owner's rules and watchlist go."""
    if owner < _KEYS:
        return Recipient(RecipientKind.KEY, _KEYS - owner)
    if is_reader(owner):
        return Recipient(RecipientKind.READER, owner)
    return Recipient(RecipientKind.TERMINAL if owner == TERMINAL else RecipientKind.CHAT, owner)
