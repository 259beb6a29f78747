"""A local server that answers like Yahoo Finance, from recordings of its real answers.

with YahooServer() as server:
    ticker = yfinance.Ticker("TSLA", session=ReplaySession(server.base_url))
"""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from tests.support import yahoo_recordings as recorded
from tests.support.faults import Fault, FaultQueue, answer_with
from tests.support.http_server import HttpServer, Request, Response
from tests.support.yahoo_chart import cut, known_range

Json = dict[str, Any]

CRUMB = "crumb"
COOKIE = "A3=d=recorded; Path=/; Max-Age=31536000"

# Ready bodies for fail_next.
HTML_PAGE = "<!DOCTYPE html><html><head><title>Yahoo</title></head><body>Service error</body></html>"
DOWN_PAGE = "<!DOCTYPE html><html><body><h1>Will be right back...</h1></body></html>"
NO_CHART = (
    '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}'
)
MALFORMED_JSON = '{"chart":{"result":[{"meta":{"currency":"USD","symbol":'
EMPTY_CHART = '{"chart":{"result":[],"error":null}}'
DEFAULT_BODIES = {
    401: (
        '{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}',
        "json",
    ),
    404: ('{"finance":{"result":null,"error":{"code":"Not Found","description":"Not Found"}}}', "json"),
    429: ("Too Many Requests\r\n", "text"),
    500: (HTML_PAGE, "html"),
    502: (HTML_PAGE, "html"),
    503: (HTML_PAGE, "html"),
}
CONTENT_TYPES = {"json": "application/json;charset=utf-8", "text": "text/plain", "html": "text/html"}


class SeenRequest(NamedTuple):
    """One request: its path and the first value of each query field."""

    path: str
    query: dict[str, str]


