"""Make the synchronous client from the asynchronous one: `make client`.

unasync takes out `async` and `await` and renames what has another name; ruff puts in order what
is left: imports, and `yield from`.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import unasync

ROOT = Path(__file__).resolve().parents[2]
SOURCE, MADE = ROOT / "bellwether/client/asynchronous.py", ROOT / "bellwether/client/synchronous.py"
_TOP = '''\
# Generated with unasync by tests/support/synchronous_client.py: change asynchronous.py, then run `make client`.
"""The synchronous client."""
'''
_NAMES = {
    "AsyncClient": "Client",
    "AsyncOperator": "Operator",
    "aclose": "close",
    "aread": "read",
    "aiter_sse": "iter_sse",
    "asyncio": "time",  # for its `sleep`
}


def synchronous() -> str:
    """The synchronous client as the present asynchronous one makes it."""
    with TemporaryDirectory() as folder:
        source, made = Path(folder, "_async", MADE.name), Path(folder, "_sync", MADE.name)
        source.parent.mkdir()
        source.write_bytes(SOURCE.read_bytes())
        unasync.unasync_files([str(source)], [unasync.Rule("/_async/", "/_sync/", _NAMES)])
        _, _, code = made.read_text(encoding="utf-8").partition("\n")  # without its first line, the docstring
    return _ruff("format", _ruff("check", _TOP + code, "--select", "I,UP028", "--fix", "--unsafe-fixes", "--quiet"))


def _ruff(command: str, code: str, *options: str) -> str:
    call = [sys.executable, "-m", "ruff", command, *options, "--stdin-filename", str(MADE), "-"]
    return subprocess.run(call, input=code, capture_output=True, text=True, check=True, cwd=ROOT).stdout


if __name__ == "__main__":
    MADE.write_text(synchronous(), encoding="utf-8")
