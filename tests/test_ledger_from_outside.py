"""Whoever holds the database can write all of it anew; a head that left the house before then gives it away."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bellwether.ask import forecasts
from bellwether.client import verify
from bellwether.core.config import load_settings
from bellwether.delivery.channels.channel import Accepted
from bellwether.delivery.channels.telegram import ChatChannel
from bellwether.delivery.deliver import deliver
from bellwether.delivery.messages import OutboxMessage
from bellwether.delivery.retry import Cause, DeliveryError
from bellwether.jobs.doctor import examine
from bellwether.jobs.publish_heads import Publishing, publish_heads
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import checkpoint, ledger_table, list_ledger_table, outcomes_table, rebuild
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.list_ledger_table import IssuedList, ListedSymbol
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.verify import verify as verify_inside
from bot.commands import ChatContext, track
from bot.commands.base import Given
from bot.replies import Pressed, as_text
from tests.support.account import live_services, made_up
from tests.support.web import Visitor
from web.app import create_app

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
CHANNEL = -1001234567890
LATER = NOW + timedelta(days=30)


def run(arguments: list[str], now: datetime = LATER) -> int:
    return verify.main(arguments, now)


class Refusing:
    """A channel whose bot may not post until somebody lets it."""

    def __init__(self) -> None:
        self.lets, self.sent = False, list[str]()

    async def send(self, message: OutboxMessage) -> Accepted:
        if not self.lets:
            raise DeliveryError("need administrator rights in the channel chat", Cause.MAY_NOT_WRITE)
        self.sent.append(message.text)
        return Accepted()

    def resting(self, longer_than: float = 0.0) -> Collection[int]:
        return ()

    def at_once(self) -> int:
        return 1


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """Forty forecasts, entered, and the outcomes of ten; the targets of the others lie ahead of the first head."""
    settings = load_settings(
        database={"path": tmp_path / "t.sqlite3"}, models={"folder": tmp_path}, proof={"channel": CHANNEL}
    )
    services = build_services(settings, clock=lambda: NOW)
    record(services.store, [made_up(number, horizon=1 if number < 10 else 14) for number in range(40)])
    with services.store.transaction() as db:
        past = [outcomes_table.of_seq(db, row) for row in range(1, 11)]
        outcomes_table.append(db, [Outcome(each, 0.01, NOW.date()) for each in past], NOW)
    checkpoint.note(services.store)
    return services


def day_after(services: Services) -> Services:
    return replace(services, clock=lambda: NOW + timedelta(days=1))


def downloaded(services: Services, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As `verify.py download` saves it, in pages of a few rows."""
    visitor = Visitor(create_app(services))

    def get(url: str, key: str, kind: str) -> tuple[bytes, str | None]:
        answer = visitor.get(url.replace("limit=10000", "limit=7"), accept=kind)
        assert answer.status_code == 200, answer.text
        link = answer.headers.get("link")
        return answer.content, link.partition(">")[0][1:] if link else None

    monkeypatch.setattr(verify, "_get", get)
    verify.download("", folder, say=lambda told: None)
    return folder


def message(services: Services) -> str:
    """What the channel got."""
    with services.store.reading() as db:
        (row,) = db.rows("SELECT text, recipient_id FROM outbox WHERE kind = 'heads' ORDER BY id LIMIT 1")
    assert row["recipient_id"] == CHANNEL
    return str(row["text"])


def rewritten(services: Services) -> None:
    """The database and its note anew, every hash in place: forecast 7 flatters now, and the kept heads say so too."""
    with closing(sqlite3.connect(services.settings.database.path)) as db, db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        columns = ledger_table.COLUMNS
        rows = [list(row[1:-1]) for row in db.execute(f"SELECT {columns} FROM ledger ORDER BY seq")]
        rows[6][-1] = rows[6][-1][:24] + rows[7][-1][24:]
        for row in ledger_table.CHAIN.linked(ledger_table.NOTHING, rows):
            db.execute("UPDATE ledger SET numbers = ?, hash = ? WHERE seq = ?", (row[-2], row[-1], row[0]))
        db.execute("DELETE FROM published_heads")
    rebuild.rebuild(services.store, lambda symbol: "XNYS")
    checkpoint.path_of(services.store).unlink()
    checkpoint.note(services.store)


