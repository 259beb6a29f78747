"""A tick of many alert rules: what one costs on the evening it is judged, and a tick when none is due."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bellwether.alerts import rules_table
from bellwether.alerts.rule_requests import rule_of
from bellwether.alerts.tick_rules import judge_rules
from bellwether.ask.forecasts import outlook
from bellwether.core.alert_types import RuleKind, RuleRequest
from bellwether.core.config import load_settings
from bellwether.delivery import chats_table
from bellwether.services import build_services

CHATS = 4_000
EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
LIMIT = 150.0  #: microseconds of processor time for one rule, its share of forecasts and rows included
IDLE_LIMIT = 20.0  #: milliseconds of processor time for a tick with nothing to judge
_WISHES = (
    RuleRequest(RuleKind.GROWTH, 0.05),
    RuleRequest(RuleKind.CHANCE, 0.6, horizon=21),
    RuleRequest(RuleKind.RISK, 0.1),
    RuleRequest(RuleKind.UNUSUAL, 0.05),
    RuleRequest(RuleKind.MOVE, 0.03),
)


def measure() -> tuple[float, float]:
    """(microseconds for each rule judged, milliseconds of an idle tick): five rules of each of CHATS chats."""
    with TemporaryDirectory() as folder:
        settings = load_settings(market={"source": "sample"}, database={"path": Path(folder) / "rules.sqlite3"})
        services = build_services(settings)
        symbols = [
            instrument.symbol for instrument in services.provider.universe() if not instrument.symbol.startswith("^")
        ]
        seen = [outlook(services, services.provider.instrument(symbol)) for symbol in symbols]
        now = services.clock()
        with services.store.transaction() as db:
            for chat_id in range(1, CHATS + 1):
                chats_table.join(db, chat_id, "en", now)
                for number, wish in enumerate(_WISHES):
                    rule = rule_of(wish, chat_id, seen[(chat_id + number) % len(seen)], "UTC", now)
                    rules_table.add(db, rule)
        judge_rules(services, EVENING - timedelta(days=1))  # warm: files read, and most of what fires has fired
        start = time.process_time()
        did = judge_rules(services, EVENING)
        judged = time.process_time() - start
        start = time.process_time()
        judge_rules(services, EVENING)
        idle = time.process_time() - start
        services.store.close()
    return judged * 1e6 / sum(did.reasons.values()), idle * 1e3
