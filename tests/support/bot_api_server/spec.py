"""Checks requests (and test updates) against the machine-readable Bot API."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.support.bot_api_server.errors import Breach
from tests.support.bot_api_server.forms import Form, Upload, check_strings
from tests.support.data import DATA

ARRAY = "Array of "
FILE = "InputFile"

# What a field named `type`, `source` or `status` must say is written only in its description.
FIXED_VALUE = re.compile(r'(?:always|must be) "?(\w+)"?$')


class Spec:
    """The methods and types of the Bot API."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._types: dict[str, dict[str, Any]] = document["types"]
        self._methods: dict[str, dict[str, Any]] = document["methods"]
        self._names = {name.lower(): name for name in self._methods}

    def method_name(self, name: str) -> str | None:
        """The method's name as documented (Telegram ignores its case), None for an unknown one."""
        return self._names.get(name.lower())

    def read(self, method: str, form: Form) -> dict[str, Any]:
        """The typed parameters of a call, or a Breach that says what is wrong with it."""
        fields = {entry["name"]: entry for entry in self._methods[method].get("fields", [])}
        params: dict[str, Any] = {}
        for name, raw in form.fields.items():
            if name not in fields:
                raise Breach(f'unknown field "{name}" in {method}')
            params[name] = self._read_value(name, fields[name]["types"], raw, form)
        self._read_uploads(method, fields, params, form)
        for name, entry in fields.items():
            if entry["required"] and name not in params:
                raise Breach(_missing(name))
        return params

    def check(self, types: list[str], value: Any, path: str) -> None:
        """Refuse a JSON `value` that is none of `types`; `path` names it in the message."""
        problems = []
        for name in types:
            try:
                self._check_one(name, value, path)
                return
            except Breach as problem:
                problems.append(problem)
        # The refusal of an object says which part of it is wrong; "is none of" would hide that.
        if len(problems) == 1 or isinstance(value, dict):
            raise problems[0]
        raise Breach(f'field "{path}" must be {" or ".join(types)}')

    def _read_value(self, name: str, types: list[str], raw: Any, form: Form) -> Any:
        if isinstance(raw, str) and raw.startswith("attach://") and FILE in types:
            if raw.removeprefix("attach://") not in form.files:
                raise Breach(f'file "{raw}" was not sent with the request')
            return form.files[raw.removeprefix("attach://")]
        if form.is_json:
            self.check(types, raw, name)
            return raw
        value = _from_form(name, types, raw)
        check_strings(value)
        self.check(types, value, name)
        return value

    def _read_uploads(self, method: str, fields: dict[str, dict[str, Any]], params: dict[str, Any], form: Form) -> None:
        """Put files into the fields they belong to; each file must belong somewhere."""
        attached = {text.removeprefix("attach://") for text in _strings(form.fields) if "attach://" in text}
        attached |= {text.removeprefix("attach://") for text in _strings(params) if "attach://" in text}
        for name, upload in form.files.items():
            if name in attached:
                continue
            if name not in fields:
                raise Breach(f'unknown field "{name}" in {method}')
            if FILE not in fields[name]["types"]:
                raise Breach(f'field "{name}" must be {" or ".join(fields[name]["types"])}, not a file')
            params[name] = upload

    def _check_one(self, name: str, value: Any, path: str) -> None:
        if name.startswith(ARRAY):
            if not isinstance(value, list):
                raise Breach(f'field "{path}" must be an Array')
            for index, item in enumerate(value):
                self.check([name.removeprefix(ARRAY)], item, f"{path}[{index}]")
        elif name in _PRIMITIVES:
            if not _PRIMITIVES[name](value):
                raise Breach(f'field "{path}" must be of type {name}')
        elif name == FILE:
            raise Breach(f'field "{path}" must be a file')
        elif subtypes := self._types[name].get("subtypes"):
            self.check(self._chosen(subtypes, value), value, path)
        else:
            self._check_object(name, value, path)

    def _check_object(self, name: str, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise Breach(f'field "{path}" must be an object of type {name}')
        fields = {entry["name"]: entry for entry in self._types[name].get("fields", [])}
        for key, item in value.items():
            if key not in fields:
                raise Breach(f'unknown field "{path}.{key}" in {name}')
            self.check(fields[key]["types"], item, f"{path}.{key}")
            if (fixed := _fixed_value(fields[key])) is not None and item != fixed:
                raise Breach(f'field "{path}.{key}" must be "{fixed}"')
        for key, entry in fields.items():
            if entry["required"] and key not in value:
                raise Breach(f'field "{path}.{key}" is required in {name}')

    def _chosen(self, subtypes: list[str], value: Any) -> list[str]:
        """The subtypes whose fixed `type` fits `value`; all of them where that decides nothing."""
        if not isinstance(value, dict):
            return subtypes
        fitting = []
        for name in subtypes:
            fixed = {entry["name"]: _fixed_value(entry) for entry in self._types.get(name, {}).get("fields", [])}
            marks = {key: mark for key, mark in fixed.items() if mark is not None}
            if marks and all(value.get(key) == mark for key, mark in marks.items()):
                fitting.append(name)
        return fitting or subtypes


@functools.cache
def load_spec() -> Spec:
    """The Bot API as the tests' data have it, read once."""
    return Spec(json.loads((DATA / "bot_api.json").read_text("utf-8")))


_PRIMITIVES = {
    "String": lambda value: isinstance(value, str),
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
}


def _from_form(name: str, types: list[str], raw: str) -> Any:
    """A form field is text; what it stands for depends on the types it may have."""
    if "Integer" in types and re.fullmatch(r"-?\d{1,19}", raw):
        return int(raw)
    if "String" in types:
        return raw
    if types == ["Boolean"] and raw not in ("true", "false"):
        raise Breach(f'field "{name}" must be of type Boolean')
    if types == ["Integer"]:
        raise Breach(f'field "{name}" must be of type Integer')
    if types == [FILE]:
        raise Breach(f'field "{name}" must be a file')
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Breach(f'can\'t parse field "{name}" as JSON') from error


def _fixed_value(entry: dict[str, Any]) -> str | None:
    if entry["name"] not in ("type", "source", "status"):
        return None
    match = FIXED_VALUE.search(entry["description"])
    return match[1] if match else None


def _missing(name: str) -> str:
    if name == "text":
        return "message text is empty"
    return f"{name} is empty"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, Upload):
        return
