"""What a version answers from the database."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner

from bellwether.services import Services
from tests.support.account import live_services
from tests.support.old_database.parts import (
    CHATS,
    COMMANDS,
    DELIVER,
    INBOX,
    KEY_REPORT,
    LAST,
    NAME,
    OUTBOX_STATUS,
    REPORTED,
    REVENUE,
    STORE,
    VERIFY,
    ChatTransport,
    GrowingCompany,
    Json,
    ProgramTransport,
    deliver_to_webhooks,
    talk_of,
    yahoo_of,
)
from tests.support.webhooks import live_api
from tests.support.yahoo_server import YahooServer


def opened(folder: Path, key: str = "") -> Services:
    """The service of the last evening over the database in `folder`."""
    live = live_services(folder, LAST)
    return replace(live, store=STORE(folder / NAME, key))


def answers(folder: Path, tokens: list[str], key: str = "") -> Json:
    """What everybody is answered, and then what is sent: that changes the database."""
    services = opened(folder, key)
    told: Json = {"ledger": _ledger(services), "chats": {}, "api": {}}
    told["keys"] = KEY_REPORT.report(services.store, services.settings.api, services.clock())
    with services.store.reading() as db:
        told["outbox"] = OUTBOX_STATUS.counts(db)
        told["inbox"] = [list(row) for row in INBOX.unanswered(db)]
    told["dead letters"] = command(folder, key, "outbox", "list")
    told["feedback"] = command(folder, key, "feedback")
    told["proof"] = command(folder, key, "ledger", "verify")
    for chat in CHATS:
        talk = talk_of(services, chat)
        told["chats"][str(chat)] = {words: talk.say(words) for words in ("/list", "/alerts", "/settings")}
    told["api"] = _over_the_api(folder, services, tokens)
    told["kept"] = _kept(services)
    told["sent"] = _sent(services)
    services.store.close()
    return json.loads(json.dumps(told))  # type: ignore[no-any-return]  # as it is kept


def _ledger(services: Services) -> Json:
    found = VERIFY.verify(services.store)
    heads = {name: str(getattr(found, name)) for name in ("ledger", "outcomes", "growth", "growth_outcomes")}
    return heads | {"problems": list(found.problems)}


def command(folder: Path, key: str, *words: str) -> str:
    """What a command prints."""
    settings = {"BELLWETHER_DATABASE__PATH": str(folder / NAME), "BELLWETHER_DATABASE__KEY": key}
    return CliRunner().invoke(COMMANDS.main, words, env=settings, catch_exceptions=False).output


def _over_the_api(folder: Path, services: Services, tokens: list[str]) -> Json:
    """What addresses of the API say, by key; times of this machine are left out."""
    api = live_api(folder)
    api.services = replace(services, settings=api.services.settings)
    api.app = import_module("web.app").create_app(api.services)
    asked = [
        ("/track-record", None),
        ("/track-record?symbol=AAPL&horizon=5", None),
        ("/ledger?symbol=KO", None),
        ("/rules", tokens[0]),
        ("/alerts", tokens[0]),
        ("/webhooks", tokens[0]),
        ("/webhooks/1/attempts", tokens[0]),
        ("/rules", tokens[1]),
        ("/rules", tokens[2]),
    ]
    said: Json = {}
    for number, (address, token) in enumerate(asked):
        answer = api.get(address, token)
        body = answer.json()
        body.pop("request_id", None)  # another one each time
        said[f"{number} {address}"] = {"status": answer.status_code, "body": body}
    return said


def _kept(services: Services) -> Json:
    """Bars and statements, while their source is down."""
    with YahooServer() as server:
        server.fail_next("/", status=503, times=None)
        yahoo = yahoo_of(services, server)
        bars = yahoo.provider.bars("AAPL", date(2025, 8, 19))
        statements = yahoo.fundamentals.statements("AAPL")
        past = REVENUE.growth(replace(yahoo, fundamentals=GrowingCompany(lambda: REPORTED[1])), "AAPL").past
    return {
        "bars": [len(bars), str(bars.sessions[0]), str(bars.sessions[-1]), round(float(bars.closes[-1]), 6)],
        "statements": [[str(quarter.period_end), quarter.revenue] for quarter in statements.quarters],
        "revenue": sorted([row.quarters_ahead, str(row.period_end), row.growth or 0.0] for row in past),
    }


def _sent(services: Services) -> Json:
    """Every message that is owed, as it leaves, to chats and to programs."""
    chats, programs = ChatTransport(), ProgramTransport(200)
    for hours in (0, 8):  # and what waits for the end of quiet hours
        services.clock.now += timedelta(hours=hours)  # type: ignore[attr-defined]
        asyncio.run(DELIVER.deliver(services, chats))
        asyncio.run(deliver_to_webhooks(services, programs))
    with services.store.reading() as db:
        counts = OUTBOX_STATUS.counts(db)
    return {"chats": sorted(chats.sent), "webhooks": sorted(programs.sent), "outbox": counts}
