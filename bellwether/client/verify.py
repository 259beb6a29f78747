"""Check a downloaded ledger without its service: this file alone, with Python 3.11 or newer and nothing else.

    python verify.py download https://bellwether.example FOLDER     rows and published heads, as files
    python verify.py check FOLDER --proof SAVED --authority ca.pem   what was changed since it was proved
    python verify.py receipt receipt.json --proof SAVED              one forecast

A proof is whatever was saved outside: the text of a message of the operator's channel, an older heads.json, an older
receipt, or a head ROWS:HASH. Whoever runs a service can write its database anew, but none of these. A published head
with an RFC 3161 time stamp counts too once `--authority` names the certificate of who stamped it (`openssl` checks it).

It also counts the forecasts that a dated head proved before their target closed: only these were surely made in time.

Exit status: 0 all agrees with a proof from outside; 1 something is not what it was, or a forecast was made after its
target; 2 a file could not be read; 3 nothing is wrong in itself, and of some of it no proof from outside was at hand,
or some forecast whose target has closed was proved neither before that nor within a day of when it says that it was
made, or none before it closed; of a receipt, its own was not. `check --since DATE` only notes those issued before it.
Rows are read one by one: memory stays small.
"""

import argparse
import base64
import binascii
import gzip
import hashlib
import json
import math
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

#: each is a file NAME.csv of the download; outcomes come after the forecasts that they are of
CHAINS = ("ledger", "outcomes", "growth", "growth_outcomes", "lists", "list_outcomes")
HEADS = "heads.json"
HEADER = "row,content,hash"
START = bytes(32)
SLACK = timedelta(hours=1)  #: that a row may be made before one entered earlier: processes enter at once
_SLACK = SLACK // timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000  #: microseconds, in which instants are told
_SOON = _DAY + _SLACK  #: after a forecast the next head is out: none daily can be before a close that is sooner
_FIRST_CLOSE = 3 * _DAY // 24  #: of a day by UTC: no exchange closes a whole session sooner
_NEVER = 2**62  #: microseconds: proved by no head that has a date
_GAP = timedelta(days=2)  #: between two heads of days that follow one another
_OF = {"outcomes": "ledger", "growth_outcomes": "growth", "list_outcomes": "lists"}  #: whose outcomes
_NAMES = {"ledger": "forecasts", "growth": "forecasts of revenue", "lists": "forecasts of lists"}
_MADE_AT, _TARGET, _KNOWN_ON = 7, 6, 4  #: places in a row of `growth` and `lists`, of `lists`, and of `growth_outcomes`
_HEAD = re.compile(rf"\b({'|'.join(CHAINS)})\s+(\d{{1,15}}):([0-9a-f]{{64}})\b")
_PUBLISHED = re.compile(r"\bpublished (\S+)")
_SEQUENCE, _OCTETS, _TIME, _EXPLICIT = 0x30, 0x04, 0x18, 0xA0  #: tags of DER
_TITLE = re.compile(r"(?=Bellwether ledger heads of )")
_TEXTS = ("row", "forecast_id", "symbol", "cutoff", "horizon", "target", "made_at", "model_id", "source", "shown")
#: the numbers of a receipt, as they were hashed one after the other
_NUMBERS = (
    *("adjusted_close", "quoted_close", "usual_probability_of_growth", "log_returns", "baseline"),
    *("probability_of_growth", "stretched"),
)
_Rows = Iterator[tuple[int, int, bytes, str]]  #: (line, row, content, hash)


class Unreadable(Exception):
    """A file that is not what it should be; the text says which, where and what to do."""


@dataclass(frozen=True, slots=True)
class SavedHead:
    """What somebody knew of the chains at some time."""

    name: str
    at: datetime | None  #: when it was published or stamped, where that is told
    heads: dict[str, tuple[int, str]]  #: chain to rows and the hash of the last, in hexadecimal digits
    outside: bool  #: nobody who can write the service's database can have written it
    by: datetime | None = None  #: when its rows stood there at the latest: of a stamp the authority's time
    stamped: bool = False
    receipt: bool = False


