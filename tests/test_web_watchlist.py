"""The page that reads a list which a visitor brings along: shown, and forgotten."""

import logging
from pathlib import Path

import httpx
import pytest

from bellwether.alerts import watchlist
from bellwether.services import Services
from tests.support.holdings import exported
from tests.support.talk import Talk
from tests.support.web import Visitor, plain_text
from web.app import create_app
from web.pages.upload import read_form
from web.pages.watchlist import commands
from web.problems import HttpProblem

BOUNDARY = "----geckoformboundary7a1f"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
EVERY_BYTE = bytes(range(256)) * 2


def form(file: bytes = b"", name: str = "", text: str = "") -> bytes:
    """What a browser sends for the form of the page."""
    parts = [
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv'.encode()
        + b"\r\n\r\n"
        + file,
        b'Content-Disposition: form-data; name="text"\r\n\r\n' + text.encode(),
    ]
    edge = f"--{BOUNDARY}".encode()
    return b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"


def sent(visitor: Visitor, body: bytes, kind: str = FORM) -> httpx.Response:
    return visitor.post("/watchlist", body, kind)


@pytest.fixture
def visitor(services: Services) -> Visitor:
    return Visitor(create_app(services))


@pytest.mark.parametrize("content", [b"Symbol\r\nAAPL\r\n", EVERY_BYTE, "Kürzel\r\nAAPL\r\n".encode("utf-16"), b""])
def test_a_form_gives_back_the_bytes_that_a_browser_sent(content: bytes) -> None:
    fields = read_form(FORM, form(content, "Depot.csv", "KO"))
    assert fields["file"].content == content
    assert fields["file"].file_name == "Depot.csv"
    assert fields["text"].content == b"KO"


@pytest.mark.parametrize("body", [b"", b"--", b"no form at all", form(b"x")[:40]])
def test_a_broken_form_is_a_problem_and_no_error(body: bytes) -> None:
    with pytest.raises(HttpProblem):
        read_form(FORM, body)


# ---- the page


def test_a_list_is_shown_with_links_a_comparison_and_what_to_paste(visitor: Visitor) -> None:
    answer = sent(visitor, form(exported("fidelity.csv"), "Portfolio_Positions.csv"))
    assert answer.status_code == 200
    text = plain_text(answer.text)
    assert "2 stocks in it" in text
    assert "/watch AAPL,GOOGL" in text
    assert "Left out: cash (1), options, bonds and what is not listed (1)." in text
    assert 'href="/stocks/AAPL"' in answer.text
    assert 'href="/compare?symbols=AAPL,GOOGL&amp;horizon=10"' in answer.text


def test_what_is_pasted_is_read_like_a_file(visitor: Visitor) -> None:
    text = plain_text(sent(visitor, form(text="NASDAQ:AAPL, KO, RKLB")).text)
    assert "2 stocks in it" in text
    assert "RKLB: I know no such stock here" in text


def test_the_page_tells_that_what_is_looked_up_is_remembered(visitor: Visitor) -> None:
    for shown in (visitor.get("/watchlist"), sent(visitor, form(text="AAPL"))):
        assert "remembered without who asked" in plain_text(shown.text)
        assert "nothing of it is kept" not in shown.text


def test_the_command_of_the_page_is_understood_by_the_bot(visitor: Visitor, services: Services) -> None:
    names = [instrument.symbol for instrument in services.universe]
    answer = sent(visitor, form("\n".join(["Symbol", *names]).encode()))
    lines = [line for line in plain_text(answer.text).split("/watch ")[1:] if line]
    talk = Talk(services)
    for line in lines:
        talk.say(f"/watch {line.split()[0]}")
    assert {row.symbol for row in watchlist.watchlist(services.store, talk.chat_id)} == set(names)


def test_commands_are_as_few_as_fit_a_message(services: Services) -> None:
    instruments = list(services.universe)
    lines = commands(instruments * 10)
    assert all(len(line) <= len("/watch ") + 190 for line in lines)
    assert sum(line.count(",") + 1 for line in lines) == len(instruments) * 10
    assert commands([]) == []


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (form(), 400, "Please choose a file, or paste your list."),
        (form(b"%PDF-1.7", "depot.pdf"), 400, "I can't read PDFs."),
        (form(b"x" * 550_000, "list.csv"), 400, "larger than the 500 kB that I read"),
        (form(b"x" * 700_000, "list.csv"), 413, "That file is too large to be read here."),
        (form(b"", "list.csv"), 400, "That file is empty."),
        (form(text="<script>alert(1)</script>"), 400, "I can't read that kind of file."),
        (b"no form", 400, "What was sent is no form"),
    ],
    ids=["nothing", "pdf", "large", "too large", "empty", "markup", "broken"],
)
def test_what_cannot_be_read_is_said_above_the_form(visitor: Visitor, body: bytes, status: int, says: str) -> None:
    answer = sent(visitor, body)
    assert answer.status_code == status
    assert says in plain_text(answer.text)
    assert "<script>alert" not in answer.text


def test_only_this_page_takes_a_form(visitor: Visitor) -> None:
    assert sent(visitor, b"AAPL", "text/csv").status_code == 415
    assert visitor.post("/api/v1/forecasts", form(b"x"), FORM).status_code == 415
    assert visitor.ask("PUT", "/watchlist").status_code == 405


def test_names_in_a_list_are_shown_as_text(visitor: Visitor) -> None:
    page = sent(visitor, form(b"Symbol;Name\nX9X9;<img src=x onerror=alert(1)>\n", "list.csv")).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_list_is_neither_kept_nor_logged(visitor: Visitor, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = sent(visitor, form(b"Symbol;Name;Quantity\nAAPL;Apple;1234567\nX9X9;My own Ltd;7654321\n", "Ann.csv"))
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "set-cookie" not in answer.headers
    for secret in ("1234567", "7654321", "My own", "Ann.csv"):
        assert secret not in caplog.text
        assert all(secret.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "1234567" not in answer.text
