"""Train, export and refit the model of prices: each step reads what the one before left in the work folder.

train: best epoch on validation -> export: ONNX, scored on the test span -> exported_models/MODEL_ID
refit: the judged recipe once more, on every year there is, for service

Of a refit nothing is chosen and nothing can be scored: all years are learned from. So its card keeps apart whose scores
it shows (`scores_of`, a model that was kept from those years) and what this one learned from (`data`).
"""

from datetime import date
from pathlib import Path

import numpy as np

from bellwether.core.calibration import Rises
from training import range_card
from training.card import read_judged, write_model
from training.checks import hostile_windows, runtime
from training.evaluate import evaluate, print_table
from training.export import converted
from training.model import build_model
from training.panel import Panel, Rows, Windows
from training.prepare import STRIDE, load, training_facts
from training.range_recipe import RangeRecipe
from training.seeds import best_of
from training.spans import FIRST, Split, spans_of
from training.train import fit
from training.work import PRICES
from training.workers import HERE, Workers


def train(work: Path, recipe: RangeRecipe, seeds: int = 1, workers: Workers = HERE) -> None:
    """Write weights and record (recipe, history, validation scores) into `work`: of the best of so many seeds."""
    panel, facts = load(work)
    standardised, split = np.array(facts["standardised_quantiles"]), spans_of(panel).judged
    if seeds == 1:
        fitted = fit(panel, standardised, recipe, split)
    else:
        fitted = best_of(panel, standardised, recipe, split, seeds, work / "seeds", workers)
    PRICES.write_trained(work, fitted.model, fitted.record)


def export(work: Path, models: Path, model_id: str, today: date, stride: int = STRIDE) -> None:
    """Write `models/model_id/` from what `prepare` and `train` left in `work`. Opens the test span.

    Raises ModelError when the graph is not what was asked for or the two runtimes disagree.
    """
    panel, facts = load(work)
    record = PRICES.read_record(work)
    standardised = np.array(facts["standardised_quantiles"])
    model = build_model(standardised)
    model.load_weights(work / PRICES.weights)
    graph = converted(model, _windows_to_check(panel, spans_of(panel).judged.rows(panel)))
    climatology = facts["climatology"]
    rises = Rises(tuple(climatology), range_card.RISE_WEIGHTS)
    scores = evaluate(runtime(graph.content), panel, standardised, climatology, spans_of(panel).test, stride, rises)
    print_table(scores)
    described = range_card.described(facts)
    write_model(models / model_id, range_card.TEXT, graph, record, described, facts["data"], scores, today)


def refit(work: Path, models: Path, judged: Path, model_id: str | None, last: date | None, today: date) -> None:
    """Write `models/model_id/` from what `prepare` left in `work`, by the recipe of the model in the folder `judged`.

    `last` is the last session to learn from; None takes all. Without a `model_id` it is named after the judged model
    and the year it learned to. Raises ModelError when the judged model cannot be read, MarketDataError when it has
    nothing to be judged by.
    """
    card = read_judged(judged, range_card.TEXT)
    recipe = RangeRecipe.of_card(card)
    panel, prepared = load(work)
    split = Split((FIRST, str(last) if last else prepared["data"]["last"]), all_symbols=True)
    facts = training_facts(panel, split)
    data = prepared["data"] | {"unseen_symbols": [], "trained_to": split.training[1]}
    fitted = fit(panel, np.array(facts["standardised_quantiles"]), recipe, split, card["recipe"]["chosen_epoch"])
    graph = converted(fitted.model, _windows_to_check(panel, split.rows(panel)))
    folder = models / (model_id or f"{card['model_id']}-{split.training[1][:4]}")
    described = range_card.described(prepared | facts)
    write_model(folder, range_card.TEXT, graph, fitted.record, described, data, card["scores"], today, card)


def _windows_to_check(panel: Panel, rows: Rows) -> dict[str, Windows]:
    return hostile_windows(*panel.windows(np.random.default_rng(0).choice(rows, 256)))
