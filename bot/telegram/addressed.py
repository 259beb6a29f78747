"""What of a message is said to this bot, and what people say to each other. Pure.

With privacy mode on (the default at @BotFather) Telegram brings from groups what is meant for the bot: commands,
replies to its messages, and as a rule what mentions it. Where privacy mode is off or the bot is an admin it brings
everything, so what to answer is decided here in any case.
"""

import unicodedata
from dataclasses import dataclass
from enum import Enum
from string import whitespace

from telegram import Bot, Message, MessageEntity, Update

from bot import conversation
from bot.telegram.small_talk import greets, is_small_talk, words_of

_SET_OFF = f"{whitespace},:;!?"  #: what people write around a question
_BEGINS = "/@#&%*"  #: punctuation that belongs to what follows it

Spans = list[tuple[int, int]]  #: from where to where, in UTF-16 units


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that is addressed to this bot, without its name."""

    text: str
    surely: bool = True  #: False where people may talk to each other: then only what we understand is answered


class Attention(Enum):
    """Whom an update of a chat addresses."""

    NONE = "it tells nothing of the chat"  #: somebody left, the group moved; a changed right is seen to by its answer
    OVERHEARD = "people of a group talk to each other"  #: where we may not write they go on talking all the same
    TO_US = "somebody turns to us"  #: in a private chat everything does


def attention_of(update: Update, bot: Bot) -> Attention:
    """Tell whom an update addresses. Never raises."""
    message = update.message
    if update.callback_query is not None:
        return Attention.TO_US
    if message is None or message.left_chat_member is not None or message.migrate_to_chat_id is not None:
        return Attention.NONE
    if message.chat.type == "private":
        return Attention.TO_US if is_of_a_person(message) else Attention.NONE
    try:
        asked = said_to_us(message, bot.id, bot.username)
    except Exception:  # marks of other types: its answer meets them again, and sets it aside
        return Attention.OVERHEARD
    return Attention.OVERHEARD if asked is None else Attention.TO_US


def said_to_us(message: Message, bot_id: int, username: str) -> Asked | None:
    """What a message asks of this bot, without its name; None where people talk to each other or to another bot.

    In a private chat that is all of it. In a group: a command that is ours and what is called to this bot by its name
    in front; and perhaps, where nobody else is named, what stands before its name, and a reply to one of its messages.
    A mention is what Telegram marks as one, not letters that look alike.
    """
    if not is_of_a_person(message) or (message.via_bot is not None and message.via_bot.id == bot_id):
        return None
    text = message.text or ""
    ours, others = _mentions(message, bot_id, username)
    if message.chat.type == "private":
        return Asked(_without(text, ours))
    visible = conversation.visible(text)
    if visible.startswith("/"):
        return Asked(visible) if _is_our_command(visible, username) else None
    asked = _called(text, ours, others) if ours else None
    if not ours and not others and _answers_us(message, bot_id):
        asked = Asked(text, surely=False)
    return None if asked is None or is_small_talk(asked.text) else asked


def is_of_a_person(message: Message) -> bool:
    """Tell whether a person wrote it, also in the name of the chat; two bots that answer each other never end."""
    if message.sender_chat is not None:
        return message.sender_chat.id == message.chat_id
    return message.from_user is None or not message.from_user.is_bot


def _is_our_command(text: str, username: str) -> bool:
    name, _at, addressee = text.split(maxsplit=1)[0].partition("@")
    return addressee.lower() == username.lower() if addressee else conversation.knows(name)


def _answers_us(message: Message, bot_id: int) -> bool:
    """Tell whether it replies to a message of ours; the first message of a topic is no reply to its beginning."""
    answered = message.reply_to_message
    if answered is None or answered.from_user is None or answered.forum_topic_created is not None:
        return False
    return answered.from_user.id == bot_id


def _mentions(message: Message, bot_id: int, username: str) -> tuple[Spans, Spans]:
    """Return the spans that mention this bot, and those that mention anybody else."""
    units = (message.text or "").encode("utf-16-le", "surrogatepass")
    ours: Spans = []
    others: Spans = []
    for entity in message.entities:
        span = (entity.offset, entity.offset + entity.length)
        if entity.type == MessageEntity.MENTION:
            named = units[2 * span[0] : 2 * span[1]].decode("utf-16-le", "replace")
            (ours if named.lower() == f"@{username}".lower() else others).append(span)
        elif entity.type == MessageEntity.TEXT_MENTION:
            (ours if entity.user is not None and entity.user.id == bot_id else others).append(span)
    return ours, others


def _called(text: str, ours: Spans, others: Spans) -> Asked | None:
    """Return what is addressed by name: "hey @our_bot, AAPL" or "AAPL @our_bot"; None where others are told of us."""
    units = text.encode("utf-16-le", "surrogatepass")
    start, end = min(ours)
    before = units[: 2 * start].decode("utf-16-le", "surrogatepass")
    if greets(before):
        return Asked(_without(text, [(0, end), *ours]), surely=not others)
    after = units[2 * max(end for _, end in ours) :].decode("utf-16-le", "surrogatepass")
    return None if others or words_of(after) else Asked(_without(text, ours), surely=False)


def _without(text: str, mentions: Spans) -> str:
    """Remove leading and trailing mentions and the marks around them: "@our_bot, AAPL" becomes "AAPL"."""
    units = text.encode("utf-16-le", "surrogatepass")
    first, last = 0, len(units) // 2

    def between(start: int, end: int) -> str:
        return units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")

    for start, end in sorted(mentions):
        if not words_of(between(first, start)):
            first = max(first, end)
    for start, end in sorted(mentions, reverse=True):
        if start >= first and not words_of(between(end, last)):
            last = start
    if (first, last) == (0, len(units) // 2):
        return text
    asked = between(first, last).strip(_SET_OFF)
    while first > 0 and asked and _sets_off(asked[0]):
        asked = asked[1:]
    while last < len(units) // 2 and asked and _sets_off(asked[-1]):
        asked = asked[:-1]
    return asked


def _sets_off(letter: str) -> bool:
    """Tell whether people write it between a name and a question: dashes, brackets, a smile."""
    kind = unicodedata.category(letter)
    return letter not in _BEGINS and (kind[0] in "PZCM" or kind == "So")
