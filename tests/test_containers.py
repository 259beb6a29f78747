"""The image and its compose files: closed in, complete, and of one mind with the settings. None needs a daemon."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from bellwether.core.config import PREFIX, load_settings, setting_keys
from tests.package import dockerfile
from tests.package.dockerfile import ImageConfig
from tests.support import env_example

ROOT = Path(__file__).resolve().parents[1]
OVERLAYS = sorted((ROOT / "deploy/compose").glob("*.yaml"))
UNIT = ROOT / "deploy/systemd/bellwether.service"
ASSIGNED = re.compile(r"^# ([A-Z][A-Z_]+)=(.*)$", re.M)


@pytest.fixture(scope="module")
def image() -> ImageConfig:
    _, stages = dockerfile.read(ROOT / "Dockerfile")
    return dockerfile.config_of(stages[-1])


def compose(file: Path) -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return said


def merged(first: Any, second: Any) -> Any:
    """As compose merges files: mappings by key, lists one after the other, else the later one."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: merged(first.get(key), second.get(key)) for key in first | second}
    if isinstance(first, list) and isinstance(second, list):
        return first + second
    return first if second is None else second


# ---- .env.example


def test_the_example_of_an_environment_is_what_settings_and_manual_say() -> None:
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == env_example.text(), "run: python -m tests.support.env_example > .env.example"


