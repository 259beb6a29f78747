"""The walls: which floor may use which, what is imported where, and what a start must not load."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the lowest floor to the highest. A module uses its own folder and lower floors; folders of one floor don't meet.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("bellwether/__init__.py", "bellwether/client"),
    ("bellwether/core",),
    ("bellwether/db", "bellwether/models"),
    ("bellwether/access", "bellwether/hosts", "bellwether/market"),
    ("bellwether/forecasting",),
    ("bellwether/charts", "bellwether/services.py"),
    ("bellwether/delivery", "bellwether/track_record"),
    ("bellwether/ask",),
    ("bellwether/revenue",),
    ("bellwether/alerts",),
    ("bellwether/webhooks",),
    ("bellwether/jobs",),
    ("bellwether/cli",),
    ("bot", "scheduler.py", "training", "web"),
    ("serving.py",),
)
#: Commands start faces and the service, each inside the command that needs it; `__main__` is the door to them.
DOORS = ("bellwether/cli/", "bellwether/__main__.py")

# Each outside library is imported in one place; numpy and pandas are everywhere's.
HOMES = {
    "onnxruntime": {"bellwether/models/onnx_model.py"},
    "yfinance": {"bellwether/market/yahoo/source.py"},
    "curl_cffi": {"bellwether/market/yahoo/session.py"},
    "exchange_calendars": {"bellwether/market/calendar.py"},
    "babel": {"bellwether/core/i18n/babel_data.py"},
    "rapidfuzz": {
        "bellwether/market/symbols/universe.py",
        "bellwether/core/i18n/time_zones.py",
        "bot/understand/nearness.py",  # words of a language, which no market knows
    },
    "tzfpy": {"bellwether/core/i18n/time_zones.py"},
    "sqlite_utils": {"bellwether/db/"},
    "sqlite3": {"bellwether/db/sqlite_store.py", "bellwether/db/encryption.py"},
    "psycopg": {"bellwether/db/"},
    "psycopg_pool": {"bellwether/db/"},
    "sqlcipher3": {"bellwether/db/encryption.py"},
    "telegram": {"bot/telegram/"},
    "httpx": {
        "bot/telegram/client.py",
        "bot/telegram/errors.py",
        "bellwether/delivery/webhooks/sending.py",
        "bellwether/client/",
    },
    "httpx_sse": {"bellwether/client/"},
    "standardwebhooks": {"bellwether/delivery/webhooks/signing.py"},
    "apprise": {"bellwether/delivery/channels/apprise_sending.py"},
    "requests": {"bellwether/delivery/channels/apprise_sending.py"},
    "smtplib": {"bellwether/delivery/channels/mail_sending.py"},
    "cryptography": {"bellwether/core/sealing.py", "bellwether/delivery/time_stamps.py"},
    "rfc3161_client": {"bellwether/delivery/time_stamps.py"},
    "apscheduler": {"scheduler.py"},
    "vl_convert": {"bellwether/charts/renderer.py"},
    "click": {"bellwether/cli/"},
    "pydantic_settings": {"bellwether/core/config.py"},
    "yaml": {"bellwether/core/config.py"},
    "uvicorn": {"serving.py"},
    "uvloop": {"serving.py"},
    "fastapi": {"web/"},
    "starlette": {"web/"},
    "jinja2": {"web/", "bellwether/delivery/channels/mail_html.py"},
    "anyio": {"web/pages/charts.py"},
    "prometheus_client": {"web/pages/metrics.py"},
}
#: what keeps the model runtime from telling anybody anything
TELEMETRY = {"ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "XDG_CACHE_HOME"}
NEVER_ONLINE = {
    "tensorflow",
    "keras",
    "tf2onnx",
    "onnx",
    "tqdm",
    "distributed",
    "dask",
    "pytest",
    "hypothesis",
    "schemathesis",
    "unasync",
    "playwright",
    "psutil",
}


def sources(root: Path) -> list[Path]:
    """Every module of the product, its faces and training."""
    folders = [path for part in ("bellwether", "bot", "web", "training") for path in (root / part).rglob("*.py")]
    return sorted([*folders, *(root / name for name in ("scheduler.py", "serving.py") if (root / name).is_file())])


def online(root: Path) -> list[Path]:
    """Every module of the running service."""
    return [path for path in sources(root) if not path.is_relative_to(root / "training")]


@cache
def nodes(path: Path) -> tuple[ast.stmt | ast.Constant, ...]:
    """The imports, classes and literals of a module, read and walked through once for all tests."""
    wanted = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Constant)
    return tuple(node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, wanted))


def libraries(path: Path) -> set[str]:
    """Top-level names of everything a module imports, inside functions too."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


