"""The units for systemd: it understands them, they give little away, and they fit what the service does."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bellwether.cli.main import _WrongSetting
from bellwether.core.config import CREDENTIALS_VARIABLE, _secrets, setting_keys
from serving import GRACE

UNITS = Path(__file__).resolve().parents[1] / "deploy/systemd"
SERVICES = ("bellwether.service", "bellwether-backup.service")
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def lines(name: str) -> list[str]:
    """The settings of a unit, without its comments."""
    return [line for line in (UNITS / name).read_text().splitlines() if "=" in line and not line.startswith("#")]


def analyze(folder: Path, *words: str) -> str:
    """What systemd says of the units, with a program in place of the one that is not installed here."""
    for unit in UNITS.glob("bellwether*.*"):
        (folder / unit.name).write_text(unit.read_text().replace("/opt/bellwether/bin/bellwether", "/bin/true"))
    done = subprocess.run([str(ANALYZE), *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_understands_them(tmp_path: Path) -> None:
    files = [f"./{name}" for name in (*SERVICES, "bellwether-backup.timer")]
    assert analyze(tmp_path, "verify", "--man=no", *files) == ""


@needs_systemd
@pytest.mark.parametrize(("name", "most"), [(SERVICES[0], 1.5), (SERVICES[1], 1.0)])
def test_they_expose_little_of_the_machine(tmp_path: Path, name: str, most: float) -> None:
    """10 is everything; the service needs the network, and charts memory that can be written and run."""
    told = analyze(tmp_path, "security", "--offline=true", "--no-pager", f"./{name}")
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert exposure is not None and float(exposure[1]) <= most


def test_a_wrong_setting_is_not_tried_again_and_a_stop_has_time() -> None:
    service = lines("bellwether.service")
    assert f"RestartPreventExitStatus={_WrongSetting.exit_code}" in service
    (stop,) = [int(line.partition("=")[2].rstrip("s")) for line in service if line.startswith("TimeoutStopSec=")]
    assert stop >= 2 * (2 * GRACE + 2), "twice what the parts take at most, one after the other"


def test_service_backup_and_command_use_the_same_database() -> None:
    named = {name: set(re.findall(r"BELLWETHER_\w+=\S+", (UNITS / name).read_text())) for name in
             (*SERVICES, "bellwether-command")}  # fmt: skip
    assert len(set(map(frozenset, named.values()))) == 1
    keys = {setting.partition("=")[0].removeprefix("BELLWETHER_") for setting in named["bellwether.service"]}
    assert keys and keys <= set(setting_keys())
    hardened = [{line for line in lines(name) if line.startswith(("User", "UMask", "State"))} for name in SERVICES]
    assert hardened[0] == hardened[1]


@pytest.mark.parametrize("name", SERVICES)
def test_the_secrets_that_may_be_handed_over_are_secrets(name: str) -> None:
    offered = re.findall(r"^#LoadCredential(?:Encrypted)?=([\w.]+):", (UNITS / name).read_text(), re.MULTILINE)
    assert CREDENTIALS_VARIABLE == "CREDENTIALS_DIRECTORY"
    assert offered and {secret.replace(".", "__").upper() for secret in offered} <= set(setting_keys())


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_a_command_is_handed_the_secrets_that_are_there_and_encrypted_ones_as_such(tmp_path: Path) -> None:
    etc, programs = tmp_path / "etc", tmp_path / "bin"
    etc.mkdir()
    programs.mkdir()
    (programs / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (programs / "systemd-run").chmod(0o755)
    for name in ("telegram.token", "database.key", "database.key.cred", "an.other"):
        (etc / name).touch()
    script = (UNITS / "bellwether-command").read_text().replace("/etc/bellwether/", f"{etc}/")
    (tmp_path / "bellwether").write_text(script)
    done = subprocess.run(
        ["sh", str(tmp_path / "bellwether"), "backup", "a file"],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.splitlines()
    handed = {word.removeprefix("--property=") for word in told if "LoadCredential" in word}
    assert handed == {
        f"LoadCredential=telegram.token:{etc}/telegram.token",
        f"LoadCredentialEncrypted=database.key:{etc}/database.key.cred",
    }
    assert told[-3:] == ["/opt/bellwether/bin/bellwether", "backup", "a file"]


def test_the_commands_find_every_secret_that_there_is() -> None:
    (named,) = re.findall(r"^for secret in (.+); do$", (UNITS / "bellwether-command").read_text(), re.MULTILINE)
    assert set(named.split()) == {f"{section}.{key}" for section, key in _secrets()}
