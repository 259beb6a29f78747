"""Draws what the chat answers: `python docs/chat_pictures.py` from the project's folder.

The real bot over the sample market is asked on the local Bot API server of the tests, by a person with a light app and
by one with a dark app and dark charts; what arrives there is set as a phone shows it, and photographed by a headless
Chromium.
"""

import base64
import sys
import tempfile
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from tests.support.bot_api_server.server import TelegramServer
from tests.support.bot_api_server.state import SentMessage
from tests.support.browser import CHROMIUM
from tests.support.running_bot import bot_services, running_bot

IMAGES = Path(__file__).resolve().parent / "images"
ASKED = (
    ("/start", "/compare AAPL MSFT TSLA 1m", "/alerts", "/watch AAPL MSFT"),
    ("apple", "tell me when nvidia drops 5 %", "shell"),
    ("/why AAPL", "how did you do on tesla", "microsoft sales"),
    ("/settings", "/meaning"),
)  #: a column each
THEMES = {
    "light": {
        "back": "#d6e4d0",
        "in": "#ffffff",
        "out": "#e3fdd0",
        "ink": "#111b21",
        "key": "#5f8f6233",
        "quiet": "#667",
    },
    "dark": {
        "back": "#0e1621",
        "in": "#182533",
        "out": "#2b5278",
        "ink": "#eef3f7",
        "key": "#ffffff1f",
        "quiet": "#9ab",
    },
}
STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: %(back)s; color: %(ink)s; font: 15px/1.35 "Noto Sans", sans-serif }
main { display: flex; gap: 22px; padding: 22px; align-items: flex-start; width: max-content }
section { width: 372px; display: flex; flex-direction: column; gap: 8px }
.out { align-self: flex-end; background: %(out)s; border-radius: 14px 14px 4px 14px; padding: 7px 12px }
.in { background: %(in)s; border-radius: 14px 14px 14px 4px; overflow: hidden }
.in img { display: block; width: 100%% }
.words { padding: 8px 12px; white-space: pre-wrap; overflow-wrap: anywhere }
blockquote { margin: 0; padding-left: 9px; border-left: 3px solid %(quiet)s }
.row { display: flex; gap: 4px } .row span { flex: 1; background: %(key)s; border-radius: 8px; padding: 7px 4px;
  text-align: center; font-size: 13.5px } .keys { display: flex; flex-direction: column; gap: 4px }
"""


def main() -> None:
    """Ask for either theme, then photograph both."""
    told = {}
    with (
        TelegramServer() as server,
        tempfile.TemporaryDirectory() as folder,
        running_bot(bot_services(server, Path(folder))),
    ):
        for chat_id, theme in enumerate(THEMES, 1):
            server.open_chat(chat_id)
            server.ask(chat_id, f"/settings charts {theme}", 30)
            told[theme] = [[(said, _answer(server, chat_id, said)) for said in column] for column in ASKED]
    for theme, columns in told.items():
        photograph([[_exchange(said, answer) for said, answer in column] for column in columns], f"chat-{theme}", theme)


def photograph(columns: list[list[str]], name: str, theme: str = "light", folder: Path = IMAGES) -> None:
    """A picture of columns of exchanges, each as HTML."""
    shown = "".join(f"<section>{''.join(column)}</section>" for column in columns)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 22 + 394 * len(columns), "height": 400})
        page.set_content(f"<style>{STYLE % THEMES[theme]}</style><main>{shown}</main>")
        page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=72, full_page=True)
        browser.close()


def _answer(server: TelegramServer, chat_id: int, said: str) -> SentMessage:
    """The answer, with its chart where it has one."""
    number = server.ask(chat_id, said, 30).message_id
    server.ask(chat_id, "/list", 30)  # by then all that belongs to the answer has come
    return next(message for message in server.messages(chat_id) if message.message_id == number)


def _exchange(said: str, answer: SentMessage) -> str:
    return what_was_said(said) + answer_now(answer)


def what_was_said(said: str) -> str:
    """The bubble of a person."""
    return f'<div class="out">{escape(said)}</div>'


def answer_now(answer: SentMessage) -> str:
    """The bubble of the answer, as it is just now, with its keyboard."""
    picture = base64.b64encode(answer.photo_bytes or b"").decode()
    chart = f'<img src="data:image/png;base64,{picture}">' if picture else ""
    rows = "".join(map(_row, answer.buttons))
    return f'<div class="in">{chart}<div class="words">{answer.html}</div></div><div class="keys">{rows}</div>'


def _row(buttons: list[dict[str, str]]) -> str:
    labels = "".join(f"<span>{escape(button['text'])}</span>" for button in buttons)
    return f'<div class="row">{labels}</div>'


if __name__ == "__main__":
    main()
