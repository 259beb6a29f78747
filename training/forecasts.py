"""Run an exported model over many cutoffs and write its quantiles: for backtests, and for anyone who checks us.

    prices -> panel -> cutoffs (every n-th session, or a grid) -> windows -> ONNX -> stretched as the service does
    -> a row per cutoff and horizon

Each window ends at its cutoff, so nothing after it can be read. Needs onnxruntime, not tensorflow.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, LEVELS, Floats
from bellwether.models.onnx_model import OnnxModel
from training.chances import told_chances
from training.evaluate import BATCH, predict
from training.evenings import as_served
from training.panel import Panel, Rows, load_panel
from training.shipped_model import ShippedModel
from training.workers import HERE, Workers

QUANTILES = tuple(f"q{round(level * 100):02}" for level in LEVELS)  # q05 ... q95
COLUMNS = ("symbol", "cutoff", "horizon", "last_close", *QUANTILES, "p_growth")
PART = 16 * BATCH  #: cutoffs that a worker answers at a time: whole batches, so that each is the one it always is


def regular_cutoffs(panel: Panel, first: date, last: date, every: int, least: int) -> Rows:
    """Of each symbol's sessions from `first` to `last`, the first and each `every`-th after it with enough history."""
    inside = (panel.sessions >= np.datetime64(first)) & (panel.sessions <= np.datetime64(last))
    return long_enough(panel, panel.every(np.flatnonzero(inside), every), least)


def grid_cutoffs(panel: Panel, grid: pd.DataFrame, least: int) -> Rows:
    """The rows of the cutoffs in `grid` (symbol, cutoff), in its order; those that cannot be answered are counted."""
    rows = np.flatnonzero(panel.history > 0)
    names = np.array(panel.symbols, dtype=object)[panel.symbol[rows]]
    places = pd.Series(rows, index=pd.MultiIndex.from_arrays([names, panel.sessions[rows].astype("datetime64[s]")]))
    asked = pd.MultiIndex.from_arrays([grid["symbol"], grid["cutoff"]])
    cutoffs = places.reindex(asked).to_numpy()
    known = np.isfinite(cutoffs)
    if not known.all():
        print(f"notice: {(~known).sum()} cutoffs skipped: no bar of that symbol on that day")
    return long_enough(panel, cutoffs[known].astype(np.intp), least)


def long_enough(panel: Panel, rows: Rows, least: int) -> Rows:
    """Those of `rows` with at least `least` sessions of history; the others are counted."""
    enough = panel.history[rows] >= least
    if not enough.all():
        print(f"notice: {(~enough).sum()} cutoffs skipped: fewer than {least} sessions of history")
    return rows[enough]


def read_grid(file: Path) -> pd.DataFrame:
    """A grid of cutoffs: columns symbol (str) and cutoff (datetime64[s]), without repeats."""
    if not file.is_file():
        raise MarketDataError(f"The grid {file} does not exist.")
    try:
        csv = file.suffix.lower() == ".csv"
        grid = pd.read_csv(file, dtype=str, keep_default_na=False) if csv else pd.read_parquet(file)
        missing = [column for column in ("symbol", "cutoff") if column not in grid.columns]
        if missing:
            raise MarketDataError(f"The grid {file.name} lacks the columns {', '.join(missing)}.")
        symbols = grid["symbol"].astype(str).str.strip().str.upper()
        days = pd.to_datetime(grid["cutoff"]).dt.tz_localize(None).dt.normalize().astype("datetime64[s]")
    except (OSError, ValueError, TypeError) as problem:
        raise MarketDataError(f"The grid {file.name} cannot be read: {problem}") from problem
    return pd.DataFrame({"symbol": symbols, "cutoff": days}).drop_duplicates(ignore_index=True)


def forecast_rows(
    model: OnnxModel, panel: Panel, rows: Rows, *, raw: bool = False, workers: Workers = HERE
) -> pd.DataFrame:
    """COLUMNS, one row per cutoff and horizon, in the order of `rows`: as they are served, or `raw` from the graph."""
    asked = (panel, ShippedModel.of(model.folder)) if workers is not HERE else None

    def graph(rows: Rows) -> Floats:
        if asked is None:
            return predict(model.quantiles, panel, rows, "forecasting")
        parts = [rows[start : start + PART] for start in range(0, len(rows), PART)]
        return np.concatenate(workers.map(_answered, asked, parts, "forecasting"))

    quantiles = graph(rows)  # (b, heads, levels)
    if model.card.evening_width and not raw:
        quantiles = as_served(graph, panel, rows, quantiles, model.card.min_history)
    flat: Floats = quantiles.reshape(-1, len(LEVELS))
    names = np.array(panel.symbols, dtype=object)[panel.symbol[rows]]
    frame = {
        "symbol": np.repeat(names, len(HEADS)),
        "cutoff": np.repeat(panel.sessions[rows].astype("datetime64[s]"), len(HEADS)),
        "horizon": np.tile(np.array(HEADS, np.int64), len(rows)),
        "last_close": np.repeat(panel.closes[rows], len(HEADS)),
        **{name: flat[:, level] for level, name in enumerate(QUANTILES)},
        "p_growth": told_chances(None if raw else model.card.rises, panel, rows, quantiles).reshape(-1),
    }
    return pd.DataFrame(frame, columns=list(COLUMNS))


def _answered(asked: tuple[Panel, ShippedModel], rows: Rows) -> Floats:
    """In a worker: raw quantiles at some of the cutoffs."""
    panel, model = asked
    return predict(model.opened().quantiles, panel, rows, "forecasting")


def forecasts(
    files: Sequence[Path],
    folder: Path,
    out: Path,
    cutoffs: Path | tuple[date, date, int],
    earnings: Path | None = None,
    *,
    raw: bool = False,
    workers: Workers = HERE,
) -> None:
    """Write the forecasts at `cutoffs` (a grid file, or first day, last day and stride) to a parquet or csv file."""
    model = OnnxModel(folder)
    least = model.card.min_history
    panel = load_panel(files, earnings, model.card.error_shares)
    if isinstance(cutoffs, Path):
        rows = grid_cutoffs(panel, read_grid(cutoffs), least)
    else:
        rows = regular_cutoffs(panel, *cutoffs, least)
    if len(rows) == 0:
        raise MarketDataError("There is no cutoff to forecast: check the dates and the symbols.")
    known = int((panel.sessions[rows] < np.datetime64(model.card.seen_to)).sum())
    if known:
        print(
            f"notice: {known:,} cutoffs lie before {model.card.seen_to}, up to which {model.card.model_id} has seen "
            "prices: its forecasts there prove nothing"
        )
    frame = forecast_rows(model, panel, rows, raw=raw, workers=workers)
    write_table(frame, out)
    symbols = frame["symbol"].nunique()
    print(f"wrote {len(frame):,} forecasts: {len(rows):,} cutoffs of {symbols} symbols, model {model.card.model_id}")


def write_table(frame: pd.DataFrame, out: Path) -> None:
    """Write a table as csv or parquet, by the file's name."""
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix.lower() == ".csv":
        frame.to_csv(out, index=False)
    else:
        frame.to_parquet(out, index=False)
