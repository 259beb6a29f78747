"""How the Telegram test server says no."""

from __future__ import annotations

import json
from typing import Any

from tests.support.http_server import Response


class ApiError(Exception):
    """A refusal in Telegram's form that depends on the state of the world: blocked, gone, too fast."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def response(self) -> Response:
        """The HTTP answer Telegram would give."""
        body: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return Response(self.status, json.dumps(body).encode())


class Breach(ApiError):
    """The request was wrong by itself, whatever the state of the world: a bug in the bot."""

    def __init__(self, description: str, status: int = 400) -> None:
        prefix = "Bad Request: " if status == 400 else ""
        super().__init__(status, prefix + description)


def bad_request(description: str) -> ApiError:
    """A 400 that a correct bot can meet."""
    return ApiError(400, f"Bad Request: {description}")
