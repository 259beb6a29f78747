"""The methods that put messages into chats, change and delete them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.bot_api_server.content import check_keyboard, keyboard_to_keep, read_caption, read_text
from tests.support.bot_api_server.errors import Breach, bad_request
from tests.support.bot_api_server.files import StoredFile
from tests.support.bot_api_server.forms import Upload
from tests.support.bot_api_server.state import Chat, SentMessage, Version, World, utc_now

Params = dict[str, Any]
Files = dict[str, Upload]

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def send_message(world: World, params: Params, files: Files) -> Any:
    """sendMessage."""
    text, entities, html = read_text(params)
    return _send(world, params, Version("text", text, html, entities, None, None, utc_now()))


def send_photo(world: World, params: Params, files: Files) -> Any:
    """sendPhoto: an upload or the file_id of an earlier one."""
    return _send_file(world, params, files, "photo")


def send_document(world: World, params: Params, files: Files) -> Any:
    """sendDocument."""
    return _send_file(world, params, files, "document")


def edit_message_text(world: World, params: Params, files: Files) -> Any:
    """editMessageText."""
    if "rich_message" in params:
        raise bad_request("rich messages are not supported by this test server")
    text, entities, html = read_text(params)
    chat, sent = _to_edit(world, params)
    if sent.kind != "text":
        raise bad_request("there is no text in the message to edit")
    new = replace(sent.versions[-1], text=text, html=html, entities=entities)
    return _edit(world, chat, sent, new, params)


def edit_message_caption(world: World, params: Params, files: Files) -> Any:
    """editMessageCaption."""
    text, entities, html = read_caption(params)
    chat, sent = _to_edit(world, params)
    if sent.kind == "text":
        raise bad_request("there is no caption in the message to edit")
    new = replace(sent.versions[-1], text=text, html=html, entities=entities)
    return _edit(world, chat, sent, new, params)


def edit_message_media(world: World, params: Params, files: Files) -> Any:
    """editMessageMedia, to a photo or a document; a text message may become one too."""
    media = params["media"]
    if media["type"] not in ("photo", "document"):
        raise bad_request(f"media of type {media['type']} is not supported by this test server")
    text, entities, html = read_caption(media)
    chat, sent = _to_edit(world, params)
    _check_right(chat, media["type"])
    stored = _stored(world, media["media"], files, media["type"])
    new = Version(media["type"], text, html, entities, None, stored, utc_now())
    return _edit(world, chat, sent, new, params)


def edit_message_reply_markup(world: World, params: Params, files: Files) -> Any:
    """editMessageReplyMarkup."""
    chat, sent = _to_edit(world, params)
    return _edit(world, chat, sent, sent.versions[-1], params)


def delete_message(world: World, params: Params, files: Files) -> Any:
    """deleteMessage: the bot's own messages, and what people wrote."""
    chat = world.chat(params["chat_id"])
    message_id = params["message_id"]
    sent = chat.sent.get(message_id)
    if sent is not None and not sent.deleted:
        sent.deleted = True
    elif chat.received.pop(message_id, None) is None:
        raise bad_request("message to delete not found")
    return True


def _send_file(world: World, params: Params, files: Files, kind: str) -> Any:
    text, entities, html = read_caption(params)
    check_keyboard(params.get("reply_markup"))
    _check_right(world.chat_to_send_to(params["chat_id"]), kind)
    stored = _stored(world, params[kind], files, kind)
    return _send(world, params, Version(kind, text, html, entities, None, stored, utc_now()))


def _send(world: World, params: Params, version: Version) -> dict[str, Any]:
    """Deliver a message, once everything about it was found right."""
    markup = params.get("reply_markup")
    check_keyboard(markup)
    chat = world.chat_to_send_to(params["chat_id"])
    _check_right(chat, version.kind)
    if params.get("message_thread_id") in chat.gone_topics:
        raise bad_request("message thread not found")
    reply_to = _reply_target(chat, params.get("reply_parameters"))
    world.limits.count(chat.chat_id, chat.kind == "private", may_cost=params.get("allow_paid_broadcast", False))
    sent = SentMessage(
        chat_id=chat.chat_id,
        message_id=chat.take_message_id(),
        sent_at=version.at,
        versions=[replace(version, markup=keyboard_to_keep(markup))],
        silent=params.get("disable_notification", False),
        reply_to=reply_to,
        thread=params.get("message_thread_id"),
    )
    chat.sent[sent.message_id] = sent
    return world.message_json(chat, sent)


def _check_right(chat: Chat, kind: str) -> None:
    """What the admins of a group have taken from the bot is refused, in Telegram's words."""
    if kind in chat.forbidden:
        sort = {"text": "text messages", "photo": "photos", "document": "documents"}[kind]
        raise bad_request(f"not enough rights to send {sort} to the chat")


def _edit(world: World, chat: Chat, sent: SentMessage, new: Version, params: Params) -> dict[str, Any]:
    """Replace what a message shows. Buttons that are not sent again disappear."""
    markup = params.get("reply_markup")
    check_keyboard(markup)
    new = replace(new, markup=keyboard_to_keep(markup), at=utc_now())
    if new.shows_the_same_as(sent.versions[-1]):
        raise bad_request(NOT_MODIFIED)
    sent.versions.append(new)
    return world.message_json(chat, sent)


def _to_edit(world: World, params: Params) -> tuple[Chat, SentMessage]:
    if "inline_message_id" in params:
        raise bad_request("inline messages are not supported by this test server")
    if "chat_id" not in params or "message_id" not in params:
        raise Breach("message identifier is not specified")
    chat = world.chat_to_send_to(params["chat_id"])
    if params["message_id"] in chat.received:
        raise bad_request("message can't be edited")
    sent = chat.sent.get(params["message_id"])
    if sent is None or sent.deleted:
        raise bad_request("message to edit not found")
    markup = sent.versions[-1].markup
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("message can't be edited")  # it brought a reply keyboard
    return chat, sent


def _stored(world: World, given: Upload | str, files: Files, kind: str) -> StoredFile:
    """The file of a parameter: uploaded with it, attached to the request, or known by file_id."""
    if isinstance(given, Upload):
        return world.files.add(kind, given)
    if given.startswith("attach://"):
        attached = files.get(given.removeprefix("attach://"))
        if attached is None:
            raise Breach(f'file "{given}" was not sent with the request')
        return world.files.add(kind, attached)
    return world.files.find(given, kind)


def _reply_target(chat: Chat, reply: dict[str, Any] | None) -> int | None:
    if reply is None:
        return None
    message_id = int(reply["message_id"])
    sent = chat.sent.get(message_id)
    if message_id in chat.received or (sent is not None and not sent.deleted):
        return message_id
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")
