"""Output that cannot show every sign: the real command line with other encodings, and what stands for what."""

# ruff: noqa: RUF001  # signs that look like others are what this is about

import codecs
import contextlib
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bellwether.core import plain_output
from bellwether.core.plain_output import plain
from tests.test_command_line import ROOT, environment

#: every command that prints and needs no network, in one process: a start takes longer than most of them
EVERY_COMMAND = """
import sys
from bellwether.cli.main import main

def run(*arguments):
    sys.stdout.write("\\n## " + " ".join(arguments) + "\\n")
    try:
        main(list(arguments), prog_name="bellwether")
    except SystemExit as ended:
        sys.stdout.write(f"\\n# status {ended.code}\\n")

run("--help")
run("forecast", "AAPL")
run("forecast", "Estée Lauder…")
run("forecast", "ß")
run("growth", "AAPL")
run("growth", "AAPL", "--json")
run("forecast", "AAPL", "--json")
run("track-record")
run("track-record", "--json")
run("ledger", "verify")
run("models", "list")
run("keys", "create", "--owner", "José “Pepe” – ₿", "--plan", "demo")
run("keys", "list")
run("outbox", "list")
run("feedback")
run("alerts", "tick", "--now", "2021-12-30T22:00:00Z")
run("chat")
"""


def spoken(tmp_path: Path, encoding: str, said: str = "") -> tuple[str, str]:
    """Standard output and errors of every command, where only this encoding is to be had."""
    done = subprocess.run(
        [sys.executable, "-c", EVERY_COMMAND],
        input=said.encode(encoding, "replace"),
        capture_output=True,
        cwd=ROOT,
        env=environment(tmp_path) | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        timeout=120,
        check=False,
    )
    return done.stdout.decode(encoding), done.stderr.decode(encoding)  # strict: nothing else was written


def spoken_here(tmp_path: Path, encoding: str, said: str = "") -> tuple[str, str]:
    """The same in this process, over streams of that encoding: a start and the models take most of the time."""
    log = logging.getLogger()
    handlers, level = log.handlers[:], log.level
    typed = io.TextIOWrapper(io.BytesIO(said.encode(encoding, "replace")), encoding)
    shown, errors = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(ROOT):
        for name, value in environment(tmp_path).items():
            patch.setenv(name, value)
        for name, stream in (("stdin", typed), ("stdout", shown), ("stderr", errors)):
            patch.setattr(sys, name, stream)
        try:
            exec(EVERY_COMMAND, {"__name__": "every_command"})
        finally:  # a command logs to what was standard error meanwhile
            log.handlers[:], log.level = handlers, level
    told = []
    for stream in (shown, errors):
        stream.flush()
        told.append(stream.buffer.getvalue().decode(encoding))  # strict, as above
    return told[0], told[1]


@pytest.mark.parametrize(("encoding", "speak"), [("ascii", spoken), ("cp1252", spoken_here), ("latin-1", spoken_here)])
def test_every_command_prints_where_not_every_sign_can_be_shown(
    tmp_path: Path, encoding: str, speak: Callable[[Path, str, str], tuple[str, str]]
) -> None:
    shown, errors = speak(tmp_path, encoding, "AAPL\nEstée Lauder\n/help\n/track\n/quit\n")
    assert "UnicodeEncodeError" not in errors + shown
    assert "Traceback" not in errors
    shown = shown.replace("\N{NO-BREAK SPACE}", " ")  # which all but ASCII have
    told = dict(part.partition("\n")[::2] for part in shown.split("\n## ")[1:])
    assert "8 in 10 outcomes: $161.34 to $181.29 (-5.5 % to +6.2 %)" in told["forecast AAPL"]
    for command in ("forecast AAPL --json", "growth AAPL --json", "track-record --json"):
        body = told[command].partition("\n# status")[0]
        assert isinstance(json.loads(body), dict | list), command
    assert "between $161.34 and $181.29" in told["chat"]
    for command, text in told.items():
        assert text.strip().removeprefix("# status 0"), f"{command} printed nothing"


def test_one_command_as_a_person_types_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bellwether", "forecast", "Ünbekannt −5…"],
        capture_output=True,
        cwd=ROOT,
        env=environment(tmp_path) | {"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.decode("ascii").startswith("Error: ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("−1.2 % … “so” – ‘it’ • goes →", "-1.2 % ... \"so\" - 'it' * goes ->"),
        ("1\u202f234,5\u00a0€", "1 234,5 EUR"),
        (
            "Estée Lauder, Brown–Forman, São Paulo, Škoda, Łódź, Ærø",
            "Estee Lauder, Brown-Forman, Sao Paulo, Skoda, Lodz, AEro",
        ),
        ("straße ½ ±3 ≥ 2 ×", "strasse 1/2 +/-3 >= 2 x"),
        ("株 \U0001f514 \ud800", "? ? ?"),
        ("a\u200bb\u2028c", "ab\nc"),
        ("plain", "plain"),
    ],
)
def test_a_sign_that_cannot_be_shown_is_the_nearest_that_can(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert shown.isascii()


def test_what_can_be_shown_stays_as_it_is() -> None:
    plain_output.set_up()
    assert "−5 % … é € 株".encode("cp1252", "readable").decode("cp1252") == "-5 % … é € ?"
    assert codecs.lookup("readable-ascii").name == "readable-ascii"
