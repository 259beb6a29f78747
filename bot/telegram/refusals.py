"""What Telegram's refusals mean; nobody else reads their texts.

Those by 400 and 403 stand in one table, read from the top: texts of the Bot API server ("bot was kicked
from the group chat"), of TDLib below it ("not enough rights to send photos to the chat") and of Telegram's own servers
("CHAT_WRITE_FORBIDDEN"). Telegram changes their letter case and what stands before them, and answers the same one by
400 here and by 403 there: neither matters to the table.
"""

import re
from enum import Enum

from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError


class Meaning(Enum):
    """What a refusal says about the message, the chat, or us."""

    GONE = "nobody can be written to there, until somebody says otherwise"
    MOVED = "the chat has a new number"
    MAY_NOT_WRITE = "the right to write there is missing now; it may come back by itself"
    MAY_NOT_SEND_THIS = "words may be written there, but not a message of this sort"
    TOPIC_GONE = "the topic of a forum group that was named takes no messages any more"
    ANSWERED_GONE = "the message that this one answers is gone"
    FILE_UNKNOWN = "Telegram does not know a file by this name (any more), or by none for this use"
    MARKUP = "our HTML could not be read"
    UNCHANGED = "the message is already what it was to become"
    OURS = "the request is wrong: it will never be taken as it is"


#: regular expressions in small letters; the first that is found in a text says what it means
REFUSALS: tuple[tuple[str, Meaning], ...] = (
    # nobody there
    (r"bot was blocked by the user|user_is_blocked", Meaning.GONE),
    (r"user is deactivated|user is deleted|user_deactivated", Meaning.GONE),
    (r"bot was kicked from", Meaning.GONE),
    (r"bot is not a member of|not in the chat|user_not_participant", Meaning.GONE),
    (r"bot can't initiate conversation|bots? can't send messages to (bots|the user)|user_is_bot", Meaning.GONE),
    (r"(chat|channel|user) not found", Meaning.GONE),
    (r"peer_id_invalid|chat_id_invalid|channel_invalid|channel_private|user_id_invalid", Meaning.GONE),
    (r"(group|chat|channel) was deleted|(group|chat) is deactivated|chat_deactivated|group_deactivated", Meaning.GONE),
    (r"have no access to the chat|can't access the chat", Meaning.GONE),
    # elsewhere
    (r"upgraded to a supergroup", Meaning.MOVED),
    (r"message thread not found|topic_closed|topic_deleted|topic_id_invalid|topic is closed", Meaning.TOPIC_GONE),
    # not now
    (r"not enough rights to send text messages|chat_send_plain_forbidden", Meaning.MAY_NOT_WRITE),
    (r"no rights to send a message|no write access to the chat|chat_write_forbidden", Meaning.MAY_NOT_WRITE),
    (r"need administrator rights|chat_admin_required|right_forbidden", Meaning.MAY_NOT_WRITE),
    (r"user_banned_in_channel|user_restricted|chat_restricted|chat_guest_send_forbidden", Meaning.MAY_NOT_WRITE),
    (r"payment_required|premium_required|premium_account_required", Meaning.MAY_NOT_WRITE),
    (r"slowmode_|flood_", Meaning.MAY_NOT_WRITE),
    # not this sort
    (r"not enough rights to send [a-z ]*\b(to the chat|messages)", Meaning.MAY_NOT_SEND_THIS),
    (r"chat_send_\w+_forbidden|voice_messages_forbidden", Meaning.MAY_NOT_SEND_THIS),
    (r"user restricted receiving of", Meaning.MAY_NOT_SEND_THIS),
    # what helps itself
    (r"can't parse (entities|caption)|unsupported start tag|can't find end", Meaning.MARKUP),
    (r"not modified|message_not_modified", Meaning.UNCHANGED),
    (r"message to (be replied|reply) not found|reply message not found|reply_message_id", Meaning.ANSWERED_GONE),
    (
        r"wrong (remote )?file|file reference|file_reference|file_id_invalid|media_empty|can't use file of type",
        Meaning.FILE_UNKNOWN,
    ),
    # it took the name of a file for a link
    (r"wrong type of the web page content|failed to get http url content|wrong http url", Meaning.FILE_UNKNOWN),
    # ours
    (r"(message|caption) is too long|\w+_too_long", Meaning.OURS),
    (r"text is empty|must be non-empty|message_empty|chat_id is empty", Meaning.OURS),
    (r"message to (edit|delete|react) not found|message can't be (edited|deleted)|message_id_invalid", Meaning.OURS),
    (r"there is no (text|caption|media) in the message|message_edit_time_expired", Meaning.OURS),
    (r"button_\w+_invalid|reply_markup_\w+|entit(y|ies)\b.*\b(invalid|too long)", Meaning.OURS),
    (r"image_process_failed|photo_\w*(invalid|missing)\w*|file is too big|file of size", Meaning.OURS),
    (r"query is too old|query_id_invalid", Meaning.OURS),
    # words that tell of a right in texts that nobody has written down yet
    (r"not enough rights|_forbidden\b|restricted", Meaning.MAY_NOT_WRITE),
)
_COMPILED = tuple((re.compile(words), meaning) for words, meaning in REFUSALS)


def refusal(error: TelegramError) -> Meaning | None:
    """What Telegram's no means; None for an error that is none, such as an outage or the page of a proxy."""
    if isinstance(error, BadRequest | Forbidden) and is_of_telegram(error):
        return meaning_of(str(error), forbidden=isinstance(error, Forbidden))
    return None


def is_of_telegram(error: TelegramError) -> bool:
    """Whether Telegram itself said so: what answers by no JSON is a proxy on the way, or something in its place."""
    cause: BaseException | None = error
    while cause is not None:
        if type(cause) is TelegramError:  # what the library says of no JSON, and of nothing else
            return False
        cause = cause.__cause__
    return True


def refuses_token(error: TelegramError) -> bool:
    """Whether Telegram refuses a token that it took before: by 401, for a 404 comes from something on the way."""
    return isinstance(error, InvalidToken) and is_of_telegram(error) and str(error).startswith("Unauthorized")


def meaning_of(text: str, *, forbidden: bool) -> Meaning:
    """What a refusal means; `forbidden` is one by 403.

    Of a text that stands in no row, a 403 is a right that is missing now: taken for a farewell, it would silence the
    chat for good, and taken for our fault it would cost the message. A 400 is our fault, and becomes a dead letter that
    somebody sees.
    """
    said = text.lower()
    for words, meaning in _COMPILED:
        if words.search(said):
            return meaning
    return Meaning.MAY_NOT_WRITE if forbidden else Meaning.OURS
