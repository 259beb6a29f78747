"""What is said to whoever takes part, and what runs for them elsewhere: commands, versions, links and licences."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr

from bellwether import __version__
from bellwether.cli.main import main
from bellwether.core.config import Settings
from tests.package import licences, release

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FOR_PEOPLE = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "docs/licences.md")),
    ROOT / ".github/pull_request_template.md",
]
in_a_checkout = pytest.mark.skipif(not WORKFLOWS, reason="a source archive has no workflows")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def targets_of(path: Path) -> set[str]:
    """What a workflow's jobs have made, with a matrix's checks in place of $CHECK."""
    made = set()
    for job in jobs(path).values():
        checks = job.get("strategy", {}).get("matrix", {}).get("check", [])
        for step in job.get("steps", []):
            for target in re.findall(r'\bmake "?([\w$-]+)', step.get("run", "")):
                made |= set(checks) if target == "$CHECK" else {target}
    return made


# ---- commands


@in_a_checkout
def test_every_make_target_that_is_named_anywhere_exists() -> None:
    there = set(re.findall(r"^([\w-]+):", read("Makefile"), flags=re.MULTILINE))
    named = set().union(*(targets_of(path) for path in WORKFLOWS))
    pages = {*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").rglob("*.md")}
    for page in sorted(pages - {ROOT / "docs/chat.md"}):  # where people say “make it 160”
        named |= set(re.findall(r"(?:`|^ *)make ([a-z][\w-]*)", page.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named - there == set()


@in_a_checkout
def test_ci_elsewhere_makes_what_ci_here_makes() -> None:
    here = set(re.findall(r"^make ([\w-]+)", read(".ci/run"), flags=re.MULTILINE))
    assert targets_of(ROOT / ".github/workflows/ci.yml") == here


@in_a_checkout
def test_every_python_that_is_promised_is_tested() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    named = {each.rpartition(" :: ")[2] for each in project["classifiers"] if re.search(r":: 3\.\d+$", each)}
    matrix = jobs(ROOT / ".github/workflows/ci.yml")["test"]["strategy"]["matrix"]
    assert set(matrix["python"]) == named
    assert project["requires-python"] == f">={min(named, key=lambda text: int(text.partition('.')[2]))}"
    assert any(each["runner"].endswith("-arm") for each in matrix["include"])


# ---- what a workflow may do


@in_a_checkout
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_what_it_needs_ends_and_keeps_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {}
    assert "secrets." not in text and "pull_request_target" not in text
    for name, job in jobs(path).items():
        assert "permissions" in job, name
        if "uses" in job:  # another workflow, whose jobs are looked at here too
            continue
        assert job["timeout-minutes"] <= 90, name
        assert "latest" not in str(job["runs-on"]), name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name
            assert "${{" not in step.get("run", ""), f"{name}: what others may write must not become a command"


# ---- links


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    plain = [re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", FOR_PEOPLE, ids=lambda page: page.name)
def test_every_link_leads_to_a_heading_that_exists(page: Path) -> None:
    if not page.exists():
        pytest.skip("a source archive has no templates")
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https:"):
            continue
        aim = (page.parent / target).resolve() if target else page
        assert aim.exists() or ".github" in target, target
        assert not anchor or anchor in anchors(aim), f"{target}#{anchor}"


# ---- a release


def test_a_tag_that_is_not_the_version_makes_no_release() -> None:
    changelog = (
        "# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2026-11-30\n\n### Added\n- A thing.\n\n## 1.1.0 - 2026-10-01\n"
    )
    assert release.fault("v1.2.0", "1.2.0", changelog) == ""
    assert "has to be v1.2.0" in release.fault("v1.2.1", "1.2.0", changelog)
    assert "no section" in release.fault("v1.3.0", "1.3.0", changelog)
    assert "nothing in it" in release.fault("v1.1.0", "1.1.0", changelog)
    assert release.notes(changelog, "1.2.0") == "### Added\n- A thing."


def test_this_version_could_be_released() -> None:
    assert release.fault(f"v{__version__}", __version__, read("CHANGELOG.md")) == ""


# ---- licences


def test_the_licences_are_of_all_that_is_locked_and_of_nothing_else() -> None:
    wanted = {*licences.locked(licences.SERVICE), *licences.locked(licences.EVERYTHING)}
    assert {package for package, _ in licences.listed(read("docs/licences.md"))} == wanted, "make licences"


def test_the_licences_are_what_the_installed_packages_tell() -> None:
    try:
        tables = licences.tables()
    except metadata.PackageNotFoundError as absent:
        pytest.skip(f"{absent.name} is not installed here")
    assert read("docs/licences.md").partition(licences.BEGIN)[2].strip() == tables.strip(), "make licences"


# ---- what people are asked to show


@pytest.mark.parametrize("other", ["BELLWETHER_DATABASE__KEY", "BELLWETHER_DATABASE__URL"])  # a key is the file's
def test_the_doctor_prints_no_secret(other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "BELLWETHER_TELEGRAM__TOKEN": "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr",
        "BELLWETHER_TELEGRAM__WEBHOOK_SECRET": "a-secret-that-nobody-knows",
        "BELLWETHER_DATABASE__KEY": "ab" * 32,
        "BELLWETHER_DATABASE__URL": "postgresql://bellwether:a-password-of-the-server@127.0.0.1:9/bellwether",
        "BELLWETHER_API__ADMIN_TOKEN": "o" * 40,
        "BELLWETHER_WEB__METRICS_TOKEN": "m" * 40,
        "BELLWETHER_CHANNELS__KEY": "cd" * 32,
        "BELLWETHER_CHANNELS__SMTP": "smtp://ann:a-password-of-the-mail-server@127.0.0.1:9",
    }
    kinds = {
        f"BELLWETHER_{section}__{key}".upper()
        for section, field in Settings.model_fields.items()
        for key, setting in field.annotation.model_fields.items()  # type: ignore[union-attr]
        if setting.annotation is SecretStr
    }
    assert kinds == secrets.keys()
    del secrets[other]
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("BELLWETHER_TELEGRAM__BASE_URL", "http://127.0.0.1:9/bot")
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:a-password@127.0.0.1:9")
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(tmp_path / "t.sqlite3"))
    monkeypatch.setattr("bellwether.jobs.doctor.calendars", tuple)  # building all of them takes long and says nothing
    done = CliRunner().invoke(main, ["doctor"])
    assert "Telegram" in done.output and "Database" in done.output
    for secret in (*secrets.values(), "a-password", "a-password-of-the-server", "a-password-of-the-mail-server"):
        assert secret not in done.output
