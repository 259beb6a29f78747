"""Commands of `python -m training`, in a process of their own or in that of the tests."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 100  #: seconds for what should come soon
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="dask is not installed: pip install -r training/requirements.txt"
)
COMMANDS = """
import json, sys
from training.__main__ import cli
for words in json.loads(sys.argv[1]):
    cli(words, prog_name="python -m training", standalone_mode=False)
    print(end="\\x1e")
"""


def trained_by(*commands: Sequence[str | Path], timeout: float = 200) -> list[str]:
    """What each command printed; they share one process, which loads TensorFlow once. Fails with the first failure."""
    python = [sys.executable, "-c", COMMANDS, json.dumps(_words(commands))]
    done = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split("\x1e")[:-1]


def trained_once_by(*commands: Sequence[str | Path]) -> list[str]:
    """The same in this process, where commands that ask for the same fit or graph share it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the libraries that convert a graph
        from tests.support import fitted_once  # TensorFlow comes with it: not for those who only collect the tests

        return fitted_once.outputs(_words(commands))


def spread(mode: str, folder: Path) -> subprocess.Popen[str]:
    """`tests.support.spread_work` as it begins, a group of processes of its own."""
    command = [sys.executable, "-m", "tests.support.spread_work", mode, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def told(mode: str, folder: Path, patience: float = PATIENCE) -> tuple[str, str]:
    """What it printed, and what was said beside it."""
    with spread(mode, folder) as process:
        output, errors = process.communicate(timeout=patience)
    assert process.returncode == 0, errors[-3000:]
    return output, errors


def _words(commands: Sequence[Sequence[str | Path]]) -> list[list[str]]:
    return [[str(word) for word in command] for command in commands]
