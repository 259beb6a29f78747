"""Writes tests/data/bot_api.json: the machine-readable Bot API without its prose.

.venv/bin/python -m tests.support.bot_api_server.spec_trim PATH_OF_API_JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support.data import DATA

OUT = DATA / "bot_api.json"

Json = dict[str, Any]

# What such a field must say ("always “user”") is written only in its description.
DESCRIBED = ("type", "source", "status")


def trimmed(document: Json) -> Json:
    """The names, types and requirements of every method and type: a part of `document`, in its own form."""
    return {
        "version": document["version"],
        "methods": {name: _entry(method) for name, method in document["methods"].items()},
        "types": {name: _entry(kind) for name, kind in document["types"].items()},
    }


def written(document: Json) -> str:
    """JSON with a line for each method and type, so that the next version of the API can be read as a diff."""
    parts = [f'"version": {json.dumps(document["version"])}']
    for kind in ("methods", "types"):
        lines = (f"{json.dumps(name)}: {_compact(entry)}" for name, entry in document[kind].items())
        parts.append(f'"{kind}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _entry(entry: Json) -> Json:
    kept = {key: entry[key] for key in ("subtypes",) if key in entry}
    return kept | {"fields": [_field(field) for field in entry.get("fields", [])]}


def _field(field: Json) -> Json:
    keys = ("name", "types", "required", "description") if field["name"] in DESCRIBED else ("name", "types", "required")
    return {key: field[key] for key in keys}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    OUT.write_text(written(trimmed(json.loads(Path(sys.argv[1]).read_text("utf-8")))), "utf-8")
