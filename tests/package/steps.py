"""What the field's own tools have to say about what is shipped, one command each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.package.build import ROOT

_BESIDE = str(Path(sys.executable).parent)  #: programs of this environment
_TOOLS = os.pathsep.join([_BESIDE, os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class Result(Enum):
    """How a step ended."""

    CLEAN = "ok  "
    FAULTY = "FAIL"
    ABSENT = "skip"


@dataclass(frozen=True, slots=True)
class Step:
    """A command that ends with a status other than 0 where something is wrong."""

    name: str
    program: str
    arguments: tuple[str, ...]
    comes_with: str = ""  #: the package of Debian that brings the program; empty for those of requirements-dev.txt
    folder: Path = ROOT  #: where it runs

    def run(self) -> tuple[Result, str]:
        """The result, and what there is to say."""
        program = shutil.which(self.program, path=_TOOLS)
        if program is None:
            return Result.ABSENT, f"{self.program} is not here (apt-get install {self.comes_with})"
        environment = os.environ | {"PATH": _TOOLS}
        done = subprocess.run(
            [program, *self.arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
        )
        said = (done.stdout + done.stderr).strip()
        return (Result.FAULTY, said) if done.returncode else (Result.CLEAN, "")


class TestedStep(Step):
    """Tests that need a program; without it pytest would skip them, and nobody would hear of it."""

    def run(self) -> tuple[Result, str]:
        """The result, and what the tests say where one fails."""
        if shutil.which(self.program, path=_TOOLS) is None:
            return Result.ABSENT, f"{self.program} is not here (apt-get install {self.comes_with})"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *self.arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, errors="replace")
        return (Result.FAULTY, done.stdout) if done.returncode else (Result.CLEAN, done.stdout.splitlines()[-1])


def of_archives(project: Path, archives: Sequence[Path]) -> list[Step]:
    """Whether a package index would take a project's archives, and its wheel holds what it should."""
    wheel = next(path for path in archives if path.suffix == ".whl")
    return [
        Step(f"archives of {wheel.name.partition('-')[0]}", "twine", ("check", "--strict", *map(str, archives))),
        Step(f"contents of {wheel.name}", "check-wheel-contents", (str(wheel),), folder=project),
    ]