class YahooServer:
    """Use as a context manager; everything here may be called from the test's thread."""

    def __init__(self) -> None:
        self.requests: list[SeenRequest] = []
        self._http = HttpServer(self._handle)
        self._lock = threading.Lock()
        self._faults = FaultQueue()
        self._added: dict[str, Json] = {}
        self._searches: dict[str, list[Json]] = {}
        self._reports: dict[str, list[str]] = {}
        self._next_reports: dict[str, list[int]] = {}

    def __enter__(self) -> YahooServer:
        self._http.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.__exit__(kind, error, trace)

    @property
    def base_url(self) -> str:
        """The address that stands for every host of Yahoo."""
        return self._http.url

    @property
    def peak_connections(self) -> int:
        """The most connections open at once."""
        return self._http.peak_connections

    @property
    def peak_requests(self) -> int:
        """The most requests being answered at once."""
        return self._http.peak_requests

    def add_chart(self, symbol: str, body: Json) -> None:
        """Serve `body`, the whole JSON {"chart": ...}, for a symbol; goes before a recording."""
        with self._lock:
            self._added[symbol.upper()] = body

    def add_search(self, words: str, quotes: list[Json]) -> None:
        """Find these quotes for words, whatever their case; goes before a recording."""
        with self._lock:
            self._searches[words.casefold()] = quotes

    def add_reports(self, symbol: str, times: list[str]) -> None:
        """Rows of the page of reports, each its time as that writes it: "January 30, 2025 at 4 PM EST"."""
        with self._lock:
            self._reports[symbol.upper()] = times

    def add_next_report(self, symbol: str, stamps: list[int]) -> None:
        """What the calendar of events tells as the next report, in seconds; goes before a recording."""
        with self._lock:
            self._next_reports[symbol.upper()] = stamps

    def fail_next(
        self,
        path_prefix: str,
        status: int = 500,
        body: str | None = None,
        content_type: str | None = None,
        times: int | None = 1,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer the next requests below `path_prefix` with this; status 200 with a bad body works too."""
        default_body, default_kind = DEFAULT_BODIES.get(status, (HTML_PAGE, "html"))
        if body is None and status == 404 and path_prefix.startswith(recorded.CHART):
            body = NO_CHART
        if body is not None and content_type is None:
            default_kind = "html" if body.lstrip().startswith("<") else "json"
        response = Response(
            status,
            (default_body if body is None else body).encode(),
            content_type or CONTENT_TYPES[default_kind],
            headers or {},
        )
        self._faults.add(path_prefix, Fault(response=response), times)

    def hang_next(self, path_prefix: str, seconds: float, times: int | None = 1) -> None:
        """Let the next requests below `path_prefix` wait before they are answered."""
        self._faults.add(path_prefix, Fault(delay=seconds), times)

    def drop_next(self, path_prefix: str, times: int | None = 1) -> None:
        """Close the connections of the next requests below `path_prefix` without an answer."""
        self._faults.add(path_prefix, Fault(drop=True), times)

    def clear_faults(self) -> None:
        """Forget the troubles ordered so far."""
        self._faults.clear()

    def requests_to(self, path_prefix: str) -> list[SeenRequest]:
        """The requests below a path so far."""
        return [seen for seen in list(self.requests) if seen.path.startswith(path_prefix)]

    async def _handle(self, request: Request) -> Response | None:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        self.requests.append(SeenRequest(request.path, query))
        fault = self._faults.take(request.path.startswith)

        async def process() -> Response:
            return self._answer(request.path, query)

        return await answer_with(fault, process)

    def _answer(self, path: str, query: dict[str, str]) -> Response:
        if path == "/":
            # Yahoo's cookie page is a 404 that sets the cookie all the same
            return Response(404, b"", "text/html", {"Set-Cookie": COOKIE})
        if path == "/v1/test/getcrumb":
            return Response(200, CRUMB.encode(), "text/plain;charset=utf-8")
        if path.startswith(recorded.CHART):
            return self._chart(path.removeprefix(recorded.CHART), query)
        if path == "/v1/finance/search":
            return self._search(query.get("q", ""))
        if path == "/v7/finance/quote":
            found = recorded.quotes(query.get("symbols", "").split(","))
            return _json({"quoteResponse": {"result": found, "error": None}})
        if path == "/calendar/earnings":
            return self._reports_page(query.get("symbol", "").upper())
        if path.startswith(recorded.SUMMARY) and query.get("modules") == "calendarEvents":
            with self._lock:
                stamps = self._next_reports.get(path.removeprefix(recorded.SUMMARY).upper())
            if stamps is not None:
                events = {"calendarEvents": {"earnings": {"earningsDate": stamps}}}
                return _json({"quoteSummary": {"result": [events], "error": None}})
        if path.startswith(recorded.SUMMARY):
            return _summary(path.removeprefix(recorded.SUMMARY), query)
        if path.startswith(recorded.TIMESERIES):
            return _timeseries(path.removeprefix(recorded.TIMESERIES), query)
        entry = recorded.exact(path, {name: [value] for name, value in query.items()})
        if entry is not None:
            return _json(entry.body, entry.status)
        return Response(404, HTML_PAGE.encode(), CONTENT_TYPES["html"])

    def _search(self, words: str) -> Response:
        with self._lock:
            quotes = self._searches.get(words.casefold())
        found = recorded.search(words) if quotes is None else None
        return _json(found or {"quotes": quotes or [], "news": [], "count": len(quotes or [])})

    def _chart(self, symbol: str, query: dict[str, str]) -> Response:
        with self._lock:
            body = self._added.get(symbol.upper())
        if body is None:
            body = recorded.chart(symbol)
        if body is None:
            return Response(404, NO_CHART.encode(), CONTENT_TYPES["json"])
        if not body["chart"]["result"]:
            return _json(body)  # a test's own body without data
        granularity = body["chart"]["result"][0]["meta"].get("dataGranularity", "1d")
        if query.get("interval", granularity) != granularity:
            return _error("chart", 422, "Unprocessable Entity", f"interval={query['interval']} is not recorded")
        if not known_range(query.get("range", "max")):
            return _error(
                "chart",
                422,
                "Unprocessable Entity",
                f"Invalid input - range={query['range']} is not supported",
            )
        part = cut(body, query)
        if part is None:
            span = f"startDate = {query.get('period1')}, endDate = {query.get('period2')}"
            return _error("chart", 400, "Bad Request", f"Data doesn't exist for {span}")
        return _json(part)

    def _reports_page(self, symbol: str) -> Response:
        """A page for people, whose one table yfinance reads; without any for what has never reported."""
        with self._lock:
            times = self._reports.get(symbol, [])
        cells = "".join(
            f"<tr><td>{symbol}</td><td>Company</td><td>{when}</td><td>1.5</td><td>-</td><td>-</td></tr>"
            for when in times
        )
        names = ("Symbol", "Company", "Earnings Date", "EPS Estimate", "Reported EPS", "Surprise (%)")
        head = "".join(f"<th>{name}</th>" for name in names)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>" if times else ""
        return Response(200, f"<!DOCTYPE html><html><body>{table}</body></html>".encode(), CONTENT_TYPES["html"])


def _summary(symbol: str, query: dict[str, str]) -> Response:
    known = recorded.summary_modules(symbol)
    wanted = query.get("modules", "").split(",")
    found = {name: known[name] for name in wanted if name in known} if known else {}
    if not found:
        return _error("quoteSummary", 404, "Not Found", f"Quote not found for symbol: {symbol}")
    return _json({"quoteSummary": {"result": [found], "error": None}})


def _timeseries(symbol: str, query: dict[str, str]) -> Response:
    """Series of the types asked for; a type without data has a bare `meta`, as with Yahoo."""
    known = {series["meta"]["type"][0]: series for series in recorded.timeseries(symbol) or []}
    wanted = query["type"].split(",") if "type" in query else list(known)
    found = [known.get(kind, {"meta": {"symbol": [symbol], "type": [kind]}}) for kind in wanted]
    return _json({"timeseries": {"result": found, "error": None}})


def _error(endpoint: str, status: int, code: str, description: str) -> Response:
    return _json({endpoint: {"result": None, "error": {"code": code, "description": description}}}, status)


def _json(body: Any, status: int = 200) -> Response:
    return Response(status, json.dumps(body, separators=(",", ":")).encode(), CONTENT_TYPES["json"])
