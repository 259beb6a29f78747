"""Draws what comes by mail: `python docs/mail_pictures.py` from the project's folder.

An alert and a digest of the sample market go through the real outbox to a mail server of the tests; what arrives there
is shown at the width of a phone by a headless Chromium, which passes for a mail program: it is given each picture by
its Content-ID.
"""

import asyncio
import base64
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from bellwether.alerts import watchlist
from bellwether.alerts.ask import add_rule, change_alert_settings
from bellwether.alerts.message_chart import chart_of
from bellwether.alerts.tick import tick
from bellwether.core.alert_types import AlertSettings, RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.core.types import Theme
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.deliver import deliver
from bellwether.delivery.targets import ask
from bellwether.services import Services, build_services
from tests.support.browser import CHROMIUM
from tests.support.database import new_database
from tests.support.mailbox import mailbox

IMAGES = Path(__file__).resolve().parent / "images"
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
READER = 1
WATCHED = ("AAPL", "MSFT", "NVDA", "TSLA")
WIDTH = 390  #: pixels, of most phones
STYLE = """
body { margin: 0; background: %s; font: 13px/1.4 "Noto Sans", sans-serif; color: %s }
main { display: flex; gap: 18px; padding: 18px; align-items: flex-start; width: max-content }
section { width: 390px; border-radius: 14px; overflow: hidden; border: 1px solid %s }
h1 { font-size: 16px; line-height: 1.3; margin: 12px 16px 4px } p { margin: 0 16px 12px; opacity: .75 }
iframe { display: block; border: 0; width: 390px }
"""
THEMES: dict[Theme, tuple[str, str, str]] = {
    "light": ("#ffffff", "#16202c", "#dde2e8"),
    "dark": ("#05080b", "#eef2f6", "#26303b"),
}


def main() -> None:
    """Have both sent, then photograph them in either theme."""
    for theme in THEMES:
        photograph(mails("en", theme)[1:], theme, IMAGES / f"mail-{theme}.jpg")


def mails(language: str, theme: Theme) -> list[EmailMessage]:
    """What comes in an evening to somebody who speaks that and wants such charts: a code, an alert, a digest."""
    now = [EVENING]
    with mailbox() as box, tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            market={"source": "sample"},
            database={"path": new_database(Path(folder) / "mail.sqlite3")},
            channels={"key": "5e" * 32, "private": True, "smtp": box.url, "mail_from": "alerts@bell.example"},
            web={"public_url": "https://bell.example"},
        )
        services = build_services(settings, clock=lambda: now[0])
        change_alert_settings(services, READER, AlertSettings(theme=theme), language)
        ask.add(services, READER, "you@mail.example", language)
        _send(services)
        ask.prove(services, READER, re.findall(r"BW-\d{6}", _words(box.mails[0]))[0])
        now[0] += timedelta(seconds=1)
        for symbol in WATCHED:
            watchlist.watch(services, READER, symbol, language)
        add_rule(services, READER, "TSLA", RuleRequest(RuleKind.MOVE, 0.001), language)
        tick(services, EVENING)
        now[0] += timedelta(minutes=1)
        _send(services)
        return box.mails


def _words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _send(services: Services) -> None:
    channel = NotifyChannel(services.store, services.clock, services.settings, partial(chart_of, services))
    asyncio.run(deliver(services.store, services.clock, channel))


def photograph(arrived: list[EmailMessage], theme: Theme, file: Path) -> None:
    """Mails side by side, as long as each is."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1, "height": 1}, color_scheme=theme, device_scale_factor=1.5)
        page.set_content(f"<style>{STYLE % THEMES[theme]}</style><main>{''.join(map(_framed, arrived))}</main>")
        page.evaluate(
            "for (const frame of document.querySelectorAll('iframe'))"
            " frame.style.height = frame.contentDocument.documentElement.scrollHeight + 'px'"
        )
        page.locator("main").screenshot(path=file, type="jpeg", quality=76)
        browser.close()


def _framed(mail: EmailMessage) -> str:
    return (
        f"<section><h1>{escape(mail['Subject'])}</h1><p>{escape(mail['From'])}</p>"
        f'<iframe srcdoc="{escape(shown(mail))}"></iframe></section>'
    )


def shown(mail: EmailMessage) -> str:
    """The page of a mail, with its pictures in it."""
    body = mail.get_body(("html",))
    assert body is not None
    page = str(body.get_content())
    for part in mail.walk():
        if part.get_content_maintype() == "image":
            picture = base64.b64encode(part.get_content()).decode()
            page = page.replace(f"cid:{part['Content-ID'].strip('<>')}", f"data:image/png;base64,{picture}")
    return page


if __name__ == "__main__":
    main()
