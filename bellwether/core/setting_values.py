"""Values of settings that take more than their type to read: lists in one variable, networks, origins, plans."""

import ipaddress
import json
import re
from typing import Any

from pydantic_core import PydanticCustomError

from bellwether.core.plans import DEMO, Plan


def words(value: Any) -> Any:
    """A list as the environment has it, "file, sample", as a list."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def symbols_or_file(value: Any) -> Any:
    """The path of a file or symbols with commas, as text; or the symbols of a list."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple) and all(isinstance(symbol, str) for symbol in value):
        return tuple(value)
    hint = "; write ON, NO or 005930 in quotes, or YAML takes them for something else" if value else ""
    raise PydanticCustomError(
        "universe", f"Input should be a list of symbols such as [AAPL, MSFT], or the path of a .csv file{hint}"
    )


def network(text: str) -> str:
    """An address, or a network whose host bits are 0: uvicorn would take all else for names."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        hint = "Input should be addresses and networks such as 10.0.0.7, 10.0.0.0/8 and 2001:db8::/32"
        raise PydanticCustomError("network", hint) from None
    return text


def with_demo(plans: dict[str, Plan]) -> dict[str, Plan]:
    """The plans, one of which must be for those without a key."""
    if DEMO not in plans:
        raise PydanticCustomError("plans", f"Input should have a plan named {DEMO}, for whoever asks without a key")
    return plans


def decoded(value: Any) -> Any:
    """Plans as the environment has them, in JSON, as a table of them."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value  # which is then refused as no table


def origin(text: str) -> str:
    """Where a page comes from, as browsers write it: a browser compares it letter by letter."""
    if not re.fullmatch(r"\*|https?://[^/?#*\s]+", text):
        hint = "Input should be a scheme and a host such as https://app.example, with nothing after them, or *"
        raise PydanticCustomError("origin", hint)
    return text


def scheme(text: str) -> str:
    """How an address begins, before ://; a list that was written as JSON would allow nothing, and say nothing."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", text):
        hint = "Input should be beginnings of addresses such as mailto, discord, ntfys: in the environment with commas"
        raise PydanticCustomError("scheme", hint)
    return text


def level(value: Any) -> Any:
    """A level of the log, in whatever case it is written."""
    return value.upper() if isinstance(value, str) and value.isalpha() else value
