"""The recorded answers of Yahoo Finance, found by what a client asks for."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.support.data import DATA

FOLDER = DATA / "yahoo"
CHART = "/v8/finance/chart/"
SUMMARY = "/v10/finance/quoteSummary/"
TIMESERIES = "/ws/fundamentals-timeseries/v1/finance/timeseries/"

Json = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """One recorded answer; `stem` is the file's name without its ending."""

    stem: str
    path: str
    query: dict[str, list[str]]
    status: int
    content_type: str
    body: Any
    body_text: str | None

    def symbol_in(self, prefix: str) -> str:
        """The symbol of an address that ends with it; some recordings keep it only in the file's name."""
        return self.path.removeprefix(prefix).upper() or self.stem.rpartition("_")[2].upper()


@functools.cache
def recordings(kind: str) -> tuple[Recording, ...]:
    """All recordings of one kind, which is a folder's name."""
    return tuple(_read(path) for path in sorted((FOLDER / kind).glob("*.json")))


def chart(symbol: str) -> Json | None:
    """The recorded chart of `symbol` with the most sessions."""
    best = _charts().get(symbol.upper())
    return best.body if best is not None else None


def search(words: str) -> Json | None:
    """The answer to a search for exactly these words, whatever their case; the fullest if several."""
    wanted = words.strip().casefold()
    found = [entry.body for entry in recordings("search") if wanted in (w.casefold() for w in _searched(entry))]
    return max(found, key=lambda body: len(body.get("quotes", [])), default=None)


def quotes(symbols: list[str]) -> list[Json]:
    """The quotes of those symbols that were recorded; Yahoo leaves out the others too."""
    return [_quotes()[symbol.upper()] for symbol in symbols if symbol.upper() in _quotes()]


def summary_modules(symbol: str) -> Json | None:
    """All recorded quoteSummary modules of a symbol together; None where nothing was recorded."""
    return _summaries().get(symbol.upper())


def timeseries(symbol: str) -> list[Json] | None:
    """All recorded fundamentals series of a symbol, one per type; None where nothing was recorded."""
    series = _timeseries().get(symbol.upper())
    return list(series.values()) if series is not None else None


def exact(path: str, query: dict[str, list[str]]) -> Recording | None:
    """A recording of the very path, for the lists of symbols (trending, screener)."""
    found = [entry for kind in ("trendingSymbols", "screener") for entry in recordings(kind) if entry.path == path]
    return next(
        (entry for entry in found if entry.query.get("scrIds") == query.get("scrIds")),
        found[0] if found else None,
    )


def sessions_of(body: Json) -> list[int]:
    """The timestamps of a chart body, empty for one without data."""
    result = (body["chart"]["result"] or [{}])[0]
    return result.get("timestamp") or []


def _read(path: Path) -> Recording:
    entry = json.loads(path.read_text("utf-8"))
    return Recording(
        stem=path.stem,
        path=entry["path"],
        query=parse_qs(entry["query"] or ""),
        status=int(entry["status"] or 200),  # some origins did not keep it
        content_type=entry["content_type"] or "application/json",
        body=entry.get("body"),
        body_text=entry.get("body_text"),
    )


def _searched(entry: Recording) -> list[str]:
    return entry.query.get("q", [entry.stem.rpartition("_")[2]])


@functools.cache
def _charts() -> dict[str, Recording]:
    best: dict[str, Recording] = {}
    for entry in recordings("chart"):
        symbol = entry.symbol_in(CHART)
        if symbol not in best or len(sessions_of(entry.body)) > len(sessions_of(best[symbol].body)):
            best[symbol] = entry
    return best


@functools.cache
def _quotes() -> dict[str, Json]:
    found: dict[str, Json] = {}
    for entry in recordings("quote"):
        for quote in (entry.body or {}).get("quoteResponse", {}).get("result") or []:
            symbol = str(quote["symbol"]).upper()
            if len(quote) > len(found.get(symbol, {})):
                found[symbol] = quote
    return found


@functools.cache
def _summaries() -> dict[str, Json]:
    merged: dict[str, Json] = {}
    for entry in recordings("quoteSummary"):
        for result in (entry.body or {}).get("quoteSummary", {}).get("result") or []:
            merged.setdefault(entry.symbol_in(SUMMARY), {}).update(result)
    return merged


@functools.cache
def _timeseries() -> dict[str, dict[str, Json]]:
    merged: dict[str, dict[str, Json]] = {}
    for entry in recordings("fundamentalsTimeSeries"):
        known = merged.setdefault(entry.symbol_in(TIMESERIES), {})
        for series in entry.body["timeseries"]["result"] or []:
            kind = series["meta"]["type"][0]
            if len(series.get(kind, [])) >= len(known.get(kind, {}).get(kind, [])):
                known[kind] = series
    return merged
