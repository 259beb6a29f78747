"""The walls, held in fresh processes: what may be imported by what, and what a start must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FACES = {"bot", "web", "training", "scheduler", "serving", "benchmarks"}

# Each outside library is imported in one place; numpy and pandas are everywhere's.
HOMES = {
    "onnxruntime": {"bellwether/models/onnx_model.py"},
    "yfinance": {"bellwether/market/yahoo/source.py"},
    "curl_cffi": {"bellwether/market/yahoo/session.py"},
    "exchange_calendars": {"bellwether/market/calendar.py"},
    "babel": {"bellwether/core/i18n/babel_data.py"},
    "rapidfuzz": {"bellwether/market/symbols/universe.py", "bellwether/core/i18n/time_zones.py"},
    "tzfpy": {"bellwether/core/i18n/time_zones.py"},
    "sqlite_utils": {"bellwether/store/"},
    "sqlite3": {"bellwether/db/database.py", "bellwether/db/encryption.py"},
    "sqlcipher3": {"bellwether/db/encryption.py"},
    "telegram": {
        "bot/telegram/face.py",
        "bot/telegram/answers.py",
        "bot/telegram/client.py",
        "bot/telegram/one_shot.py",
        "bot/telegram/errors.py",
        "bot/telegram/groups.py",
        "bot/telegram/inline.py",
        "bot/telegram/message.py",
        "bot/telegram/pictures.py",
        "bot/telegram/polling.py",
        "bot/telegram/read_update.py",
        "bot/telegram/sender.py",
        "bot/telegram/typing_action.py",
        "bot/telegram/updates.py",
    },
    "httpx": {
        "bot/telegram/client.py",
        "bot/telegram/errors.py",
        "bellwether/webhooks/sending.py",
        "bellwether/client/",
    },
    "httpx_sse": {"bellwether/client/"},
    "standardwebhooks": {"bellwether/webhooks/signing.py"},
    "apscheduler": {"scheduler.py"},
    "vl_convert": {"bellwether/charts/renderer.py"},
    "click": {"bellwether/cli/main.py", "bellwether/commands/"},
    "pydantic_settings": {"bellwether/core/config.py"},
    "yaml": {"bellwether/core/config.py"},
    "uvicorn": {"serving.py"},
    "uvloop": {"serving.py"},
    "fastapi": {"web/"},
    "starlette": {"web/"},
    "jinja2": {"web/"},
    "anyio": {"web/pages/charts.py"},
    "prometheus_client": {"web/pages/metrics.py"},
}
NEVER_ONLINE = {
    "tensorflow",
    "keras",
    "tf2onnx",
    "onnx",
    "tqdm",
    "pytest",
    "hypothesis",
    "schemathesis",
    "unasync",
    "playwright",
    "psutil",
}


def modules() -> list[Path]:
    """Every module of the running service."""
    found = [path for part in ("bellwether", "bot", "web") for path in (ROOT / part).rglob("*.py")]
    return sorted([*found, ROOT / "scheduler.py", ROOT / "serving.py"])


def imports(path: Path) -> set[str]:
    """Top-level names of everything a module imports, inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_keeps_to_its_side_of_the_walls(path: Path) -> None:
    name, used = path.relative_to(ROOT).as_posix(), imports(path)
    assert not used & NEVER_ONLINE
    for library in used & HOMES.keys():
        homes = HOMES[library]
        assert any(name == home or (home.endswith("/") and name.startswith(home)) for home in homes), (
            f"{library} belongs in {', '.join(sorted(homes))}"
        )
    if name.startswith("bellwether/") and name != "bellwether/cli/main.py":
        assert not used & FACES, "the product imports none of its faces"


@pytest.mark.parametrize("path", sorted((ROOT / "bellwether/alerting").glob("r*.py")), ids=lambda path: path.name)
def test_what_decides_touches_no_file_clock_or_network(path: Path) -> None:
    assert not imports(path) & {"sqlite3", "os", "time", "socket", "pathlib", "logging", "asyncio"}
    assert "now()" not in path.read_text(encoding="utf-8")


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    program = f"{code}\nimport sys\nprint(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_serving_everything_loads_no_training_library_and_no_yfinance() -> None:
    everything = "import bellwether.cli.main, serving, scheduler, web.app, bot.telegram.face, bot.terminal, bellwether.jobs.doctor"
    loaded = loaded_after(everything)
    assert not loaded & NEVER_ONLINE
    assert "yfinance" not in loaded, "it is imported when the first price is asked for"


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("import bellwether.cli.main")
    assert not loaded & {"numpy", "pandas", "onnxruntime", "fastapi", "telegram", "pydantic"}


def test_a_forecast_loads_no_face() -> None:
    code = (
        "from click.testing import CliRunner\nfrom bellwether.cli.main import main\n"
        "result = CliRunner().invoke(main, ['forecast', 'AAPL', '--json'])\nassert result.exit_code == 0, result.output"
    )
    loaded = loaded_after(code)
    assert not loaded & {"telegram", "fastapi", "uvicorn", "yfinance", "tensorflow", "vl_convert", "apscheduler"}


def test_forecasting_in_bulk_needs_no_tensorflow() -> None:
    assert "tensorflow" not in loaded_after("import training.__main__, training.forecasts")
