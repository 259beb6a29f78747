"""An exported growth model at every report of a table, one row per company, report and horizon. Needs no tensorflow.

fundamentals -> reports of a span, each as known on its day -> quantiles -> parquet or csv
"""

from pathlib import Path

import numpy as np
import pandas as pd

from bellwether.core.errors import MarketDataError
from bellwether.models.quarters import HORIZONS
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue.report_width import widened
from training.forecasts import QUANTILES, write_table
from training.revenue.data import cutoffs, read_companies
from training.revenue.served import widths_before
from training.spans import Dates


def forecasts(file: Path, folder: Path, out: Path, span: Dates, raw: bool) -> None:
    """Write the quantiles at the reports that became known in `span`, as they are served, or `raw` from the graph.

    Raises MarketDataError, ModelError.
    """
    model = GrowthModel(folder)
    every = cutoffs(read_companies(file))
    reports = every
    first, last = (np.datetime64(day) for day in span)
    reports = reports.take(np.asarray((reports.day >= first) & (reports.day <= last)))
    if len(reports) == 0:
        raise MarketDataError(f"The fundamentals hold no report from {span[0]} to {span[1]} that can be forecast from.")
    quantiles = model.quantiles(reports.windows)
    rule = model.card.report_width
    if rule is not None and not raw:
        quantiles = widened(quantiles, widths_before(model.quantiles, every, reports, rule))
    parts = []
    for at, horizon in enumerate(HORIZONS):
        part = pd.DataFrame(
            {"symbol": reports.symbol, "cutoff": reports.day, "period_end": reports.period_end, "horizon": horizon}
        )
        parts.append(part.assign(**{name: quantiles[:, at, column] for column, name in enumerate(QUANTILES)}))
    table = pd.concat(parts).sort_values(["symbol", "cutoff", "horizon"], ignore_index=True)
    write_table(table, out)
    print(f"wrote {len(table):,} rows of {len(set(table['symbol']))} companies to {out}")
