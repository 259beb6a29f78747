"""Everyone the model is compared with, at exactly the same cutoffs.

    training cutoffs -> fits -> validation cutoffs -> choices -> quantiles at the scored cutoffs

Whatever is fitted sees outcomes of seen symbols inside the training span, whatever is chosen those inside validation.
GARCH, ARIMA and ETS are refitted on each symbol's own past, up to the cutoff's year or to the cutoff itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bellwether.core.types import HEADS, Floats
from bellwether.forecasting.metrics import pinball_loss
from training import automatic, baselines, boosting, garch, har, linear, same_inputs
from training.evaluate import POOLED
from training.panel import Panel, Rows
from training.prepare import STRIDE, training_facts
from training.remember import remembered
from training.spans import seen_rows, spans_of, trading

TRAINING_STRIDE = 10  # sessions between the cutoffs that linear models and forests learn from

TITLES = {
    "model": "the model",
    "before": "the recipe before",
    "random_walk": "random walk",
    "gaussian": "EWMA, normal",
    "ewma": "EWMA-FHS (plain rule)",
    "garch": "GARCH(1,1)-t",
    "har": "linear quantile HAR",
    "linear": "linear, same inputs",
    "lightgbm": "LightGBM, same inputs",
    "arima": "AutoARIMA",
    "ets": "AutoETS",
}


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """One forecaster's answers."""

    quantiles: Floats  #: (b, horizons, levels): cumulative log returns, or log growth over a year
    how: str  #: how it was made, in one or two sentences

    def at(self, places: npt.NDArray[np.generic]) -> "Rival":
        """Some of the answers, by mask or by place."""
        return Rival(self.quantiles[places], self.how)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What may be learned from: cutoffs and standardised outcomes (b, heads), NaN where not known inside the span."""

    train: Rows
    train_outcomes: Floats
    valid: Rows
    valid_outcomes: Floats


def lessons(panel: Panel) -> Lessons:
    """Training and validation cutoffs of seen symbols, with the embargo of the horizon."""
    spans = spans_of(panel)
    train = panel.every(spans.judged.rows(panel), TRAINING_STRIDE)
    valid = trading(panel, panel.every(seen_rows(panel, panel.rows_between(*spans.validation)), STRIDE))
    return Lessons(
        train,
        panel.targets(train, spans.training[1]) / panel.deviations(train),
        valid,
        panel.targets(valid, spans.validation[1]) / panel.deviations(valid),
    )


def all_rivals(panel: Panel, rows: Rows, kept: Path | None) -> dict[str, Rival]:
    """Every rival that answers all cutoffs; fits are kept in the folder `kept`."""
    learned = lessons(panel)
    base = np.array(training_facts(panel, spans_of(panel).judged)["standardised_quantiles"])
    rivals = {
        "random_walk": walk(panel, rows, learned),
        "gaussian": Rival(baselines.gaussian(panel, rows), "EWMA(.94) volatility times normal quantiles, no drift."),
        "ewma": Rival(
            baselines.ewma(panel, rows, base), "EWMA(.94) volatility times quantiles of standardised training outcomes."
        ),
        "garch": garch_rival(panel, rows, kept),
        "har": har_rival(panel, rows, learned, kept),
    }
    inputs = same_inputs.inputs(panel, np.concatenate([learned.train, learned.valid, rows]), kept)
    train, valid, scored = np.split(inputs, np.cumsum([len(learned.train), len(learned.valid)]))
    names, market = same_inputs.names()
    model = _linear(train, valid, market, learned, kept, "linear")
    how = f"Pinball regression on the network's {len(names)} static inputs, {model.how}"
    deviations = panel.deviations(rows)[:, :, None]
    rivals["linear"] = Rival(model(scored) * deviations, how)
    forests = boosting.remembered_fit(kept, (train, learned.train_outcomes, valid, learned.valid_outcomes))
    rivals["lightgbm"] = Rival(forests(scored) * deviations, forests.how())
    return rivals


def walk(panel: Panel, rows: Rows, learned: Lessons) -> Rival:
    """The stronger of two random walks, by validation."""
    rules = {
        "the last year's daily returns, grown with the square root of the horizon": baselines.random_walk,
        "the last year's overlapping returns of that many sessions": baselines.overlapping_walk,
    }
    losses = {how: _judge(rule, panel, learned) for how, rule in rules.items()}
    best, *_ = ranked = sorted(losses, key=lambda how: losses[how])
    compared = " against ".join(f"{losses[how]:.4f}" for how in ranked)
    return Rival(rules[best](panel, rows), f"Quantiles of {best}; stronger of two on validation ({compared}).")


def garch_rival(panel: Panel, rows: Rows, kept: Path | None) -> Rival:
    """GARCH(1,1)-t."""

    def make() -> dict[str, Floats]:
        quantiles, short = garch.quantiles(panel, rows)
        return {"quantiles": quantiles, "short": np.array(short)}

    last = int(rows.max()) + 1  # nothing later is read
    answer = remembered(kept, garch.__file__, "garch", (panel.closes[:last], panel.symbol[:last], rows), make)
    return Rival(
        answer["quantiles"],
        "Refitted at the start of each year on the symbol's ten years before; its variance moves on daily, sums of "
        f"days are simulated; Gaussian EWMA at {int(answer['short']):,} cutoffs with less than two years.",
    )


def har_rival(panel: Panel, rows: Rows, learned: Lessons, kept: Path | None) -> Rival:
    """Linear quantile regression on classic inputs."""
    market = tuple(name in har.MARKET for name in har.NAMES)
    train, valid = har.inputs(panel, learned.train), har.inputs(panel, learned.valid)
    model = _linear(train, valid, market, learned, kept, "har")
    how = f"Pinball regression on {len(har.NAMES)} classic inputs (no ^VIX, no echo), {model.how}"
    return Rival(model(har.inputs(panel, rows)) * panel.deviations(rows)[:, :, None], how)


def subset_rivals(panel: Panel, rows: Rows, kept: Path | None) -> dict[str, Rival]:
    """AutoARIMA and AutoETS at these few cutoffs."""
    last = int(rows.max()) + 1
    seen = (panel.closes[:last], rows)
    answer = remembered(kept, automatic.__file__, "subset", seen, lambda: automatic.quantiles(panel, rows))
    how = f"Fitted at each cutoff on the last {automatic.HISTORY} log closes, Gaussian intervals."
    return {name: Rival(quantiles, how) for name, quantiles in answer.items()}


def _linear(
    train: Floats, valid: Floats, market: tuple[bool, ...], learned: Lessons, kept: Path | None, name: str
) -> linear.LinearQuantiles:
    seen = (train, learned.train_outcomes, valid, learned.valid_outcomes)

    def make() -> dict[str, Floats]:
        print(f"fitting the linear model {name} on {len(train):,} cutoffs")
        model = linear.fit(*seen, market, POOLED)
        parts = {"mean": model.mean, "deviation": model.deviation, "weights": model.weights}
        return parts | {"penalty": np.array(model.penalty), "tried": np.array(model.tried)}

    parts = remembered(kept, linear.__file__, [name, market, POOLED], seen, make)
    tried = tuple((float(penalty), float(loss)) for penalty, loss in parts["tried"])
    return linear.LinearQuantiles(parts["mean"], parts["deviation"], parts["weights"], float(parts["penalty"]), tried)


def _judge(rule: Callable[[Panel, Rows], Floats], panel: Panel, learned: Lessons) -> float:
    """Mean standardised validation loss over the pooled horizons."""
    quantiles = rule(panel, learned.valid) / panel.deviations(learned.valid)[:, :, None]
    losses = []
    for head, horizon in enumerate(HEADS):
        known = np.isfinite(learned.valid_outcomes[:, head])
        if horizon in POOLED:
            losses.append(pinball_loss(learned.valid_outcomes[known, head], quantiles[known, head]).mean())
    return float(np.mean(losses))
