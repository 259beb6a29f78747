"""A file sent to the bot: what was read, a button that watches it, and nothing before that."""

import io
import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellwether.alerts import watchlist
from bellwether.cli.main import main
from bellwether.services import Services
from bot import conversation, terminal
from bot.replies import as_text
from tests.support.bot_api_server.server import TelegramServer
from tests.support.holdings import exported
from tests.support.png import blank
from tests.support.running_bot import bot_services, running_bot
from tests.support.talk import Talk, as_read, check_reply

ANN = 1001
#: all of these are in the sample market
LIST = (
    b"Symbol;Name;Quantity;Price\nAAPL;Apple Inc.;1234567;191,15\nKO;Coca-Cola Co;7654321;70,10\nRKLB;Rocket Lab;5;40\n"
)


@pytest.fixture
def talk(services: Services) -> Talk:
    return Talk(services)


def sends(talk: Talk, content: bytes, name: str = "list.csv") -> str:
    """What is answered to a file, as plain text."""
    talk.shown = conversation.read_file(talk.chat, content, name)
    check_reply(talk.shown)
    return as_read(as_text(talk.shown.text))


def watched(talk: Talk) -> list[str]:
    return [row.symbol for row in watchlist.watchlist(talk.services.store, talk.chat_id)]


def test_a_file_is_shown_as_it_was_read_and_watched_by_one_tap(talk: Talk) -> None:
    said = sends(talk, LIST)
    assert "I read 2 stocks in your file:\nAAPL Apple\nKO Coca-Cola" in said
    assert "• Rocket Lab, RKLB: I know no such stock here" in said
    assert "Nothing is added before you tap." in said
    assert watched(talk) == []
    assert talk.labels == ["Watch these 2"]
    assert "You watch 2 more stocks now, 2 in all." in talk.press("Watch these 2")
    assert sorted(watched(talk)) == ["AAPL", "KO"]


def test_a_second_tap_changes_nothing_and_says_so(talk: Talk) -> None:
    sends(talk, LIST)
    shown = talk.shown
    talk.press("Watch these 2")
    talk.shown = shown
    assert talk.press("Watch these 2") == "You watch all of them already."


def test_what_is_watched_already_is_told_and_not_offered_again(talk: Talk) -> None:
    talk.say("/watch KO")
    assert "You watch 1 of them already." in sends(talk, LIST)
    talk.press("Watch 1 stock")
    assert "You watch all of them already." in sends(talk, LIST)
    assert talk.labels == []


def test_two_lists_keep_their_own_buttons(talk: Talk) -> None:
    sends(talk, b"AAPL\nMSFT\n")
    first = talk.shown
    sends(talk, b"KO\nPEP\n")
    talk.shown = first
    talk.press("Watch these 2")
    assert sorted(watched(talk)) == ["AAPL", "MSFT"]


def test_after_a_restart_the_file_is_asked_for_once_more(talk: Talk, services: Services) -> None:
    sends(talk, LIST)
    action = talk.shown.buttons[0][0].action
    other = Talk(replace(services, memory=type(services.memory)()))
    assert "Please send the file once more." in other.send(action)
    assert watched(talk) == []


def test_a_chat_that_is_deleted_takes_its_list_along(talk: Talk) -> None:
    sends(talk, LIST)
    action = talk.shown.buttons[0][0].action
    talk.say("/delete_me")
    talk.press(talk.labels[0])
    assert "Please send the file once more." in talk.send(action)


def test_a_question_back_can_be_answered_by_its_button(talk: Talk) -> None:
    said = sends(talk, b"Symbol,Name\nF,Fortinet\nKO,Microsoft\n")
    assert "• Microsoft, KO: that ticker belongs to another company here" in said
    assert any(label.startswith("MSFT: Microsoft") for label in talk.labels)
    talk.press(next(label for label in talk.labels if label.startswith("MSFT")))
    assert watched(talk) == ["MSFT"]


def test_more_than_a_chat_can_watch_is_told_before_the_tap(services: Services) -> None:
    few = services.settings.model_copy(
        update={"alerts": services.settings.alerts.model_copy(update={"watch_limit": 3})}
    )
    talk = Talk(replace(services, settings=few))
    talk.say("/watch JPM")
    assert "You can watch 3 stocks; there is room for 2 of these, the first ones." in sends(
        talk, b"AAPL\nMSFT\nKO\nPEP\n"
    )
    offer = talk.shown
    talk.press("Watch these 2")
    assert sorted(watched(talk)) == ["AAPL", "JPM", "MSFT"]
    sends(talk, b"KO\n")
    assert talk.labels == []  # there is no room at all
    talk.shown = offer
    assert "already" in talk.press("Watch these 2")


def test_a_list_that_no_longer_fits_is_refused_whole(services: Services) -> None:
    few = services.settings.model_copy(
        update={"alerts": services.settings.alerts.model_copy(update={"watch_limit": 1})}
    )
    talk = Talk(replace(services, settings=few))
    sends(talk, b"AAPL\n")
    offer = talk.shown
    talk.say("/watch KO")
    talk.shown = offer
    assert "the most I can" in talk.press("Watch 1 stock")
    assert watched(talk) == ["KO"]


