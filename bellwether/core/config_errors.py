"""What is wrong with a setting, as a sentence: its key, what was found, what is allowed, and where it is set."""

import re
from collections.abc import Collection, Iterable
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bellwether.core.errors import allowed, near_name

LONGEST = 200  #: characters of a value that are shown

_WORDS = {  #: by pydantic's name of the error: its own words are for programmers
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "path_type": "a path",
    "list_type": "a list, or values with commas between them",
    "tuple_type": "a list",
    "dict_type": 'a JSON object such as {"demo": {}, "free": {"requests_a_minute": 30}}',
    "model_type": "a section with keys under it",
}


def explain(
    error: ErrorDetails, settings: type[BaseModel], prefix: str, secrets: Collection[str], credentials: str
) -> str:
    """One pydantic error as one line. `secrets` are keys whose value is not told, nor that of their section.

    `prefix` is that of the variables, `credentials` the variable that names the folder of secrets in files.
    """
    path = [part for part in error["loc"] if isinstance(part, str)]  # without the place in a list
    key = ".".join(path)
    if error["type"] == "extra_forbidden":
        return f"The setting {key} is not known; {near_name(key, _known(settings, path), 'allowed are')}"
    hidden = key in secrets or key in {secret.partition(".")[0] for secret in secrets}
    value = "(hidden)" if hidden else _shown(error["input"])
    variable = prefix + "__".join(path[:2]).upper()
    where = f"config.yaml, or {variable}"
    if key in secrets:  # which the file may not hold
        where = f"{variable}, or the file {key} in the folder that {credentials} names"
    return f"The setting {key} is {value}, but {_wanted(error, _field(settings, path), len(path))} ({where})."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _wanted(error: ErrorDetails, field: FieldInfo | None, depth: int) -> str:
    """What is allowed, as the end of a sentence."""
    kind = error["type"]
    if kind == "model_type" and depth > 2:
        return 'it should be a JSON object such as {"requests_a_minute": 30}'
    if kind in _WORDS:
        return f"it should be {_WORDS[kind]}"
    if number := re.match("(int|float)_(parsing|type|from_float)", kind):
        noun = "a whole number" if number[1] == "int" else "a number"
        return f"it should be {noun}{_range(field.metadata if field else ())}"
    return allowed(error["msg"])


def _range(limits: Iterable[Any]) -> str:
    """The least and the most that a number may be, from what `Field` made of them."""
    given = {name: getattr(limit, name) for limit in limits for name in ("gt", "ge", "le") if hasattr(limit, name)}
    least = f"from {given['ge']}" if "ge" in given else f"above {given['gt']}" if "gt" in given else ""
    most = "on" if "ge" in given else ""
    if "le" in given:
        most = f"to {given['le']}" if "ge" in given else f"and at most {given['le']}"
    return "".join(f" {part}" for part in (least, most) if part)


def _field(model: type[BaseModel], path: list[str]) -> FieldInfo | None:
    """The field at a place; None where there is none, or where a name such as that of a plan stands."""
    place = _model(model, path[:-1])
    return place.model_fields.get(path[-1]) if place is not None and path else None


def _model(model: type[BaseModel], path: list[str]) -> type[BaseModel] | None:
    """What has its fields at a place; None where it is a plain value, or a table of names."""
    if not path:
        return model
    field, rest = model.model_fields.get(path[0]), path[1:]
    kind = field.annotation if field is not None else None
    if get_origin(kind) is dict and rest:
        kind, rest = get_args(kind)[1], rest[1:]
    return _model(kind, rest) if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _known(settings: type[BaseModel], path: list[str]) -> list[str]:
    """The keys among which a wrong one may be meant: those at its place, or else all."""
    within = _model(settings, path[:-1]) if len(path) > 2 else None
    if within is not None:
        return [".".join([*path[:-1], name]) for name in within.model_fields]
    sections = {name: _model(settings, [name]) for name in settings.model_fields}
    return [f"{name}.{key}" for name, section in sections.items() if section for key in section.model_fields] + [
        *sections
    ]
