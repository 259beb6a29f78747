"""What a command is, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass

from bellwether.services import Services
from bot.replies import Reply


@dataclass(frozen=True, slots=True)
class Asker:
    """The chat a message came from."""

    chat_id: int
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for. The registration, /help and Telegram's menu are made of these."""

    name: str
    arguments: str  #: as shown in /help: "SYMBOL [10d]"
    summary: str
    answer: Callable[[Services, Asker, str], Reply]  #: services, who asks, the text after the command
