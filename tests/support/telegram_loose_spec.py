"""What is known of the Bot API without its machine-readable description: enough to read what our bot sends.

Used where the shared folder is absent. Types are those of the fields that the served methods take; a field that is not
listed is taken as it comes, where the full description would refuse it. Texts, markup, keyboards, limits and the state
of the world are checked by the methods themselves, as strictly as ever.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.telegram_errors import Breach
from tests.support.telegram_forms import Form

_NUMBERS = {"chat_id", "user_id", "message_id", "message_thread_id", "offset", "limit", "timeout", "cache_time"}
_FLAGS = {"disable_notification", "show_alert", "is_personal", "drop_pending_updates", "protect_content"}
_OBJECTS = {
    *("reply_markup", "reply_parameters", "link_preview_options", "allowed_updates", "commands", "scope", "media"),
    *("entities", "caption_entities", "results", "button"),
}
_REQUIRED = {
    "sendMessage": ("chat_id", "text"),
    "sendPhoto": ("chat_id", "photo"),
    "sendDocument": ("chat_id", "document"),
    "editMessageText": ("text",),
    "editMessageMedia": ("media",),
    "answerCallbackQuery": ("callback_query_id",),
    "setMyCommands": ("commands",),
}


class LooseSpec:
    """Stands in for `telegram_spec.Spec`: the same questions, fewer refusals."""

    def __init__(self, methods: frozenset[str]) -> None:
        self._names = {name.lower(): name for name in methods}

    def method_name(self, name: str) -> str | None:
        """The name of a method that is served (Telegram ignores its case), None for another one."""
        return self._names.get(name.lower())

    def read(self, method: str, form: Form) -> dict[str, Any]:
        """The typed parameters of a call, or a Breach where one is missing or can't be read."""
        params: dict[str, Any] = {
            name: raw if form.is_json else _from_form(name, raw) for name, raw in form.fields.items()
        }
        attached = json.dumps(params, default=str)
        for name, value in params.items():
            if isinstance(value, str) and value.startswith("attach://"):
                params[name] = form.files[value.removeprefix("attach://")]
        params |= {name: one for name, one in form.files.items() if f"attach://{name}" not in attached}
        for name in _REQUIRED.get(method, ()):
            if name not in params:
                raise Breach("message text is empty" if name == "text" else f"{name} is empty")
        return params

    def check(self, types: list[str], value: Any, path: str) -> None:
        """There is nothing to check it by."""


def _from_form(name: str, raw: str) -> Any:
    """A form field is text; what it stands for depends on its name."""
    if name not in _NUMBERS | _FLAGS | _OBJECTS:
        return raw
    try:
        value = json.loads(raw)
    except ValueError as error:
        raise Breach(f'can\'t parse field "{name}" as JSON') from error
    fits = (
        isinstance(value, bool)
        if name in _FLAGS
        else isinstance(value, dict | list)
        if name in _OBJECTS
        else isinstance(value, int) and not isinstance(value, bool)
    )
    if not fits:
        raise Breach(f'field "{name}" is of another type')
    return value
