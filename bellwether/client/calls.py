"""One call each: what is sent, and whether it may be sent twice. Pure."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has not been sent."""

    method: str
    path: str  #: after the API's version
    query: dict[str, str] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    repeatable: bool = True  #: whether sending it twice does no harm


def get(*path: str | int, **query: Any) -> Call:
    """Ask for something; what is None is left out."""
    return Call("GET", _path(path), _query(query))


def post(*path: str | int, json: dict[str, Any] | None = None, repeatable: bool = False) -> Call:
    """Change something, or ask with a body."""
    return Call("POST", _path(path), json=None if json is None else _given(json), repeatable=repeatable)


def patch(*path: str | int, json: dict[str, Any]) -> Call:
    """Change some of something."""
    return Call("PATCH", _path(path), json=_given(json), repeatable=False)


def delete(*path: str | int) -> Call:
    """Remove something. Once more does no harm, but answers that it is not there."""
    return Call("DELETE", _path(path), repeatable=False)


def batch(symbols: list[str], horizon: int | str, as_of: date | str | None) -> Call:
    """A batch changes nothing, so it may be sent twice."""
    day = None if as_of is None else str(as_of)
    return post("forecasts", json={"symbols": symbols, "horizon": horizon, "as_of": day}, repeatable=True)


def new_rule(symbol: str, kind: str, threshold: float | None, more: dict[str, Any]) -> Call:
    """A new rule."""
    return post("rules", json={"symbol": symbol, "kind": kind, "threshold": threshold, **more})


def _path(parts: tuple[str | int, ...]) -> str:
    # a symbol may hold ^, = or what somebody typed: nothing in it may become another address
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def _query(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in _given(values).items()}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
