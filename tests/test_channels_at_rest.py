"""What sends beside Telegram is loaded by the service only once a target needs it."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from bellwether.delivery.targets import ask
from bellwether.services import Services
from tests.test_targets import ANN, made

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"apprise", "requests", "cryptography", "rfc3161_client"}
#: with all faces loaded, what of HEAVY a service holds before its channel has run, and after
SERVICE = """
import asyncio, json, sys
from datetime import datetime
from pathlib import Path
import bellwether.cli.main, serving, scheduler, web.app, bot.telegram.face
from bellwether.core.config import load_settings
from bellwether.db.sqlite_store import SqliteStore
from bellwether.delivery.channels.notify import NotifyChannel
from bellwether.delivery.deliver import deliver
given = json.loads(sys.argv[1])
settings = load_settings(database={"path": Path(given["path"])}, channels=given["channels"])
store, clock = SqliteStore(settings.database.path), lambda: datetime.fromisoformat(given["now"])
def loaded():
    return sorted(set(given["heavy"]) & {name.partition(".")[0] for name in sys.modules})
before = loaded()
asyncio.run(deliver(store, clock, NotifyChannel(store, clock, settings)))
print(json.dumps([before, loaded()]))
"""
CHANNELS = {
    "key": "5e" * 32,
    "private": True,
    "schemes": ["ntfy", "mailto"],
    "smtp": "smtp://127.0.0.1:9",
    "mail_from": "alerts@bell.example",
}


def loaded_by_a_service(services: Services) -> tuple[set[str], set[str]]:
    given = {
        "path": str(services.settings.database.path),
        "channels": CHANNELS,
        "now": (services.clock() + timedelta(minutes=1)).isoformat(),
        "heavy": sorted(HEAVY),
    }
    command = [sys.executable, "-c", SERVICE, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    before, after = json.loads(done.stdout.splitlines()[-1])
    return set(before), set(after)


def test_without_a_target_nothing_of_it_is_loaded_though_the_operator_has_set_it_up(tmp_path: Path) -> None:
    assert loaded_by_a_service(made(tmp_path, **CHANNELS)) == (set(), set())


def test_mail_loads_what_reads_its_address_and_another_app_what_speaks_to_it(tmp_path: Path) -> None:
    services = made(tmp_path, **CHANNELS)
    ask.add(services, ANN, "ann@mail.example", "en")
    assert loaded_by_a_service(services) == (set(), {"cryptography"})
    ask.add(services, ANN, "ntfy://127.0.0.1:9/alerts-8f2k", "en")
    assert loaded_by_a_service(services) == (set(), HEAVY - {"rfc3161_client"})
