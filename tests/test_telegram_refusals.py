"""Every text by which Telegram refuses a message, and what it means. No text is taken for a farewell that is none."""

from __future__ import annotations

import re

import pytest
from telegram.error import BadRequest, Forbidden, TelegramError

from bellwether.delivery.retry import Cause
from bot.telegram.errors import as_delivery_error
from bot.telegram.refusals import REFUSALS, Meaning, meaning_of, refusal

GONE, MOVED, NOT_NOW, NOT_THIS = Meaning.GONE, Meaning.MOVED, Meaning.MAY_NOT_WRITE, Meaning.MAY_NOT_SEND_THIS
OURS = Meaning.OURS
TEXTS: dict[str, Meaning] = {
    "Forbidden: bot was blocked by the user": GONE,
    "Bad Request: USER_IS_BLOCKED": GONE,
    "Forbidden: user is deactivated": GONE,
    "Bad Request: INPUT_USER_DEACTIVATED": GONE,
    "Forbidden: bot was kicked from the group chat": GONE,
    "Forbidden: bot was kicked from the supergroup chat": GONE,
    "Forbidden: bot was kicked from the channel chat": GONE,
    "Forbidden: bot is not a member of the supergroup chat": GONE,
    "Forbidden: bot is not a member of the channel chat": GONE,
    "Forbidden: bot can't initiate conversation with a user": GONE,
    "Forbidden: bot can't send messages to bots": GONE,
    "Forbidden: bot can't send messages to the user": GONE,
    "Bad Request: USER_IS_BOT": GONE,
    "Forbidden: the group chat was deleted": GONE,
    "Bad Request: group chat is deactivated": GONE,
    "Bad Request: chat not found": GONE,
    "Bad Request: user not found": GONE,
    "Bad Request: Not in the chat": GONE,
    "Bad Request: USER_NOT_PARTICIPANT": GONE,
    "Forbidden: the chat was deleted": GONE,
    "Forbidden: the channel was deleted": GONE,
    "Forbidden: bots can't send messages to bots": GONE,
    "Bad Request: PEER_ID_INVALID": GONE,
    "Bad Request: CHANNEL_PRIVATE": GONE,
    "Bad Request: CHAT_ID_INVALID": GONE,
    "Bad Request: have no access to the chat": GONE,
    "Bad Request: group chat was upgraded to a supergroup chat": MOVED,
    "Bad Request: message thread not found": Meaning.TOPIC_GONE,
    "Bad Request: TOPIC_CLOSED": Meaning.TOPIC_GONE,
    "Bad Request: TOPIC_DELETED": Meaning.TOPIC_GONE,
    "Bad Request: not enough rights to send text messages to the chat": NOT_NOW,
    "Forbidden: not enough rights to send text messages to the chat": NOT_NOW,
    "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN": NOT_NOW,
    "Bad Request: have no rights to send a message": NOT_NOW,
    "Bad Request: have no write access to the chat": NOT_NOW,
    "Bad Request: CHAT_WRITE_FORBIDDEN": NOT_NOW,
    "Forbidden: CHAT_WRITE_FORBIDDEN": NOT_NOW,
    "Bad Request: need administrator rights in the channel chat": NOT_NOW,
    "Bad Request: CHAT_ADMIN_REQUIRED": NOT_NOW,
    "Forbidden: RIGHT_FORBIDDEN": NOT_NOW,
    "Bad Request: USER_BANNED_IN_CHANNEL": NOT_NOW,
    "Bad Request: CHAT_RESTRICTED": NOT_NOW,
    "Forbidden: CHAT_GUEST_SEND_FORBIDDEN": NOT_NOW,
    "Bad Request: PAYMENT_REQUIRED": NOT_NOW,
    "Forbidden: ALLOW_PAYMENT_REQUIRED_25": NOT_NOW,
    "Forbidden: PRIVACY_PREMIUM_REQUIRED": NOT_NOW,
    "Bad Request: SLOWMODE_WAIT_30": NOT_NOW,
    "Bad Request: not enough rights to send photos to the chat": NOT_THIS,
    "Forbidden: not enough rights to send photos to the chat": NOT_THIS,
    "Bad Request: not enough rights to send documents to the chat": NOT_THIS,
    "Bad Request: not enough rights to send voice notes to the chat": NOT_THIS,
    "Bad Request: not enough rights to send media messages to the chat": NOT_THIS,
    "Bad Request: not enough rights to send media messages": NOT_THIS,
    "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN": NOT_THIS,
    "Bad Request: CHAT_SEND_DOCS_FORBIDDEN": NOT_THIS,
    "Bad Request: CHAT_SEND_MEDIA_FORBIDDEN": NOT_THIS,
    "Bad Request: VOICE_MESSAGES_FORBIDDEN": NOT_THIS,
    "Bad Request: user restricted receiving of voice messages": NOT_THIS,
    "Bad Request: can't parse entities: Unsupported start tag at byte offset 0": Meaning.MARKUP,
    "Bad Request: message is not modified: specified new message content is the same": Meaning.UNCHANGED,
    "Bad Request: MESSAGE_NOT_MODIFIED": Meaning.UNCHANGED,
    "Bad Request: message to be replied not found": Meaning.ANSWERED_GONE,
    "Bad Request: REPLY_MESSAGE_ID_INVALID": Meaning.ANSWERED_GONE,
    "Bad Request: wrong file identifier/HTTP URL specified": Meaning.FILE_UNKNOWN,
    "Bad Request: wrong remote file identifier specified: Wrong padding": Meaning.FILE_UNKNOWN,
    "Bad Request: FILE_ID_INVALID": Meaning.FILE_UNKNOWN,
    "Bad Request: MEDIA_EMPTY": Meaning.FILE_UNKNOWN,
    "Bad Request: FILE_REFERENCE_EXPIRED": Meaning.FILE_UNKNOWN,
    "Bad Request: can't use file of type Document as Photo": Meaning.FILE_UNKNOWN,
    "Bad Request: wrong type of the web page content": Meaning.FILE_UNKNOWN,
    "Bad Request: failed to get HTTP URL content": Meaning.FILE_UNKNOWN,
    "Bad Request: message is too long": OURS,
    "Bad Request: message caption is too long": OURS,
    "Bad Request: MESSAGE_TOO_LONG": OURS,
    "Bad Request: MEDIA_CAPTION_TOO_LONG": OURS,
    "Bad Request: message text is empty": OURS,
    "Bad Request: text must be non-empty": OURS,
    "Bad Request: message to edit not found": OURS,
    "Bad Request: message can't be edited": OURS,
    "Bad Request: MESSAGE_ID_INVALID": OURS,
    "Bad Request: there is no text in the message to edit": OURS,
    "Bad Request: BUTTON_DATA_INVALID": OURS,
    "Bad Request: REPLY_MARKUP_TOO_LONG": OURS,
    "Bad Request: ENTITY_BOUNDS_INVALID": OURS,
    "Bad Request: IMAGE_PROCESS_FAILED": OURS,
    "Bad Request: PHOTO_INVALID_DIMENSIONS": OURS,
    "Bad Request: file is too big": OURS,
    "Bad Request: query is too old and response timeout expired or query ID is invalid": OURS,
    "Bad Request: CHAT_SOMETHING_NEW_FORBIDDEN": NOT_NOW,
    "Bad Request: not enough rights": NOT_NOW,
    "Bad Request: a text that nobody has written down": OURS,
    "Forbidden: a text that nobody has written down": NOT_NOW,
    "Forbidden (403). Parsing the server response b'<html>a proxy' failed": NOT_NOW,
}


