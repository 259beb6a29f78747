"""The examples for nginx and Caddy in front of the real service: what passes, what is closed, whom the service sees."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.http_server import HttpServer, Request, Response
from tests.support.ports import free_port
from tests.support.service import command, service
from tests.support.waiting import wait_until
from web.api.requests import MOST_BODY
from web.api.stream import MOST_STREAMS

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
NAME = "bellwether.example"
SECRET = "a-secret-of-the-test"
Addresses = tuple[str, str]  #: of the proxy, and of the service behind it


@contextmanager
def running(*words: str, port: int, **environment: str) -> Iterator[None]:
    """A proxy until the block ends, from when it listens."""
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for _ in range(300):
            assert process.poll() is None, process.communicate()[0]
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[str]:
    """nginx with the example's server, but for ports, certificate and upstream."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx and openssl are not installed")
    key, certificate, port = folder / "key.pem", folder / "cert.pem", free_port()
    made = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={NAME} -keyout {key} -out {certificate}"
    subprocess.run(made.split(), check=True, capture_output=True)
    example = (DEPLOY / "nginx/bellwether.conf").read_text()
    for shown, tried in {
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(certificate),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(key),
        "127.0.0.1:8000": upstream,
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
    }.items():
        assert shown in example
        example = example.replace(shown, tried)
    example = re.sub(r"listen \[::\].*\n", "", example)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    whole.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{example}}}\n"
    )
    words = (program, "-p", str(folder), "-e", "stderr", "-c", str(whole))
    said = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False).stderr
    assert "test is successful" in said, said
    with running(*words, port=port):
        yield f"https://127.0.0.1:{port}"


@contextmanager
def caddy(folder: Path, upstream: str) -> Iterator[str]:
    """Caddy with the example as it is: without a certificate, as its address says."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not installed")
    file, port = str(DEPLOY / "caddy/Caddyfile"), free_port()
    environment = {
        "DOMAIN": f"http://{NAME}:{port}, http://127.0.0.1:{port}",
        "UPSTREAM": upstream,
        "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
        "HOME": str(folder),
    }
    done = subprocess.run(
        [program, "validate", "--config", file, "--adapter", "caddyfile"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
    with running(program, "run", "--config", file, "--adapter", "caddyfile", port=port, **environment):
        yield f"http://127.0.0.1:{port}"


PROXIES = {"nginx": nginx, "caddy": caddy}


def visitor(base: str, **more: object) -> httpx.Client:
    """Somebody who knows the name, and takes the certificate that was made here."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    transport = httpx.HTTPTransport(verify=unchecked, local_address="127.0.0.2", trust_env=False)
    port = httpx.URL(base).port
    host = NAME if base.startswith("https") else f"{NAME}:{port}"
    return httpx.Client(base_url=base, headers={"Host": host}, transport=transport, timeout=30, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service, three pages a minute for each visitor; a proxy that is not believed lets all count as one."""
    with service(tmp_path_factory.mktemp("service"), WEB__REQUESTS_A_MINUTE="3") as base:
        yield base


@pytest.fixture(scope="module", params=PROXIES)
def both(request: pytest.FixtureRequest, address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    folder = tmp_path_factory.mktemp(request.param)
    with PROXIES[request.param](folder, address.removeprefix("http://")) as base:
        yield base, address


@pytest.mark.parametrize("proxy", PROXIES)
def test_what_a_visitor_claims_of_itself_does_not_reach_the_service(tmp_path: Path, proxy: str) -> None:
    heard: list[dict[str, str]] = []

    async def echo(request: Request) -> Response:
        heard.append(request.headers)
        return Response(200, b"{}")

    lies = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
    with ExitStack() as stack:
        upstream = stack.enter_context(HttpServer(echo))
        base = stack.enter_context(PROXIES[proxy](tmp_path, f"127.0.0.1:{upstream.port}"))
        with visitor(base) as liar:
            assert liar.get("/", headers=dict.fromkeys(lies, "203.0.113.66")).status_code == 200
    (headers,) = heard
    assert "203.0.113.66" not in str(headers)
    assert headers["x-forwarded-for"] == "127.0.0.2"
    assert headers["x-forwarded-proto"] == base.partition(":")[0]
    assert headers["host"].partition(":")[0] == NAME


@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics", "/readyz", "/readyz?a=b"),
        *("/api/v1/admin/keys", "/api/v1/admin", "/api/v1//admin/keys", "/api%2Fv1/%61dmin/keys"),
        *("/api/v1/x/..%2fadmin/keys", "/api/v1/admin%2Fkeys"),
    ],
)
def test_what_is_the_operators_is_closed_however_it_is_written(both: Addresses, path: str) -> None:
    """The service itself would answer 401 or 200; the path is sent as it stands, which httpx would tidy up."""
    base = httpx.URL(both[0])
    raw = base.copy_with(raw_path=path.encode())
    with visitor(both[0]) as client:
        request = client.build_request("GET", raw, headers={"Authorization": "Bearer " + "x" * 32})
        assert client.send(request).status_code == 404


def test_the_operator_on_this_machine_still_gets_them(both: Addresses) -> None:
    assert httpx.get(f"{both[1]}/metrics").status_code == 200
    assert httpx.get(f"{both[1]}/readyz").status_code == 200


def test_visitors_are_counted_whatever_they_claim(both: Addresses) -> None:
    with visitor(both[0]) as client:
        answers = [client.get("/privacy", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(4)]
    assert 429 in answers, "through the proxy nobody passes for this machine, which is not counted"


def test_a_stream_passes_at_once_and_ends_when_its_reader_leaves(
    both: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = next(path for path in tmp_path_factory.getbasetemp().iterdir() if (path / "service.sqlite3").exists())
    made = command(folder, "keys", "create", "--owner", "Ada", "--plan", "business")
    key = re.search(r"bw_live_\w+", made)
    assert key is not None
    headers = {"Authorization": f"Bearer {key[0]}", "Accept-Encoding": "gzip"}
    with visitor(both[0]) as client:
        for _ in range(MOST_STREAMS + 2):  # more than one key may have open at the same time
            assert wait_until(lambda: first_line(client, headers), threading.Condition(), 30, str)


def first_line(client: httpx.Client, headers: dict[str, str]) -> bool:
    """Whether a stream began, read while it goes on; False where the earlier ones still count as open."""
    with client.stream("GET", "/api/v1/stream", headers=headers) as answer:
        if answer.status_code == 409:
            return False
        assert answer.headers["content-type"].startswith("text/event-stream")
        return next(answer.iter_lines()) == ": here is what is new"


def test_bodies_pass_up_to_a_limit(both: Addresses) -> None:
    """Caddy answers 502 where the service, or it itself, refuses a body on its way, or breaks that answer off."""
    with visitor(both[0]) as client:
        sent = {"url": "/api/v1/forecasts/batch", "headers": {"Content-Type": "application/json"}}
        passed = client.post(content=b"[" * (MOST_BODY - 1), **sent)
        assert passed.headers["content-type"] == "application/problem+json" and passed.status_code != 413
        try:
            assert client.post(content=b"[" * ((1 << 20) + 1), **sent).status_code in {413, 502}
        except httpx.RemoteProtocolError as broken_off:
            assert "closed connection" in str(broken_off)


def test_pages_come_packed_with_the_services_own_headers(both: Addresses) -> None:
    with visitor(both[0]) as client:
        page = client.get("/api/v1/universe", headers={"Accept-Encoding": "gzip"})
    assert page.status_code == 200
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["x-frame-options"] == "DENY"
