"""Draws how alerts go to a second app, and how a list comes along: `python docs/alert_pictures.py [LANGUAGE FOLDER]`.

The real bot on the local Bot API server of the tests, with a Discord as strict as its documentation.
"""

import re
import sys
import tempfile
from dataclasses import replace
from html import escape
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from apprise.plugins.discord import NotifyDiscord
from chat_pictures import IMAGES, answer_now, photograph, what_was_said
from pydantic import SecretStr

from bellwether.services import Services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.state import SentMessage
from tests.support.chat_services import DISCORD, ChatServices
from tests.support.http_server import HttpServer
from tests.support.running_bot import bot_services, running_bot

CHAT = 1
SYMBOLS = (
    "AAPL",
    "MSFT",
    "KO",
    "PEP",
    "JNJ",
    "PG",
    "XOM",
    "CVX",
    "JPM",
    "WMT",
    "DIS",
    "NVDA",
    "RKLB",
)  # the last is none of the sample's
_PRESSED = '<div class="out"><i>{}</i></div>'
_THERE = '<div class="in" style="background: #313338; color: #dbdee1"><div class="words"><b>Discord</b>\n{}</div></div>'


def main() -> None:
    """Set Discord up as a person does, then send a list."""
    language, folder = (sys.argv[1], Path(sys.argv[2])) if sys.argv[1:] else ("en", IMAGES)
    there = ChatServices()
    with (
        TelegramServer() as server,
        HttpServer(there.answer) as discord,
        patch.object(NotifyDiscord, "notify_url", f"{discord.url}/api/webhooks"),
        tempfile.TemporaryDirectory() as place,
        running_bot(_services(server, Path(place))),
    ):
        server.open_chat(CHAT, language_code=language)
        photograph(_second_app(server, there), "alerts-second-app", folder=folder)
        photograph(_list(server), "watch-a-list", folder=folder)


def _services(server: TelegramServer, folder: Path) -> Services:
    services = bot_services(server, folder)
    settings = services.settings
    changed = {
        "channels": settings.channels.model_copy(update={"key": SecretStr("5e" * 32), "private": True}),
        "web": settings.web.model_copy(update={"public_url": "https://bellwether.example"}),
    }
    return replace(services, settings=settings.model_copy(update=changed))


def _second_app(server: TelegramServer, there: ChatServices) -> list[list[str]]:
    server.ask(CHAT, "tell me when nvidia drops 5 %")
    shown = server.ask(CHAT, "/alerts")
    columns = [[what_was_said("/alerts"), answer_now(shown)]]
    for action in ("targets", "newtarget:discord"):
        label = next(button["text"] for row in shown.buttons for button in row if button["callback_data"] == action)
        shown = _pressed(server, shown, label)
        columns.append([_PRESSED.format(escape(label)), answer_now(shown)])
    address = f"https://discord.com{DISCORD}"
    answer = server.ask(CHAT, address)
    columns[-1] += [what_was_said(f"{address[:38]}…"), answer_now(answer)]
    server.wait_for(lambda _server: there.seen.get("discord"))
    arrived = there.seen["discord"][0].replace("\\", "")
    (code,) = re.findall(r"BW-\d{6}", arrived)
    columns.append(
        [
            _THERE.format(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(arrived))),
            what_was_said(code),
            answer_now(server.ask(CHAT, code)),
        ]
    )
    return columns


def _list(server: TelegramServer) -> list[list[str]]:
    known = len(server.messages(CHAT))
    server.send_file(CHAT, "portfolio.csv", "\n".join(["Symbol", *SYMBOLS]).encode())
    server.wait_for(lambda seen: seen.messages(CHAT)[known:])
    shown = server.messages(CHAT)[known]
    column = [what_was_said("portfolio.csv"), answer_now(shown)]
    (label,) = [button["text"] for row in shown.buttons for button in row]
    return [column, [_PRESSED.format(escape(label)), answer_now(_pressed(server, shown, label))]]


def _pressed(server: TelegramServer, shown: SentMessage, label: str) -> SentMessage:
    """What is shown after a button was pressed: the message as it was changed, or the next one."""
    server.press(CHAT, shown.message_id, label)

    def changed() -> list[SentMessage]:
        return [
            message
            for message in server.messages(CHAT)
            if message.message_id > shown.message_id
            or (message.message_id == shown.message_id and len(message.versions) > len(shown.versions))
        ]

    return server.wait_for(lambda _server: changed())[0]


if __name__ == "__main__":
    main()