def test_a_database_written_anew_with_its_note_is_caught_by_the_message_of_the_day_before(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish_heads(services) == Publishing(published=True)
    saved = tmp_path / "message.txt"
    saved.write_text(message(services), encoding="utf-8")
    folder = downloaded(services, tmp_path / "before", monkeypatch)
    assert run(["check", str(folder), "--proof", str(saved)]) == 3, "ten had closed before the first head"
    assert run(["check", str(folder), "--proof", str(saved), "--since", "2026-11-30"]) == 0
    assert "ok   Forecasts 1 to 40 are what stood there" in capsys.readouterr().out

    rewritten(services)
    inside = verify_inside(services.store)
    assert not [problem for problem in inside.problems if "guards" not in problem], "the house itself cannot tell"
    publish_heads(day_after(services))
    folder = downloaded(services, tmp_path / "after", monkeypatch)
    assert run(["check", str(folder)]) == 3, "nor can whoever holds nothing from outside"
    assert run(["check", str(folder), "--proof", str(saved)]) == 1
    told = capsys.readouterr().out
    assert "FAIL ledger: the head in message.txt" in told and "rows 1 to 40" in told and "written anew" in told


def test_an_older_proof_that_agrees_narrows_down_where_it_was_changed(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with services.store.reading() as db:
        fifth, last = (ledger_table.CHAIN.hash_at(db, row) for row in (5, 40))
    assert fifth is not None and last is not None
    rewritten(services)
    folder = downloaded(services, tmp_path / "d", monkeypatch)
    heads = ["--head", f"5:{fifth.hex()}", "--head", f"40:{last.hex()}"]
    assert run(["check", str(folder), *heads]) == 1
    told = capsys.readouterr().out
    assert "ok   ledger: rows 1 to 5 are those of the head that you noted" in told
    assert "rows 6 to 40 are not all those that stood there then" in told


@pytest.mark.parametrize(
    ("damage", "status", "told"),
    [
        (lambda lines: [*lines[:9], lines[9][:50]], 2, "line 10 is cut off or damaged"),
        (lambda lines: lines[:20], 1, "knows 40 rows and this download ends at row 19"),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], 1, "line 5 holds row 5 where row 4 belongs"),
        (lambda lines: [*lines[:4], *lines[5:]], 1, "holds row 5 where row 4 belongs"),
        (lambda lines: [*lines[:4], lines[4].replace(",3", ",4", 1), *lines[5:]], 1, "row 4 ("),
        (lambda lines: ["<html>", *lines], 2, "line 1 is no row of a ledger"),
        (lambda lines: [], 1, "ends at row 0"),
    ],
)
def test_a_damaged_download_is_told_by_its_line_in_plain_words(
    services: Services,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    damage: object,
    status: int,
    told: str,
) -> None:
    publish_heads(services)
    folder = downloaded(services, tmp_path / "d", monkeypatch)
    file = folder / "ledger.csv"
    lines = [line for line in file.read_text().splitlines() if line != verify.HEADER]
    file.write_text("\n".join(damage([verify.HEADER, *lines])))  # type: ignore[operator]
    assert run(["check", str(folder)]) == status
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "saved", "told"),
    [
        (["download", "127.0.0.1:8932", "d"], "", "127.0.0.1:8932 is no whole address"),
        (["check", "d", "--authority", "ca.pem"], "", "There is no file ca.pem"),
        (
            ["receipt", "r.json"],
            '{"title": "No", "detail": "Forecast 9 is unknown."}',
            "answer: Forecast 9 is unknown.",
        ),
        (["receipt", "r.json"], '{"ROW": 1}', "r.json is no receipt: it has no 'row'."),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    saved: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.json").write_text(saved, encoding="utf-8")
    assert run(arguments) == 2
    assert told in capsys.readouterr().out


def test_a_download_before_the_first_head_is_no_proof_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"application/json": b'{"items": []}', "text/csv": f"{verify.HEADER}\n".encode()}
    monkeypatch.setattr(verify, "_get", lambda url, key, kind: (answers[kind], None))
    assert run(["download", "http://127.0.0.1", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "heads.json is saved, but empty" in said and "your proof" not in said
    assert run(["check", str(tmp_path), "--proof", str(tmp_path / verify.HEADS)]) == 3
    assert "note heads.json is empty" in capsys.readouterr().out


def test_a_forecast_dated_back_before_a_published_head_is_found(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_heads(services)
    (tmp_path / "m.txt").write_text(message(services), encoding="utf-8")
    record(services.store, [made_up(99)])  # says that it was made a week before the head
    folder = downloaded(services, tmp_path / "d", monkeypatch)
    assert run(["check", str(folder), "--proof", str(tmp_path / "m.txt")]) == 1
    assert "ledger: row 41 says that it is of 2026-11-23" in capsys.readouterr().out


def test_a_receipt_is_checked_alone_and_is_a_proof_itself(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = Visitor(create_app(services)).get(f"/api/v1/receipts/{made_up(11).forecast_id}").json()
    saved = tmp_path / "receipt.json"
    saved.write_text(json.dumps(receipt), encoding="utf-8")
    alone = [sys.executable, "-I", shutil.copy(verify.__file__, tmp_path / "alone.py")]
    done = subprocess.run([*alone, "receipt", str(saved)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0][:30]) == (3, "ok   The receipt of row 12 say"), done
    for head, status in ((f"12:{receipt['hash']}", 0), (f"11:{'0' * 64}", 3), (f"12:{'0' * 64}", 1)):
        assert run(["receipt", str(saved), "--head", head], NOW) == status, "only a proof of this row counts"
    folder = downloaded(services, tmp_path / "d", monkeypatch)
    assert run(["check", str(folder), "--proof", str(saved)]) == 3, "it says nothing of outcomes"
    said = capsys.readouterr().out
    assert "The 28 after it are newer than your proof" in said
    assert "note outcomes: " in said and "nothing from outside was held against them" in said
    for changes in (
        {"symbol": "AAPL"},
        {"cutoff": "2026-11-20"},
        {"log_returns": [0.0] * 7},
        {"made_at": "1999-01-01T00:00:00+00:00"},
        {"shown": not receipt["shown"]},
        {"adjusted_close": 1.0},
        {"quoted_close": 1.0},
        {"baseline": [0.0] * 7},
        {"usual_probability_of_growth": 0.999},
        {"bars_sha256": "00" * 32},
        {"hash": "00" * 32},
        {"row": 1},
    ):
        saved.write_text(json.dumps(receipt | changes), encoding="utf-8")
        assert run(["receipt", str(saved)]) == 1, changes
    saved.write_text("{}", encoding="utf-8")
    assert run(["receipt", str(saved)]) == 2


def test_every_line_of_noted_heads_is_a_proof(tmp_path: Path) -> None:
    """The last alone would let whoever rewrote the rest go free."""
    notes = tmp_path / "notes.txt"
    notes.write_text("\n".join(f"ledger {rows}:{rows:064x}" for rows in (5, 10)))
    proofs = verify.read_proofs(notes, None, [], outside=True)
    assert [proof.heads for proof in proofs] == [{"ledger": (rows, f"{rows:064x}")} for rows in (5, 10)]


@pytest.mark.parametrize(
    "stamp",
    [
        "308000000000",  # a length without an end, behind which another reader sees other values
        "30810100",  # one that is longer than it need be
        "3003020100ff",  # something behind the end
        "300830003004" + "0600a000",
        "30",
        "",
    ],
)
def test_a_stamp_that_two_readers_may_read_differently_is_refused(stamp: str) -> None:
    with pytest.raises(ValueError):
        verify.read_stamp(bytes.fromhex(stamp))


def test_a_head_is_published_once_a_day_and_none_that_a_published_one_denies(services: Services) -> None:
    assert publish_heads(services).published
    assert not publish_heads(services).published
    rewritten_heads = "UPDATE published_heads SET statement = replace(statement, 'ledger 40:', 'ledger 39:')"
    with services.store.transaction() as db:
        db.execute(rewritten_heads)
    assert not publish_heads(day_after(services)).published
    with services.store.transaction() as db:
        db.execute("DELETE FROM published_heads")
    assert publish_heads(day_after(services)).published


def test_forecasts_of_lists_are_published_and_an_earlier_head_without_them_still_stands(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_heads(services)
    lines = message(services).removeprefix("<pre>").removesuffix("</pre>").splitlines(True)
    without = "".join(line for line in lines if "list" not in line)
    (tmp_path / "m.txt").write_text(without, encoding="utf-8")
    with services.store.transaction() as db:
        db.execute("UPDATE published_heads SET statement = :text", {"text": without})
        symbols = tuple(ListedSymbol(symbol, "XNYS", NOW.date(), "m") for symbol in ("AAPL", "MSFT"))
        growths = (-0.1, -0.05, 0.0, 0.0, 0.01, 0.05, 0.1)
        target = NOW.date() + timedelta(days=7)
        made = ("l1", symbols, 5, "XNYS", NOW.date(), target, NOW, "joint", "yahoo", growths, growths)
        list_ledger_table.append(db, IssuedList(*made))
    assert publish_heads(day_after(services)).published, "the head of the day before is still in the ledger"
    folder = downloaded(services, tmp_path / "d", monkeypatch)
    assert run(["check", str(folder), "--proof", str(tmp_path / "m.txt")]) == 3
    assert "note lists: 1 rows follow from one another" in capsys.readouterr().out
    assert run(["check", str(folder), "--since", "2026-11-30", "--proof", str(folder / verify.HEADS)]) == 0
    told = capsys.readouterr().out
    assert "ok   lists: rows 1 to 1 are those of the head in heads.json, published 2026-12-01" in told
    assert "1 of 1 forecasts of lists whose target has closed were proved by a head dated before that close" in told


def test_a_clock_that_once_was_ahead_is_told_and_keeps_no_later_head_in(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    def proof(at: Services) -> tuple[bool, str]:
        ((ok, detail),) = [(check.ok, check.detail) for check in examine(at) if check.name == "Proof"]
        return ok, detail

    publish_heads(replace(services, clock=lambda: NOW + timedelta(days=400)))
    ok, detail = proof(services)
    assert not ok and detail.startswith("A head was published for 2028-01-04, which lies ahead")
    for days in (0, 1):
        caplog.clear()
        at = replace(services, clock=partial(lambda days: NOW + timedelta(days=days), days))
        assert publish_heads(at).published
        assert "was published for 2028-01-04, which lies ahead" in caplog.text
        ok, detail = proof(at)
        assert ok and detail.startswith(f"the ledger's head of {(NOW + timedelta(days=days)).date()} was published;")
        assert "published for 2028-01-04, which lies ahead" in detail
        head = forecasts.published_head(at)
        assert head is not None and head.published_at == at.clock()


def test_doctor_tells_of_a_channel_that_does_not_let_the_bot_write(services: Services) -> None:
    def said(at: Services) -> list[tuple[bool, str, str]]:
        return [(check.ok, check.detail, check.advice) for check in examine(at) if check.name == "Proof"]

    assert said(services) == []
    publish_heads(services)
    ((ok, detail, _),) = said(services)
    assert ok and detail == "the ledger's head of 2026-11-30 was published; its message waits to be sent"
    transport = Refusing()
    channel = ChatChannel(services.store, services.clock, transport, 0)
    asyncio.run(deliver(services.store, services.clock, channel))
    ((ok, detail, advice),) = said(services)
    assert not ok and "did not reach the channel: need administrator rights in the channel chat. Make" in detail
    assert advice == "It is tried again by itself; the rest of the service does not wait for it."
    tomorrow = day_after(services)
    publish_heads(tomorrow)
    ((ok, detail, _),) = said(tomorrow)
    assert not ok and "2026-12-01 did not reach the channel: need administrator" in detail, (
        "it waits for the one before"
    )
    transport.lets = True
    for _ in range(2):
        asyncio.run(deliver(services.store, tomorrow.clock, ChatChannel(services.store, tomorrow.clock, transport, 0)))
    ((ok, detail, _),) = said(tomorrow)
    assert ok and detail == "the ledger's head of 2026-12-01 was published"
    assert [text.splitlines()[0] for text in transport.sent] == [
        "<pre>Bellwether ledger heads of 2026-11-30",
        "<pre>Bellwether ledger heads of 2026-12-01",
    ]


def test_the_page_of_the_record_says_how_the_head_left_and_how_to_check_it(tmp_path: Path) -> None:
    services = live_services(tmp_path, date(2021, 7, 1))
    channel = "https://t.me/bellwether_heads"
    proof = services.settings.proof.model_copy(update={"channel": CHANNEL, "channel_address": channel})
    services = replace(services, settings=services.settings.model_copy(update={"proof": proof}))
    record(services.store, [made_up(number) for number in range(3)])
    publish_heads(services)
    visitor = Visitor(create_app(services))
    assert visitor.get("/api/v1/ledger/heads").json()["items"][0]["channel"] == channel
    shown = visitor.get("/track-record").text
    assert f'On 1 July 2021 it left this house: in <a href="{channel}">a public channel</a>' in shown
    assert "python verify.py check ledger --proof saved.json" in shown
    assert visitor.get("/verify.py").content == Path(verify.__file__).read_bytes()
    receipt = visitor.get(f"/receipts/{made_up(1).forecast_id}").text
    assert (link := f'href="/api/v1/receipts/{made_up(1).forecast_id}" download="receipt.json"') in receipt, link


def test_the_chat_names_the_channel_with_the_details_of_the_record(services: Services) -> None:
    def details(of: Services) -> str:
        pressed = track.COMMAND.presses["record"].answer(ChatContext(of, 1), Given(()))
        assert isinstance(pressed, Pressed) and pressed.edit is not None
        return as_text(pressed.edit.text)

    publish_heads(services)
    proof = services.settings.proof.model_copy(update={"channel_address": "https://t.me/heads"})
    assert "ended on 30 November 2026" not in details(services)
    told = details(replace(services, settings=services.settings.model_copy(update={"proof": proof})))
    assert "Where the list of my forecasts ended on 30 November 2026 stands in https://t.me/heads" in told
