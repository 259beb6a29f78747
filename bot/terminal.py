"""The conversation in a terminal: the same words, buttons by number, no chart but its numbers."""

import re
import sys
from html import unescape

from bellwether.services import Services
from bot import conversation
from bot.commands import Asker
from bot.replies import Button, Reply

CHAT_ID = 0  #: no Telegram chat has this number
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def hold(services: Services) -> None:
    """Talk until the input ends or the person says /quit."""
    asker = Asker(CHAT_ID)
    buttons = _show(conversation.answer(services, asker, "/start"))
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
            pressed = conversation.press(services, asker, buttons[int(text) - 1].action)
            if pressed.notice:
                _write(f"{pressed.notice}\n")
            shown = pressed.edit or pressed.reply
            buttons = _show(shown) if shown else buttons
        else:
            buttons = _show(conversation.answer(services, asker, text))


def as_text(html: str, bold: bool) -> str:
    """Our simple HTML as terminal text."""
    marked = re.sub(r"<b>(.*?)</b>", rf"{_BOLD}\1{_PLAIN}" if bold else r"\1", html, flags=re.DOTALL)
    return unescape(re.sub(r"</?[a-z]+>", "", marked))


def _show(reply: Reply) -> list[Button]:
    """Print a reply; the buttons that can be pressed by number now."""
    _write(as_text(reply.text, bold=sys.stdout.isatty()) + "\n")
    buttons = [button for row in reply.buttons for button in row]
    if buttons:
        _write("  ".join(f"[{number}] {button.label}" for number, button in enumerate(buttons, 1)) + "\n")
    return buttons


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