def file_of(root: Path, module: str) -> Path | None:
    """Where a module of ours lies; None for what is not ours."""
    place = root / module.replace(".", "/")
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def imported(root: Path, path: Path) -> Iterator[Path]:
    """Our modules that a module imports, inside functions too; those only for type checking as well."""
    package = path.relative_to(root).parent.parts
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names = [(alias.name,) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*parents, *([node.module] if node.module else [])))
            # a name may be a module of the package, or else something that its `__init__` has
            names = [(f"{module}.{alias.name}", module) for alias in node.names]
        else:
            continue
        for choices in names:
            target = next((file for name in choices if (file := file_of(root, name)) is not None), None)
            if target is not None and target != path:
                yield target


def floor_of(root: Path, path: Path) -> tuple[int, str] | None:
    """The floor of a module and its folder there."""
    name = path.relative_to(root).as_posix()
    for floor, folders in enumerate(FLOORS):
        for folder in folders:
            if name == folder or name.startswith(f"{folder}/"):
                return floor, folder
    return None


def climbing(root: Path) -> list[str]:
    """Imports of a higher floor, or of another folder on the same one."""
    problems = []
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        mine = floor_of(root, path)
        if name.startswith(DOORS):
            continue
        if mine is None:
            problems.append(f"{name} lies on no floor")
            continue
        for target in imported(root, path):
            theirs = floor_of(root, target)
            if theirs is None or (theirs[0] >= mine[0] and theirs[1] != mine[1]):
                problems.append(f"{name} uses {target.relative_to(root).as_posix()}")
    return problems


def circles(root: Path) -> list[list[str]]:
    """Groups of modules that import each other, by Tarjan's algorithm (1972), inside functions too."""
    uses = {path: sorted(set(imported(root, path))) for path in sources(root)}
    number: dict[Path, int] = {}
    lowest: dict[Path, int] = {}
    waiting: list[Path] = []
    groups = []

    def visit(path: Path) -> None:
        number[path] = lowest[path] = len(number)
        waiting.append(path)
        for target in uses.get(path, ()):
            if target not in number:
                visit(target)
                lowest[path] = min(lowest[path], lowest[target])
            elif target in waiting:
                lowest[path] = min(lowest[path], number[target])
        if lowest[path] == number[path]:
            at = waiting.index(path)
            group = waiting[at:]
            del waiting[at:]
            if len(group) > 1:
                groups.append(sorted(member.relative_to(root).as_posix() for member in group))

    for path in uses:
        if path not in number:
            visit(path)
    return groups


def names_used_twice(root: Path) -> dict[str, list[str]]:
    """Class names that mean more than one thing in the tree."""
    where = defaultdict(list)
    for path in sources(root):
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(path.relative_to(root).as_posix())
    return {name: files for name, files in where.items() if len(files) > 1}


_SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX))\b", re.S)


def sql_elsewhere(root: Path) -> list[str]:
    """Modules with SQL in them that are neither a table's nor the database's."""
    return [
        path.relative_to(root).as_posix()
        for path in sources(root)
        if not path.name.endswith("_table.py") and not path.is_relative_to(root / "bellwether/db")
        if any(
            isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value)
            for node in nodes(path)
        )
    ]


def astray(root: Path) -> list[str]:
    """Modules of the running service that use a library outside its home, or one that no service may use."""
    problems = []
    for path in online(root):
        name, used = path.relative_to(root).as_posix(), libraries(path)
        problems += [f"{name} uses {library}, which no service may" for library in sorted(used & NEVER_ONLINE)]
        for library in sorted(used & HOMES.keys()):
            homes = HOMES[library]
            if not any(name == home or (home.endswith("/") and name.startswith(home)) for home in homes):
                problems.append(f"{name} uses {library}, which belongs in {', '.join(sorted(homes))}")
    return problems


def test_nothing_climbs() -> None:
    assert climbing(ROOT) == []


