"""What an update tells of its chat: did somebody turn to us there, or do people only talk to each other? Pure."""

from enum import Enum

from telegram import Bot, Update

from bot.telegram.addressed import is_of_a_person, said_to_us


class Attention(Enum):
    """To whom something was said."""

    NONE = "it tells nothing of the chat"  #: somebody left, the group moved; a changed right is seen to by its answer
    OVERHEARD = "people of a group talk to each other"  #: where we may not write they go on talking all the same
    TO_US = "somebody turns to us"  #: in a private chat everything does


def attention_of(update: Update, bot: Bot) -> Attention:
    """Whoever turns to us can be written to, for all we know. Never raises."""
    message = update.message
    if update.callback_query is not None:
        return Attention.TO_US
    if message is None or message.left_chat_member is not None or message.migrate_to_chat_id is not None:
        return Attention.NONE
    if message.chat.type == "private":
        if not is_of_a_person(message):
            return Attention.NONE
        return Attention.TO_US
    try:
        asked = said_to_us(message, bot.id, bot.username)
    except Exception:  # marks of other types: its answer meets them again, and sets it aside
        return Attention.OVERHEARD
    return Attention.OVERHEARD if asked is None else Attention.TO_US