def test_what_was_sold_is_named_and_what_is_no_stock_is_counted(talk: Talk) -> None:
    said = sends(talk, exported("yahoo.csv"))
    assert "Left out: cash (1), no longer held (TSLA)." in said
    said = sends(talk, exported("schwab.csv"))
    assert "Left out: cash (1), funds (1), options, bonds and what is not listed (1)." in said


def test_a_long_list_and_many_questions_fit_one_message(talk: Talk) -> None:
    names = [f"Strange & Co <{number}>" for number in range(300)]
    rows = [f"{instrument.symbol};{instrument.name}" for instrument in talk.services.universe]
    said = sends(talk, "\n".join(["Symbol;Name", *rows, *(f"X{n}X9;{name}" for n, name in enumerate(names))]).encode())
    assert "and 288 more" in said
    assert len(said) < 4000
    assert f"Watch these {len(rows)}" in talk.labels


def test_what_is_looked_up_for_a_file_is_told_to_be_remembered(talk: Talk) -> None:
    assert "what I look up is remembered without who asked" in sends(talk, LIST)
    assert "for a file that you send too, is remembered with the answer for at most 30 days" in talk.say("/privacy")


def test_nothing_of_a_file_is_logged_or_written_down(
    talk: Talk, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with caplog.at_level(logging.DEBUG):
        sends(talk, LIST, "Depot von Ann.csv")
        talk.press("Watch these 2")
    for secret in ("1234567", "7654321", "191,15", "Depot von Ann", "Rocket"):
        assert secret not in caplog.text
        assert all(secret.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    exported_data = talk.say("/export")
    assert "1234567" not in exported_data


def test_an_empty_watchlist_says_that_a_file_will_do(talk: Talk) -> None:
    assert "send me a list as a CSV file" in talk.say("/list")
    assert "send me a list as a CSV file" in talk.say("/watch")


# ---- over Telegram


def test_a_file_sent_in_telegram_is_read_and_watched(server: TelegramServer, tmp_path: Path) -> None:
    services = bot_services(server, tmp_path)
    with running_bot(services):
        server.send_file(ANN, "list.csv", LIST)
        server.wait_for(lambda s: s.messages(ANN) and "I read 2 stocks" in s.last(ANN).text)
        offer = server.last(ANN)
        assert offer is not None
        assert watchlist.watchlist(services.store, ANN) == []
        server.press(ANN, offer.message_id, "Watch these 2")
        server.wait_for(lambda s: "You watch 2 more stocks now" in s.last(ANN).text)
    assert len(watchlist.watchlist(services.store, ANN)) == 2


def test_the_wrong_kind_of_file_is_refused_kindly(server: TelegramServer, tmp_path: Path) -> None:
    wrong = [
        ("holdings.xlsx", b"PK\x03\x04", -1, "can't read spreadsheets"),
        ("list.csv", blank(2, 2), -1, "can't read pictures"),
        ("list.csv", b"Symbol\nAAPL\n", 20_000_001, "larger than the 500 kB"),
        ("list.csv", b"Symbol\n" + b"A" * 3_000_000, 100, "did not give me that file"),
        ("letter.txt", b"Hello,\nhow are you?\n", -1, "no column with tickers"),
    ]
    with running_bot(bot_services(server, tmp_path)):
        for name, content, told, says in wrong:
            server.send_file(ANN, name, content, told=told)
            server.wait_for(lambda s, says=says: s.messages(ANN) and says in s.last(ANN).text)


def test_a_file_that_telegram_does_not_give_is_asked_for_again(server: TelegramServer, tmp_path: Path) -> None:
    server.fail_next("getFile", 400, description="Bad Request: file is temporarily unavailable")
    with running_bot(bot_services(server, tmp_path)):
        server.send_file(ANN, "list.csv", LIST)
        server.wait_for(lambda s: s.messages(ANN) and "Please send it once more." in s.last(ANN).text)
        server.send_file(ANN, "list.csv", LIST)
        server.wait_for(lambda s: "I read 2 stocks" in s.last(ANN).text)


# ---- in the terminal, and on the command line


def test_in_the_terminal_the_path_of_a_file_stands_for_the_file(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my list.csv"
    file.write_bytes(LIST)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"'{file}'\n1\n/not/there.csv\n/quit\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "I read 2 stocks in your file:" in said
    assert "You watch 2 more stocks now, 2 in all." in said


def test_the_command_line_shows_what_a_file_is_read_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "t.sqlite3"))
    file = tmp_path / "list.csv"
    file.write_bytes(LIST)
    done = CliRunner().invoke(main, ["market", "holdings", str(file)])
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["AAPL", "KO"]
    assert "not clear: Rocket Lab, RKLB: I know no such stock here" in done.stderr
    assert done.exit_code == 1
    file.write_bytes(b"PK\x03\x04")
    assert "packed files" in CliRunner().invoke(main, ["market", "holdings", str(file)]).stderr
    assert not (tmp_path / "t.sqlite3").exists()
