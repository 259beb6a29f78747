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
    words = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, words], cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split("\x1e")[:-1]
