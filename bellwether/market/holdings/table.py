"""A text as rows of cells, each under the header that holds for it.

delimited text        | the first header, and each further one on the way
statement in sections | Interactive Brokers: the section that lists positions, names and ISINs from another
JSON                  | a list of objects, wherever it stands in the file
a plain list          | TradingView's: symbols parted by commas or lines, under headings that begin with ###
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bellwether.core.errors import BadFile
from bellwether.core.i18n.translate import said
from bellwether.market.holdings.columns import Header, HoldingRole, recognise

MOST_PREAMBLE = 40  #: lines above the header that may tell an account, a day or an address
MOST_ROWS = 20_000  #: of one file
_DELIMITERS = ",;\t|"
_LONGEST_CELL = 4_000  #: characters; a cell that is longer is a text in which a quote is missing
_MOST_LINES = 5  #: of one row, whose cells may hold ends of lines between quotes
_LISTS = ("activities", "holdings", "positions", "watchlist", "symbols", "securities", "items")  #: keys in JSON
_ROW_KINDS = {"header", "data", "total", "subtotal", "notes"}  #: second cells of a statement in sections
_POSITIONS = (
    "open positions",
    "long open positions",
    "offene positionen",
    "posiciones abiertas",
    "posições abertas",
    "positions ouvertes",
)
_ENTRY = re.compile(r"[A-Z0-9_]+:[A-Z0-9.!^&/_-]+", re.IGNORECASE)  #: of TradingView
_CODE = re.compile(r"\$?\^?[A-Z0-9][A-Z0-9.=&^/_-]{0,19}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table by what its cells mean."""

    place: int  #: the number of its line, as people count
    cells: dict[HoldingRole, str]
    yahoo: bool = False
    alone: bool = False  #: only one of its many cells is filled, as in notes below a table

    def text(self, role: HoldingRole) -> str:
        """What stands there, "" where nothing does."""
        return self.cells.get(role, "")


def rows_of(text: str) -> list[Row]:
    """The rows of a file. Raises BadFile where no column is recognised, and no list."""
    if text.lstrip()[:1] in {"{", "["}:
        return _of_json(text)
    lines = text.splitlines()[:MOST_ROWS]
    entries = _plain_list(lines)
    if entries:
        return entries
    delimiter = _delimiter(lines)
    if delimiter is None:
        raise _nothing()
    table = _split("\n".join(lines), delimiter)
    if sum(_is_of_section(cells) for _, cells in table) * 2 > len(table):
        return _of_statement(table)
    return list(_under_headers(table))


def _nothing() -> BadFile:
    return BadFile(
        said(
            "I see no column with tickers, ISINs or names in that file. Its first line should say what the columns "
            "hold, such as Symbol or ISIN; or send tickers alone, one to a line."
        )
    )


