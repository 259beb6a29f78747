"""The client apart: its own wheel, in an environment that has nothing of the service, against a real server.

It is tried with what is installed beside the tests; CLIENT_RESOLUTION=lowest-direct tries it with the oldest that it
says it works with, from an index.
"""

import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import bellwether
from bellwether.ask import forecasts
from bellwether.client import API_VERSION
from bellwether.track_record.ledger import issue as issuing
from tests.support.client_package import FOLDER, build, install, run
from tests.support.service import command, service
from tests.support.web import sample_services

ROOT = FOLDER.parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
RESOLUTION = os.environ.get("CLIENT_RESOLUTION", "")


@dataclass
class Running:
    """A service, a key of it, and a forecast that it has issued."""

    base: str
    key: str
    forecast_id: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    key = command(folder, "keys", "create", "--owner", "Ada", "--plan", "business").strip()
    with service(folder) as base:
        services = sample_services(folder, database={"path": folder / "service.sqlite3"})
        made = forecasts.answer(services, "AAPL", 10)
        issuing.record(services.store, [issuing.row_of(made.outlook, made.forecast)])
        services.store.close()
        yield Running(base, key, made.forecast.forecast_id)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(next(built.glob("*.whl")), tmp_path_factory.mktemp("apart"), resolution=RESOLUTION)


@pytest.fixture(scope="module")
def python_with_frames(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(next(built.glob("*.whl")), tmp_path_factory.mktemp("frames"), "frames", RESOLUTION)


def test_a_checkout_and_its_source_distribution_give_the_same_bytes_again(built: Path, tmp_path: Path) -> None:
    again = build(tmp_path, "--sdist", "--wheel")  # the first was made from the source distribution
    name = f"bellwether_client-{bellwether.__version__}"
    files = {f"{name}.tar.gz", f"{name}-py3-none-any.whl"}
    assert {path.name for path in built.iterdir()} - {".gitignore"} == files
    for file in files:
        assert (built / file).read_bytes() == (again / file).read_bytes(), file


def test_the_wheel_is_the_services_folder_with_its_types_and_its_licence(built: Path) -> None:
    source = ROOT / "bellwether/client"
    ours = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        theirs = {name: wheel.read(name) for name in wheel.namelist()}
    licence = next(theirs[name] for name in theirs if name.endswith("licenses/LICENSE"))
    assert licence == (ROOT / "LICENSE").read_bytes()
    package = {name.partition("/")[2]: content for name, content in theirs.items() if ".dist-info/" not in name}
    assert package == {name: content for name, content in ours.items() if "__pycache__" not in name}
    assert "py.typed" in package
    assert f"version {API_VERSION} of the API" in README and f"`/api/v{API_VERSION}`" in README


def test_without_the_service_the_client_answers_by_both_ways(python: Path, running: Running) -> None:
    program = f"""if True:
        import asyncio, importlib.util, json
        from pydantic import TypeAdapter
        from bellwether_client import AsyncClient, Client, __version__
        from bellwether_client.answers.forecast import ForecastAnswer

        async def ask():
            async with AsyncClient({running.base!r}, {running.key!r}) as api:
                return await api.forecast("AAPL"), await anext(api.stream(["AAPL"], "a0-f0"))

        with Client({running.base!r}, {running.key!r}) as api:
            both = [[api.forecast("AAPL"), next(api.stream(["AAPL"], "a0-f0"))], list(asyncio.run(ask()))]
        TypeAdapter(ForecastAnswer).validate_python(both[0][0])
        service = [name for name in ("bellwether", "bot", "web", "pandas", "fastapi") if importlib.util.find_spec(name)]
        print(json.dumps([both, service, __version__]))
    """
    both, service, version = json.loads(run(str(python), "-I", "-c", program))
    assert both[0] == both[1] and (service, version) == ([], bellwether.__version__)
    forecast, event = both[0]
    assert forecast == httpx.get(f"{running.base}/api/v1/forecasts/AAPL").json() | {"made_at": forecast["made_at"]}
    assert (event["type"], event["data"]["forecast_id"]) == ("forecast", running.forecast_id)


def test_every_example_of_its_readme_runs_with_data_frames(python_with_frames: Path, running: Running) -> None:
    program = "".join(re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE))
    program = program.replace("http://127.0.0.1:8000", running.base).replace("bw_live_...", running.key)
    checks = """
assert list(table["symbol"]) == ["AAPL", "MSFT", "KO"] and str(table["target_session"].dtype).startswith("datetime64")
assert len(chances) == 2 and all(0 < chance < 1 for chance in chances)
"""
    said = run(str(python_with_frames), "-I", "-c", program + checks).splitlines()
    assert said[0].startswith("8 times in 10 from ") and len(said) == 6
    assert said[5].startswith("404 unknown_symbol") and said[5].endswith("['AAPL']")


def test_its_stream_is_read_by_the_standard_whatever_stands_in_an_event(python: Path) -> None:
    program = r"""if True:
        import httpx
        from bellwether_client import Client

        events = b'event: alert\nid: a7-f9\ndata: {"name":"A\xe2\x80\xa8\xc2\x85B"}\n\ndata: {"cut'
        answer = httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=events)
        with Client("http://nowhere.invalid") as api:
            api._http = httpx.Client(base_url=api._http.base_url, transport=httpx.MockTransport(lambda _: answer))
            print(ascii(list(api.stream())))
    """
    assert run(str(python), "-I", "-c", program).strip() == ascii(
        [{"type": "alert", "id": "a7-f9", "data": {"name": "A\u2028\x85B"}}]
    )


TYPED = """\
from typing import assert_type
from bellwether_client import AsyncClient, Client
from bellwether_client.answers.forecast import ForecastAnswer
def ask(api: Client) -> dict[str, float]:
    forecast = api.forecast("AAPL", horizon="2w")
    assert_type(forecast, ForecastAnswer)
    forecast["quantile"]  # type: ignore[typeddict-item]
    return forecast["quantiles"]
async def names(api: AsyncClient) -> list[str]:
    return [instrument["name"] async for instrument in api.universe()]
"""


def test_its_types_are_seen_in_strict_mode(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(TYPED, encoding="utf-8")
    options = ["--strict", "--config-file=", "--no-incremental", "--python-executable", str(python)]
    said = run(sys.executable, "-m", "mypy", *options, "program.py", cwd=tmp_path)
    assert said == "Success: no issues found in 1 source file\n"
