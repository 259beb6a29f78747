"""Services that take messages, over HTTP, as strict as their documentation: ntfy, Discord, Slack and a Matrix server.

https://docs.ntfy.sh/publish/#publish-as-json, #attach-local-file
https://discord.com/developers/docs/resources/webhook#execute-webhook
https://api.slack.com/messaging/webhooks
https://spec.matrix.org/latest/client-server-api/
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qs

from tests.support.http_server import Request, Response

TOPIC = "alerts-8f2k"
DISCORD = f"/api/webhooks/{'1' * 18}/{'d' * 68}"
SLACK = f"/services/T{'1' * 8}/B{'2' * 8}/{'s' * 24}"
ROOM, MATRIX_TOKEN = "!room:matrix.example", "syt_token"


@dataclass
class ChatServices:
    """What came to each, as a reader there would see it; `broken` answers in place of them.

    With other topics than the one, what comes to ntfy stands under its topic.
    """

    topics: frozenset[str] = frozenset({TOPIC})
    seen: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, list[bytes]] = field(default_factory=dict)
    takes_files: bool = True  #: whether the ntfy server keeps attachments, which an own one may not
    asked: list[str] = field(default_factory=list)  #: every path
    uploaded: list[bytes] = field(default_factory=list)  #: by the numbers in their addresses, to the Matrix server
    transactions: dict[str, str] = field(default_factory=dict)  #: there, by path: one that comes again changes nothing
    broken: dict[str, Callable[[], Response | None]] = field(default_factory=dict)

    async def answer(self, request: Request) -> Response | None:
        """As the service behind the path does."""
        self.asked.append(request.path)
        service, take = self._service(request.path)
        if service in self.broken:
            return self.broken[service]()
        return take(service, request)

    def _service(self, path: str) -> tuple[str, Callable[[str, Request], Response]]:
        if path.startswith("/api/webhooks/"):
            return "discord", self._discord
        if path.startswith("/services/"):
            return "slack", self._slack
        if path.startswith(("/_matrix/", "/.well-known/")):
            return "matrix", self._matrix
        return "ntfy", self._ntfy

    def _saw(self, service: str, text: str) -> None:
        self.seen.setdefault(service, []).append(text)

    def _saw_picture(self, service: str, png: bytes, caption: str) -> None:
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        self.pictures.setdefault(service, []).append(png)
        if caption:
            self._saw(service, caption)

    def _ntfy_file(self, service: str, request: Request) -> Response:
        if not self.takes_files:
            return _json(400, {"code": 40014, "http": 400, "error": "invalid request: attachments not allowed"})
        asked = parse_qs(request.query)
        assert set(asked) <= {"filename", "message", "title"}, "names of parameters that are documented"
        self._saw_picture(service, request.body, asked.get("message", [""])[0])
        return _json(200, {"id": "hwQ2YpKdmg", "event": "message", "topic": TOPIC})

    def _ntfy(self, service: str, request: Request) -> Response:
        topic = request.path.removeprefix("/")
        if request.method in {"PUT", "POST"} and topic in self.topics:
            return self._ntfy_file(service if topic == TOPIC else topic, request)
        if request.method != "POST" or request.path != "/":
            return _json(404, {"code": 40401, "http": 404, "error": "page not found"})
        body = _object(request)
        if body is None or not isinstance(body.get("topic"), str):
            return _json(400, {"code": 40024, "http": 400, "error": "invalid request: body must be message JSON"})
        known = {
            "topic", "message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon",
            "filename", "delay", "email", "call",
        }  # fmt: skip
        if set(body) - known or len(body.get("message", "").encode()) > 4096 or body["topic"] not in self.topics:
            return _json(400, {"code": 40009, "http": 400, "error": "invalid request"})
        self._saw(service if body["topic"] == TOPIC else body["topic"], body["message"])
        return _json(200, {"id": "hwQ2YpKdmg", "event": "message", "topic": body["topic"]})

    def _discord(self, service: str, request: Request) -> Response:
        if request.path != DISCORD:
            return _json(404, {"message": "Unknown Webhook", "code": 10015})
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            return self._discord_files(service, request)
        body = _object(request)
        content = (body or {}).get("content")
        if request.method != "POST" or not isinstance(content, str) or not 0 < len(content) <= 2000:
            return _json(400, {"code": 50006, "message": "Cannot send an empty message"})
        self._saw(service, content)
        return _json(200, {"id": "1"}) if "wait=true" in request.query.lower() else Response(204, b"")

    def _discord_files(self, service: str, request: Request) -> Response:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        form = message_from_bytes(head + request.body, policy=policy.HTTP)
        fields: dict[str, bytes] = {}
        for part in form.walk():
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                fields[str(part.get_param("name", header="content-disposition"))] = content
        assert set(fields) == {"payload_json", "files[0]"}
        self._saw_picture(service, fields["files[0]"], json.loads(fields["payload_json"]).get("content", ""))
        return _json(200, {"id": "2"})

    def _slack(self, service: str, request: Request) -> Response:
        body = _object(request)
        if request.path != SLACK:
            return Response(404, b"no_service", "text/plain")
        texts = [body.get("text", "")] if body else []
        texts += [part.get("text", "") for part in (body or {}).get("attachments", [])]
        if not any(texts):
            return Response(400, b"no_text" if body else b"invalid_payload", "text/plain")
        self._saw(service, "\n".join(filter(None, texts)))
        return Response(200, b"ok", "text/plain")

    def _matrix(self, service: str, request: Request) -> Response:
        path = request.path
        if path.startswith("/.well-known/"):
            return _json(404, {"errcode": "M_NOT_FOUND", "error": "none"})
        if request.headers.get("authorization") != f"Bearer {MATRIX_TOKEN}":
            return _json(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown access token"})
        if path.endswith("/account/whoami"):
            return _json(200, {"user_id": "@bell:matrix.example"})
        if "/join/" in path:
            return _json(200, {"room_id": ROOM})
        if request.method == "POST" and path == "/_matrix/media/v3/upload":
            if not self.takes_files:
                return _json(403, {"errcode": "M_FORBIDDEN", "error": "no files"})
            assert request.headers["content-type"] == "image/png"
            self.uploaded.append(request.body)
            return _json(200, {"content_uri": f"mxc://matrix.example/{len(self.uploaded) - 1}"})
        if request.method == "PUT" and f"/rooms/{ROOM}/send/m.room.message/" in path:
            if path in self.transactions:
                return _json(200, {"event_id": self.transactions[path]})
            body = _object(request) or {}
            self.transactions[path] = f"${len(self.transactions)}"
            if body.get("msgtype") == "m.image":
                self._saw_picture(service, self.uploaded[int(body["url"].removeprefix("mxc://matrix.example/"))], "")
                return _json(200, {"event_id": self.transactions[path]})
            if body.get("msgtype") != "m.text" or not body.get("body"):
                return _json(400, {"errcode": "M_BAD_JSON", "error": "no body"})
            if body.get("format", "org.matrix.custom.html") != "org.matrix.custom.html":
                return _json(400, {"errcode": "M_BAD_JSON", "error": "unknown format"})
            self._saw(service, body.get("formatted_body", body["body"]))
            return _json(200, {"event_id": self.transactions[path]})
        return _json(404, {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"})


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(status, json.dumps(body).encode())


def _object(request: Request) -> dict[str, Any] | None:
    try:
        body = json.loads(request.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
