"""Reads the fields of a Bot API request: query string, urlencoded form, multipart form or JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from tests.support.bot_api_server.errors import Breach
from tests.support.http_server import Request

NOT_UTF8 = "strings must be encoded in UTF-8"


@dataclass(frozen=True)
class Upload:
    """A file that came with a request."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {len(self.data)} bytes)"


@dataclass
class Form:
    """The fields as sent; `is_json` says that values are already typed rather than strings."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    is_json: bool = False


def read_form(request: Request) -> Form:
    """All fields of `request`, every string checked to be what Telegram takes for UTF-8."""
    form = Form()
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" and request.body:
        form.is_json = True
        form.fields.update(_read_json(request.body))
    elif kind == "multipart/form-data":
        _read_multipart(request.body, content_type, form)
    elif kind == "application/x-www-form-urlencoded":
        form.fields.update(_read_urlencoded(request.body))
    elif request.body:
        raise Breach(f"unsupported content type {content_type!r}")
    for name, value in _read_urlencoded(request.query.encode()).items():
        form.fields.setdefault(name, value)
    check_strings(form.fields)
    return form


def check_strings(value: Any) -> None:
    """Refuse lone surrogates and NUL anywhere inside `value`."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Breach(NOT_UTF8)
    elif isinstance(value, dict):
        for name, item in value.items():
            check_strings(name)
            check_strings(item)
    elif isinstance(value, list):
        for item in value:
            check_strings(item)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Breach(NOT_UTF8) from error


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(_text(body))
    except ValueError as error:
        raise Breach("can't parse the request body as a JSON object") from error
    if not isinstance(fields, dict):
        raise Breach("the request body must be a JSON object")
    return fields


def _read_urlencoded(body: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            fields[_unquote(name)] = _unquote(value)
    return fields


def _unquote(raw: bytes) -> str:
    return _text(unquote_to_bytes(raw.replace(b"+", b" ")))


def _read_multipart(body: bytes, content_type: str, form: Form) -> None:
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if boundary is None:
        raise Breach("multipart body without a boundary")
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, separator, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        if not separator or name is None:
            raise Breach("broken multipart body")
        file_name = re.search(rb'filename="([^"]*)"', head)
        if file_name is None:
            form.fields[_text(name[1])] = _text(content)
        else:
            form.files[_text(name[1])] = Upload(_text(file_name[1]), content)
