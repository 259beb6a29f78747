"""One message to one address of apprise. The only module that imports apprise, and requests, which it speaks HTTP by.

Its plugins are given a `requests` of ours, which takes nothing from the environment, follows no redirect, reads no more
than an answer needs, and tells what came back: of that apprise itself tells no more than yes or no.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import apprise
import requests
from apprise import NotifyBase
from apprise.attachment.file import AttachFile
from apprise.attachment.memory import AttachMemory
from apprise.plugins.matrix import NotifyMatrix

from bellwether import __version__

_LONGEST_ANSWER = 1 << 20  #: bytes
_PATIENCE = (5.0, 10.0)  #: seconds to connect, and between two pieces of an answer
#: of what stands behind the ?, so that nobody has a service mail, fetch or forward anything: see `read`
_KEPT = frozenset({"api-version", "auth", "mode", "sig", "sp", "sv", "thread", "token", "version"})
_NTFY, _NTFY_CLOUD = frozenset({"ntfy", "ntfys"}), "ntfy.sh"
_USUAL_PORTS = frozenset({None, 80, 443})
_PICTURE = "chart.png"
_MOST_REQUESTS = 12  #: of one message: Matrix looks for its server, joins the room and writes

_exchange: ContextVar["Exchange | None"] = ContextVar("exchange", default=None)


@dataclass(slots=True)
class Exchange:
    """What came back, of the last request."""

    status: int | None = None  #: None: no answer came
    retry_after: str = ""
    code: int | None = None  #: that the service itself has for an error
    requests: int = 0


@dataclass(frozen=True, slots=True)
class AppriseAddress:
    """An address as it was understood."""

    url: str  #: as it is to be kept
    scheme: str
    identity: str  #: the same for all ways to write it
    targets: int  #: how many it has: a room, a topic or a person each


def read(url: str) -> AppriseAddress | None:
    """What an address means; None where apprise knows no such."""
    cleaned = _without_extras(url)
    plugin = _plugin(cleaned)
    if plugin is None:
        return None
    written = str(plugin.url())  # type: ignore[no-untyped-call]  # an address of https is then one of its service
    scheme = written.partition("://")[0]
    topic = _topic(plugin) if scheme in _NTFY else ""
    return AppriseAddress(cleaned, scheme, topic or written.partition("?")[0].lower(), len(plugin))


def _topic(plugin: Any) -> str:
    """Where an address of ntfy leads, whoever writes there and by which way; empty for none."""
    host = (plugin.host or _NTFY_CLOUD).lower().rstrip(".")
    port = f":{plugin.port}" if plugin.port not in _USUAL_PORTS else ""
    return f"ntfy://{host}{port}/{plugin.topics[0].lower()}" if plugin.topics else ""


def send(url: str, body: str, is_html: bool, exchange: Exchange, picture: bytes | None = None) -> bool:
    """Send a message; whether it arrived. What came back is in `exchange`. Blocks, and sends nothing to the log.

    `picture` is a PNG, with which the body may be empty.
    """
    plugin = _plugin(url)
    if plugin is None:
        return False
    token = _exchange.set(exchange)
    try:
        with _attached(picture, plugin) as attached:
            return bool(plugin.notify(body=body, body_format="html" if is_html else None, attach=attached))
    finally:
        _exchange.reset(token)


@contextmanager
def _attached(picture: bytes | None, plugin: NotifyBase) -> Iterator[apprise.AppriseAttachment | None]:
    if picture is None:
        yield None
    elif isinstance(plugin, NotifyMatrix):  # opens the picture by its path, in a version that knows no other way
        with TemporaryDirectory() as folder:
            path = Path(folder) / _PICTURE
            path.write_bytes(picture)
            yield apprise.AppriseAttachment(AttachFile(str(path)))  # type: ignore[no-untyped-call]
    else:
        yield apprise.AppriseAttachment(AttachMemory(picture, _PICTURE, "image/png"))  # type: ignore[no-untyped-call]


def _plugin(url: str) -> NotifyBase | None:
    """The plugin for an address, speaking HTTP by ours; None for none, also for one that speaks by something else."""
    plugin = apprise.Apprise.instantiate(url, asset=_ASSET, suppress_exceptions=True)
    if not isinstance(plugin, NotifyBase):
        return None
    module: Any = sys.modules[type(plugin).__module__]
    if getattr(module, "requests", None) not in (requests, _OURS):
        return None
    module.requests = _OURS
    return plugin


def _without_extras(url: str) -> str:
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name.lower() in _KEPT]
    return urlunsplit(parts._replace(query=urlencode(kept)))


class _Session(requests.Session):
    """Requests as we let them be."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # no proxy, which would look names up again, and nobody's password from a .netrc
        self.headers["User-Agent"] = f"Bellwether/{__version__}"

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        exchange = _exchange.get() or Exchange()
        exchange.requests += 1
        exchange.status, exchange.retry_after, exchange.code = None, "", None
        if exchange.requests > _MOST_REQUESTS:
            raise requests.RequestException("too many requests for one message")
        more |= {"allow_redirects": False, "stream": True, "timeout": _PATIENCE}
        response = super().request(method, url, *args, **more)
        content = b""
        for piece in response.iter_content(1 << 14):
            content += piece
            if len(content) > _LONGEST_ANSWER:
                response.close()
                raise requests.RequestException("the answer does not end")
        response._content = content
        exchange.status, exchange.retry_after = response.status_code, response.headers.get("Retry-After", "")
        exchange.code = _code_of(response)
        if response.status_code == requests.codes.too_many_requests:
            raise requests.RequestException("too many requests")  # when to try again is ours to decide
        return response


def _code_of(response: requests.Response) -> int | None:
    if response.ok:
        return None
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    code = answer.get("code") if isinstance(answer, dict) else None
    return code if isinstance(code, int) else None


class _Requests(ModuleType):
    """The module `requests` with sessions of ours; all else is its own."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    @staticmethod
    def request(method: str, url: str, **more: Any) -> requests.Response:
        with _Session() as session:
            return session.request(method, url, **more)


def _by(method: str) -> Any:
    def ask(url: str, *args: Any, **more: Any) -> requests.Response:
        if args:  # the second argument of each is another one
            more["params" if method in {"get", "head", "options"} else "data"] = args[0]
        return _Requests.request(method, url, **more)

    return ask


_OURS = _Requests("requests")
for _method in ("get", "post", "put", "patch", "delete", "head", "options"):
    setattr(_OURS, _method, _by(_method))
_OURS.Session = _Session  # type: ignore[attr-defined]
_OURS.session = _Session  # type: ignore[attr-defined]

# both write addresses with their secrets at finer levels
logging.getLogger("apprise").setLevel(logging.CRITICAL)
logging.getLogger("urllib3").setLevel(logging.ERROR)

_ASSET = apprise.AppriseAsset(
    app_id="Bellwether",
    app_desc="Bellwether",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,
    plugin_paths=None,
)
