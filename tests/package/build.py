"""Wheels and source archives, built without a network by the build backend of this environment."""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = (ROOT, ROOT / "clients/python")  #: folders with a pyproject.toml


class NotReproducible(Exception):
    """Two builds of the same files differ; the message names the archives."""


def build(project: Path, target: Path, *kinds: str) -> list[Path]:
    """Build a wheel and a source archive into a folder, or of `kinds` ("--wheel", "--sdist") only; their paths.

    Raises subprocess.CalledProcessError, whose output says why.
    """
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), *kinds, str(project)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return sorted(path for path in target.iterdir() if path.suffix in {".whl", ".gz"})


def build_twice(project: Path, target: Path, *kinds: str) -> list[Path]:
    """The same, and again elsewhere to compare. Raises NotReproducible where a byte differs."""
    before = set(target.iterdir())
    made = [path for path in build(project, target, *kinds) if path not in before]
    with tempfile.TemporaryDirectory() as folder:
        again = {path.name: _digest(path) for path in build(project, Path(folder), *kinds)}
    if differing := [path.name for path in made if _digest(path) != again[path.name]]:
        raise NotReproducible(f"built twice, these differ: {', '.join(differing)}")
    return made


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
