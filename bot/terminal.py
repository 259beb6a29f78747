"""The conversation in a terminal: the same words, buttons by number, no chart but its numbers, files in full."""

import os
import sys
from itertools import count
from pathlib import Path

from bellwether.core.errors import StoreError
from bellwether.delivery.deliver import read_in_terminal
from bellwether.delivery.messages import TERMINAL
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from bot.replies import Button, Reply, as_text

_LISTS = {".csv", ".tsv", ".txt", ".json"}  #: endings of files that may hold a list of stocks
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def hold(services: Services) -> None:
    """Talk until the input ends or the person says /quit."""
    chat = ChatContext(services, TERMINAL, _language())
    buttons = _show(conversation.answer(chat, "/start"))
    _show_owed(services)
    while True:
        _write("\n> ")
        line = sys.stdin.readline()
        if not line or line.strip().lower() in {"/quit", "/exit"}:
            _write("\n")
            return
        text = line.strip()
        if not text:
            continue
        if text.isdecimal() and len(text) < 4 and 1 <= int(text) <= len(buttons):
            pressed = conversation.press(chat, buttons[int(text) - 1].action)
            shown = pressed.edit or pressed.reply
            said_again = shown is not None and as_text(shown.text).startswith(pressed.notice.rstrip("."))
            if not said_again:  # most say it again, or have none
                _write(f"{pressed.notice}\n")
            buttons = _show(shown) if shown else buttons
        else:
            buttons = _show(_answer(chat, text))


def _answer(chat: ChatContext, text: str) -> Reply:
    """Answer a line; the path of a file stands for the file, as one that is sent in Telegram."""
    file = Path(text.strip("'\"")).expanduser()
    try:
        if file.suffix.lower() in _LISTS and file.is_file():
            return conversation.read_file(chat, file.read_bytes(), file.name)
    except (OSError, ValueError, RuntimeError):  # no path, or one that may not be read: then it is a question
        pass
    return conversation.answer(chat, text)


def _language() -> str:
    """Read the language of the environment, as other programs do."""
    return next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en")


def _show_owed(services: Services) -> None:
    """Print the digests written since the last visit."""
    try:
        owed = read_in_terminal(services.store, services.clock())
    except StoreError:
        return  # /watch and /list say so where it matters
    for text in owed:
        _write(f"\n{_as_terminal(text)}\n")


def _as_terminal(html: str) -> str:
    if sys.stdout.isatty():
        html = html.replace("<b>", _BOLD).replace("</b>", _PLAIN)
    return as_text(html)


def _show(reply: Reply) -> list[Button]:
    """Print a reply; return the buttons that can be pressed by number now."""
    _write(_as_terminal(reply.text) + "\n")
    if reply.document is not None:
        _write(f"\n{reply.document.content.decode(errors='replace')}\n")
    buttons = [button for row in reply.buttons for button in row]
    numbers = count(1)
    for row in reply.buttons:
        _write("  ".join(f"[{next(numbers)}] {button.label}" for button in row) + "\n")
    return buttons


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
