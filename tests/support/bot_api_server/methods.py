"""The methods about the bot itself, and the table of all that the test server really does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.support.bot_api_server.content import MAX_CALLBACK_DATA, check_keyboard, read_text
from tests.support.bot_api_server.errors import Breach, bad_request
from tests.support.bot_api_server.sending import (
    Files,
    Params,
    delete_message,
    edit_message_caption,
    edit_message_media,
    edit_message_reply_markup,
    edit_message_text,
    send_document,
    send_message,
    send_photo,
)
from tests.support.bot_api_server.state import AnsweredCallback, World

MAX_COMMANDS = 100
MAX_CALLBACK_ANSWER = 200
MAX_INLINE_RESULTS = 50
MAX_DESCRIPTION = 512
MAX_SHORT_DESCRIPTION = 120
CHAT_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def get_me(world: World, params: Params, files: Files) -> Any:
    """getMe; only this method tells what the bot may do."""
    return {
        **world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def delete_webhook(world: World, params: Params, files: Files) -> Any:
    """deleteWebhook."""
    world.updates.webhook.delete()
    if params.get("drop_pending_updates"):
        world.updates.drop_all()
    return True


def get_webhook_info(world: World, params: Params, files: Files) -> Any:
    """getWebhookInfo."""
    return world.updates.webhook.info() | {"pending_update_count": len(world.updates.pending)}


def set_webhook(world: World, params: Params, files: Files) -> Any:
    """setWebhook; an empty address is deleteWebhook."""
    if not 1 <= params.get("max_connections", 40) <= 100:
        raise Breach("max_connections must be 1 to 100")
    if "allowed_updates" in params:
        world.updates.allow(params["allowed_updates"])
    if params.get("drop_pending_updates"):
        world.updates.drop_all()
    world.updates.webhook.set(params["url"], params.get("secret_token", ""))
    world.call_soon(world.updates.webhook.wake)
    return True


def set_my_commands(world: World, params: Params, files: Files) -> Any:
    """setMyCommands, kept per scope and language."""
    commands = params["commands"]
    if len(commands) > MAX_COMMANDS:
        raise Breach("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise Breach("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise Breach("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_commands_key(params)] = commands
    return True


def get_my_commands(world: World, params: Params, files: Files) -> Any:
    """getMyCommands."""
    return world.commands.get(_commands_key(params), [])


def delete_my_commands(world: World, params: Params, files: Files) -> Any:
    """deleteMyCommands."""
    world.commands.pop(_commands_key(params), None)
    return True


def send_chat_action(world: World, params: Params, files: Files) -> Any:
    """sendChatAction."""
    if params["action"] not in CHAT_ACTIONS:
        raise Breach("wrong parameter action in request")
    world.chat_to_send_to(params["chat_id"])
    return True


def answer_callback_query(world: World, params: Params, files: Files) -> Any:
    """answerCallbackQuery; each press can be answered once."""
    text = params.get("text", "")
    if len(text) > MAX_CALLBACK_ANSWER:
        raise Breach("MESSAGE_TOO_LONG")
    query_id = params["callback_query_id"]
    if query_id not in world.open_callbacks:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    chat_id, data = world.open_callbacks.pop(query_id)
    answered = AnsweredCallback(query_id, chat_id, data, text, params.get("show_alert", False))
    world.answered_callbacks.append(answered)
    return True


def get_chat_administrators(world: World, params: Params, files: Files) -> Any:
    """getChatAdministrators: there are none to tell of in a private chat."""
    chat = world.chat_to_send_to(params["chat_id"])
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    admins = chat.admins or [chat.user["id"]]
    people = [{**chat.user, "id": user_id} for user_id in admins]
    return [{"status": "creator", "user": one, "is_anonymous": False} for one in people]


def answer_inline_query(world: World, params: Params, files: Files) -> Any:
    """answerInlineQuery: articles only."""
    results = params["results"]
    if len(results) > MAX_INLINE_RESULTS:
        raise Breach("RESULTS_TOO_MUCH")
    if len({result["id"] for result in results}) < len(results):
        raise Breach("RESULT_ID_DUPLICATE")
    for one in results:
        if not 1 <= len(one["id"].encode()) <= MAX_CALLBACK_DATA:
            raise Breach("RESULT_ID_INVALID")
        content = one["input_message_content"]
        read_text({"text": content["message_text"], "parse_mode": content.get("parse_mode")})
        check_keyboard(one.get("reply_markup"))
    return True


def get_file(world: World, params: Params, files: Files) -> Any:
    """getFile: where to download a file from."""
    stored = world.files.find(params["file_id"])
    return {
        "file_id": params["file_id"],
        "file_unique_id": stored.file_unique_id,
        "file_size": len(stored.data),
        "file_path": stored.path,
    }


def set_my_description(world: World, params: Params, files: Files) -> Any:
    """setMyDescription, kept per language; without a text it is taken away."""
    if len(params.get("description", "")) > MAX_DESCRIPTION:
        raise Breach("DESCRIPTION_TOO_LONG")
    world.descriptions[params.get("language_code", "")] = params.get("description", "")
    return True


def get_my_description(world: World, params: Params, files: Files) -> Any:
    """getMyDescription."""
    return {"description": world.descriptions.get(params.get("language_code", ""), "")}


def set_my_short_description(world: World, params: Params, files: Files) -> Any:
    """setMyShortDescription, kept per language; without a text it is taken away."""
    if len(params.get("short_description", "")) > MAX_SHORT_DESCRIPTION:
        raise Breach("ABOUT_TOO_LONG")
    world.short_descriptions[params.get("language_code", "")] = params.get("short_description", "")
    return True


def get_my_short_description(world: World, params: Params, files: Files) -> Any:
    """getMyShortDescription."""
    return {"short_description": world.short_descriptions.get(params.get("language_code", ""), "")}


def set_chat_menu_button(world: World, params: Params, files: Files) -> Any:
    """setChatMenuButton."""
    if "chat_id" in params:
        world.chat(params["chat_id"])
    return True


def set_message_reaction(world: World, params: Params, files: Files) -> Any:
    """setMessageReaction."""
    chat = world.chat_to_send_to(params["chat_id"])
    if params["message_id"] not in chat.received and params["message_id"] not in chat.sent:
        raise bad_request("message to react not found")
    return True


def _commands_key(params: Params) -> tuple[str, str]:
    scope = params.get("scope", {"type": "default"})
    return json.dumps(scope, sort_keys=True), params.get("language_code", "")


# getUpdates is missing here: it waits, so the server calls it by itself.
METHODS: dict[str, Callable[[World, Params, Files], Any]] = {
    "getMe": get_me,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "setWebhook": set_webhook,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyDescription": set_my_description,
    "getMyDescription": get_my_description,
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": get_my_short_description,
    "setChatMenuButton": set_chat_menu_button,
    "setMessageReaction": set_message_reaction,
    "sendChatAction": send_chat_action,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageMedia": edit_message_media,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "getChatAdministrators": get_chat_administrators,
    "answerInlineQuery": answer_inline_query,
    "getFile": get_file,
}
