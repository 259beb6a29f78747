"""The steps of the command line: each reads what the one before left in the work folder.

prepare -> growth.npz, growth-data.json | train -> growth.weights.h5, growth.json | export -> exported_models/MODEL_ID
refit: the judged recipe once more on all years and companies, for service; it has no scores of its own
"""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.forecasting.inputs import Float32s
from bellwether.models.model_card import read_facts
from bellwether.models.quarters import CONTEXT_LENGTH, MIN_QUARTERS, Window
from bellwether.models.revenue_model import GrowthModel
from training.card import read_judged, write_model
from training.checks import runtime, scrambled, struck
from training.export import converted
from training.revenue import card, rivals, spans
from training.revenue.data import Cutoffs, cutoffs, facts_of, read_companies
from training.revenue.evaluate import evaluate, print_document
from training.revenue.model import build_model
from training.revenue.served import RULE
from training.revenue.train import RevenueRecipe, fit
from training.spans import UNSEEN_SHARE
from training.work import REVENUE


def prepare(file: Path, source: str, work: Path) -> None:
    """Lay every report out as it was known on its day."""
    companies = read_companies(file)
    reports = cutoffs(companies)
    facts = facts_of(file, companies) | {"source": source or file.name, "reports": len(reports)}
    REVENUE.write_prepared(work, {name: getattr(reports, name) for name in Cutoffs.__slots__}, facts)
    for name, span in (("training", spans.TRAIN), ("validation", spans.VALIDATION), ("test", spans.TEST)):
        inside = spans.within(reports, span)
        known = np.isfinite(inside.outcomes).sum(axis=0)
        print(f"{name:10} {span[0]} to {span[1]}: {len(inside):,} reports, {known[0]:,} and {known[1]:,} outcomes")
    print(f"one company in {UNSEEN_SHARE} is never trained on: {len(set(reports.symbol[spans.unseen(reports)]))}")


def load(work: Path) -> tuple[Cutoffs, dict[str, Any]]:
    """What `prepare` left. Raises MarketDataError when it has not been run."""
    arrays, facts = REVENUE.read_prepared(work)
    return Cutoffs(**arrays), facts


def train(work: Path, recipe: RevenueRecipe) -> None:
    """Train on what `prepare` made; choices are made on the validation span only."""
    reports, _ = load(work)
    learned, valid = spans.lessons(reports, spans.TRAIN), spans.lessons(reports, spans.VALIDATION)
    if min(len(learned), len(valid)) < recipe.batch:
        raise MarketDataError(f"The fundamentals hold too few reports to {spans.VALIDATION[1]} to train on.")
    fitted = fit(learned, valid, recipe)
    REVENUE.write_trained(work, fitted.model, fitted.record)


def export(work: Path, models: Path, model_id: str, today: date) -> None:
    """Convert, prove that both runtimes agree, score beside the simple rivals, write the folder.

    Opens the test span. Raises ModelError when the graph is not what was asked for.
    """
    reports, facts = load(work)
    record = REVENUE.read_record(work)
    model = build_model(np.array(record["standardised_quantiles"]))
    model.load_weights(work / REVENUE.weights)
    learned = spans.lessons(reports, spans.TRAIN)
    graph = converted(model, _windows_to_check(learned), lstms=0)
    scores = evaluate(runtime(graph.content), reports, spans.TEST, RULE)
    print_document(scores)
    facts |= {"trained_to": spans.TRAIN[1], "chosen_to": spans.VALIDATION[1], "trained_on": len(learned)}
    described = card.described(rivals.autoregression(learned))
    write_model(models / model_id, card.TEXT, graph, record, described, facts, scores, today)


def refit(work: Path, models: Path, judged: Path, model_id: str | None, today: date) -> None:
    """The judged model's recipe on all reports there are, exported with the judged one's scores."""
    judged_card = read_judged(judged, card.TEXT)
    recipe = RevenueRecipe.of_card(judged_card)
    reports, facts = load(work)
    last = facts["last_known"]
    learned = spans.with_outcome(spans.within(reports, (spans.TRAIN[0], last)))
    fitted = fit(learned, None, recipe, judged_card["recipe"]["chosen_epoch"])
    graph = converted(fitted.model, _windows_to_check(learned), lstms=0)
    facts |= {"trained_to": last, "chosen_to": last, "trained_on": len(learned)}
    folder = models / (model_id or f"{judged_card['model_id']}-{last[:4]}")
    described = card.described(rivals.autoregression(learned))
    scores = judged_card["scores"]
    write_model(folder, card.TEXT, graph, fitted.record, described, facts, scores, today, judged_card)


def _windows_to_check(learned: Cutoffs) -> dict[str, tuple[Float32s]]:
    drawn = np.random.default_rng(0).choice(len(learned), min(256, len(learned)), replace=False)
    return hostile_windows(learned.windows[drawn])


def hostile_windows(windows: Window) -> dict[str, tuple[Float32s]]:
    """Real windows (b, T, 2), and what can go wrong with them, by name."""
    rng = np.random.default_rng(0)
    padded, five, holes = windows.copy(), windows.copy(), windows.copy()
    for row, cut in enumerate(rng.integers(0, CONTEXT_LENGTH, size=len(windows))):
        padded[row, :cut] = 0
    five[:, :-MIN_QUARTERS] = 0
    holes[rng.random(windows.shape[:2]) < 0.2] = 0
    broken = {
        "real": windows,
        "padded": padded,
        "five quarters": five,
        "empty": np.zeros_like(windows),
        "holes": holes,
        "negative": -windows,
        "flat": np.repeat(windows[:, -1:], CONTEXT_LENGTH, axis=1),
        "spiked": struck(windows, 0.05, 1e4, rng),
        "scrambled": scrambled(windows, rng),
        "tiny": windows * np.float32(1e-6),
    }
    return {name: (window,) for name, window in broken.items()}


def score(work: Path, folder: Path, span: str, full: bool, trees: bool, docs: Path | None) -> None:
    """Score an exported model beside its rivals, all of them or LightGBM alone of the slow ones; a page into `docs`."""
    model, own_card = GrowthModel(folder), read_facts(folder)
    if "scores_of" in own_card:
        raise MarketDataError(f"The model {folder.name} learned from all years: scores on them would be no test.")
    reports, _ = load(work)
    recipe = RevenueRecipe.of_card(own_card) if full else None
    rule = model.card.report_width
    document = evaluate(model.quantiles, reports, spans.SPANS[span], rule, recipe, work / "rivals", trees=trees)
    print_document(document)
    if docs:
        from training.revenue import report

        report.write_page(document | {"model_id": model.card.model_id}, docs)
