"""What is told to programs: alerts as plain values, the same on a webhook, in a stream and in a list."""

import html
import json
import re
from datetime import datetime
from math import expm1
from typing import Any

from bellwether.alerts import alerts_table
from bellwether.alerts.alerts_table import FiredAlert
from bellwether.db.connection import Connection
from bellwether.delivery.message_kinds import STORM
from bellwether.delivery.messages import OutboxMessage

FIRED, OUTCOME, NOTICE, TEST = "alert.fired", "alert.outcome", "notice", "webhook.test"
STORMS = "storm"


def alert_json(fired: FiredAlert) -> dict[str, Any]:
    """One alert; growths are fractions of the close it starts from."""
    alert = fired.alert
    return {
        "alert_id": alert.id,
        "rule_id": alert.rule_id,
        "symbol": alert.symbol,
        "kind": alert.kind.value,
        "session": alert.session.isoformat(),
        "fired_at": fired.fired_at.isoformat(),
        "text": plain(alert.line),
        "horizon": alert.horizon or None,
        "target_session": alert.target_session.isoformat() if alert.target_session else None,
        "growth_80": None if alert.low is None or alert.high is None else [expm1(alert.low), expm1(alert.high)],
    }


def event_of(db: Connection, message: OutboxMessage, now: datetime) -> tuple[str, str]:
    """The id and the body of the event that a message to the owner of a key becomes."""
    fired = alerts_table.behind(db, message.dedup_key)
    return fired_event(fired) if fired is not None else message_event(message, now)


def fired_event(fired: FiredAlert) -> tuple[str, str]:
    """The id and the body of the event that an alert is."""
    return f"evt_alert_{fired.alert.id}", _body(FIRED, fired.fired_at, alert_json(fired))


def message_event(message: OutboxMessage, now: datetime) -> tuple[str, str]:
    """The same of a message that is no alert: how one turned out, a storm that begins or is over, or a note."""
    if message.kind == STORM:
        _kind, _owner, incident, phase = message.dedup_key.split(":")
        told = {"incident_id": incident, "phase": phase, "text": plain(message.text)}
        return f"evt_storm_{incident}_{phase}", _body(STORMS, now, told)
    kind = OUTCOME if message.kind == "outcome" else NOTICE
    return f"evt_message_{message.id}", _body(kind, now, {"text": plain(message.text)})


def trial_event(webhook_id: int, now: datetime) -> tuple[str, str]:
    """An event that an owner asked for, to see whether all is well."""
    data = {"webhook_id": webhook_id, "text": "A test, as asked for."}
    return f"evt_test_{webhook_id}_{int(now.timestamp() * 1000)}", _body(TEST, now, data)


def plain(text: str) -> str:
    """The words of a text for a chat."""
    return html.unescape(re.sub(r"</?[a-z][^>]*>", "", text))


def _body(kind: str, at: datetime, data: dict[str, Any]) -> str:
    event = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
