"""Cuts a recorded chart to the span a client asks for, as Yahoo would have answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

# In calendar days: a recording has no today, so "the last month" means before its last session.
RANGES = {"1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "2y": 731, "5y": 1827, "10y": 3653}
SESSIONS = {"1d": 1, "5d": 5}


def cut(body: Json, query: dict[str, str]) -> Json | None:
    """The chart between period1 and period2, or of `range`; None where the span has no data."""
    result = body["chart"]["result"][0]
    stamps: list[int] = result.get("timestamp") or []
    if not stamps:
        return body
    if "period1" in query and "period2" in query:
        begin, end = float(query["period1"]), float(query["period2"])
        keep = [index for index, stamp in enumerate(stamps) if begin <= stamp < end]
    elif "range" in query:
        keep = _in_range(stamps, query["range"])
    else:
        keep = list(range(len(stamps)))
    if not keep:
        return None
    return {"chart": {"result": [_only(result, keep)], "error": None}}


def known_range(name: str) -> bool:
    """True for the spans Yahoo has names for."""
    return name in RANGES or name in SESSIONS or name in ("ytd", "max")


def _in_range(stamps: list[int], name: str) -> list[int]:
    if name in SESSIONS:
        return list(range(len(stamps)))[-SESSIONS[name] :]
    last = datetime.fromtimestamp(stamps[-1], UTC)
    if name == "max":
        since = datetime.fromtimestamp(stamps[0], UTC)
    elif name == "ytd":
        since = datetime(last.year, 1, 1, tzinfo=UTC)
    else:
        since = last - timedelta(days=RANGES[name])
    return [index for index, stamp in enumerate(stamps) if stamp >= since.timestamp()]


def _only(result: Json, keep: list[int]) -> Json:
    """`result` with just the sessions `keep` in every parallel array, and the events among them."""
    stamps = result["timestamp"]
    begin, end = stamps[keep[0]], stamps[keep[-1]]
    cut_result = {
        **result,
        "timestamp": [stamps[index] for index in keep],
        "indicators": {
            kind: [{name: [column[index] for index in keep] for name, column in part.items()} for part in parts]
            for kind, parts in result["indicators"].items()
        },
    }
    events = {
        kind: kept
        for kind, happened in result.get("events", {}).items()
        # an event carries the opening of its session, so it lies between the first and the last
        if (kept := {stamp: event for stamp, event in happened.items() if begin <= event["date"] <= end})
    }
    cut_result.pop("events", None)
    if events:
        cut_result["events"] = events
    return cut_result