@dataclass(slots=True)
class InTime:
    """How many forecasts whose target has closed, or whose revenue is known, were proved before that."""

    since: int = 0  #: microseconds since 1970: those issued before are only noted
    before: int = 0
    after: int = 0  #: by a later head alone
    undated: int = 0  #: by no head that has a date
    older: int = 0  #: of the last two, those issued before `since`
    late: int = 0  #: of the others, those proved later than a day after they were issued

    @property
    def all(self) -> int:
        """How many there are."""
        return self.before + self.after + self.undated

    @property
    def shown(self) -> bool:
        """Whether those that are not only noted were proved as soon as could be, and some of them in time."""
        return not self.late and (self.before > 0 or self.all == self.older)

    def count(self, proved_by: int, made_at: int, closes: int) -> None:
        """One more, proved, made and closing at these instants, in microseconds since 1970."""
        if proved_by < closes:
            self.before += 1
            return
        self.after += proved_by < _NEVER
        self.undated += proved_by >= _NEVER
        self.older += made_at < self.since
        self.late += made_at >= self.since and proved_by > made_at + _SOON


@dataclass(slots=True)
class Findings:
    """What was found."""

    faults: list[str] = field(default_factory=list)  #: what is not as it was
    notes: list[str] = field(default_factory=list)
    agreed: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)  #: by chain, up to the first fault in it
    proved: dict[str, int] = field(default_factory=dict)  #: by chain, rows before the newest proof from outside
    in_time: dict[str, InTime] = field(default_factory=dict)  #: by chain of forecasts

    @property
    def unproved(self) -> list[str]:
        """The chains that have rows and were held against nothing from outside."""
        return [chain for chain, rows in self.rows.items() if rows and not self.proved.get(chain)]

    @property
    def status(self) -> int:
        """The exit status."""
        shown = self.proved.get("ledger") and all(count.shown for count in self.in_time.values())
        return 1 if self.faults else 0 if shown and not self.unproved else 3


def check(folder: Path, proofs: Sequence[SavedHead], now: datetime, since: date = date(1970, 1, 1)) -> Findings:
    """Follow every chain of a download and hold it against the proofs. Raises Unreadable."""
    report, growth = Findings(), array("q")
    proofs = _without_wrong_dates(proofs, now, report.notes)
    for chain in CHAINS:
        path = _file_of(folder, chain)
        if path is None and chain == "ledger":
            raise Unreadable(f"{folder} has no ledger.csv: download it with `verify.py download ADDRESS {folder}`.")
        contents = _Contents(chain, report, growth, now, since)
        _check_chain(chain, _rows(path) if path is not None else iter(()), proofs, contents, report)
    _tell_gap(proofs, report.notes)
    return report


def _without_wrong_dates(proofs: Sequence[SavedHead], now: datetime, notes: list[str]) -> list[SavedHead]:
    """Take their dates from heads that lie ahead, and from those that a stamp or most others contradict."""
    dated = [each for each in proofs if each.outside and each.by is not None]
    right = [each for each in dated if _by(each) <= _microseconds(now + SLACK)]
    for chain in CHAINS:
        right = _agreeing(right, chain)
    trusted = set(map(id, right))
    wrong = [each for each in dated if id(each) not in trusted]
    if wrong:
        notes.append(
            f"The dates of {len(wrong)} of your heads count for nothing, first that of {wrong[0].name}: they lie "
            "ahead, or a stamp or most others contradict them. A clock was wrong, or a head was dated back."
        )
    unusable = set(map(id, wrong))
    return [replace(each, at=None, by=None) if id(each) in unusable else each for each in proofs]


def _agreeing(proofs: Sequence[SavedHead], chain: str) -> list[SavedHead]:
    """The heads without those whose dates others contradict: more rows of a chain, yet sooner.

    Stamped ones stay, and of those that agree with them the longest sequence in which none does; of several as long one
    that is later, so that nobody gains by it.
    """
    fixed = [each for each in proofs if each.stamped or chain not in each.heads]
    stamped = sorted(((each.heads[chain][0], each) for each in fixed if chain in each.heads), key=lambda pair: pair[0])
    rows = [number for number, _ in stamped]
    first = [-_NEVER, *accumulate((_microseconds(each.at or _EPOCH) for _, each in stamped), max)]
    last = [_NEVER, *accumulate((_by(each) for _, each in reversed(stamped)), min)][::-1]
    others = []
    for proof in proofs:
        number, _ = proof.heads.get(chain, (0, ""))
        agrees = first[bisect_left(rows, number)] <= _by(proof) <= last[bisect_right(rows, number)]
        others += [proof] if agrees and chain in proof.heads and not proof.stamped else []
    others.sort(key=lambda each: (each.heads[chain][0], _by(each)), reverse=True)
    sooner, ends, before = list[int](), list[int](), list[int]()  #: of the best sequence of each length its last
    for place, proof in enumerate(others):
        length = bisect_right(sooner, -_by(proof))
        sooner[length : length + 1], ends[length : length + 1] = [-_by(proof)], [place]
        before.append(ends[length - 1] if length else -1)
    place = ends[-1] if ends else -1
    while place >= 0:
        fixed.append(others[place])
        place = before[place]
    return fixed


