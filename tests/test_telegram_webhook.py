"""Updates that Telegram brings: only with the secret, stored before they are confirmed, answered as any others."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from bellwether.core.config import load_settings
from bellwether.core.errors import ConfigError
from serving import serve
from tests.support.bot_api_server.client import post
from tests.support.bot_api_server.server import TelegramServer
from tests.support.made_updates import HIDDEN_USER, message
from tests.support.ports import free_port
from tests.support.running_bot import bot_services, running_bot
from web.middleware.telegram_webhook import LONGEST, SECRET_HEADER, TelegramWebhook

ANN, SECRET = 1001, "a-secret-of-the-test"
HIDDEN = {"message": message(text="AAPL", forward_origin=HIDDEN_USER)}
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer(local=True) as server:
        server.open_chat(ANN)
        yield server
        assert server.violations == []


@contextmanager
def service(server: TelegramServer, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`serve` with a webhook, as an operator starts it."""
    settings = {
        "TELEGRAM__TOKEN": server.token,
        "TELEGRAM__BASE_URL": server.base_url,
        "TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
        "TELEGRAM__WEBHOOK_SECRET": SECRET,
        "DATABASE__PATH": str(folder / "bot.sqlite3"),
        "WEB__PORT": str(port),
    }
    environment = {f"BELLWETHER_{name}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "bellwether", "serve"], cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def test_updates_that_are_brought_are_answered_and_survive_a_kill(server: TelegramServer, tmp_path: Path) -> None:
    port = free_port()
    with service(server, tmp_path, port) as process:
        server.wait_for(lambda s: s.calls("setWebhook"), 60)
        (call,) = server.calls("setWebhook")
        assert call["secret_token"] == SECRET
        assert set(call["allowed_updates"]) == {"message", "callback_query", "my_chat_member", "inline_query"}
        halved = {"update_id": 400_000_010, "message": message(text="\ud800")}
        for odd in ({"update_id": 400_000_000, **HIDDEN}, {"update_id": None, **HIDDEN}, {"update_id": 2**40}, halved):
            server.push_raw(odd)
        assert "range with its track record" in server.ask(ANN, "/start", 60).text
        server.wait_for(lambda s: s.webhook.answers.count(200) == 5)  # the answer may come before the POST is answered
        assert set(server.webhook.answers) <= {503, 200}, "503 until it is connected; what cannot be read is confirmed"
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'bellwether_updates_set_aside{why="unreadable"} 3' in metrics
        forecast = server.ask(ANN, "AAPL", 60)
        assert "Apple will probably end between" in forecast.text
        server.press(ANN, forecast.message_id, "forecast:AAPL:21")
        # in the same message, or in a new one where its chart had not joined its words yet
        server.wait_for(lambda s: any("Over the next month" in message.text for message in s.messages(ANN)), 30)
        assert server.calls("getUpdates") == []
        # the answer hangs, so the update is stored and confirmed but not answered when the process dies
        sent = len(server.calls("sendMessage"))
        server.hang_next("sendMessage", 30)
        server.say(ANN, "/list")
        server.wait_for(lambda s: len(s.calls("sendMessage")) == sent + 1 and not s.pending_updates, 30)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with service(server, tmp_path, port):
        server.wait_for(lambda s: "You watch nothing" in s.last(ANN).text, 60)


def test_going_back_to_polling_takes_the_webhook_back(server: TelegramServer, tmp_path: Path) -> None:
    post(server, "setWebhook", url="http://127.0.0.1:9/telegram", secret_token=SECRET)
    server.say(ANN, "/list")  # nobody is there to take it
    server.wait_for(lambda s: 0 in s.webhook.answers)
    refused = post(server, "getUpdates")
    assert refused["error_code"] == 409
    assert "webhook is active" in refused["description"]
    with running_bot(bot_services(server, tmp_path)):
        server.wait_for(lambda s: s.messages(ANN))
    assert server.webhook.url == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://bellwether.example/telegram", "An HTTPS URL must be provided"),
        ("https://bellwether.example:9000/telegram", "only on ports 80, 88, 443 or 8443"),
    ],
)
def test_the_server_of_the_tests_refuses_what_telegram_refuses(url: str, why: str) -> None:
    with TelegramServer() as server:
        assert why in post(server, "setWebhook", url=url)["description"]


class Bot:
    """What stands behind the address."""

    def __init__(self, stores: bool = True) -> None:
        self.taken: list[bytes] = []
        self._stores = stores

    async def take(self, body: bytes) -> bool:
        if not body.startswith(b"{"):
            raise ValueError
        self.taken.append(body)
        return self._stores

    def ask(self, method: str, path: str, body: bytes = b"{}", secret: str | None = SECRET) -> httpx.Response:
        app = TelegramWebhook(PlainTextResponse("the page"), "/telegram", SECRET, self.take)

        async def run() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://b.test") as client:
                headers = {} if secret is None else {SECRET_HEADER: secret}
                return await client.request(method, path, content=body, headers=headers)

        return asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "body", "secret", "status", "taken"),
    [
        pytest.param("POST", "/telegram", b"{}", SECRET, 200, 1, id="an update"),
        pytest.param("POST", "/telegram", b"{}", None, 403, 0, id="no secret"),
        pytest.param("POST", "/telegram", b"{}", "", 403, 0, id="an empty secret"),
        pytest.param("POST", "/telegram", b"{}", SECRET[:-1], 403, 0, id="a part of the secret"),
        pytest.param("POST", "/telegram", b"{}", f"{SECRET}x", 403, 0, id="more than the secret"),
        pytest.param("GET", "/telegram", b"", SECRET, 405, 0, id="a browser"),
        pytest.param("POST", "/telegram", b"{" * (LONGEST + 1), SECRET, 413, 0, id="too long"),
        pytest.param("POST", "/telegram", b"{" * LONGEST, SECRET, 200, 1, id="as long as may be"),
        pytest.param("POST", "/telegram", b"nonsense", SECRET, 400, 0, id="no update"),
        pytest.param("GET", "/telegram/x", b"", None, 200, 0, id="the page"),
    ],
)
def test_only_telegram_is_let_in(
    method: str, path: str, body: bytes, secret: str | None, status: int, taken: int
) -> None:
    bot = Bot()
    assert bot.ask(method, path, body, secret).status_code == status
    assert len(bot.taken) == taken


def test_what_cannot_be_stored_is_brought_again() -> None:
    assert Bot(stores=False).ask("POST", "/telegram").status_code == 503


@pytest.mark.parametrize(
    "url", ["https://bellwether.example", "bellwether.example/telegram", "https://b.example/t?x=1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"telegram\.webhook_url"):
        load_settings(telegram={"webhook_url": url})


@pytest.mark.parametrize("secret", ["short", "with a space in the secret", "ä" * 20])
def test_a_secret_that_telegram_would_not_take_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ConfigError, match="16 to 256") as told:
        load_settings(telegram={"webhook_secret": secret})
    assert secret not in str(told.value)


def test_a_webhook_without_a_secret_does_not_start() -> None:
    settings = load_settings(telegram={"token": "1:TEST", "webhook_url": "https://bellwether.example/telegram"})
    with pytest.raises(ConfigError, match="BELLWETHER_TELEGRAM__WEBHOOK_SECRET"):
        serve(settings)
