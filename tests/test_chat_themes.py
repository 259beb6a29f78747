"""Dark charts in the chat: what arrives at Telegram has the background that the chat wants, whatever asked for it."""

from pathlib import Path

import pytest

from bellwether.charts.kit import PALETTES
from bellwether.core.types import Theme
from bellwether.services import Services
from tests.support.bot_api_server.server import TelegramServer
from tests.support.png import corner
from tests.support.running_bot import bot_services, running_bot
from tests.test_every_command import press, say

ANN, GROUP = 1001, -1002002
#: every way to a chart: what is said, and the buttons that are pressed under its answer
WAYS = {
    "AAPL 10d": ("forecast:AAPL:21", "details:AAPL:21", "chart:AAPL:21", "watch:AAPL:21", "unwatch:AAPL:21"),
    "/forecast MSFT": (),
    "/forecast AAPPL": ("ask:AAPL:10",),
    "/start AAPL": (),
    "/why AAPL": ("ask:AAPL:10",),
    "/compare AAPL MSFT": ("compare:21:AAPL,MSFT",),
    "/compare AAPPL MSFT": ("compare:10:AAPL,MSFT",),
    "/asof 2020-03-02 AAPL": ("ask:AAPL:10",),
    "/asof 2020-03-02 AAPPL": ("asof:AAPL:10:2020-03-02",),
    "/growth AAPL": ("ask:AAPL:10",),
    "/growth AAPPL": ("growth:AAPL",),
}


@pytest.fixture
def server(server: TelegramServer, unhurried: None, monkeypatch: pytest.MonkeyPatch) -> TelegramServer:
    # each press waits until nothing is unanswered any more
    monkeypatch.setattr("bot.telegram.inbox_marks.LINGER", 0.01)
    server.open_chat(GROUP, "Traders", type="supergroup")
    server.appoint(GROUP, ANN)
    return server


def backgrounds(server: TelegramServer, services: Services, chat_id: int, way: str) -> set[str]:
    """The colours behind all charts that come when the way is gone, also behind those that an edit replaced."""
    before = len(server.messages(chat_id))
    shown = say(server, services, chat_id, way, None)
    for action in WAYS[way]:
        press(server, services, shown, action)
    new = server.messages(chat_id)[before:]
    return {corner(version.file.data) for message in new for version in message.versions if version.file is not None}


def test_every_chart_has_the_theme_of_its_chat(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)

    def expect(theme: Theme) -> None:
        colours = {way: backgrounds(server, services, ANN, way) for way in WAYS}
        assert colours == {way: {PALETTES[theme].background} for way in WAYS}

    with running_bot(services):
        expect("light")
        assert "Charts: dark" in say(server, services, ANN, "/settings charts dark", None).text
        expect("dark")
        press(server, services, say(server, services, ANN, "/settings", None), "set:theme:light")
        expect("light")


def test_a_group_has_a_theme_of_its_own(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        say(server, services, GROUP, "/settings charts dark", None)
        of_group = backgrounds(server, services, GROUP, "/forecast MSFT")
        of_ann = backgrounds(server, services, ANN, "/forecast MSFT")
    assert of_group == {PALETTES["dark"].background}
    assert of_ann == {PALETTES["light"].background}