def _by(proof: SavedHead) -> int:
    return _microseconds(proof.by) if proof.by is not None else _NEVER


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _tell_gap(proofs: Sequence[SavedHead], notes: list[str]) -> None:
    """Say where heads are missing: the longest time between two."""
    dates = sorted(proof.by for proof in proofs if proof.outside and proof.by is not None)
    gap, until = max(((after - before, after) for before, after in pairwise(dates)), default=(timedelta(), _EPOCH))
    if gap > _GAP:
        notes.append(
            f"Between {(until - gap).date()} and {until.date()} there is no dated head among your proofs: rows entered "
            "meanwhile are proved by the latter alone."
        )


def _file_of(folder: Path, chain: str) -> Path | None:
    paths = (folder / f"{chain}.csv", folder / f"{chain}.csv.gz")
    return next((path for path in paths if path.is_file()), None)


def _proved_by(proofs: Iterable[SavedHead], chain: str) -> list[tuple[int, int]]:
    """(rows, microseconds since 1970) by which so many rows stood there at the latest, those with most rows first."""
    heads = sorted(((each.heads[chain][0], _by(each)) for each in proofs if chain in each.heads), reverse=True)
    return list(zip((rows for rows, _ in heads), accumulate((by for _, by in heads), min), strict=True))


def _check_chain(
    chain: str, rows: _Rows, proofs: Sequence[SavedHead], content_of: "_Contents", report: Findings
) -> None:
    known: dict[int, list[SavedHead]] = {}
    for proof in proofs:
        if chain in proof.heads:
            known.setdefault(proof.heads[chain][0], []).append(proof)
    proved_by = _proved_by((proof for proof in proofs if proof.outside), chain)
    before, number, agreed = START, 0, 0
    for proof in known.pop(0, ()):
        content_of.entered_after(proof)
    for line, row, content, hashed in rows:
        while proved_by and proved_by[-1][0] < row:
            proved_by.pop()
        content_of.proved_by = proved_by[-1][1] if proved_by else _NEVER
        if row != number + 1:
            report.faults.append(
                f"{chain}: line {line} holds row {row} where row {number + 1} belongs. Rows are missing, or their "
                "order was changed; every row after this one breaks too."
            )
            break
        digest = hashlib.sha256(before + content).digest()
        if digest.hex() != hashed or not content_of.check(row, content):
            report.faults.append(
                f"{chain}: row {row} ({content_of.named(content)}) is not what was written, or a row before it was "
                f"changed: its hash does not follow from them. Rows up to {number} follow. Download it again to rule "
                "out a damaged file; every row after this one breaks too."
            )
            break
        before, number = digest, row
        for proof in known.pop(row, ()):
            if proof.heads[chain][1] != hashed:
                report.faults.append(
                    f"{chain}: {proof.name} has another hash of row {row} than this download: rows {agreed + 1} to "
                    f"{row} are not all those that stood there then. They were written anew since."
                )
                continue
            agreed = row
            report.agreed.append(f"{chain}: rows 1 to {row} are those of {proof.name}.")
            if proof.outside:
                report.proved[chain] = row
            content_of.entered_after(proof)
    else:
        for rows_known in sorted(known):
            report.faults.append(
                f"{chain}: {known[rows_known][0].name} knows {rows_known} rows and this download ends at row {number}: "
                "rows at the end were removed, or the download is not complete."
            )
    report.rows[chain] = number


