"""The command line as a person types it: in a process of its own where that is the point, else in this one."""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellwether.cli.main import main
from bellwether.core.config import load_settings
from tests.support.ports import free_port
from tests.support.sample import SAMPLE_NOTE

ROOT = Path(__file__).resolve().parents[1]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """A clean environment whose database lies in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BELLWETHER_", "TELEGRAM_"))}
    ours = {f"BELLWETHER_{name}": value for name, value in settings.items()}
    return kept | {"BELLWETHER_DATABASE__PATH": str(folder / "cli.sqlite3")} | ours


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bellwether", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(folder, **settings),
        timeout=60,
        check=False,
    )


def run_here(folder: Path, *arguments: str, said: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which costs a tenth; whatever is no foreseen failure is raised here."""
    ours = {"DATABASE__PATH": str(folder / "cli.sqlite3")} | settings
    log = logging.getLogger()
    handlers, level = log.handlers[:], log.level
    try:
        with contextlib.chdir(ROOT):
            told = {f"BELLWETHER_{name}": value for name, value in ours.items()}
            done = CliRunner().invoke(main, arguments, input=said, env=told, catch_exceptions=False)
    finally:  # a command logs to what was standard error meanwhile
        log.handlers[:], log.level = handlers, level
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def test_a_forecast_as_json_keeps_the_contract(tmp_path: Path) -> None:
    done = run(tmp_path, "forecast", "AAPL", "--json")
    assert done.returncode == 0
    made = json.loads(done.stdout)
    assert made["symbol"] == "AAPL"
    assert made["horizon"] == 10
    assert made["source"] == "sample"
    assert list(made["quantiles"]) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
    assert list(made["quantiles"].values()) == sorted(made["quantiles"].values())
    assert SAMPLE_NOTE in made["caveats"][0]
    assert not (tmp_path / "cli.sqlite3").exists(), "a forecast needs no database"


def test_the_risk_of_a_list_is_told_in_words_and_as_the_api_has_it(tmp_path: Path) -> None:
    ran = run_here(tmp_path, "risk", "AAPL", "KO", "NOPE", "--horizon", "2w")
    assert ran.returncode == 1
    assert ran.stdout.startswith("NOPE: ") and "Over the next two weeks this list" in ran.stdout
    assert SAMPLE_NOTE in ran.stdout
    made = json.loads(run_here(tmp_path, "risk", "AAPL", "KO", "--as-of", "2015-06-30", "--json").stdout)
    assert (made["cutoff"], [member["symbol"] for member in made["members"]]) == ("2015-06-30", ["AAPL", "KO"])


@pytest.mark.parametrize(
    ("symbols", "start", "code"),
    [(["AAPL"], "Over the", 0), (["AAPL", "aapl"], "What is named more", 0), (["AAPL", "NOPE"], "NOPE: ", 1)],
)
def test_the_risk_of_one_symbol_is_its_own_range_and_record(
    tmp_path: Path, symbols: list[str], start: str, code: int
) -> None:
    ran = run_here(tmp_path, "risk", *symbols)
    assert (ran.returncode, ran.stdout.startswith(start)) == (code, True)
    assert "Apple will probably end" in ran.stdout and "of 100 ranges held" in ran.stdout and "list" not in ran.stdout


