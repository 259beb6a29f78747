"""The ledger's head stamped by an authority of our own, and every way in which an authority can fail."""

import asyncio
import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bellwether.client import verify
from bellwether.core.config import load_settings
from bellwether.delivery import time_stamps
from bellwether.delivery.time_stamps import NoTimeStamp, request_stamp
from bellwether.jobs.doctor import examine
from bellwether.jobs.publish_heads import Publishing, publish_heads
from bellwether.services import Services, build_services
from bellwether.track_record.ledger.issue import record
from tests.support.account import made_up
from tests.support.http_server import HttpServer, Request, Response
from tests.support.time_stamp_authority import TimeStampAuthority
from tests.support.web import Visitor
from web.app import create_app

CONTENT = b"what is stamped\n"
Answers = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeStampAuthority:
    return TimeStampAuthority(tmp_path_factory.mktemp("authority"))


def answering(answer: Answers, status: int = 200) -> HttpServer:
    async def handler(request: Request) -> Response:
        return Response(status, answer(request.body), "application/timestamp-reply")

    return HttpServer(handler)


def address(server: HttpServer) -> str:
    return f"http://127.0.0.1:{server.port}/"


def test_a_digest_is_stamped_with_the_time(authority: TimeStampAuthority) -> None:
    with answering(authority.answer) as server:
        stamp = request_stamp(address(server), authority.root, CONTENT)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(hours=1)
    digest, at = verify.read_stamp(stamp.token)
    assert (digest, at) == (hashlib.sha256(CONTENT).digest(), stamp.at.replace(microsecond=0))


def refused(answer: Answers, root: Path, status: int = 200) -> str:
    with answering(answer, status) as server, pytest.raises(NoTimeStamp) as problem:
        request_stamp(address(server), root, CONTENT)
    return str(problem.value)


