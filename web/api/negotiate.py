"""One answer in three formats: JSON, CSV and Parquet, with the same numbers, and a tag by which it is known again.

body | JSON as it is; as a table one row for each item, what is nested in columns such as `quantiles.0.1`; of no items
the columns alone
"""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse, Response

import bellwether
from web.api.columns import columns_of_items, with_all_parts
from web.etag import is_known
from web.problems import HttpProblem
from web.rows import Row, csv_text, flat


class Format(StrEnum):
    """How an answer travels."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
}


async def format_of(
    request: Request,
    format: Annotated[Format | None, Query(description="json, csv or parquet; goes before the header Accept")] = None,
) -> Format:
    """What the caller wants. Raises HttpProblem when there is nothing in it that we have."""
    if format is not None:
        return format
    asked = request.headers.get("accept", "*/*") or "*/*"
    ranges = {part.partition(";")[0].strip().lower(): (_quality(part), -at) for at, part in enumerate(asked.split(","))}
    # of each format the range that fits it best counts (RFC 9110, 12.5.1); among equals what was named first
    fits = {
        choice: next((ranges[name] for name in (kind, f"{kind.partition('/')[0]}/*", "*/*") if name in ranges), _NOT)
        for choice, kind in MEDIA_TYPES.items()
    }
    best = max(fits, key=lambda choice: fits[choice])
    if fits[best] > _NOT:
        return best
    have = ", ".join(MEDIA_TYPES.values())
    raise HttpProblem("not_acceptable", f"This is there as {have}; Accept names none of them.")


_NOT = (0.0, 0)


def _quality(part: str) -> float:
    match = re.search(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*$", part)
    return float(match[1]) if match else 1.0


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers one request in the format that it wants, or "not modified" to whoever has the answer."""

    request: Request
    wanted: Format = Format.JSON

    def __call__(
        self,
        body: Any,
        *,
        rows: Sequence[Row] | None = None,
        name: str = "bellwether",
        tag: str = "",
        keep: int = 0,
        headers: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        """The answer.

        `rows` are the items of a table where `body` is not one item; `tag` stands for everything that matters in it,
        where not every digit does; `keep` are the seconds for which our own cache may give it again.
        """
        table = [body] if rows is None else rows
        content = _json(body) if self.wanted is Format.JSON else self._csv(table) if self.wanted is Format.CSV else None
        digest = hashlib.sha256(tag.encode() if tag else _json(table) if content is None else content).hexdigest()[:20]
        about = {
            # weak: the same answer may travel packed or not
            "ETag": f'W/"{bellwether.__version__}-{self.wanted}-{digest}"',
            "Cache-Control": f"private, max-age=0, s-maxage={keep}" if keep else "private, no-cache",
            **(headers or {}),
        }
        if status == 200 and is_known(about["ETag"], self.request.headers):
            return Response(status_code=304, headers=about)
        if self.wanted is not Format.JSON:
            about["Content-Disposition"] = f'attachment; filename="{_safe(name)}.{self.wanted}"'
        if content is None:
            content = self._parquet(table)
        return Response(content, status, about, MEDIA_TYPES[self.wanted])

    def page(self, rows: Sequence[Row], following: str | None, name: str, keep: int = 0, **first: Any) -> Response:
        """A page of a long list, with the address of the next one as a header (RFC 8288); `first` stands before it."""
        headers = {}
        if following is not None:
            url = self.request.url.include_query_params(cursor=following)
            headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        body = first | {"items": rows, "next_cursor": following}
        return self(body, rows=rows, name=name, keep=keep, headers=headers)

    def _columns(self, table: Sequence[Row]) -> tuple[list[str], list[Row]]:
        """The names of the columns, the same whatever the items have and however many there are, and the rows."""
        rows, scope = [flat(row) for row in table], self.request.scope
        declared = columns_of_items(self.request.app.openapi(), scope["route"].path_format, scope["method"].lower())
        names = dict.fromkeys(name for row in rows for name in row)
        return with_all_parts(list(names), declared) if rows else declared, rows

    def _csv(self, table: Sequence[Row]) -> bytes:
        names, rows = self._columns(table)
        return csv_text([names, *([row.get(name) for name in names] for row in rows)]).encode()

    def _parquet(self, table: Sequence[Row]) -> bytes:
        import pyarrow as pa  # 100 ms, when it is first asked for
        import pyarrow.parquet as pq

        names, rows = self._columns(table)
        columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
        file = io.BytesIO()
        pq.write_table(pa.table(columns), file)
        return file.getvalue()


def unkept(body: Any, status: int = 200) -> Response:
    """An answer that nobody may keep, such as one with a secret."""
    return JSONResponse(body, status, {"Cache-Control": "no-store"})


async def _in_format(request: Request, wanted: Annotated[Format, Depends(format_of)]) -> Responder:
    return Responder(request, wanted)


async def _in_json(request: Request) -> Responder:
    return Responder(request)


ReplyOf = Annotated[Responder, Depends(_in_format)]
JsonReplyOf = Annotated[Responder, Depends(_in_json)]


def shaped(shape: type[Any], thing: object, **more: Any) -> Row:
    """An answer of this shape, in plain values: what is not in `more` is what the thing has by the same name."""
    return {name: _plain(more[name] if name in more else getattr(thing, name)) for name in shape.__annotations__}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _json(body: Any) -> bytes:
    # as Starlette's JSONResponse writes it: text order and no NaN
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _safe(name: str) -> str:
    """A file's name without what a header or a folder would take for something else."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:60] or "bellwether"
