"""The distribution `bellwether-client`: built as for a release, and installed where there is nothing of the service."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

FOLDER = Path(__file__).resolve().parents[2] / "clients/python"


def build(into: Path, *what: str) -> Path:
    """Build with the hatchling of this environment: a source distribution and from it a wheel, or `what`."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), *what, str(FOLDER))
    return into


def install(wheel: Path, folder: Path, extra: str = "", resolution: str = "") -> Path:
    """The Python of a new environment with the wheel and what it says it needs, and nothing else.

    What it needs are links to what is installed beside the tests, so that no index is asked; where it does not say all
    that it needs, there is too little, and where this is too old for it, uv refuses. With a `resolution` of uv's, such
    as lowest-direct, it all comes from an index instead.
    """
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin" / "python"
    wanted = f"bellwether-client{f'[{extra}]' if extra else ''} @ {wheel.resolve().as_uri()}"
    if resolution:
        named = [f"{name}{versions}" for name, versions in _requirements(_of(wheel), extra).items()]
        choice = ["--resolution", resolution, *named]  # beside the wheel, so that to uv they are direct ones
    else:
        site = next(folder.glob("lib/python*/site-packages"))
        for needed in _needed(_of(wheel), extra, set()):
            _link(needed, site)
        choice = ["--offline", "--no-index", "--no-cache", "--no-config"]
    run(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), *choice, wanted)
    return python


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints; where it fails, what it complains of."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _of(wheel: Path) -> Distribution:
    name, version, *_ = wheel.name.split("-")
    return PathDistribution(zipfile.Path(wheel, f"{name}-{version}.dist-info/"))


def _requirements(package: Distribution, extra: str) -> dict[str, SpecifierSet]:
    """What a distribution says it needs here: names and versions."""
    said = [Requirement(line) for line in package.requires or ()]
    return {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in said
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra})
    }


def _needed(package: Distribution, extra: str, seen: set[str]) -> Iterator[Distribution]:
    """What a distribution needs, and what that needs in turn, as installed beside the tests."""
    for name in _requirements(package, extra):
        if name not in seen:
            seen.add(name)
            needed = distribution(name)
            yield needed
            yield from _needed(needed, "", seen)


def _link(package: Distribution, site: Path) -> None:
    """Make a distribution seen from another environment."""
    for name in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
        there, here = Path(str(package.locate_file(name))), site / name
        if name.endswith(".dist-info"):
            shutil.copytree(there, here)  # uv sees no link as an installed distribution
        elif not here.exists():
            here.symlink_to(there)
