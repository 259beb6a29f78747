"""Commands of `python -m training` in a process of their own: TensorFlow stays out of the tests' one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = """
import json, sys
from training.__main__ import cli
for words in json.loads(sys.argv[1]):
    cli(words, prog_name="python -m training", standalone_mode=False)
    print(end="\\x1e")
"""


def trained_by(*commands: Sequence[str | Path], timeout: float = 200) -> list[str]:
    """What each command printed; they share one process, which loads TensorFlow once. Fails with the first failure."""
    return _printed("-c", COMMANDS, commands, timeout)


def trained_once_by(*commands: Sequence[str | Path], timeout: float = 200) -> list[str]:
    """The same, where commands that ask for the same fit or graph share it."""
    return _printed("-m", "tests.support.fitted_once", commands, timeout)


def _printed(how: str, program: str, commands: Sequence[Sequence[str | Path]], timeout: float) -> list[str]:
    words = json.dumps([[str(word) for word in command] for command in commands])
    python = [sys.executable, how, program, words]
    done = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split("\x1e")[:-1]
