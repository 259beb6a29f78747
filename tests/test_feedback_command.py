"""`feedback`: whoever runs the service reads what people wrote."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from bellwether.cli.main import main
from bellwether.delivery import chats
from bellwether.services import Services

ANN, BOB = 1001, 1002


@pytest.fixture
def heard(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    earlier = services.clock() - timedelta(days=10)
    chats.say_to_operator(services.store, lambda: earlier, 0, ANN, "First\nof two lines \x1b[31mred")
    chats.say_to_operator(services.store, services.clock, 0, BOB, "Second")
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(services.store.path))
    return services


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["feedback", *arguments])


def test_the_newest_comes_first_and_nothing_steers_the_terminal(heard: Services) -> None:
    told = run().output
    assert told.index("Second") < told.index("First")
    assert f"chat {ANN}" in told
    assert "    of two lines" in told
    assert "\x1b" not in told


def test_it_can_be_asked_from_a_day_on_and_as_json(heard: Services) -> None:
    day = heard.clock().date()
    (only,) = json.loads(run("--since", str(day), "--json").output)
    assert (only["chat_id"], only["text"]) == (BOB, "Second")
    assert len(json.loads(run("--json").output)) == 2
    assert len(json.loads(run("--json", "--most", "1").output)) == 1
    assert "Nobody has said anything since" in run("--since", str(day + timedelta(days=1))).output


def test_a_bad_day_is_refused_in_a_sentence(heard: Services) -> None:
    refused = run("--since", "someday")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error:")
    assert "Traceback" not in refused.output


def test_without_any_it_says_so(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(services.store.path))
    assert run().output == "Nobody has said anything yet.\n"