def test_the_example_of_an_environment_has_every_variable_with_its_default(
    image: ImageConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = dict(ASSIGNED.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    assert {PREFIX + key for key in setting_keys()} <= set(written)
    assert {name for name in image.env if name.startswith(PREFIX)} <= set(written)
    defaults = load_settings()
    own = {name for name in image.env if name.startswith(PREFIX)} | {"BELLWETHER_API__PLANS", "BELLWETHER_CONFIG"}
    for name, value in written.items():
        if name.startswith(PREFIX) and name not in own:
            monkeypatch.setenv(name, value)
    assert load_settings() == defaults
    for name in own - {"BELLWETHER_CONFIG"}:
        monkeypatch.setenv(name, written[name])
    assert load_settings().api.plans["free"].requests_a_minute == 30


def test_every_value_that_the_example_shows_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = re.findall(rf"^# .*(?:such as|scored:) (\S+?)[;:,.]?(?: .*)?\n# ({PREFIX}\w+)=", written, re.M)
    taken = {}
    for value, name in shown:
        monkeypatch.setenv(name, value)
        section, _, key = name.removeprefix(PREFIX).lower().partition("__")
        taken[name] = getattr(getattr(load_settings(), section), key)
    assert taken[f"{PREFIX}MARKET__FALLBACKS"] == ["file"] and taken[f"{PREFIX}MARKET__UNIVERSE"] == "AAPL,MSFT"
    assert taken[f"{PREFIX}API__ORIGINS"] == ["https://app.example"]
    assert all((ROOT / "exported_models" / name).is_dir() for name in taken[f"{PREFIX}MODELS__SHADOW"])
    monkeypatch.setenv(f"{PREFIX}API__ORIGINS", "*")
    assert load_settings().api.origins == ["*"] and "; * is every one" in written
    assert "[" not in written


# ---- the image


def test_the_image_runs_as_nobody_and_keeps_everything_in_its_volume(image: ImageConfig) -> None:
    assert image.user == "10001:10001"
    assert image.volumes == [image.workdir] == [image.env["HOME"]]
    assert Path(image.env["BELLWETHER_DATABASE__PATH"]).parent == Path(image.workdir)
    assert (image.entrypoint, image.command) == (["bellwether"], ["serve"])
    assert image.ports == [image.env["BELLWETHER_WEB__PORT"]]
    assert "/readyz" in image.health[-1] and image.stop_signal == "SIGTERM"
    patience = re.search(r"--start-period=(\d+m)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert patience and f"TimeoutStartSec={patience[1]}in" in UNIT.read_text(encoding="utf-8"), "an upgrade takes time"


def test_everything_in_the_image_is_locked_with_hashes() -> None:
    _, stages = dockerfile.read(ROOT / "Dockerfile")
    installs = [part for step in stages[0].steps if step.name == "RUN" for part in step.text.split("&&")]
    from_index = [part for part in installs if " install " in part and "--no-index" not in part]
    assert from_index and all("--require-hashes" in part and "--only-binary :all:" in part for part in from_index)
    assert not [step for step in stages[-1].steps if " install " in step.text.replace("install -d", "")]
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    locked = re.findall(r"^(\S+==\S+)", (ROOT / "requirements-build.lock").read_text(encoding="utf-8"), re.M)
    assert set(requires) <= set(locked), "make requirements-build.lock anew of build-system.requires"


def test_the_build_is_given_what_the_wheel_is_made_of_and_no_more() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    given = {path.relative_to(ROOT).as_posix() for path in dockerfile.context(ROOT, ignored)}
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    tops = [*wheel["only-include"], *wheel["force-include"], "README.md", "LICENSE", "pyproject.toml"]
    hook = told["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    wanted = [*tops, *hook["files"], *(file for files in hook["optional-dependencies"].values() for file in files)]
    tracked = _tracked(wanted)
    assert tracked <= given, sorted(tracked - given)
    assert {"requirements-build.lock", "requirements-service.lock"} <= given
    strange = {name for name in given if name.split("/")[0] in {"tests", "docs", "var", ".git", "deploy", "benchmarks"}}
    assert not strange and not any(name.endswith((".pyc", ".sqlite3")) or "/.env" in f"/{name}" for name in given)


def _tracked(tops: list[str]) -> set[str]:
    """The files below these, without what is made beside them."""
    listed = {path for top in tops for path in ([ROOT / top] if (ROOT / top).is_file() else (ROOT / top).rglob("*"))}
    return {path.relative_to(ROOT).as_posix() for path in listed if path.is_file() and "__pycache__" not in path.parts}


# ---- compose


def test_the_service_is_closed_in_and_open_to_this_machine_alone(image: ImageConfig) -> None:
    service = compose(ROOT / "compose.yaml")["services"]["bellwether"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ports"] == ["${PUBLISH_ADDRESS:-127.0.0.1}:${PUBLISH_PORT:-8000}:" + image.ports[0]]
    assert service["volumes"] == [f"data:{image.volumes[0]}"]
    assert service["env_file"] == [{"path": ".env", "required": False}]
    assert {"mem_limit", "pids_limit", "logging", "restart", "stop_grace_period"} <= set(service)


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_an_overlay_names_known_settings_real_files_and_variables_of_the_example(overlay: Path) -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8") + overlay.read_text(encoding="utf-8")
    whole = merged(compose(ROOT / "compose.yaml"), compose(overlay))
    known = {PREFIX + key for key in setting_keys()}
    volumes, networks = set(whole["volumes"]), {"default", *whole.get("networks", {})}
    for service in whole["services"].values():
        assert {name for name in service.get("environment", {}) if name.startswith(PREFIX)} <= known
        for mount in service["volumes"]:
            source = mount.partition(":")[0]
            assert source in volumes or (ROOT / source).exists(), mount
        assert set(service.get("networks", [])) <= networks
        assert service["cap_drop"] == ["ALL"] and "mem_limit" in service and "logging" in service
        assert re.search(r":(v?\d[\w.]*|\$\{IMAGE:-.+\})$|^\$\{IMAGE", service["image"]), "an image without a version"
    named = {name for name, _ in ASSIGNED.findall((ROOT / ".env.example").read_text(encoding="utf-8"))}
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= named


def test_what_an_overlay_sets_is_what_the_service_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}WEB__METRICS_TOKEN", "a-token-of-the-test")
    for overlay in OVERLAYS:
        for name, value in compose(overlay)["services"].get("bellwether", {}).get("environment", {}).items():
            plain = re.sub(r"\$\{DOMAIN[^}]*\}", "bellwether.example", value)
            monkeypatch.setenv(name, re.sub(r"\$\{POSTGRES_PASSWORD[^}]*\}", "a1b2", plain))
    settings = load_settings()
    web = settings.web
    assert (web.public_url, web.trusted_proxies, web.metrics) == ("https://bellwether.example", ["172.30.53.2"], 9101)
    caddy = compose(ROOT / "deploy/compose/caddy.yaml")["services"]["caddy"]
    assert caddy["networks"]["front"]["ipv4_address"] in web.trusted_proxies
    assert caddy["environment"]["UPSTREAM"] == "bellwether:8000"
    assert (
        "./deploy/caddy/Caddyfile:/etc/caddy/Caddyfile:ro" in caddy["volumes"]
    )  # tests/test_proxy_examples.py runs it
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert scraped["scrape_configs"][0]["static_configs"][0]["targets"] == [f"bellwether:{web.metrics}"]
    assert not web.metrics_token.get_secret_value() and "authorization" not in scraped["scrape_configs"][0]


def test_backups_are_made_of_the_same_volume_by_a_service_that_is_as_closed_in() -> None:
    """tests/package/image_backups.py runs it."""
    served = compose(ROOT / "compose.yaml")["services"]["bellwether"]
    backup = compose(ROOT / "deploy/compose/backup.yaml")["services"]["backup"]
    alike = ("image", "env_file", "volumes", "restart", "read_only", "tmpfs", "cap_drop", "security_opt", "logging")
    assert {name: backup[name] for name in alike} == {name: served[name] for name in alike}
    assert backup["network_mode"] == "none" and "ports" not in backup


def test_the_service_is_told_of_the_database_that_the_overlay_starts_and_dumps() -> None:
    services = compose(ROOT / "deploy/compose/postgres.yaml")["services"]
    server, dump = services["postgres"]["environment"], services["dump"]["environment"]
    url = conninfo_to_dict(
        re.sub(
            r"\$\{POSTGRES_PASSWORD[^}]*\}", "a1b2", services["bellwether"]["environment"]["BELLWETHER_DATABASE__URL"]
        )
    )
    assert url == {
        "user": server["POSTGRES_USER"],
        "password": "a1b2",
        "host": "postgres",
        "dbname": server["POSTGRES_DB"],
    }
    assert (dump["PGHOST"], dump["PGUSER"], dump["PGDATABASE"]) == (url["host"], url["user"], url["dbname"])
    assert (
        server["POSTGRES_PASSWORD"] == dump["PGPASSWORD"] and services["dump"]["image"] == services["postgres"]["image"]
    )
    assert "ports" not in services["postgres"], "nobody but the service should reach it"