class _Contents:
    """What the rows of one chain say of themselves; only the first fault of a kind is told, for more follow it."""

    def __init__(self, chain: str, report: Findings, growth: "array[int]", now: datetime, since: date) -> None:
        self._chain, self._report, self._now = chain, report, _microseconds(now)
        self.floor = _EPOCH  #: rows from here on were entered after this
        self.proved_by = _NEVER  #: microseconds since 1970: the row stood there at the latest
        self._growth = growth  #: of each forecast of revenue, by when it was proved and when it was made
        self._told: set[str] = set()
        self._forecasts = report.rows.get(_OF.get(chain, ""), 0)  #: that an outcome may belong to
        self._all_known = not report.faults
        self._settled = bytearray(self._forecasts // 8 + 1)  #: a bit for each forecast that has its outcome
        self._in_time = report.in_time.setdefault(_OF.get(chain, chain), InTime((since - _EPOCH.date()).days * _DAY))

    def entered_after(self, head: SavedHead) -> None:
        """The rows from here on are not yet in this head."""
        if head.outside and head.at is not None:
            self.floor = max(self.floor, head.at)

    def check(self, row: int, content: bytes) -> bool:
        """Whether it is a row's content with this number."""
        try:
            if self._chain == "ledger":
                fields = content.split(b"\n", 10)
                self._times(row, int(fields[6]), int(fields[5]))
                return int(fields[0]) == row and len(fields) == 11
            if self._chain == "outcomes":
                number, forecast, _, at, _ = content.split(b"\n", 4)
                self._outcome(row, int(forecast), int(at))
                return int(number) == row
            stored = json.loads(content)
            if self._chain == "lists":
                self._times(row, int(stored[_MADE_AT]), int(stored[_TARGET]))
            elif self._chain == "growth":
                made_at = int(stored[_MADE_AT])
                self._growth.extend((self._proved_by(made_at), made_at))
                self._dated(row, made_at)
            else:
                self._outcome(row, int(stored[1]), int(stored[-1]))
                if self._chain == "growth_outcomes" and 0 < stored[1] <= len(self._growth) // 2:
                    proved_by, made_at = self._growth[2 * stored[1] - 2 : 2 * stored[1]]
                    self._in_time.count(proved_by, made_at, int(stored[_KNOWN_ON]) * _DAY)
            return bool(stored[0] == row)
        except (ValueError, IndexError, TypeError, KeyError, OverflowError, RecursionError):
            return False

    def named(self, content: bytes) -> str:
        """What a row says that it is."""
        parts = content[:400].decode(errors="replace").split("\n")
        if self._chain == "ledger" and len(parts) > 3:
            return f"{parts[1]}, {parts[2]}"
        if self._chain == "outcomes" and len(parts) > 2:
            return f"of forecast {parts[1]}"
        return f"of {self._chain.replace('_', ' ')}"

    def _times(self, row: int, made_at: int, target: int) -> None:
        if made_at >= (target + 1) * _DAY:
            self._tell("late", f"{self._chain}: forecast {row} was made after the session that it is about.")
        if self._now >= (target + 1) * _DAY:
            self._in_time.count(self._proved_by(made_at), made_at, target * _DAY + _FIRST_CLOSE)
        self._dated(row, made_at)

    def _proved_by(self, made_at: int) -> int:
        """When a row stood there; a head that is dated before the row was made has no date that counts."""
        return self.proved_by if made_at <= self.proved_by + _SLACK else _NEVER

    def _dated(self, row: int, made_at: int) -> None:
        if self.floor > _EPOCH and made_at < _microseconds(self.floor - SLACK):
            told = (_EPOCH + timedelta(microseconds=made_at)).isoformat(timespec="seconds")
            self._tell(
                "dated back",
                f"{self._chain}: row {row} says that it is of {told}, but it was not there yet when the head of "
                f"{self.floor.isoformat(timespec='seconds')} was published: it was dated back.",
            )

    def _outcome(self, row: int, forecast: int, at: int) -> None:
        self._dated(row, at)
        if not 0 < forecast <= self._forecasts:
            if self._all_known:
                whose = f"forecast {forecast}, and {_OF[self._chain]} ends at row {self._forecasts}"
                self._tell("unknown", f"{self._chain}: row {row} is an outcome of {whose}: there is no such forecast.")
            return
        place, bit = divmod(forecast, 8)
        if self._settled[place] & 1 << bit:
            self._tell("twice", f"{self._chain}: row {row} is a second outcome of forecast {forecast}.")
        self._settled[place] |= 1 << bit

    def _tell(self, kind: str, fault: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self._report.faults.append(fault)


def _rows(path: Path) -> _Rows:
    """(line, row, content, hash) of each line. Raises Unreadable."""
    again = "Download it again."
    try:
        with gzip.open(path, "rt", encoding="ascii") if path.suffix == ".gz" else path.open(encoding="ascii") as file:
            for line, text in enumerate(file, 1):
                text = text.rstrip("\r\n")
                if text == HEADER or not text:  # each page of the API begins with it
                    continue
                try:
                    row, content, hashed = text.split(",")
                    yield line, int(row), bytes.fromhex(content), hashed
                except ValueError:
                    what = "is cut off or damaged" if text[0].isdecimal() else "is no row of a ledger"
                    raise Unreadable(f"{path.name}, line {line} {what}: {text[:60]!r}. {again}") from None
    except (OSError, UnicodeDecodeError, EOFError, binascii.Error) as problem:
        raise Unreadable(f"{path.name} cannot be read to its end: {problem}. {again}") from None


def read_proofs(path: Path, authority: Path | None, notes: list[str], *, outside: bool) -> list[SavedHead]:
    """The proofs in a file: heads.json, a receipt, or text with lines such as `ledger 120:9f86...`.

    Raises Unreadable.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Unreadable(f"The proof {path.name} cannot be read: {problem}.") from None
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict) and "hash_before" in content:
        return [_of_receipt(content, path.name)]
    if isinstance(content, dict) and isinstance(content.get("items"), list):
        if outside and not content["items"]:
            notes.append(f"{path.name} is empty: no head was published when it was saved, so it proves nothing.")
        items = (_of_item(item, path.name, authority, notes, outside) for item in content["items"])
        return [proof for proof in items if proof is not None]
    statements = (lines for part in _TITLE.split(text) for lines in _alone(part))
    proofs = [proof for lines in statements if (proof := of_statement(lines, path.name, outside=outside))]
    if not proofs:
        what = "neither heads.json, nor a receipt, nor a line such as ledger 120:9f86..."
        raise Unreadable(f"{path.name} holds no head: {what}")
    return proofs


def of_statement(text: str, name: str, *, outside: bool, at: datetime | None = None) -> SavedHead | None:
    """The proof that a statement of heads is; None where it holds no head."""
    heads = {chain: (int(rows), hashed) for chain, rows, hashed in _HEAD.findall(text)}
    if at is None and (told := _PUBLISHED.search(text)):
        at = _instant(told[1])
    when = f", published {at.isoformat(timespec='seconds')}" if at is not None else ""
    return SavedHead(f"the head in {name}{when}", at, heads, outside, by=at) if heads else None


def _alone(text: str) -> list[str]:
    """A statement; where it names more than one head of a chain, as noted lines may, each line is one by itself."""
    chains = [chain for chain, _, _ in _HEAD.findall(text)]
    return [text] if len(chains) == len(set(chains)) else text.splitlines()


def of_head(text: str) -> SavedHead:
    """The proof that a head ROWS:HASH of the ledger is. Raises Unreadable."""
    if not re.fullmatch(r"\d{1,15}:[0-9a-f]{64}", text.strip()):
        raise Unreadable(f"{text[:80]!r} is no head; it should be as printed: ROWS:HASH, 64 digits.")
    rows, _, hashed = text.strip().partition(":")
    return SavedHead("the head that you noted", None, {"ledger": (int(rows), hashed)}, True)


def _of_receipt(receipt: dict[str, Any], name: str) -> SavedHead:
    faults = receipt_faults(receipt)
    faults += ["it is of the sample market and stands in no ledger."] if receipt.get("source") == "sample" else []
    if faults:
        raise Unreadable(f"The receipt {name} is no proof: {faults[0]}")
    heads = {"ledger": (int(receipt["row"]), receipt["hash"])}
    return SavedHead(f"the receipt {name}", None, heads, outside=True, receipt=True)


def _of_item(item: Any, name: str, authority: Path | None, notes: list[str], outside: bool) -> SavedHead | None:
    """A published head of heads.json, with its time stamp where it has one."""
    if not isinstance(item, dict) or not isinstance(item.get("statement"), str):
        raise Unreadable(f"{name} has an item without a statement; it is no list of published heads.")
    statement, why = item["statement"], ""
    told = of_statement(statement, name, outside=outside)
    if not item.get("stamp"):
        return told
    try:
        stamp = base64.b64decode(str(item["stamp"]), validate=True)
        digest, at = read_stamp(stamp)
        if digest != hashlib.sha256(statement.encode()).digest():
            why = "is of another statement, and counts for nothing."
        elif unsigned := _not_signed(stamp, digest, at, authority):
            why = f"was not counted: {unsigned}"
    except (ValueError, IndexError) as problem:
        why = f"cannot be read ({problem or 'it is damaged'}) and counts for nothing."
    if why:
        notes.append(f"The time stamp of {item.get('day')} {why}")
        return told
    # rows may have been entered between the head and a stamp that came hours later, so the head's own time counts
    own = None if _PUBLISHED.search(statement) else at
    proof = of_statement(statement, f"{name}, stamped", outside=True, at=own)
    return replace(proof, at=min(proof.at or at, at), by=at, stamped=True) if proof is not None else None


def read_stamp(stamp: bytes) -> tuple[bytes, datetime]:
    """What an RFC 3161 answer says: the digest and the time. Its signature is not looked at. Raises ValueError."""
    answer = _listed(_inside(stamp, _SEQUENCE))
    if len(answer) < 2:
        raise ValueError("the authority refused")
    signed = _listed(_inside(_of(_listed(_of(answer, 1, _SEQUENCE)), 1, _EXPLICIT), _SEQUENCE))
    packed = _inside(_of(_listed(_of(signed, 2, _SEQUENCE)), 1, _EXPLICIT), _OCTETS)
    facts = _listed(_inside(packed, _SEQUENCE))
    digest = _of(_listed(_of(facts, 2, _SEQUENCE)), 1, _OCTETS)
    told = _of(facts, 4, _TIME).decode("ascii").rstrip("Z").partition(".")[0]
    return digest, datetime.strptime(told, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _inside(der: bytes, tag: int) -> bytes:
    """The content of a value that stands alone. Raises ValueError."""
    values = _listed(der)
    if len(values) != 1:
        raise ValueError("it is not of the form of RFC 3161")
    return _of(values, 0, tag)


def _of(values: Sequence[tuple[int, bytes]], at: int, tag: int) -> bytes:
    """The content of the value at a place, which is of that tag. Raises ValueError."""
    if at >= len(values) or values[at][0] != tag:
        raise ValueError("it is not of the form of RFC 3161")
    return values[at][1]


def _listed(der: bytes) -> list[tuple[int, bytes]]:
    """(tag, content) of each DER value in a row. Raises ValueError.

    Strict, as what `openssl` reads is to be the same: BER would let one length hide values that the other reader sees.
    """
    at, values = 0, []
    while at < len(der):
        if at + 2 > len(der) or der[at] & 0x1F == 0x1F:
            raise ValueError("it is cut off or has a long tag")
        tag, size, at = der[at], der[at + 1], at + 2
        if size & 0x80:
            more = size & 0x7F
            size = int.from_bytes(der[at : at + more], "big")
            if not more or at + more > len(der) or size < 0x80 or not der[at]:
                raise ValueError("a length in it is not as DER writes it")
            at += more
        if at + size > len(der):
            raise ValueError("it is cut off")
        values.append((tag, der[at : at + size]))
        at += size
    return values


def _not_signed(stamp: bytes, digest: bytes, at: datetime, authority: Path | None) -> str:
    """Why a stamp's signature does not count; empty where it is the authority's."""
    if authority is None:
        return "name the authority's certificate by --authority, and its signature is checked."
    program = shutil.which("openssl")
    if program is None:
        return "its signature is checked by the program openssl, which is not installed."
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "stamp.tsr")
        file.write_bytes(stamp)
        command = [program, "ts", "-verify", "-digest", digest.hex(), "-in", str(file), "-CAfile", str(authority)]
        command += ["-attime", str(int(at.timestamp()))]  # a certificate that has run out since was good then
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"it is not signed by {authority.name}, or not by a certificate good then."


def receipt_faults(receipt: dict[str, Any]) -> list[str]:
    """What is wrong with a receipt in itself: its hash, and what it says beside what was hashed."""
    try:
        content = bytes.fromhex(receipt["content"])
        if hashlib.sha256(bytes.fromhex(receipt["hash_before"]) + content).hexdigest() != receipt["hash"]:
            return ["its hash is not that of its content and the hash before: one of them was changed."]
        *texts, rest = content.split(b"\n", len(_TEXTS))
        hashed = dict(zip(_TEXTS, (text.decode() for text in texts), strict=True))
        told = {name: str(receipt[name]) for name in ("row", "forecast_id", "symbol", "horizon", "model_id", "source")}
        told |= {"cutoff": str((date.fromisoformat(receipt["cutoff"]) - date(1970, 1, 1)).days)}
        told |= {"target": str((date.fromisoformat(receipt["target_session"]) - date(1970, 1, 1)).days)}
        made_at = datetime.fromisoformat(receipt["made_at"]) - _EPOCH
        told |= {"made_at": str(made_at // timedelta(microseconds=1)), "shown": str(int(receipt["shown"]))}
        wrong = [name for name, text in told.items() if hashed[name] != text]
        wrong += [] if rest[:32].hex() == receipt["bars_sha256"] else ["bars_sha256"]
        numbers = struct.unpack(f"<{(len(rest) - 32) // 8}d", rest[32:])
        at = 0
        for name in _NUMBERS:  # rows of earlier versions lack the last two
            said = receipt[name] if isinstance(receipt[name], list) else [receipt[name]]
            there = [None if math.isnan(number) else number for number in numbers[at : at + len(said)]]
            at += len(said)
            wrong += [name] if there and there != said else []
    except (ValueError, KeyError, TypeError, struct.error, AttributeError) as problem:
        return [f"it is no whole receipt ({type(problem).__name__}: {problem}); save it again."]
    return [f"it says another {name} than what was hashed." for name in wrong]


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def download(address: str, folder: Path, key: str = "", say: Callable[[str], None] | None = None) -> None:
    """Save the rows of every chain and the published heads as files. Raises Unreadable."""
    base, tell = address.rstrip("/"), say or _tell_line
    if base and "://" not in base:
        raise Unreadable(f"{address} is no whole address: it begins with https://, or http:// on your own machine.")
    folder.mkdir(parents=True, exist_ok=True)
    # the heads come before the rows: one that is published meanwhile knows more than was saved
    items, cursor = list[Any](), ""
    while cursor is not None:
        url = f"{base}/api/v1/ledger/heads?limit=1000{cursor and f'&cursor={cursor}'}"
        answer = json.loads(_get(url, key, "application/json")[0])
        items += answer["items"]
        if answer.get("note"):
            tell(f"note {answer['note']}")
        cursor = answer.get("next_cursor")
    (folder / HEADS).write_text(json.dumps({"items": items}), encoding="utf-8")
    for chain in CHAINS:
        following: str | None = f"/api/v1/ledger/rows?chain={chain}&limit=10000"
        draft = folder / f"{chain}.csv.part"
        with draft.open("wb") as file:
            while following:
                page, following = _get(f"{base}{following}", key, "text/csv")
                file.write(page if page.endswith(b"\n") or not page else page + b"\n")
        draft.replace(folder / f"{chain}.csv")
        tell(f"{chain}.csv is saved.")
    if items:
        tell(f"{HEADS} is saved. Keep a copy of it where the operator cannot reach: next year it is your proof.")
    else:
        tell(f"note {HEADS} is saved, but empty: no head is published yet, so it proves nothing. Try again later.")


def _get(url: str, key: str, kind: str) -> tuple[bytes, str | None]:
    headers = {"Accept": kind} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            link = re.match(r'<([^>]+)>; rel="next"', answer.headers.get("Link") or "")
            return answer.read(), link[1] if link else None
    except urllib.error.HTTPError as problem:
        with problem:
            told = problem.read(300).decode(errors="replace")
        raise Unreadable(f"{url} answered {problem.code}: {told}") from None
    except (OSError, ValueError) as problem:
        raise Unreadable(f"{url} could not be asked: {problem}") from None


def _tell_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell_all(report: Findings) -> None:
    for mark, texts in (("FAIL", report.faults), ("ok  ", report.agreed), ("note", report.notes)):
        for text in texts:
            _tell_line(f"{mark} {text}")


def _say(report: Findings, proofs: Sequence[SavedHead]) -> int:
    _tell_all(report)
    count, proved = report.rows.get("ledger", 0), report.proved.get("ledger", 0)
    if report.faults:
        return report.status
    if not count:
        _tell_line("note There is no forecast in this ledger: of a sample market, or before the first, none is in it.")
    elif not proved:
        _tell_line(
            f"note {count} forecasts follow from one another, but nothing from outside was held against them: whoever "
            "has the database could have written all of it anew. Name a saved head, message or receipt by --proof, or "
            "a head by --head."
        )
    else:
        later = f" The {count - proved} after it are newer than your proof." if count > proved else ""
        mark = "ok  " if report.in_time["ledger"].shown else "note"
        _tell_line(f"{mark} Forecasts 1 to {proved} are what stood there when your newest proof was made.{later}")
        for chain, timed in report.in_time.items():
            _say_in_time(chain, timed)
        if any(proof.by is not None and proof.outside and not proof.stamped for proof in proofs):
            whose = "those that they tell of themselves: see that they are those of the messages in the channel."
            _tell_line(f"note Dates of heads without a stamp are {whose}")
    for chain in report.unproved if proved else ():
        _tell_line(
            f"note {chain}: {report.rows[chain]} rows follow from one another, but nothing from outside was held "
            "against them. A saved heads.json or a message of the channel has the heads of all chains."
        )
    return report.status


def _say_in_time(chain: str, timed: InTime) -> None:
    closed = "whose outcome is known" if chain == "growth" else "whose target has closed"
    close = "that" if chain == "growth" else "that close"
    if timed.all:
        _tell_line(
            f"{'ok  ' if timed.before == timed.all else 'note'} {timed.before} of {timed.all} {_NAMES[chain]} {closed} "
            f"were proved by a head dated before {close}; {timed.after} only by a later one, {timed.undated} by none "
            "with a date."
        )
    if timed.older:
        _tell_line(f"note {timed.older} {_NAMES[chain]} not proved by then were issued before the date of --since.")
    if timed.late:
        _tell_line(
            f"note {timed.late} {_NAMES[chain]} {closed} were proved neither by then nor within a day of when they say "
            "that they were made: whoever has the database could have written them anew. Name the heads of those days; "
            "of a ledger that began without heads, its first head's day by --since."
        )


def main(arguments: Sequence[str] | None = None, now: datetime | None = None) -> int:
    """Run a command; the exit status."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Check a Bellwether ledger from outside.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("check", "folder of a download"), ("receipt", "a receipt, as JSON")):
        command = commands.add_parser(name)
        command.add_argument("path", type=Path, help=what)
        command.add_argument("--proof", type=Path, action="append", default=[], help="a file saved outside; repeatable")
        command.add_argument("--head", action="append", default=[], help="a head noted outside, ROWS:HASH")
        command.add_argument("--authority", type=Path, help="certificate (PEM) of the authority of time stamps")
        if name == "check":
            told = "only note forecasts issued before it, where they were proved late: the day of the first head"
            command.add_argument("--since", type=date.fromisoformat, default=_EPOCH.date(), metavar="DATE", help=told)
    fetching = commands.add_parser("download")
    fetching.add_argument("address", help="such as https://bellwether.example")
    fetching.add_argument("path", type=Path, help="folder to write to")
    fetching.add_argument("--key", default="", help="an API key, where many rows are asked for")
    given, now = parser.parse_args(arguments), now or datetime.now(UTC)
    try:
        if given.command == "download":
            download(given.address, given.path, given.key)
            return 0
        if given.authority is not None and not given.authority.is_file():
            raise Unreadable(f"There is no file {given.authority}: --authority names the certificate (PEM).")
        notes: list[str] = []
        proofs = [proof for path in given.proof for proof in read_proofs(path, given.authority, notes, outside=True)]
        proofs += [of_head(text) for text in given.head]
        if given.command == "check":
            own = given.path / HEADS
            proofs += read_proofs(own, given.authority, notes, outside=False) if own.is_file() else []
            report = check(given.path, proofs, now, given.since)
            report.notes[:0] = notes
            return _say(report, proofs)
        return _check_receipt(given.path, proofs, now, notes)
    except Unreadable as problem:
        _tell_line(f"FAIL {problem}")
        return 2


def _check_receipt(path: Path, proofs: Sequence[SavedHead], now: datetime, notes: list[str]) -> int:
    try:
        receipt = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(receipt, dict) and "row" not in receipt and receipt.get("detail"):
            raise Unreadable(f"{path.name} is no receipt, but the service's answer: {receipt['detail']}")
        row, hashed = int(receipt["row"]), str(receipt["hash"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        lacks = f"it has no {problem}" if isinstance(problem, KeyError) else problem
        raise Unreadable(f"{path.name} is no receipt: {lacks}. Save ADDRESS/api/v1/receipts/ID as it is.") from None
    report = Findings(faults := receipt_faults(receipt), notes)
    contents = _Contents("ledger", report, array("q"), now, _EPOCH.date())
    for proof in _without_wrong_dates(proofs, now, notes):
        rows, known = proof.heads.get("ledger", (0, ""))
        if rows != row:
            notes.append(f"{proof.name} tells nothing of row {row} alone: `check` holds a whole download against it.")
            if known and rows < row:
                contents.entered_after(proof)
        elif known != hashed:
            faults.append(f"{proof.name} has another hash of row {row}.")
        elif proof.receipt:
            notes.append(f"{proof.name} proves no other copy of it: whoever has the database can make both.")
        elif proof.outside:
            contents.proved_by = min(contents.proved_by, _by(proof))
            report.proved["ledger"] = row
    if not faults:
        contents.check(row, bytes.fromhex(receipt["content"]))
    report.faults = [f"The receipt of row {row}: {fault}" for fault in faults]
    report.agreed = [f"The receipt of row {row} says what was hashed, and its hash follows from it: {hashed}."]
    if receipt.get("source") == "sample":
        notes.append("It is of the sample market and stands in no ledger: it shows how one is checked, no more.")
        report.proved.clear()
    else:
        if not report.in_time["ledger"].shown:
            notes.append("Its target has closed, and no head of its own row that you named is dated before that close.")
        notes.append("What came of it is not in this hash; outcomes have a chain of their own.")
        later = f"`verify.py check FOLDER --proof {path.name}` shows later that rows 1 to {row} still stand."
        notes.append(f"Keep it: {later}")
    _tell_all(Findings(report.faults) if faults else report)
    return report.status


if __name__ == "__main__":
    sys.exit(main())
