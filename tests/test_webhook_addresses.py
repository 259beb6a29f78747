"""Where webhooks may go, and that no receiver does harm: checked addresses, certificates, slow and endless answers."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from bellwether.core.errors import BadWebhook
from bellwether.delivery.channels import addresses
from bellwether.delivery.webhooks import sending
from bellwether.delivery.webhooks.sending import WebhookSender
from tests.support.api import Api
from tests.support.webhook_server import Receiver, receiving
from tests.support.webhooks import hook, live_api, send


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return live_api(tmp_path)


FORBIDDEN = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "::127.0.0.1",
    "64:ff9b:1::7f00:1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "2001:db8::1",
    "nonsense",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_webhook_goes_into_a_network_that_is_not_open(address: str) -> None:
    assert not addresses.is_open(address)
    with pytest.raises(BadWebhook, match="private or reserved"):
        addresses.check("https://innocent.example/hook", private=False, look_up=lambda *_: ["93.184.216.34", address])


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_the_open_internet_is_fine(address: str) -> None:
    target = addresses.check("https://example.com/hook?a=1", private=False, look_up=lambda *_: [address])
    assert (target.address, target.host, target.port, target.path) == (address, "example.com", 443, "/hook?a=1")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@example.com/",
        "https://example.com:99999/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com/\r\nX-Injected: 1",
        "https://example.com\\@127.0.0.1/",
        "https://ex\N{LATIN SMALL LETTER A WITH DIAERESIS}mple.com/",
        "https://[::1",
        f"https://example.com/{'a' * 500}",
        "",
    ],
)
def test_what_is_no_address_for_a_webhook_is_refused(api: Api, url: str) -> None:
    with pytest.raises(BadWebhook):
        addresses.check(url, private=False, look_up=lambda *_: ["93.184.216.34"])


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://2130706433/hook",
        "https://0x7f.1/hook",
        "https://017700000001/hook",
        "https://[::ffff:127.0.0.1]/hook",
    ],
)
def test_this_machine_is_refused_however_it_is_written(tmp_path: Path, url: str) -> None:
    api = Api(tmp_path)
    answer = api.ask("POST", "/webhooks", api.key(), json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_webhook")


def test_a_name_that_leads_inside_later_is_refused_when_it_is_sent_to(api: Api, receiver: Receiver) -> None:
    key = api.key()
    number = hook(api, key, receiver.url)["id"]
    with api.services.store.transaction() as db:
        db.execute("UPDATE webhooks SET url = 'https://rebinding.example/hook'")
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    api.ask("POST", f"/webhooks/{number}/test", key)
    assert send(api, WebhookSender(private=False, look_up=rebinding)).put_back == 1
    (tried,) = api.get(f"/webhooks/{number}/attempts", key).json()["items"]
    assert "private or reserved" in tried["error"] and tried["status"] is None
    assert looked_up == ["rebinding.example"] and not receiver.requests


def test_the_connection_goes_to_the_address_that_was_checked(api: Api, receiver: Receiver) -> None:
    """A name that nothing but the check can look up: the socket is given the address, and the name as Host."""
    key = api.key()
    port = receiver.url.split(":")[2].split("/")[0]
    number = hook(api, key, receiver.url)["id"]
    with api.services.store.transaction() as db:
        db.execute("UPDATE webhooks SET url = :url", {"url": f"http://nowhere.invalid:{port}/hook"})
    api.ask("POST", f"/webhooks/{number}/test", key)
    times: list[str] = []

    def once(host: str, _: int) -> list[str]:
        times.append(host)
        return ["127.0.0.1"]

    assert send(api, WebhookSender(private=True, look_up=once)).sent == 1
    assert times == ["nowhere.invalid"]
    assert receiver.requests[0].headers["host"] == f"nowhere.invalid:{port}"


@pytest.mark.parametrize(
    ("certified", "trusted", "arrives"),
    [("hooks.example", True, 1), ("other.example", True, 0), ("127.0.0.1", True, 0), ("hooks.example", False, 0)],
    ids=["its name", "another name", "only the address", "by nobody who is trusted"],
)
def test_the_certificate_must_be_the_name_s_though_the_connection_goes_to_an_address(
    api: Api, certified: str, trusted: bool, arrives: int
) -> None:
    authority, asked = trustme.CA(), list[str | None]()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(certified).configure_cert(theirs)
    theirs.sni_callback = lambda _socket, name, _context: asked.append(name)
    ours = ssl.create_default_context()
    if trusted:
        authority.configure_trust(ours)
    key = api.key()
    with receiving(theirs) as receiver:
        number = hook(api, key, receiver.url)["id"]
        with api.services.store.transaction() as db:
            db.execute("UPDATE webhooks SET url = :url", {"url": receiver.url.replace("127.0.0.1", "hooks.example")})
        api.ask("POST", f"/webhooks/{number}/test", key)
        did = send(api, WebhookSender(private=True, look_up=lambda *_: ["127.0.0.1"], trusted=ours))
    assert (did.sent, len(receiver.requests)) == (arrives, arrives)
    assert asked == ["hooks.example"]


@pytest.mark.parametrize(
    ("begins", "goes_on", "error"),
    [
        (b"", b"", "no answer within 0.5 s"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"z", "no answer within 0.5 s"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"z" * 100_000, ""),
        (b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n", b"10\r\nzz", "it answered 500"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", b"", "no connection (RemoteProtocolError)"),
    ],
    ids=["silence", "a header that never ends", "a body that never ends", "a broken body", "no HTTP"],
)
def test_no_receiver_holds_us_up(
    api: Api, monkeypatch: pytest.MonkeyPatch, begins: bytes, goes_on: bytes, error: str
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.5)
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.recv(65_536)
                connection.sendall(begins)
                while not over.wait(0.02):
                    connection.sendall(goes_on)
            except OSError:  # we have had enough of it
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        key = api.key()
        number = hook(api, key, f"http://127.0.0.1:{listener.getsockname()[1]}/hook")["id"]
        api.ask("POST", f"/webhooks/{number}/test", key)
        send(api)
        over.set()
        thread.join(5)
    (tried,) = api.get(f"/webhooks/{number}/attempts", key).json()["items"]
    assert tried["error"] == error
