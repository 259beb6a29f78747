"""What a command is, and what it is given."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bellwether.core.alert_types import Preferences
from bellwether.core.chat_memory import Asker
from bellwether.core.errors import BellwetherError
from bellwether.core.i18n.translate import said
from bellwether.core.parsing import parse_horizon
from bellwether.delivery.messages import TERMINAL
from bellwether.market.symbols.spellings import is_symbol
from bellwether.services import Services
from bot.replies import Pressed, Reply

LONGEST = 200  #: characters of a message that are looked at; no symbol, name or command is longer


@dataclass(frozen=True, slots=True)
class ChatContext:
    """The chat a message came from, and the services that answer it."""

    services: Services
    chat_id: int
    language: str = "en"
    may_change: bool = True  #: False for somebody in a group who is not one of its admins, for all that is known
    thread: int | None = None  #: the topic of a forum group in which it was said
    rights_known: bool = True  #: False where it could not be learnt who the admins are
    first_name: str = ""  #: of whoever writes, as a face tells it; it is shown to nobody else, and not stored
    preferences: Preferences = field(default_factory=Preferences)  #: the chat's, once the conversation has read them
    person: int | None = None  #: who asks in a group, where each has a last stock of their own

    @property
    def asker(self) -> Asker:
        """Whose questions go on from each other."""
        return Asker(self.chat_id, self.person)

    @property
    def is_operators(self) -> bool:
        """Whether whoever runs the service reads here: at the terminal, or in the chat that is told of its troubles."""
        return self.chat_id in {TERMINAL, self.services.settings.telegram.admin_chat}

    def note(self, *symbols: str, horizon: int | None = None) -> None:
        """Remember what is asked about, for what is asked next."""
        self.services.memory.note(self.asker, symbols, horizon)


class Who(Enum):
    """Who may do something in a group. In a private chat everybody is their own admin."""

    ANYBODY = "anybody"
    ADMINS = "admins"  #: it changes what everybody in the group gets, or shows what is kept about them
    ADMINS_DO_MORE = "admins do more"  #: anybody gets an answer, but only an admin's changes something


class StaleButton(BellwetherError):
    """The action of a button is unknown to this version: the button is old, or forged."""

    code = "stale_button"

    def __init__(self) -> None:
        """Says how to get a fresh one."""
        super().__init__(said("This button is from an older version of me. Please ask again with /forecast."))


@dataclass(frozen=True, slots=True)
class Press:
    """What the verb of a button does, and with how many arguments; another number raises StaleButton."""

    answer: Callable[[ChatContext, "Given"], Pressed | Reply]  #: a reply alone is one more message
    takes: Collection[int] = (1,)
    who: Who = Who.ANYBODY


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for. The registration, /help and Telegram's menus are made of these."""

    name: str
    arguments: str  #: as shown in /help: "TICKER [10d]"; marked with N_, as the summary, for it is translated
    summary: str
    answer: Callable[[ChatContext, str], Reply]  #: who asks, and the text after the command
    presses: Mapping[str, Press] = field(default_factory=dict)  #: what its buttons send, by verb
    who: Who = Who.ANYBODY
    in_groups: bool = True  #: whether a group's menu offers it
    often: bool = False  #: it stands in Telegram's menus and first in /help, for most people need no other
    longest: int = LONGEST  #: characters that may follow it


class Given:
    """The arguments of a button's verb: "AAPL:10" is a symbol and a horizon. Anybody may forge them."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        """As split at the colons."""
        self._arguments = arguments

    def __len__(self) -> int:
        """How many there are."""
        return len(self._arguments)

    def text(self, at: int) -> str:
        """Return one argument, "" where there are fewer."""
        return self._arguments[at] if at < len(self) else ""

    def symbol(self) -> str:
        """Return the first argument, a symbol. Raises StaleButton."""
        if not is_symbol(self.text(0)):
            raise StaleButton
        return self.text(0)

    def symbols(self, first: int = 0) -> list[str]:
        """Return all arguments from the first of them on, each a symbol. Raises StaleButton."""
        symbols = list(self._arguments[first:])
        if not all(map(is_symbol, symbols)):
            raise StaleButton
        return symbols

    def horizon(self, at: int, default: int | None = None) -> int:
        """Return a horizon in sessions, the default where there are fewer arguments. Raises BadHorizon."""
        return default if default is not None and at >= len(self) else parse_horizon(self.text(at))

    def number(self) -> int:
        """Return the first argument, a whole number. Raises StaleButton."""
        text = self.text(0)
        if not (text.isascii() and text.isdecimal() and len(text) <= 18):
            raise StaleButton
        return int(text)
