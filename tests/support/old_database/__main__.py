"""Make the database and its answers: `python -m tests.support.old_database FOLDER`."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import click

from tests.support.old_database.answers import answers, command, opened
from tests.support.old_database.make import make
from tests.support.old_database.parts import FILES, KEY, unpack


def pack(folder: Path, file: Path) -> None:
    """The database and its note, each time to the same bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in FILES:
            packed.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)


def keep(out: Path) -> None:
    """Make the database, its encrypted copy, and what this version answers from either."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        made, copies = Path(name) / "made", [Path(name) / "plain", Path(name) / "encrypted"]
        made.mkdir()
        tokens = make(made)
        opened(made).store.compact()
        pack(made, out / "plain.zip")
        unpack(out / "plain.zip", copies[1])
        click.echo(command(copies[1], KEY, "database", "encrypt"))
        pack(copies[1], out / "encrypted.zip")
        unpack(out / "plain.zip", copies[0])
        told = [answers(folder, tokens, key) for folder, key in zip(copies, ("", KEY), strict=True)]
    assert told[0] == told[1], "encryption changes no answer"
    text = json.dumps({"tokens": tokens, "answers": told[0]}, indent=1, ensure_ascii=False)
    (out / "answers.json").write_text(text + "\n", encoding="utf-8")
    click.echo({file.name: file.stat().st_size for file in sorted(out.iterdir())})


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    for variable in [name for name in os.environ if name.startswith(("BELLWETHER_", "TELEGRAM_"))]:
        del os.environ[variable]
    keep(Path(sys.argv[1]))