def test_what_is_no_stamp_of_this_request_is_refused_in_words(authority: TimeStampAuthority, tmp_path: Path) -> None:
    kept: list[bytes] = []

    def first_again(request: bytes) -> bytes:
        kept.append(request)
        return authority.answer(kept[0])

    def another_digest(request: bytes) -> bytes:
        digest = hashlib.sha256(CONTENT).digest()
        return authority.answer(request.replace(digest, bytes(32)))

    assert "is no time stamp" in refused(lambda request: b"<html>welcome</html>", authority.root)
    assert "is no time stamp" in refused(lambda request: b"", authority.root)
    assert "is too long" in refused(lambda request: bytes(200_000), authority.root)
    assert "answered 503" in refused(lambda request: b"", authority.root, 503)
    assert "answered 302: redirects are not followed" in refused(lambda request: b"", authority.root, 302)
    assert "another digest" in refused(another_digest, authority.root)
    assert "refused" in refused(lambda request: authority.answer(b"nonsense"), authority.root)
    with answering(first_again) as server:
        request_stamp(address(server), authority.root, CONTENT)
    assert "another nonce" in refused(first_again, authority.root)
    other = TimeStampAuthority(tmp_path / "other")
    assert "not signed by the certificate in root.pem" in refused(authority.answer, other.root)
    assert "cannot be used" in refused(authority.answer, tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    assert "no certificate" in refused(authority.answer, tmp_path / "empty.pem")


def test_an_authority_whose_certificate_has_run_out_is_refused(tmp_path: Path) -> None:
    expired = TimeStampAuthority(tmp_path / "expired", good_for=-timedelta(days=1))
    assert "or that has run out" in refused(expired.answer, expired.root)


def test_one_that_is_down_or_slow_is_given_up(authority: TimeStampAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_stamps, "TIMEOUT", 0.2)

    async def never(request: Request) -> Response:
        await asyncio.sleep(0.6)
        return Response(200, b"")

    with HttpServer(never) as server, pytest.raises(NoTimeStamp, match=r"no answer within 0\.2 s"):
        request_stamp(address(server), authority.root, CONTENT)
    with pytest.raises(NoTimeStamp, match="cannot be reached"):
        request_stamp("http://127.0.0.1:9/", authority.root, CONTENT)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"])
def test_one_that_answers_byte_by_byte_is_given_up_as_well(
    authority: TimeStampAuthority, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    """Each byte comes in time for a socket; all of them together never would."""
    monkeypatch.setattr(time_stamps, "TIMEOUT", 0.2)
    hung_up = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(beginning)
            while not hung_up.wait(0.02):
                connection.sendall(b"H")
        hung_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=drip)
        server.start()
        try:
            with pytest.raises(NoTimeStamp, match=r"no answer within 0\.2 s"):
                request_stamp(f"http://127.0.0.1:{listening.getsockname()[1]}/", authority.root, CONTENT)
            assert hung_up.wait(5), "the connection is closed, and its thread ends"
        finally:
            hung_up.set()
            server.join()


@pytest.fixture
def stamped(authority: TimeStampAuthority, tmp_path: Path) -> Iterator[tuple[Services, list[bool]]]:
    """A service with an authority that answers once the list has something in it."""
    works: list[bool] = []
    with answering(lambda request: authority.answer(request) if works else b"nonsense") as server:
        settings = load_settings(
            database={"path": tmp_path / "t.sqlite3"},
            models={"folder": tmp_path},
            proof={"authority": address(server), "authority_certificate": str(authority.root)},
        )
        services = build_services(settings, clock=lambda: datetime.now(UTC))
        record(services.store, [made_up(number, horizon=30_000) for number in range(5)])  # none has closed
        yield services, works


def test_a_head_is_stamped_once_the_authority_answers_and_counts_for_the_verifier(
    stamped: tuple[Services, list[bool]],
    authority: TimeStampAuthority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    services, works = stamped
    assert publish_heads(services) == Publishing(published=True, stamped=False)
    (told,) = [check for check in examine(services) if check.name == "Proof"]
    assert not told.ok and "is no time stamp" in told.detail
    works.append(True)
    assert publish_heads(services) == Publishing(published=False, stamped=True)
    (told,) = [check for check in examine(services) if check.name == "Proof"]
    assert told.ok and "stamped 20" in told.detail
    visitor = Visitor(create_app(services))
    folder = tmp_path / "download"
    folder.mkdir()
    for name, address_ in (("ledger.csv", "rows?format=csv"), ("heads.json", "heads")):
        (folder / name).write_bytes(visitor.get(f"/api/v1/ledger/{address_}").content)
    check = ["check", str(folder)]
    assert verify.main(check) == 3
    assert "name the authority's certificate by --authority" in capsys.readouterr().out
    assert verify.main([*check, "--authority", str(authority.root)]) == 0
    other = TimeStampAuthority(tmp_path / "other")
    assert verify.main([*check, "--authority", str(other.root)]) == 3
    assert "not signed by root.pem" in capsys.readouterr().out

    heads = json.loads((folder / "heads.json").read_text())
    item = heads["items"][0]
    for stamp in (base64.b64encode(b"no stamp").decode(), item["stamp"][:400], "###"):
        (folder / "heads.json").write_text(json.dumps({"items": [item | {"stamp": stamp}]}))
        assert verify.main([*check, "--authority", str(authority.root)]) == 3
        assert "counts for nothing" in capsys.readouterr().out
    (folder / "heads.json").write_text(json.dumps({"items": [item | {"statement": item["statement"] + " "}]}))
    assert verify.main([*check, "--authority", str(authority.root)]) == 3
    assert "is of another statement" in capsys.readouterr().out


def test_a_stamp_without_a_certificate_in_the_settings_is_told_by_doctor(
    stamped: tuple[Services, list[bool]],
) -> None:
    services, _ = stamped
    proof = services.settings.proof.model_copy(update={"authority_certificate": ""})
    bare = replace(services, settings=services.settings.model_copy(update={"proof": proof}))
    (told,) = [check for check in examine(bare) if check.name == "Proof"]
    assert not told.ok and told.advice == "Set PROOF__AUTHORITY_CERTIFICATE."
