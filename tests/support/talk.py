"""A conversation without any face: say something, press a button by its label; each answer is one Telegram takes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bellwether.core.split_html import split_html
from bellwether.services import Services
from bot import conversation
from bot.commands import ChatContext
from bot.replies import Pressed, Reply, as_text
from tests.support.bot_api_server.content import check_keyboard, read_caption, read_text

MOST_NOTICE = 200  #: characters in the answer to a button


def check_reply(reply: Reply) -> None:
    """Refuse what Telegram would refuse; raises Breach."""
    reply.text.encode()  # halves of characters can't leave
    assert "\0" not in reply.text
    assert reply.text.strip()
    if reply.chart is not None or reply.document is not None:
        read_caption({"caption": reply.text, "parse_mode": "HTML"})
    else:
        for part in split_html(reply.text):
            read_text({"text": part, "parse_mode": "HTML"})
    rows = [[{"text": one.label, "callback_data": one.action} for one in row] for row in reply.buttons]
    check_keyboard({"inline_keyboard": rows})
    assert all(1 <= len(one.label) <= 64 for row in reply.buttons for one in row), "a phone shows no more of a button"


def check_pressed(pressed: Pressed) -> None:
    """The same for the answer to a button."""
    assert pressed.notice or pressed.edit or pressed.reply
    pressed.notice.encode()
    assert len(pressed.notice) <= MOST_NOTICE
    for reply in (pressed.edit, pressed.reply):
        if reply is not None:
            check_reply(reply)


def as_read(text: str) -> str:
    """A text as a person reads it, who does not see whether a space may break."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


@dataclass
class Talk:
    """One chat with the bot; `shown` is the message whose buttons are pressed."""

    services: Services
    chat_id: int = 1001
    language: str = "en"
    may_change: bool = True
    thread: int | None = None
    shown: Reply = field(default_factory=lambda: Reply(""))
    notice: str = ""

    def say(self, text: str) -> str:
        """What is answered, as plain text."""
        self.shown = conversation.answer(self.chat, text)
        check_reply(self.shown)
        return as_read(as_text(self.shown.text))

    def press(self, label: str) -> str:
        """Press the button of this label; the message made new or added, as plain text, else the notice."""
        action = next((one.action for row in self.shown.buttons for one in row if as_read(one.label) == label), None)
        assert action is not None, f"there is no button {label!r}, only {self.labels}"
        return self.send(action)

    def send(self, action: str) -> str:
        """Send what a button would, whether there is one or not."""
        pressed = conversation.press(self.chat, action)
        check_pressed(pressed)
        self.notice = pressed.notice
        new = pressed.edit or pressed.reply
        if new is None:
            return as_read(pressed.notice)
        self.shown = new
        return as_read(as_text(new.text))

    @property
    def chat(self) -> ChatContext:
        """As a face tells of it."""
        return ChatContext(self.services, self.chat_id, self.language, self.may_change, self.thread)

    @property
    def labels(self) -> list[str]:
        """Of the buttons that are shown."""
        return [as_read(one.label) for row in self.shown.buttons for one in row]

    def member(self) -> Talk:
        """The same chat, spoken to by somebody who is no admin of it."""
        return replace(self, may_change=False)