def as_error(text: str) -> TelegramError:
    """What the library makes of an answer of Telegram's."""
    return Forbidden(text) if text.startswith("Forbidden") else BadRequest(text)


@pytest.mark.parametrize(("text", "meaning"), TEXTS.items())
def test_every_refusal_of_telegrams_is_sorted(text: str, meaning: Meaning) -> None:
    bare = text.partition(": ")[2] or text
    for said in (text, text.upper(), bare, f"[Error]: {bare}"):
        assert refusal(type(as_error(text))(said)) is meaning, said


def test_every_row_of_the_table_is_tried() -> None:
    rows = {next((words for words, _ in REFUSALS if re.search(words, text.lower())), None) for text in TEXTS}
    assert {words for words, _ in REFUSALS} <= rows


@pytest.mark.parametrize(
    ("meaning", "cause", "only_waits", "forbidden_now"),
    [
        (GONE, Cause.GONE, False, False),
        (MOVED, Cause.MOVED, True, False),
        (NOT_NOW, Cause.MAY_NOT_WRITE, True, True),
        (NOT_THIS, Cause.MAY_NOT_SEND_THIS, True, True),
        (Meaning.TOPIC_GONE, Cause.MAY_NOT_WRITE, True, True),
        (Meaning.MARKUP, Cause.REFUSED, False, False),
        (OURS, Cause.REFUSED, False, False),
    ],
)
def test_what_a_refusal_costs_the_message(
    meaning: Meaning, cause: Cause, only_waits: bool, forbidden_now: bool
) -> None:
    for text in (text for text, means in TEXTS.items() if means is meaning):
        error = as_delivery_error(as_error(text))
        assert (error.cause, error.only_waits, error.forbidden_now) == (cause, only_waits, forbidden_now), text
        assert not error.uncertain


def test_only_texts_that_say_farewell_pause_a_chat() -> None:
    assert meaning_of("", forbidden=True) is NOT_NOW
    assert meaning_of("", forbidden=False) is OURS


def test_a_page_of_a_proxy_is_not_kept_whole() -> None:
    assert len(str(as_delivery_error(Forbidden("Forbidden (403). " + "<html>" * 1000)))) <= 200
