"""What may stand in a message: text and caption, keyboards, and their limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.support.bot_api_server.errors import Breach, bad_request
from tests.support.bot_api_server.markup import Entity, find_entities, parse_html, sort_entities, trim, utf16_length

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_CALLBACK_DATA = 64
MAX_BUTTONS = 100

# An inline button does exactly one of these.
BUTTON_ACTIONS = {
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
}


def read_text(params: dict[str, Any]) -> tuple[str, list[Entity], str]:
    """Plain text, entities and the text as sent, of sendMessage and editMessageText."""
    sent = params.get("text", "")
    text, entities = _parse(sent, params.get("parse_mode"), params.get("entities"))
    if not text:
        raise Breach("message text is empty")
    if utf16_length(text) > MAX_TEXT:
        raise Breach("message is too long")
    return text, entities, sent


def read_caption(params: dict[str, Any]) -> tuple[str, list[Entity], str]:
    """The same of a caption, which may be empty."""
    sent = params.get("caption", "")
    text, entities = _parse(sent, params.get("parse_mode"), params.get("caption_entities"))
    if utf16_length(text) > MAX_CAPTION:
        raise Breach("message caption is too long")
    return text, entities, sent


def check_keyboard(markup: dict[str, Any] | None) -> None:
    """Refuse buttons Telegram refuses."""
    if markup is None:
        return
    for row in markup.get("keyboard", []):
        for button in row:
            if not (button["text"] if isinstance(button, dict) else button).strip():
                raise Breach("can't parse keyboard button: Button text must be non-empty")
    buttons = [button for row in markup.get("inline_keyboard", []) for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise Breach("reply markup is too long")
    for button in buttons:
        _check_inline_button(button)


def keyboard_to_keep(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """The markup a message carries afterwards: an inline keyboard without rows is none at all."""
    if markup is None or "inline_keyboard" not in markup:
        return markup
    rows = [row for row in markup["inline_keyboard"] if row]
    return {"inline_keyboard": rows} if rows else None


def _parse(sent: str, parse_mode: str | None, given: list[Entity] | None) -> tuple[str, list[Entity]]:
    mode = (parse_mode or "").lower()
    if mode == "html":
        text, entities = parse_html(sent)
    elif not mode:
        text, entities = sent, sort_entities(given or [])
    elif mode in ("markdown", "markdownv2"):
        raise bad_request(f"parse_mode {parse_mode} is not supported by this test server")
    else:
        raise Breach("unsupported parse_mode")
    text, entities = trim(text.replace("\r", ""), entities)
    return text, find_entities(text, entities)


def _check_inline_button(button: dict[str, Any]) -> None:
    problem = "can't parse inline keyboard button: "
    if not button["text"].strip():
        raise Breach(problem + "Button text must be non-empty")
    actions = BUTTON_ACTIONS & button.keys()
    if not actions:
        raise Breach(problem + "Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise Breach(problem + f"a button does one thing, not {', '.join(sorted(actions))}")
    if "callback_data" in button:
        size = len(button["callback_data"].encode())
        if not 1 <= size <= MAX_CALLBACK_DATA:
            raise Breach("BUTTON_DATA_INVALID")
    if "url" in button:
        parts = urlsplit(button["url"])
        # Telegram refuses hosts without a dot, so a link to localhost cannot be a button.
        if parts.scheme not in ("http", "https", "tg") or (parts.scheme != "tg" and "." not in parts.netloc):
            raise Breach(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
