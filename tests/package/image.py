"""The image, proved without a Docker daemon: its steps in a Debian root, and the service in it, run by runc.

    python -m tests.package.image [--keep FOLDER] [--port 23080]

Skips with the reason where it is not root or debootstrap or runc is missing. Downloads about 300 MB.
"""

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from tests.package import debian_root
from tests.package.container import Container, missing
from tests.package.image_backups import prove_backups
from tests.package.proof import ask, fail, say, until_ready
from tests.support.yahoo_server import YahooServer

_SYMBOLS = ("AAPL", "MSFT", "KO", "JPM", "XOM", "PG")  #: of the sample market; each picture takes a moment
_NOT_INSIDE = ("pip", "pip3", "uv", "gcc", "cc", "make", "git", "curl")
_MB = 1e6


def main(keep: Path | None = None, port: int = 23080) -> int:
    """Build and prove it; 0 when everything held or nothing could be tried."""
    if why := missing((*debian_root.NEEDED, "runc")):
        print(f"skipped: {why}")
        return 0
    with tempfile.TemporaryDirectory(prefix="bellwether-image-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        root, image = debian_root.build(folder)
        say("built in", f"{time.monotonic() - began:.0f} s")
        say(
            "root file system",
            f"{_size(root) / _MB:.0f} MB, of it /opt/bellwether {_size(root / 'opt/bellwether') / _MB:.0f}",
        )
        volume = Path(temporary, "volume")
        volume.mkdir()
        container = Container(root, image, volume, port)
        try:
            _prove(container)
            prove_backups(container, Path(temporary))
        finally:
            container.remove()
    print("the image holds")
    return 0


def _prove(container: Container) -> None:
    began = time.monotonic()
    running = container.start()
    until_ready(container.port, running)
    say("ready after", f"{time.monotonic() - began:.1f} s")
    say("health check", "ok" if container.run(*container.image.health).returncode == 0 else fail("it is not healthy"))
    forecast = ask(container.port, "/api/v1/forecasts/AAPL?horizon=10")
    say("forecast", f"{len(forecast)} bytes")
    picture = ask(container.port, "/stocks/AAPL/chart.png")
    assert picture.startswith(b"\x89PNG"), "no picture"
    say("picture", f"{len(picture)} bytes")
    _closed_in(container)
    for command in (["doctor"], ["ledger", "verify"], ["forecast", "MSFT"]):
        done = container.run("bellwether", *command)
        last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
        say(f"bellwether {' '.join(command)}", last[:80] if done.returncode == 0 else fail(done.stdout + done.stderr))
    _reaches_yahoo(container)
    say("memory", f"{_proportional(container.processes()) / _MB:.0f} MB in {len(container.processes())} processes")
    most = container.most_memory() / _MB
    say("counted by the limit", f"{most:.0f} of {container.memory_limit / _MB:.0f} MB at the most")
    written = container.run("find", "/tmp", container.image.workdir, "-type", "f").stdout.split()
    assert all(Path(name).parent == Path(container.image.workdir) for name in written), written
    say("written", " ".join(sorted(Path(name).name for name in written)))
    _drains(container, running)


def _closed_in(container: Container) -> None:
    """Nobody's user, no right, nowhere to write but its own places, nothing to build with."""
    status = container.run("cat", "/proc/1/status").stdout
    rights = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    assert int(rights["CapEff"], 16) == int(rights["CapBnd"], 16) == 0, "it has rights"
    assert rights["NoNewPrivs"] == "1" and rights["Uid"].split()[0] == "10001", "not as nobody"
    assert container.run("touch", "/opt/x").returncode, "the root can be written"
    assert not container.run("sh", "-c", "touch /tmp/x && rm /tmp/x").returncode, "/tmp cannot be written"
    there = [tool for tool in _NOT_INSIDE if not container.run("sh", "-c", f"command -v {tool}").returncode]
    assert not there and container.run("python", "-c", "import pip").returncode, f"tools inside: {there}"
    say("closed in", "uid 10001, no rights, read-only root, no tools")


def _reaches_yahoo(container: Container) -> None:
    """Prices are fetched as in a live service, from a server that answers like Yahoo; its library may keep no cache."""
    with YahooServer() as yahoo:
        done = container.run(
            *("bellwether", "forecast", "AAPL"),
            BELLWETHER_MARKET__SOURCE="yahoo",
            BELLWETHER_MARKET__YAHOO_BASE_URL=yahoo.base_url,
            BELLWETHER_DATABASE__PATH=f"{container.image.workdir}/live.sqlite3",
        )
        assert done.returncode == 0 and yahoo.requests_to("/v8/finance/chart/AAPL"), done.stderr
    say("a live source", next(line for line in done.stdout.splitlines() if line.startswith("Last close")))


def _drains(container: Container, running: "subprocess.Popen[bytes]") -> None:
    """What is under way when the signal comes is answered, and the end is a good one."""
    with ThreadPoolExecutor(len(_SYMBOLS)) as people:
        under_way = [
            people.submit(ask, container.port, f"/stocks/{symbol}/chart.png?horizon=21") for symbol in _SYMBOLS
        ]
        time.sleep(0.1)
        pending = sum(not question.done() for question in under_way)
        began = time.monotonic()
        container.signal(container.image.stop_signal.removeprefix("SIG"))
        status = running.wait(30)
        answers = [question.result() for question in under_way]
    assert status == 0, f"it ended with {status}"
    assert pending and all(answer.startswith(b"\x89PNG") for answer in answers)
    say("stopped", f"in {time.monotonic() - began:.1f} s with status 0; {pending} pictures under way were answered")


def _proportional(processes: list[int]) -> int:
    """Bytes that they take; what several share is counted once."""
    rollups = [Path(f"/proc/{number}/smaps_rollup").read_text() for number in processes]
    return sum(int(text.split("Pss:")[1].split()[0]) * 1024 for text in rollups)


def _size(folder: Path) -> int:
    return int(
        subprocess.run(["du", "-sxb", str(folder)], capture_output=True, text=True, check=True).stdout.split()[0]
    )


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), help="A folder for the roots; the Debian in it is used again.")
@click.option("--port", default=23080, show_default=True)
def _command(keep: Path | None, port: int) -> None:
    sys.exit(main(keep, port))


if __name__ == "__main__":
    _command()
