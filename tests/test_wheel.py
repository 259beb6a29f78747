"""The built wheel, installed as people install a tool, in a folder that has nothing of the checkout."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.package.build import ROOT, build, build_twice

NO_INDEX = re.compile(r"dns error|error sending request|Failed to fetch|client error \(Connect\)|No such host", re.I)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout; two builds of it have the same bytes."""
    return build_twice(ROOT, tmp_path_factory.mktemp("dist"), "--wheel")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to start from, beside a home without anything in it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    """What a new user's shell has."""
    ours = {name for name in os.environ if name.startswith(("BELLWETHER_", "TELEGRAM_", "XDG_"))}
    kept = {name: value for name, value in os.environ.items() if name not in ours | {"CI", "PYTHONPATH"}}
    cache = subprocess.run([uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    # downloads are shared with whoever runs the tests; everything else is in a home of its own
    return kept | {
        "HOME": str(folder.parent / "home"),
        "UV_CACHE_DIR": cache,
        "UV_SYSTEM_CERTS": "true",
        "BELLWETHER_WEB__PORT": "0",
    }


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, which are compiled once for all tests."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def unpacked(site: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment in which the wheel's files are found, and nothing of the checkout."""
    return environment | {"PYTHONPATH": str(site)}


def uv() -> str:
    return str(Path(sys.executable).with_name("uv"))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def run(environment: dict[str, str], folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200
    )
    if done.returncode and NO_INDEX.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_secret_that_lies_in_a_checkout_is_shipped(tmp_path: Path) -> None:
    """Whoever has a .env builds an archive one day; git ignores it, and so does the backend."""
    checkout = tmp_path / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not listed:
        pytest.skip("no git checkout, so nobody knows what is part of it")
    for name in listed.split("\0"):
        if name and not name.startswith(("tests/", "docs/")) and (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    (checkout / ".env").write_text("BELLWETHER_TELEGRAM__TOKEN=1:secret\n")
    (archive,) = build(checkout, tmp_path / "dist", "--sdist")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {".env.example", "config.yaml", "requirements.txt"} <= names
    assert ".env" not in names


def test_its_files_alone_answer_in_an_empty_folder_and_leave_nothing_there(
    unpacked: dict[str, str], folder: Path
) -> None:
    bellwether = [sys.executable, "-P", "-m", "bellwether"]
    forecast = json.loads(run(unpacked, folder, *bellwether, "forecast", "AAPL", "--json"))
    assert forecast["model_id"] == "daily-range-3-2024"
    assert "Apple" in run(unpacked, folder, *bellwether, "growth", "AAPL")
    run(unpacked, folder, *bellwether, "outbox", "list")
    home = Path(unpacked["HOME"])
    assert not files(folder)
    assert {path.rsplit("/", 1)[0] for path in files(home)} == {".local/share/bellwether"}


def test_its_settings_can_be_printed_changed_and_read_and_the_rows_stay_where_they_are(
    unpacked: dict[str, str], folder: Path
) -> None:
    bellwether = [sys.executable, "-P", "-m", "bellwether"]
    run(unpacked, folder, *bellwether, "outbox", "list")
    settings = run(unpacked, folder, *bellwether, "config")
    assert yaml.safe_load(settings)["market"]["source"] == "sample"
    assert "path" not in yaml.safe_load(settings)["database"]
    (folder / "config.yaml").write_text(settings)
    where = run(unpacked, folder, *bellwether, "doctor").splitlines()[0]
    database = Path(unpacked["HOME"]) / ".local/share/bellwether/bellwether.sqlite3"
    assert database.exists()
    assert str(database) in where
    assert str(folder / "config.yaml") in where


def test_a_database_in_the_folder_is_gone_on_with(unpacked: dict[str, str], folder: Path) -> None:
    """Whoever moves from a checkout to the tool would otherwise begin without subscribers, and not know why."""
    (folder / "var").mkdir()
    (folder / "var" / "bellwether.sqlite3").touch()
    run(unpacked, folder, sys.executable, "-P", "-m", "bellwether", "outbox", "list")
    assert (folder / "var" / "bellwether.sqlite3").stat().st_size > 0
    assert not files(Path(unpacked["HOME"]))


@pytest.fixture
def served(wheel: Path, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of `uvx --from WHEEL bellwether serve`."""
    command = [uv(), "tool", "run", "--from", str(wheel), "bellwether"]
    assert run(environment, folder, *command, "--version").startswith("bellwether 0.")
    with subprocess.Popen(
        [*command, "serve"], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if at := re.search(r"Page and API: (http://\S+)", line):
                yield at[1]
                break
        else:
            pytest.fail("".join(said))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_uvx_serves_a_forecast_a_page_and_a_chart_in_an_empty_folder(
    served: str, folder: Path, environment: dict[str, str]
) -> None:
    forecast = json.load(urllib.request.urlopen(f"{served}/api/v1/forecasts/AAPL"))
    values = [forecast["quantiles"][level] for level in sorted(forecast["quantiles"], key=float)]
    assert values == sorted(values)
    assert forecast["source"] == "sample"
    page = urllib.request.urlopen(f"{served}/stocks/AAPL").read().decode()
    assert "Apple" in page
    picture = re.search(r'content="[^"]*(/[^"]*\.png[^"]*)"', page)
    assert picture is not None
    assert urllib.request.urlopen(served + picture[1].replace("&amp;", "&")).read().startswith(b"\x89PNG")
    assert not files(folder)


def test_an_installed_tool_leaves_nothing_but_its_data_when_it_is_removed(
    wheel: Path, folder: Path, environment: dict[str, str]
) -> None:
    home = Path(environment["HOME"])
    run(environment, folder, uv(), "tool", "install", str(wheel))
    bellwether = home / ".local/bin/bellwether"
    run(environment, folder, str(bellwether), "outbox", "list")
    run(environment, folder, uv(), "tool", "uninstall", "bellwether")
    left = {path for path in files(home) if not path.startswith(".local/share/uv/")}  # uv's own lock
    assert {path.rsplit("/", 1)[0] for path in left} == {".local/share/bellwether"}
    assert not files(folder)
