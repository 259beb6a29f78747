"""Train the network twice on the sample market: on what happened, and on outcomes dealt out to other cutoffs at random.

The skill of each is that against the plain rule on the validation span, pooled over 1 to 21 sessions.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from unittest.mock import patch

import numpy as np

from bellwether.core.types import HEADS
from bellwether.forecasting.inputs import Float32s
from bellwether.market.sample import SampleProvider
from training import fit, train
from training.baselines import ewma
from training.evaluate import POOLED
from training.model import DROPOUT, Network, build_network
from training.panel import Panel, Rows, build_panel
from training.prepare import STRIDE, training_facts
from training.range_recipe import RangeRecipe
from training.samples import make_sample
from training.scores import against
from training.spans import spans_of, trading
from training.windows import spread_truth, truth

SMALL = RangeRecipe(
    spread_batches=40,
    spread_batch=128,
    epochs=1,
    batches_per_epoch=40,
    batch=128,
    averaging=0.95,
)
Outcome = Callable[[Panel, Rows, str], Float32s]


def dealt_out(rng: np.random.Generator) -> tuple[Callable[..., Float32s], Callable[..., Float32s]]:
    """`truth` and `spread_truth` with the outcomes of a batch, in standard deviations, in random order."""

    def truth_of_others(panel: Panel, rows: Rows, last: str) -> Float32s:
        own = truth(panel, rows, last)
        other = own[rng.permutation(len(rows))]
        known = (own[:, :, 1] > 0) & (other[:, :, 1] > 0)
        standardised = other[:, :, 0] * other[:, :, 1]
        outcome = np.divide(standardised, own[:, :, 1], out=np.zeros_like(standardised), where=known)
        return np.stack([outcome, own[:, :, 1] * known], axis=2)

    def spread_of_others(panel: Panel, path: np.ndarray, rows: Rows, last: str) -> Float32s:
        return spread_truth(panel, path, rows, last)[rng.permutation(len(rows))]

    return truth_of_others, spread_of_others


@contextmanager
def one_network() -> Iterator[None]:
    """Inside it each fit of these settings is handed the network of the first, as it was when that one began.

    Most of a small fit is TensorFlow drawing up its graphs, and they are the same ones.
    """
    compiled = fit.compiled
    networks: list[tuple[Network, Any]] = []
    optimizers: dict[int, tuple[Any, Any]] = {}  #: by model, with what their variables began with

    def built(standardised: Any) -> Network:
        if not networks:
            network = build_network(standardised)
            networks.append((network, network.quantiles.get_weights()))
        ((network, weights),) = networks
        network.quantiles.trainable = True
        network.quantiles.get_layer("dropout").rate = DROPOUT
        network.quantiles.set_weights(weights)
        return network

    def compiled_once(model: Any, *told: Any) -> Any:
        if id(model) not in optimizers:
            optimizer = compiled(model, *told)
            optimizers[id(model)] = optimizer, [variable.numpy() for variable in optimizer.variables]
        optimizer, values = optimizers[id(model)]
        for variable, value in zip(optimizer.variables, values, strict=True):
            variable.assign(value)
        return optimizer

    with (
        patch.object(train, "build_network", built),
        patch.object(train, "compiled", compiled_once),
        patch.object(fit, "compiled", compiled_once),
    ):
        yield


def skill(panel: Panel) -> dict[str, Any]:
    """The skill on the validation span of a network trained just now, with its interval."""
    spans = spans_of(panel)
    standardised = np.array(training_facts(panel, spans.judged)["standardised_quantiles"])
    split = replace(spans.judged, validation=None)  # of a single epoch nothing is chosen
    model = train.fit(panel, standardised, SMALL, split).model
    rows = trading(panel, panel.every(panel.rows_between(*spans.validation), STRIDE))
    sample = make_sample(panel, rows, spans.validation[1], [0.5] * len(HEADS))
    sample = sample.take(np.isin(sample.head, [HEADS.index(horizon) for horizon in POOLED]))
    scale = panel.deviations(rows)[:, :, None]
    found = against(
        sample,
        sample.of(train.predict(model, panel, rows) / scale),
        sample.of(ewma(panel, rows, standardised) / scale),
    )
    return {"skill": found["skill"], "interval": found["skill_interval"]}


def skills() -> dict[str, dict[str, Any]]:
    """Both trainings, one after the other: `honest` and `shuffled`, each with its skill and the 95 % interval of it."""
    market = SampleProvider()
    panel = build_panel(
        {instrument.symbol: market.bars(instrument.symbol, date(2018, 12, 31)) for instrument in market.universe()}
    )
    of_others, spread_of_others = dealt_out(np.random.default_rng(0))
    with one_network():
        found = {"honest": skill(panel)}
        # `fit_scaling` and the mean spread are the same either way; what is learned row by row is not
        with patch.object(train, "truth", of_others), patch.object(train, "spread_truth", spread_of_others):
            found["shuffled"] = skill(panel)
    return found
