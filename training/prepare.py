"""Prices in, one prepared panel out: checked, laid out, split by date and by symbol.

    price files -> read_series -> build_panel -> facts of the split: base quantiles, input ranges -> prepared/

Everything that is fitted here (base quantiles, input ranges, climatology) sees the training cutoffs of a split only.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.core.types import HEADS, LEVELS, Bars, Floats, to_date
from bellwether.market.earnings.file import read_report_days
from bellwether.market.earnings.report_days import error_shares, places, prediction_errors
from training.panel import (
    MIN_HISTORY,
    NO_ERRORS,
    Panel,
    ReportDays,
    build_panel,
    extended,
    missing_market,
    read_series,
)
from training.spans import UNSEEN_SHARE, Spans, Split, is_unseen, seen_rows, spans_of, trading
from training.work import PRICES

STRIDE = 5  # sessions between the cutoffs that are scored: neighbours say nearly the same


def prepare(files: Sequence[Path], work: Path, source: str, earnings: Path | None = None) -> None:
    """Write `prepared.npz` (the panel) and `prepared.json` (the facts fitted on the training span) into `work`.

    Raises MarketDataError for prices without a market series, and for `earnings` that tell nothing of these prices.
    """
    series, dropped = read_series(files)
    lacking = missing_market(series)
    if lacking:
        raise MarketDataError(f"Training needs the market series {' and '.join(lacking)} among the prices.")
    report_days = read_report_days(earnings) if earnings else {}
    last = max(bars.sessions[-1] for bars in series.values())
    shares = usual_errors(series, report_days, Spans.up_to(to_date(last)).training[1])
    panel = build_panel(series, report_days, shares)
    if earnings and not panel.reported.any():
        raise MarketDataError(
            f"{earnings.name} tells no day of a report within these prices. "
            "Check its symbols and dates, or leave it out."
        )
    reports = {"error_shares": shares.tolist(), "symbols": len(report_days.keys() & series.keys())}
    facts = training_facts(panel, spans_of(panel).judged) | {
        "reports": reports,
        "spans": told_spans(panel),
        "data": describe(panel, files, source)
        | (describe_reports(earnings, report_days) if earnings and report_days else {}),
    }
    save(work, panel, facts)
    print_summary(panel, facts, dropped)


def save(work: Path, panel: Panel, facts: dict[str, Any]) -> None:
    """Leave a panel and its facts for `load`."""
    PRICES.write_prepared(work, {name: getattr(panel, name) for name in Panel.__slots__}, facts)


def load(work: Path) -> tuple[Panel, dict[str, Any]]:
    """What `prepare` wrote. Raises MarketDataError when it has not been run."""
    arrays, facts = PRICES.read_prepared(work)
    arrays["symbols"] = tuple(str(symbol) for symbol in arrays["symbols"])
    return Panel(**arrays), facts


def told_spans(panel: Panel) -> dict[str, list[str]]:
    """The card's spans of dates."""
    spans = spans_of(panel)
    return {"training": list(spans.training), "validation": list(spans.validation), "test": list(spans.test)}


def usual_errors(series: dict[str, Bars], report_days: ReportDays, last: str) -> Floats:
    """How often a report comes so many sessions after its predicted day, (len(REPORT_ERRORS),), up to `last`."""
    errors = []
    for symbol in report_days.keys() & series.keys():
        axis = extended(series[symbol].sessions, symbol)
        days, _ = report_days[symbol]
        inside = (days >= axis[0]) & (days <= min(axis[-1], np.datetime64(last)))
        errors.append(prediction_errors(axis, places(axis, days[inside])))
    together = np.concatenate(errors) if errors else np.array([], np.int64)
    return error_shares(together) if len(together) else NO_ERRORS


def training_facts(panel: Panel, split: Split) -> dict[str, Any]:
    """Base quantiles (heads, levels), share of rises (heads,) and input ranges, from what the split may see."""
    rows = split.rows(panel)
    last = split.training[1]
    targets = panel.targets(rows, last)
    if len(rows) == 0 or np.isfinite(targets).sum(axis=0).min() < 1000:
        raise MarketDataError(f"The prices hold too little before {last} to train on.")
    scaled = targets / panel.deviations(rows)
    moves = np.abs(np.diff(np.log(panel.closes)))[rows - 1]  # the return that ends at each row
    volatility = panel.volatility[rows]
    input_range = {
        "daily_volatility": [float(volatility.min()), float(volatility.max())],
        "abs_log_return": float(moves.max()),
    }
    return {
        "standardised_quantiles": np.nanquantile(scaled, LEVELS, axis=0).T.tolist(),
        "climatology": [float(np.mean(column[np.isfinite(column)] > 0)) for column in targets.T],
        "input_range": input_range,
        "training_rows": len(rows),
    }


def describe(panel: Panel, files: Sequence[Path], source: str) -> dict[str, Any]:
    """The card's `data`: what the model learned from."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    days = panel.sessions[panel.history > 0]
    return {
        "source": source,
        "symbols": list(panel.symbols),
        "unseen_symbols": [symbol for symbol in panel.symbols if is_unseen(symbol)],
        "first": str(days.min()),
        "last": str(days.max()),
        "rows": len(days),
        "sha256": digest.hexdigest(),
        "trained_to": spans_of(panel).training[1],
    }


def describe_reports(file: Path, report_days: ReportDays) -> dict[str, Any]:
    """The card's `data.earnings`: which days of reports it was told of."""
    days = np.concatenate([days for days, _ in report_days.values()])
    return {
        "earnings": {
            "file": file.name,
            "companies": len(report_days),
            "rows": len(days),
            "first": str(days.min()),
            "last": str(days.max()),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
    }


def print_summary(panel: Panel, facts: dict[str, Any], dropped: int) -> None:
    """What was made, in counts."""
    data = facts["data"]
    print(f"prepared {data['rows']:,} bars of {len(panel.symbols)} symbols, {data['first']} to {data['last']}")
    print(f"  {dropped} rows dropped for lack of a date or a positive close")
    spans = spans_of(panel)
    for name, span in (("training", spans.training), ("validation", spans.validation), ("test", spans.test)):
        rows = panel.rows_between(*span)
        seen, unseen = (len(trading(panel, seen_rows(panel, rows, s))) for s in (True, False))
        print(f"  {name:10} to {span[1]}: {seen:9,} cutoffs of seen symbols, {unseen:8,} of unseen ones")
    marked = np.unique(panel.symbol[panel.reported > 0])
    print(f"  days of reports of {len(marked)} symbols are known")
    print(f"  a cutoff needs {MIN_HISTORY} bars; unseen: sha256(symbol) % {UNSEEN_SHARE} == 0")
    print("  base quantiles, in EWMA standard deviations:")
    for head, row in zip(HEADS, facts["standardised_quantiles"], strict=True):
        print(f"    {head:2} sessions  " + "  ".join(f"{value:+.3f}" for value in row))
    low, high = facts["input_range"]["daily_volatility"]
    print(f"  daily volatility {low:.4f} to {high:.4f}, largest move {facts['input_range']['abs_log_return']:.2f}")
