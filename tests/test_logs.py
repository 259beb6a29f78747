"""The log: what the settings ask for, and never the token."""

import logging
from collections.abc import Iterator

import pytest

from bellwether.core.config import load_settings
from bellwether.core.logs import set_up

TOKEN = "123456789:only-a-token-for-tests"
log = logging.getLogger("tests.logs")


Written = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What pytest hung on the root logger is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(level)


def test_it_logs_what_is_asked_for(capsys: Written) -> None:
    set_up(load_settings(log={"level": "WARNING"}))
    log.info("whispered")
    log.warning("said")
    written = capsys.readouterr().err
    assert "said" in written
    assert "whispered" not in written


def test_the_chat_in_a_terminal_shows_warnings_alone(capsys: Written) -> None:
    set_up(load_settings(log={"level": "DEBUG"}), logging.WARNING)
    log.info("whispered")
    log.warning("said")
    written = capsys.readouterr().err
    assert "said" in written
    assert "whispered" not in written


def test_it_never_writes_the_token(capsys: Written) -> None:
    set_up(load_settings(telegram={"token": TOKEN}, log={"level": "DEBUG"}))
    log.info("GET https://api.telegram.org/bot%s/getMe", TOKEN)
    log.info(f"bot{TOKEN}")
    log.info("%r", {"url": f"/bot{TOKEN}/"})
    try:
        raise ConnectionError(f"no route to /bot{TOKEN}/getMe")
    except ConnectionError:
        log.exception("it failed")
    written = capsys.readouterr().err
    assert TOKEN not in written
    assert written.count("(token)") >= 4
    assert "no route to /bot(token)/getMe" in written


def test_no_token_blacks_out_nothing(capsys: Written) -> None:
    set_up(load_settings())
    log.warning("plain words")
    written = capsys.readouterr().err
    assert "plain words" in written
    assert "(token)" not in written


def test_setting_up_twice_writes_every_line_once(capsys: Written) -> None:
    set_up(load_settings())
    set_up(load_settings())
    log.warning("once")
    written = capsys.readouterr().err
    assert written.count("once") == 1


def test_libraries_do_not_chatter(capsys: Written) -> None:
    set_up(load_settings(log={"level": "DEBUG"}))
    for library in ("apscheduler", "httpx", "httpcore", "yfinance"):
        logging.getLogger(library).info("chatter")
    written = capsys.readouterr().err
    assert "chatter" not in written
