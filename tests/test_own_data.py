"""The tests stand alone: their data lie in tests/data, small, each with its origin and licence told."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

from tests.support.bot_api_server.spec_trim import trimmed, written
from tests.support.data import DATA
from tests.support.yahoo_recordings import FOLDER

TESTS = Path(__file__).parent
LARGEST = 2 * 2**20  #: bytes


def test_each_file_is_small_and_told_of_with_its_licence() -> None:
    rows = (DATA / "README.md").read_text("utf-8")
    told = re.findall(r"^\| `(\S+)` .*(?:MIT|Unlicense|Apache 2\.0)", rows, re.MULTILINE)
    for file in (path for path in DATA.rglob("*") if path.is_file()):
        assert file.stat().st_size < LARGEST, file
        name = str(file.relative_to(DATA))
        assert name == "README.md" or any(fnmatchcase(name, pattern) for pattern in told), file
    assert all(list(DATA.glob(pattern)) for pattern in told)


def test_each_recorded_answer_is_of_a_repository_with_a_licence() -> None:
    told = (DATA / "README.md").read_text("utf-8")
    for file in FOLDER.rglob("*.json"):
        repository, _, folder = json.loads(file.read_text("utf-8"))["origin"].partition(" ")
        assert f"[{repository}](https://github.com/{repository}) {folder}" in told, file


def test_no_test_reads_beside_the_repository() -> None:
    beside = re.compile(r"""parents\[\d\]\.parent\b|\.\./shared|["']shared["']""")
    files = [file for file in TESTS.rglob("*.py") if file != Path(__file__)]
    assert [str(file) for file in files if beside.search(file.read_text("utf-8"))] == []


def test_the_description_of_the_bot_api_is_as_its_tool_writes_it() -> None:
    """Read from the untrimmed description or from our own, it comes out the same."""
    text = (DATA / "bot_api.json").read_text("utf-8")
    document = json.loads(text)
    assert written(trimmed(document)) == text
    chat = {"name": "chat_id", "types": ["Integer"], "required": True}
    fixed = {"name": "type", "types": ["String"], "required": True, "description": "Always “user”"}
    entry = {"description": ["Prose"], "href": "x", "fields": [chat | {"description": "Where to"}, fixed]}
    whole = {"version": "1", "changelog": "x", "methods": {"m": entry}, "types": {"t": {"subtypes": ["A"]}}}
    assert trimmed(whole)["methods"] == {"m": {"fields": [chat, fixed]}}
    assert trimmed(whole)["types"] == {"t": {"subtypes": ["A"], "fields": []}}
