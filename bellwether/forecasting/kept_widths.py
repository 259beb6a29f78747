"""By how much ranges are stretched after each session: as it is kept, as it comes with a model, as it was worked out.

An evening's numbers are in the database. The sample market has none: a file beside the model tells those of each of its
sessions. Those of other days of the past are worked out when somebody asks, and remembered.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import date
from zipfile import BadZipFile

import numpy as np
from cachetools import LRUCache, TTLCache

from bellwether.core.announcement import Announcement
from bellwether.core.calibration import EveningWidth
from bellwether.core.errors import StoreError
from bellwether.core.types import Floats, Ints, Sessions, to_date
from bellwether.db.database import Store
from bellwether.forecasting import evening_width_table
from bellwether.forecasting.forecaster import RawHeads
from bellwether.models.onnx_model import OnnxModel

SAMPLE_FILE = "sample_evenings.npz"  #: beside a model's `card.json`
LOOK_AGAIN = 20.0  #: seconds after which it is looked for an evening that was entered or replaced meanwhile
MAKE_AGAIN = 300.0  #: seconds after which one that was worked out is made anew: more bars may be at hand
_MOST_DAYS = 512  #: evenings remembered
_MOST_RAW = 8192  #: forecasts of one stock and session remembered, .6 kB each: of forty stocks two hundred sessions
_SCALE = 10_000  #: the file holds whole ten-thousandths
log = logging.getLogger(__name__)
_Key = tuple[str, str, date]  #: source, model and session
#: a symbol, the digest of all bars that were read, and what was known of its reports: the same whenever it is made
_Read = tuple[str, bytes, tuple[Announcement, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One stock after one session."""

    raw: RawHeads | None  #: what was forecast then; None where nothing could be
    log_return: float | None  #: into this session, from the one before; None where it is not known, or in doubt


class KeptWidths:
    """The evenings of one service. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        """Nothing is read before it is asked for."""
        self._store = store
        self._kept: LRUCache[_Key, tuple[float, EveningWidth | None]] = LRUCache(_MOST_DAYS)
        self._samples: dict[str, SampleEvenings | None] = {}
        self._lock = threading.Lock()
        #: worked out, by whoever holds `making`; that nothing could be learned is not remembered
        self.made: TTLCache[_Key, EveningWidth] = TTLCache(_MOST_DAYS, MAKE_AGAIN)
        self.seen: LRUCache[tuple[_Key, _Read], Seen] = LRUCache(_MOST_RAW)  #: by whoever holds `making`
        self.making = threading.Lock()

    def newest(self, source: str, model_id: str, until: date) -> EveningWidth | None:
        """The newest evening in the database up to a session; None where there is none, or it cannot be read."""
        key, now = (source, model_id, until), time.monotonic()
        with self._lock:
            looked_at, kept = self._kept.get(key, (-LOOK_AGAIN, None))
        if now - looked_at < LOOK_AGAIN:
            return kept
        try:
            with self._store.glance() as db:
                kept = evening_width_table.newest(db, source, model_id, until)
        except StoreError as problem:
            log.warning("The widths of the evenings cannot be read: %s", problem.for_operator)
        with self._lock:
            self._kept[key] = (now, kept)
        return kept

    def look_again(self) -> None:
        """Something has just been entered or replaced by this process."""
        with self.making:
            self.made.clear()
        with self._lock:
            self._kept.clear()

    def of_sample(self, model: OnnxModel, until: date) -> EveningWidth | None:
        """The newest evening of the sample market that the model's own file has up to a session."""
        name = model.card.model_id
        if name not in self._samples:
            self._samples[name] = read_sample(model)
        evenings = self._samples[name]
        return evenings.newest(until) if evenings is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class SampleEvenings:
    """Every evening of the sample market for one model."""

    sessions: Sessions  #: (n,)
    model: Floats  #: (n, heads)
    plain: Floats  #: (n, heads)
    stocks: Ints  #: (n,)

    def newest(self, until: date) -> EveningWidth | None:
        """The newest one up to a session."""
        at = int(np.searchsorted(self.sessions, np.datetime64(until), side="right")) - 1
        if at < 0:
            return None
        model, plain = tuple(self.model[at].tolist()), tuple(self.plain[at].tolist())
        return EveningWidth(to_date(self.sessions[at]), int(self.stocks[at]), model, plain)


def read_sample(model: OnnxModel) -> SampleEvenings | None:
    """What lies beside the model; None where nothing does, or it is of another export."""
    try:
        with (model.folder / SAMPLE_FILE).open("rb") as file, np.load(file) as archive:
            if str(archive["sha256"]) != model.card.sha256:
                log.warning("%s of %s is of another export and is not used.", SAMPLE_FILE, model.card.model_id)
                return None
            return SampleEvenings(
                archive["days"].astype("datetime64[D]"),
                np.round(archive["model"] / _SCALE, 4),
                np.round(archive["plain"] / _SCALE, 4),
                archive["stocks"].astype(np.int64),
            )
    except (OSError, EOFError, ValueError, LookupError, BadZipFile) as problem:
        if not isinstance(problem, FileNotFoundError):
            log.warning("%s of %s cannot be read: %s", SAMPLE_FILE, model.card.model_id, problem)
        return None


def write_sample(model: OnnxModel, evenings: list[EveningWidth]) -> None:
    """Put the evenings of the sample market beside the model."""
    np.savez_compressed(
        model.folder / SAMPLE_FILE,
        sha256=np.array(model.card.sha256),
        days=np.array([evening.session for evening in evenings], "datetime64[D]").astype(np.int32),
        model=np.round(np.array([evening.model for evening in evenings]) * _SCALE).astype(np.int16),
        plain=np.round(np.array([evening.plain for evening in evenings]) * _SCALE).astype(np.int16),
        stocks=np.array([evening.stocks for evening in evenings], np.int16),
    )
