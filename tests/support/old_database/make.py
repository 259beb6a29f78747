"""Live through what fills the tables."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from bellwether.services import Services
from tests.support.account import set_clock
from tests.support.api import Api
from tests.support.clock import Clock
from tests.support.old_database.parts import (
    CHATS,
    DELIVER,
    FIRST,
    GERMAN,
    GROUP,
    HOOK,
    INBOX,
    KEYS,
    LAST,
    LEFT,
    READER,
    REPORTED,
    REPORTS,
    RETRY,
    SECOND,
    STOPPED,
    TICK,
    UNIVERSE,
    ChatTransport,
    GrowingCompany,
    ProgramTransport,
    deliver_to_webhooks,
    settle,
    talk_of,
    yahoo_of,
)
from tests.support.talk import Talk
from tests.support.webhooks import live_api
from tests.support.yahoo_server import YahooServer


def make(folder: Path) -> list[str]:
    """Live through what fills every table, in `folder`; the tokens of the API's keys."""
    api = live_api(folder)
    services = api.services
    chats = {chat: talk_of(services, chat) for chat in CHATS}
    said = {
        READER: [
            "/start",
            "/watch AAPL",
            "/watch KO",
            "/alerts AAPL move 0.1%",
            "/alerts KO price 60 until 2021-12-31",
        ],
        GERMAN: ["/watch MSFT", "/settings Berlin", "/settings language de", "/settings time 18:30", "/settings dark"],
        LEFT: ["/watch AAPL", "/alerts AAPL chance below 40%"],
        STOPPED: ["/watch KO"],
        GROUP: ["/watch AAPL", "/settings quiet 22-7", "/settings budget 5", "/settings wording expert"],
    }
    for chat, sentences in said.items():
        for sentence in sentences:
            chats[chat].say(sentence)
    chats[READER].say("/feedback The chart is lovely")
    tokens = _programs(api)
    _live_through(services, chats)
    assert api.ask("POST", "/webhooks/1/test", tokens[0]).is_success  # owed to the webhook itself
    with services.store.transaction() as db:
        for number, text in enumerate(("AAPL", "/list"), 70):
            body = {"update_id": number, "message": {"message_id": number, "text": text, "chat": {"id": READER}}}
            INBOX.keep(db, number, json.dumps(body), services.clock())
        INBOX.done(db, 70, services.clock())
    _ask_outside(services)
    services.store.close()
    return tokens


def _programs(api: Api) -> list[str]:
    """Keys on three plans, one of them ended, a webhook and a rule."""
    tokens = [
        api.key("business", "Ada", changes={"requests_a_minute": 77}),
        api.key("free", "Ben", scopes=["read"]),
        api.key("trader", "Cleo"),
    ]
    KEYS.revoke(api.services.store, 3, api.services.clock())
    for address, body in (
        ("/webhooks", {"url": HOOK}),
        ("/rules", {"symbol": "AAPL", "kind": "move", "threshold": 0.001}),
        ("/rules", {"symbol": "MSFT", "kind": "price", "direction": "above", "threshold": 9999}),
        ("/webhooks/1/test", None),
    ):
        answer = api.ask("POST", address, tokens[0], **({"json": body} if body else {}))
        assert answer.is_success, answer.text
    asyncio.run(deliver_to_webhooks(api.services, ProgramTransport(500)))  # an attempt that is to be repeated
    return tokens


def _live_through(services: Services, chats: dict[int, Talk]) -> None:
    """Evenings with forecasts, outcomes, digests and alerts: first all but some arrive, at last nothing is sent."""
    troubles = {LEFT: RETRY.Cause.GONE, GROUP: RETRY.Cause.REFUSED}
    for session in (FIRST, SECOND, LAST):
        set_clock(services, session)
        UNIVERSE.forecast_universe(services)
        settle(services)
        TICK.tick(services, services.clock())
        if session < LAST:
            asyncio.run(DELIVER.deliver(services, ChatTransport(troubles)))
        if session == SECOND:
            chats[STOPPED].say("/stop")


def _ask_outside(services: Services) -> None:
    """Forecasts of revenue and what came of them, and bars and statements of a live source."""
    clock = Clock(REPORTED[0])
    company = replace(services, clock=clock, fundamentals=GrowingCompany(clock))
    for clock.now in REPORTED:
        REPORTS.report_growth(company, clock.now)
    with YahooServer() as server:
        yahoo = yahoo_of(services, server)
        yahoo.provider.bars("AAPL", date(2025, 8, 19))
        yahoo.fundamentals.statements("AAPL")