def _split(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of the line on which it ends."""
    lines = text.splitlines()
    table, at = [], 0
    while at < len(lines):
        cells, used = _first_row(lines[at : at + _MOST_LINES], delimiter)
        at += used
        if any(cell.strip() for cell in cells):
            table.append((at, [cell.strip()[:_LONGEST_CELL] for cell in cells]))
    return table


def _first_row(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    """The row that begins with the first line, and of how many lines it is.

    A quote that none of the next lines closes is a stray one: it takes no other row along.
    """
    for used in range(1, len(lines) + 1 if '"' in lines[0] else 2):
        written = [f"{line}\n" for line in lines[:used]]
        try:
            cells = next(csv.reader(written, delimiter=delimiter, skipinitialspace=True, strict=used > 1))
        except csv.Error:  # still open, closed in the middle of a cell, or longer than the module takes
            continue
        if not cells or not cells[-1].endswith("\n"):  # the end of a line in a cell: its quote is open
            return cells, used
    return lines[0].replace('"', "").split(delimiter), 1


def _delimiter(lines: Sequence[str]) -> str | None:
    """The one whose cells make a header within the first lines; the header with the most roles counts."""
    best: tuple[int, str] | None = None
    for delimiter in _DELIMITERS:
        for _, cells in _split("\n".join(lines[:MOST_PREAMBLE]), delimiter):
            header = recognise(cells[2:] if _is_of_section(cells) else cells)
            if header is not None and (best is None or len(header.places) > best[0]):
                best = len(header.places), delimiter
    if best is None:  # the header of a statement may stand far below
        sections = [cells for _, cells in _split("\n".join(lines), ",") if _is_of_section(cells)]
        return "," if any(recognise(cells[2:]) for cells in sections) else None
    return best[1]


def _under_headers(table: Sequence[tuple[int, list[str]]]) -> Iterator[Row]:
    header: Header | None = None
    rows = 0
    for place, cells in table:
        new = recognise(cells)
        if new is not None and (header is None or _is_next_header(new, header, rows)):
            header = new
        elif header is not None:
            rows += 1
            yield _row(header, place, cells)


def _is_next_header(new: Header, header: Header, rows: int) -> bool:
    """Whether it is a header too, and no row of cells such as Stock and Market, which are names of columns as well."""
    if not rows and len(new.places) > len(header.places):
        return True  # what was taken for a header stood above it
    if not new.names & header.names:
        return new.is_plain
    return len(new.places) > 1 or new.width == header.width


def _row(header: Header, place: int, cells: Sequence[str]) -> Row:
    told = {role: text for role in header.places if (text := header.cell(cells, role))}
    filled = sum(bool(cell) for cell in cells)
    return Row(place, told, header.yahoo, alone=filled == 1 and header.width > 2)


# ---- statements in sections


def _is_of_section(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and cells[1].casefold() in _ROW_KINDS


def _of_statement(table: Sequence[tuple[int, list[str]]]) -> list[Row]:
    """The positions of a statement, with what another section tells of each instrument.

    Without positions its trades tell what is held. Raises BadFile where there is neither.
    """
    sections: dict[str, list[Row]] = {}
    header: Header | None = None
    for place, cells in table:
        if not _is_of_section(cells):
            continue
        kind = cells[1].casefold()
        if kind == "header":
            header = recognise(cells[2:])
        elif kind == "data" and header is not None:
            sections.setdefault(cells[0].casefold(), []).append(_row(header, place, cells[2:]))
    positions = [row for name in _POSITIONS for row in sections.get(name, ())]
    if not positions:
        held = (
            rows for rows in sections.values() if {HoldingRole.SYMBOL, HoldingRole.QUANTITY} <= rows[0].cells.keys()
        )
        positions = next(held, [])
    telling = [row for rows in sections.values() for row in rows if _describes(row)]
    if not positions and not telling:
        raise _nothing()
    described = {symbol.strip(): row.cells for row in telling for symbol in row.text(HoldingRole.SYMBOL).split(",")}
    return [Row(row.place, described.get(row.text(HoldingRole.SYMBOL), {}) | row.cells) for row in positions or telling]


def _describes(row: Row) -> bool:
    """Whether it tells what an instrument is, and not how many are held."""
    told = row.cells.keys()
    return (
        HoldingRole.SYMBOL in told
        and HoldingRole.QUANTITY not in told
        and bool({HoldingRole.NAME, HoldingRole.ISIN, HoldingRole.EXCHANGE} & told)
    )


# ---- JSON


def _of_json(text: str) -> list[Row]:
    """The objects of the first list that has symbols. Raises BadFile."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFile(said("That file is no JSON that can be read. Please export it once more.")) from None
    lists = [content] if isinstance(content, list) else []
    if isinstance(content, dict):
        lists = [content[key] for key in _LISTS if isinstance(content.get(key), list)]
    described = _profiles(content)
    for items in lists:
        rows = [row for place, item in enumerate(items[:MOST_ROWS], 1) for row in _of_object(item, place, described)]
        if rows:
            return rows
    raise _nothing()


def _profiles(content: Any) -> dict[str, dict[str, Any]]:
    """What Ghostfolio tells of each symbol beside the activities."""
    profiles = content.get("assetProfiles") if isinstance(content, dict) else None
    if not isinstance(profiles, list):
        return {}
    return {str(profile.get("symbol")): profile for profile in profiles if isinstance(profile, dict)}


def _of_object(item: Any, place: int, described: dict[str, dict[str, Any]]) -> list[Row]:
    if isinstance(item, str):
        return [Row(place, {HoldingRole.SYMBOL: item[:_LONGEST_CELL]})] if item.strip() else []
    if not isinstance(item, dict):
        return []
    profile = described.get(str(item.get("symbol")), {})
    told = {key: profile[key] for key in ("name", "isin") if profile.get(key)}
    told |= {"asset type": profile.get("assetSubClass") or profile.get("assetClass") or ""}
    flat = {key: value for key, value in {**told, **item}.items() if isinstance(value, str | int | float)}
    header = recognise([str(key) for key in flat])
    if header is None:
        return []
    return [_row(header, place, [str(value)[:_LONGEST_CELL] for value in flat.values()])]


# ---- plain lists


def _plain_list(lines: Sequence[str]) -> list[Row]:
    """The symbols of a file without a header; empty for anything else."""
    rows = []
    headed = False
    for place, line in enumerate(lines, 1):
        for part in re.split(r"[,;\t]", line):
            entry = part.strip().strip('"')
            if entry.startswith("###"):
                headed = True
            elif entry:
                rows.append(Row(place, {HoldingRole.SYMBOL: entry[:_LONGEST_CELL]}))
    entries = [row.cells[HoldingRole.SYMBOL] for row in rows]
    with_exchange = sum(_ENTRY.fullmatch(entry) is not None for entry in entries)
    codes = sum(_CODE.fullmatch(entry) is not None and re.search("[A-Z]", entry) is not None for entry in entries)
    if with_exchange * 2 > len(entries) or (headed and (with_exchange + codes) * 2 > len(entries)):
        return rows
    return rows if with_exchange + codes == len(entries) and recognise(entries[:1]) is None else []
