"""The manual is honest: every command and setting is described. What it says of the API is in test_api_manual."""

import ast
import re
from pathlib import Path

import click
import pytest
import yaml

from bellwether.cli.main import main
from bellwether.core.config import Settings, setting_keys
from bellwether.core.plans import Plan
from bot.commands import COMMANDS
from tests.test_imports import FLOORS

ROOT = Path(__file__).resolve().parents[1]


def text(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


MANUAL = ("README.md", "docs/command-line.md", "docs/settings.md", "docs/chat.md", "docs/api.md", "docs/training.md")


def leaves(group: click.Group, before: str = "") -> list[str]:
    """Every command path: "alerts tick"."""
    found = []
    for name, command in group.commands.items():
        path = f"{before}{name}"
        found += leaves(command, f"{path} ") if isinstance(command, click.Group) else [path]
    return found


@pytest.mark.parametrize("command", leaves(main))
def test_every_command_is_documented_with_its_options(command: str) -> None:
    manual = text("docs/command-line.md")
    assert f"python -m bellwether {command}" in manual
    found: click.Command = main
    for part in command.split():
        assert isinstance(found, click.Group)
        found = found.commands[part]
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert any(f"{name}" in manual for name in parameter.opts if name.startswith("--")), parameter.name


@pytest.mark.parametrize("key", setting_keys())
def test_every_setting_is_documented(key: str) -> None:
    assert f"`{key}`" in text("docs/settings.md")


def test_config_yaml_names_every_setting_with_its_default_and_a_comment() -> None:
    content = text("config.yaml")
    written = yaml.safe_load(content)
    defaults = Settings.model_construct()
    for key in setting_keys():
        section, name = key.lower().split("__")
        if name in {"token", "admin_token", "webhook_secret", "metrics_token"} or key in {
            "DATABASE__KEY",
            "DATABASE__URL",
            "CHANNELS__KEY",
            "CHANNELS__SMTP",
        }:
            continue  # a secret: only ever in the environment
        default = getattr(getattr(defaults, section), name)
        if name == "plans":
            assert {plan: Plan(**terms) for plan, terms in written[section][name].items()} == default
            continue
        assert written[section][name] == (str(default) if isinstance(default, Path) else default), key
        assert re.search(rf"^  {name}: .*#", content, re.MULTILINE), f"{key} needs a comment"
    assert {f"{section}__{name}".upper() for section in written for name in written[section]} <= set(setting_keys())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_chat_command_is_documented(command: object) -> None:
    assert f"/{command.name}" in text("docs/chat.md")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_links_and_pictures_of_the_manual_exist(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text(name)):
        if not target.startswith(("http:", "https:")):
            assert ((ROOT / name).parent / target).exists(), f"{name} points to {target}"


PAGES = [
    path.relative_to(ROOT)
    for part in (
        ROOT.glob("*.md"),
        *((ROOT / name).rglob("*.md") for name in ("docs", "tests", "bellwether", "clients")),
    )
    for path in sorted(part)
    if path.name != "CHANGELOG.md"  # which tells of what was
]
_FOLDERS = "bellwether|bot|web|training|tests|benchmarks|docs|deploy"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_and_module_that_the_manual_names_exists(page: Path) -> None:
    """In backticks; a part in capitals, as LANGUAGE, stands for any."""
    for quoted in re.findall(r"`([^`\n]+)`", text(str(page))):
        for path in re.findall(rf"(?<![\w./-])((?:{_FOLDERS})/[\w./*-]*|(?:scheduler|serving)\.py)", quoted):
            pattern = re.sub(r"\b[A-Z]{2,}\b", "*", path.rstrip("./"))
            assert list(ROOT.glob(pattern)), f"{page} names {path}"
            assert not path.endswith("/") or (ROOT / pattern).is_dir() or "*" in pattern, (
                f"{page} calls {path} a folder"
            )
        for module in re.findall(rf"-m ((?:{_FOLDERS})(?:\.\w+)*)", quoted):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), f"{page} names {module}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_lines_of_settings_in_the_manual_have_nothing_behind_the_value(page: Path) -> None:
    """systemd and Docker would take a comment there for a part of it; lines of a shell begin with `export`."""
    assert not re.findall(r"^[ \t]*[A-Z][A-Z_]+=\S*[ \t]+#.*$", text(str(page)), re.MULTILINE)


def test_the_map_of_the_house_has_the_floors_that_imports_are_held_to() -> None:
    table = text("docs/design.md").partition("| floor |")[2].partition("\n\n")[0]
    drawn = [set(re.findall(r"`([^`]+)`", line.split("|")[2])) for line in table.splitlines()[2:]]
    floors = [{name for name in floor if name != "bellwether/__init__.py"} for floor in reversed(FLOORS)]
    assert [{name.rstrip("/") for name in floor} for floor in drawn] == floors


def test_the_readme_begins_with_what_it_is_a_picture_and_the_two_commands() -> None:
    first_screen = "\n".join(text("README.md").splitlines()[:40])
    assert "![" in first_screen or "<picture>" in first_screen
    assert "make run" in first_screen
    assert "make test" in first_screen


def test_the_changelog_names_this_version() -> None:
    from bellwether import __version__

    assert f"## {__version__}" in text("CHANGELOG.md")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "training/requirements.txt"])
def test_every_requirement_is_pinned_and_has_its_reason(name: str) -> None:
    lock = text("requirements.lock").lower()
    for line in text(name).splitlines():
        if line and not line.startswith("#"):
            package, reason = re.fullmatch(r"(\S+==\S+)(?: ;[^#]*)?\s+# (.+)", line).groups()  # type: ignore[union-attr]
            assert len(reason) > 10
            assert re.sub(r"\[.*\]", "", package).lower().replace("_", "-") in lock, "make lock"


def test_no_message_of_what_is_installed_names_a_file_of_the_manual_which_is_not() -> None:
    named = []
    for folder in ("bellwether", "bot", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            said = {
                id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
            }  # docstrings, for developers
            named += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and id(node) not in said and "docs/" in str(node.value)
            ]
    assert named == []