def test_nothing_goes_round_in_a_circle() -> None:
    assert circles(ROOT) == []


def test_a_class_name_means_one_thing() -> None:
    assert names_used_twice(ROOT) == {}


def test_sql_stands_beside_its_table() -> None:
    assert sql_elsewhere(ROOT) == []


def test_a_fault_in_the_house_is_noticed(tmp_path: Path) -> None:
    planted = {
        "bellwether/__init__.py": "",
        "bellwether/core/__init__.py": "",
        "bellwether/core/types.py": "class Thing:\n    pass\n",
        "bellwether/core/low.py": "def late():\n    from bellwether.market import prices\n",
        "bellwether/market/__init__.py": "",
        "bellwether/market/prices.py": "from . import bars\nimport psycopg\n",
        "bellwether/market/bars.py": "def late():\n    from bellwether.market.prices import bars\n",
        "bellwether/access/__init__.py": "",
        "bellwether/access/keys.py": (
            "from bellwether.market.prices import late\nclass Thing:\n    ALL = 'SELECT * FROM keys'\n"
        ),
        "bellwether/lost.py": "",
        "scheduler.py": "",
        "serving.py": "import scheduler\ndef late():\n    import uvicorn, keras\n",
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert climbing(tmp_path) == [
        "bellwether/access/keys.py uses bellwether/market/prices.py",
        "bellwether/core/low.py uses bellwether/market/prices.py",
        "bellwether/lost.py lies on no floor",
    ]
    assert circles(tmp_path) == [["bellwether/market/bars.py", "bellwether/market/prices.py"]]
    assert names_used_twice(tmp_path) == {"Thing": ["bellwether/access/keys.py", "bellwether/core/types.py"]}
    assert sql_elsewhere(tmp_path) == ["bellwether/access/keys.py"]
    assert astray(tmp_path) == [
        "bellwether/market/prices.py uses psycopg, which belongs in bellwether/db/",
        "serving.py uses keras, which no service may",
    ]


def test_a_library_is_used_at_its_home() -> None:
    assert astray(ROOT) == []


PURE = [
    *sorted((ROOT / "bellwether/alerts/rules").glob("*.py")),
    *(ROOT / "bellwether" / name for name in ("core/local_clock.py", "delivery/retry.py")),
    *(ROOT / "bellwether/alerts" / name for name in ("digest_decisions.py", "rule_decisions.py")),
]


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.name)
def test_what_decides_touches_no_file_clock_or_network(path: Path) -> None:
    assert not libraries(path) & {"sqlite3", "os", "time", "socket", "pathlib", "logging", "asyncio"}
    assert "now()" not in path.read_text(encoding="utf-8")


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    program = f"{code}\nimport sys\nprint(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_serving_everything_loads_no_training_library_and_no_yfinance() -> None:
    faces = "bellwether.cli.main, serving, scheduler, web.app, bot.telegram.face, bot.terminal"
    loaded = loaded_after(f"import {faces}, bellwether.jobs.doctor")
    assert not loaded & NEVER_ONLINE
    assert "yfinance" not in loaded, "it is imported when the first price is asked for"
    assert not loaded & {"apprise", "requests", "rfc3161_client"}, (
        "nor what sends to targets or stamps, before it is needed"
    )


def test_the_model_runtime_keeps_what_it_sees_to_itself(tmp_path: Path) -> None:
    """It would write a number for the machine into its user's cache, and send it with what it did."""
    environment = {name: value for name, value in os.environ.items() if name not in TELEMETRY} | {"HOME": str(tmp_path)}
    code = "from pathlib import Path; from bellwether.models.registry import open_model; open_model(Path('{}'))"
    command = [sys.executable, "-c", code.format(ROOT / "exported_models")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert not list(tmp_path.iterdir())


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


def test_forecasting_in_bulk_needs_no_tensorflow_and_without_workers_no_dask() -> None:
    loaded = loaded_after("import training.__main__, training.forecasts, training.replay")
    assert not loaded & {"tensorflow", "distributed", "dask"}


def test_dask_has_one_home() -> None:
    users = [path.relative_to(ROOT).as_posix() for path in sources(ROOT) if libraries(path) & {"distributed", "dask"}]
    assert users == ["training/workers.py"]