def test_a_forecast_as_of_a_date_uses_nothing_later(tmp_path: Path) -> None:
    done = run_here(tmp_path, "forecast", "AAPL", "--as-of", "2015-06-30", "--horizon", "5", "--json")
    made = json.loads(done.stdout)
    assert (made["cutoff"], made["target_session"]) == ("2015-06-30", "2015-07-08")  # 3 July was a holiday


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["forecast", "APPL"], "Did you mean AAPL?"),
        (["forecast", ""], "Please give a stock's ticker"),
        (["forecast", "x" * 5000], "doesn't look like a ticker"),
        (["forecast", "<script>"], "I don't know the ticker"),
        (["forecast", "😀"], "I don't know the ticker"),
        (["forecast", "AAPL", "--horizon", "0"], "1 to 63"),
        (["forecast", "AAPL", "--horizon=-3"], "1 to 63"),
        (["forecast", "AAPL", "--horizon", "99999999999999999999"], "1 to 63"),
        (["forecast", "AAPL", "--horizon", "soon"], "1 to 63"),
        (["forecast", "AAPL", "--as-of", "yesterday"], "is not a date"),
        (["forecast", "AAPL", "--as-of", "2999-01-01"], "has not come yet"),
        (["forecast", "AAPL", "--as-of", "1999-01-01"], "begin on 2010-01-04"),
        (["alerts", "tick", "--now", "soon"], "is not an instant"),
        (["alerts", "tick", "--now", "2021-12-30T22:00:00"], "no time zone"),
        (["alerts", "deliver"], "No Telegram token is set"),
    ],
)
def test_bad_input_gets_one_clear_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_here(tmp_path, *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "settings", "status", "said"),
    [
        (["forecast", "APPL"], {}, 1, "Did you mean AAPL?"),
        (["serve"], {"MARKET__SOURCE": "yahooo"}, 78, "market.source is 'yahooo'"),
    ],
)
def test_a_process_ends_with_that_sentence_and_a_status(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], status: int, said: str
) -> None:
    done = run(tmp_path, *arguments, **settings)
    assert done.returncode == status
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"MARKET__SOURCE": "file"}, "market.file names none"),
        ({"MARKT__SOURCE": "yahoo"}, "did you mean BELLWETHER_MARKET__SOURCE?"),
        ({"WEB__PORT": "eighty"}, "web.port is 'eighty'"),
        ({"API__PLANS": "{free"}, "api.plans is '{free', but it should be a JSON object"),
        ({"CONFIG": "nowhere.yaml"}, "nowhere.yaml, which does not exist"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    done = run_here(tmp_path, "serve", **settings)
    assert done.returncode == 78, "a status of its own: starting it again would not help"
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_price_file_that_is_not_there_may_be_there_later(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", MARKET__SOURCE="file", MARKET__FILE="nowhere.csv")
    assert done.returncode == 1
    assert done.stderr == "Error: The price file nowhere.csv does not exist.\n"


def test_the_tick_writes_once_and_names_its_reasons(tmp_path: Path) -> None:
    chat = run_here(tmp_path, "chat", said="/watch AAPL\n/quit\n")
    assert chat.returncode == 0
    assert "You now watch Apple" in chat.stdout
    first = run_here(tmp_path, "alerts", "tick", "--now", "2021-12-30T22:00:00Z")
    assert first.stdout.startswith("1 messages written, 0 were there already.")
    assert "DUE" in first.stdout
    again = run(tmp_path, "alerts", "tick", "--now", "2021-12-30T22:01:00Z")
    assert again.stdout.startswith("0 messages written, 1 were there already.")


def test_the_doctor_finds_everything_in_order(tmp_path: Path) -> None:
    done = run_here(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


def test_the_doctor_names_what_is_broken_and_what_to_do(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "exported_models", models)
    damaged = models / load_settings().models.serve / "model.onnx"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    (tmp_path / "file").write_text("")
    done = run_here(
        tmp_path,
        "doctor",
        MODELS__FOLDER=str(models),
        DATABASE__PATH=str(tmp_path / "file" / "x.sqlite3"),
        TELEGRAM__TOKEN="123456:SECRET-PART",
        TELEGRAM__BASE_URL="http://127.0.0.1:1/bot",
    )
    assert done.returncode == 1
    assert "FAIL Model: The file model.onnx in" in done.stdout
    assert "FAIL Database:" in done.stdout
    assert "FAIL Telegram:" in done.stdout
    assert "SECRET-PART" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_with_a_damaged_model_the_plain_rule_answers_and_says_so(tmp_path: Path) -> None:
    done = run_here(tmp_path, "forecast", "AAPL", "--json", MODELS__FOLDER=str(tmp_path))
    made = json.loads(done.stdout)
    assert made["model_id"] == "baseline-ewma"
    assert any("The model is silent because it could not be loaded" in caveat for caveat in made["caveats"])
    assert made["quantiles"] == pytest.approx(made["baseline"]["quantiles"])


def test_serving_answers_and_stops_at_once_when_told_to(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bellwether", "serve"],
        cwd=ROOT,
        env=environment(tmp_path, WEB__PORT=str(port)),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        page = _eventually(f"http://127.0.0.1:{port}/")
        assert "Apple" in page
        made = json.loads(_eventually(f"http://127.0.0.1:{port}/api/v1/forecasts/AAPL?horizon=10"))
        told = json.loads(run_here(tmp_path, "forecast", "AAPL", "--json").stdout)
        for key in made.keys() - {"made_at"}:
            assert made[key] == told[key], "the page, the API and the command line give the same numbers"
        taken = run(tmp_path, "serve", WEB__PORT=str(port))
        assert taken.returncode == 1
        assert f"127.0.0.1:{port}" in taken.stderr
        assert "BELLWETHER_WEB__PORT" in taken.stderr
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "slow source" not in errors, "there is none"


def _eventually(address: str) -> str:
    """The body, once the server is up."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer at {address}")
