"""Everyone the growth model is compared with, at the same reports.

Whatever is fitted sees outcomes of seen companies inside the training span, whatever is chosen those inside validation.
AutoETS is fitted afresh on each company's own revenue up to the report.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels.api as sm  # type: ignore[import-untyped]
from tqdm import tqdm

from bellwether.core.types import LEVELS, Floats
from bellwether.models.quarters import A_YEAR, HORIZONS, REVENUE
from bellwether.models.revenue_model import LAGS, lagged_growth, plain_quantiles
from training import automatic, boosting, linear
from training.remember import remembered
from training.revenue import train as network
from training.revenue.data import Cutoffs
from training.revenue.features import static_inputs
from training.rivals import Rival

TRIALS = 40  # settings of LightGBM: as many as were tried of the network
PROBES = tuple((at, level) for at in range(len(HORIZONS)) for level in (0.1, 0.5, 0.9))
ETS_COMPANIES, ETS_THIN, ETS_FEWEST = 40, 3, 12  # AutoETS takes its time: these companies, every third report


def simple_rivals(train: Cutoffs, scored: Cutoffs) -> dict[str, Rival]:
    """Those that need the growths alone."""
    usual = np.nanquantile(train.outcomes, LEVELS, axis=0).T  # (horizons, levels)
    last, then = (lagged_growth(reports.windows)[:, :1] for reports in (scored, train))
    moved = np.nanquantile(train.outcomes - then, LEVELS, axis=0).T
    answer = plain_quantiles(scored.windows, autoregression(train))
    return {
        "seasonal": Rival(
            np.broadcast_to(usual, (len(scored), *usual.shape)),
            "Revenue of the same quarter a year before, with the quantiles of growth in training.",
        ),
        "persists": Rival(
            last[:, :, None] + moved,
            "The last growth over a year again, with the quantiles of its change in training.",
        ),
        "autoregression": Rival(answer, f"Quantile regression on the last {LAGS} growths."),
    }


def autoregression(train: Cutoffs) -> Floats:
    """The plain rule's coefficients, (horizons, 1 + LAGS, levels)."""
    return quantile_regression(lagged_growth(train.windows), train.outcomes)


def quantile_regression(inputs: Floats, outcomes: Floats) -> Floats:
    """Koenker and Bassett's (1978) regression: (n, k), (n, horizons) -> weights (horizons, 1 + k, levels)."""
    weights = []
    for at in range(outcomes.shape[1]):
        known = np.isfinite(outcomes[:, at])
        model = sm.QuantReg(outcomes[known, at], sm.add_constant(inputs[known], has_constant="add"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its standard errors, which nobody reads here
            weights.append(np.stack([model.fit(q=level, max_iter=500).params for level in LEVELS], axis=1))
    return np.stack(weights)


def straight(train: Cutoffs, scored: Cutoffs, kept: Path | None) -> Rival:
    """A linear quantile regression on the network's static inputs."""
    x, scored_x = (static_inputs(reports.windows).astype(np.float64) for reports in (train, scored))
    moves = x.std(axis=0) > 1e-6
    mean, deviation = x[:, moves].mean(axis=0), x[:, moves].std(axis=0)
    z, scored_z = (np.clip((part[:, moves] - mean) / deviation, -linear.CLIP, linear.CLIP) for part in (x, scored_x))
    weights = remembered(
        kept, __file__, "linear", (z, train.outcomes), lambda: {"weights": quantile_regression(z, train.outcomes)}
    )["weights"]
    ones = np.ones((len(scored_z), 1))
    lines = np.sort(np.einsum("nk,hkl->nhl", np.concatenate([ones, scored_z], axis=1), weights), axis=2)
    return Rival(lines, f"Quantile regression on the network's {x.shape[1]} static inputs.")


def trees(train: Cutoffs, valid: Cutoffs, scored: Cutoffs, kept: Path | None) -> Rival:
    """Boosted trees on the same inputs."""
    x, valid_x, scored_x = (static_inputs(reports.windows).astype(np.float64) for reports in (train, valid, scored))
    forests = boosting.remembered_fit(kept, (x, train.outcomes, valid_x, valid.outcomes), PROBES, TRIALS)
    return Rival(forests(scored_x), forests.how(TRIALS))


def with_memory(train: Cutoffs, valid: Cutoffs, scored: Cutoffs, recipe: network.RevenueRecipe) -> Rival:
    """The same network and training, LSTMs added: what they would be worth shows here."""
    model = network.fit(train, valid, recipe, recurrent=True).model
    return Rival(np.asarray(model.predict_on_batch(scored.windows)), "The same recipe, two LSTMs added.")


def ets_places(scored: Cutoffs) -> Any:
    """The reports that AutoETS answers, as places in `scored`."""
    names = sorted(set(scored.symbol), key=lambda name: hashlib.sha256(f"ets {name}".encode()).digest())
    long = (scored.windows[:, -ETS_FEWEST:, REVENUE] > 0).all(axis=1)
    places = [np.flatnonzero((scored.symbol == name) & long) for name in names[:ETS_COMPANIES]]
    return np.sort(np.concatenate([rows[turn % ETS_THIN :: ETS_THIN] for turn, rows in enumerate(places)]))


def ets(scored: Cutoffs) -> Rival:
    """AutoETS on the log of revenue, as far back as no quarter is missing."""
    from statsforecast.models import AutoETS

    model = AutoETS(season_length=A_YEAR)
    quantiles = np.empty((len(scored), len(HORIZONS), len(LEVELS)))
    revenues = scored.windows[:, :, REVENUE].astype(np.float64)
    for row, revenue in enumerate(tqdm(revenues, desc="AutoETS", unit="report")):
        gaps = np.flatnonzero(revenue <= 0)
        logs = np.log(revenue[gaps[-1] + 1 if len(gaps) else 0 :])
        year_before = logs[np.array(HORIZONS) - 1 - A_YEAR]
        quantiles[row] = automatic.ahead(model, logs, HORIZONS) - year_before[:, None]
    return Rival(quantiles, "Fitted at each report on the company's own log revenue, season 4; Gaussian intervals.")
