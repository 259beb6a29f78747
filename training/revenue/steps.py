"""The steps of the command line: each reads what the one before left in the work folder.

prepare -> growth.npz, growth-data.json | train -> growth.weights.h5, growth.json | export -> exported_models/MODEL_ID
refit: the judged recipe once more on all years and companies, for service; it has no scores of its own
"""

import json
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Floats
from bellwether.forecasting.inputs import Float32s
from bellwether.models.quarters import CONTEXT_LENGTH, MIN_QUARTERS, Window
from bellwether.models.revenue_model import GrowthModel
from training.card import write_folder
from training.checks import check_graph, largest_difference, runtime
from training.export import convert
from training.revenue import card, rivals, spans
from training.revenue.data import Companies, Cutoffs, cutoffs, facts_of, read_companies
from training.revenue.evaluate import evaluate, print_document
from training.revenue.model import build_model
from training.revenue.train import RevenueRecipe, fit, recipe_of, save
from training.spans import UNSEEN_SHARE, Dates


def prepare(file: Path, source: str, work: Path) -> None:
    """Lay every report out as it was known on its day."""
    companies: Companies = read_companies(file)
    reports = cutoffs(companies)
    work.mkdir(parents=True, exist_ok=True)
    np.savez(work / "growth.npz", **{field.name: getattr(reports, field.name) for field in fields(Cutoffs)})
    facts = facts_of(file, companies) | {"source": source or file.name, "reports": len(reports)}
    (work / "growth-data.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    for name, span in (("training", spans.TRAIN), ("validation", spans.VALIDATION), ("test", spans.TEST)):
        some = spans.within(reports, span)
        known = np.isfinite(some.outcomes).sum(axis=0)
        print(f"{name:10} {span[0]} to {span[1]}: {len(some):,} reports, {known[0]:,} and {known[1]:,} outcomes")
    print(f"one company in {UNSEEN_SHARE} is never trained on: {len(set(reports.symbol[spans.unseen(reports)]))}")


def load(work: Path) -> tuple[Cutoffs, dict[str, Any]]:
    """What `prepare` left. Raises MarketDataError when it has not been run."""
    if not (work / "growth.npz").is_file():
        raise MarketDataError(f"Nothing is prepared in {work}: run `python -m training growth prepare` first.")
    with np.load(work / "growth.npz") as kept:
        reports = Cutoffs(*(kept[field.name] for field in fields(Cutoffs)))
    return reports, json.loads((work / "growth-data.json").read_text(encoding="utf-8"))


def train(work: Path, recipe: RevenueRecipe) -> None:
    """Train on what `prepare` made; choices are made on the validation span only."""
    reports, _ = load(work)
    learned, valid = spans.lessons(reports, spans.TRAIN), spans.lessons(reports, spans.VALIDATION)
    if min(len(learned), len(valid)) < recipe.batch:
        raise MarketDataError(f"The fundamentals hold too few reports to {spans.VALIDATION[1]} to train on.")
    save(fit(learned, valid, recipe), work)


def export(work: Path, models: Path, model_id: str, today: date) -> None:
    """Convert, prove that both runtimes agree, score beside the simple rivals, write the folder.

    Opens the test span. Raises ModelError when the graph is not what was asked for.
    """
    reports, facts = load(work)
    if not (work / "growth.json").is_file():
        raise MarketDataError(f"Nothing is trained in {work}: run `python -m training growth train` first.")
    record = json.loads((work / "growth.json").read_text(encoding="utf-8"))
    model = build_model(np.array(record["standardised_quantiles"]))
    model.load_weights(work / "growth.weights.h5")
    learned = spans.lessons(reports, spans.TRAIN)
    content, difference = converted(model, learned.windows)
    recipe = recipe_of(record["recipe"])
    scores = evaluate(runtime(content), reports, spans.TEST, recipe, None, full=False)
    print_document(scores)
    facts |= {"trained_to": spans.TRAIN[1], "chosen_to": spans.VALIDATION[1], "trained_on": len(learned)}
    written = card.make_card(model_id, content, facts, record, rivals.autoregression(learned), scores, today)
    write_folder(models / model_id, content, written | {"keras_onnx_difference": difference}, GrowthModel)
    print(f"wrote {models / model_id}: {len(content):,} bytes")


def refit(work: Path, models: Path, judged: Path, model_id: str | None, today: date) -> None:
    """The judged model's recipe on all reports there are, exported with the judged one's scores."""
    GrowthModel(judged)  # refuses what cannot be read
    told: dict[str, Any] = json.loads((judged / "card.json").read_text(encoding="utf-8"))
    if "scores_of" in told:
        raise MarketDataError(f"The model {judged.name} was never scored itself: name the one that was.")
    reports, facts = load(work)
    span: Dates = (spans.TRAIN[0], facts["last_known"])
    learned = spans.within(reports, span)
    learned = learned.take(np.asarray(np.isfinite(learned.outcomes).any(axis=1)))
    fitted = fit(learned, None, recipe_of(told["recipe"]), told["recipe"]["chosen_epoch"])
    content, difference = converted(fitted.model, learned.windows)
    model_id = model_id or f"{told['model_id']}-{span[1][:4]}"
    facts |= {"trained_to": span[1], "chosen_to": span[1], "trained_on": len(learned)}
    rule = rivals.autoregression(learned)
    fresh = card.make_card(model_id, content, facts, fitted.record, rule, told["scores"], today)
    fresh |= {
        "keras_onnx_difference": difference,
        "scores_of": {key: told[key] for key in ("model_id", "sha256")} | {"trained_to": told["data"]["trained_to"]},
    }
    fresh["limits"] = [*fresh["limits"], card.REFITTED.format(told["data"]["trained_to"][:4])]
    write_folder(models / model_id, content, fresh, GrowthModel)
    print(f"wrote {models / model_id}: {len(content):,} bytes")


def converted(model: keras.Model, windows: Window) -> tuple[bytes, float]:
    """The Keras model as ONNX, checked, and by how much the two differ on windows whole and broken.

    Raises ModelError when the graph is not what was asked for or the two runtimes disagree.
    """
    content = convert(model)
    check_graph(content, ["quarters"])
    some = np.random.default_rng(0).choice(len(windows), min(256, len(windows)), replace=False)

    def keras_answer(quarters: Float32s) -> Floats:
        return np.asarray(model.predict_on_batch(quarters))

    difference = largest_difference(keras_answer, runtime(content), hostile_windows(windows[some]))
    print(f"model.onnx: {len(content):,} bytes; Keras and ONNX differ by at most {difference:.1e}")
    return content, difference


def hostile_windows(windows: Window) -> dict[str, tuple[Float32s]]:
    """Real windows (b, T, 2), and what can go wrong with them, by name."""
    rng = np.random.default_rng(0)
    padded = windows.copy()
    for row, cut in enumerate(rng.integers(0, CONTEXT_LENGTH, size=len(windows))):
        padded[row, :cut] = 0
    five = windows.copy()
    five[:, :-MIN_QUARTERS] = 0
    holes = windows.copy()
    holes[rng.random(windows.shape[:2]) < 0.2] = 0
    spiked = windows.copy()
    spiked[rng.random(windows.shape) < 0.05] *= 1e4
    scrambled = np.exp(rng.normal(0, 10, windows.shape)).astype(np.float32)
    found = {
        "real": windows,
        "padded": padded,
        "five quarters": five,
        "empty": np.zeros_like(windows),
        "holes": holes,
        "negative": -windows,
        "flat": np.repeat(windows[:, -1:], CONTEXT_LENGTH, axis=1),
        "spiked": spiked,
        "scrambled": scrambled,
        "tiny": windows * np.float32(1e-6),
    }
    return {name: (window,) for name, window in found.items()}


def score(work: Path, folder: Path, span: str, full: bool, docs: Path | None) -> None:
    """Score an exported model beside its rivals, and write the page into `docs`."""
    model = GrowthModel(folder)
    told = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if "scores_of" in told:
        raise MarketDataError(f"The model {folder.name} learned from all years: scores on them would be no test.")
    reports, _ = load(work)
    document = evaluate(
        model.quantiles, reports, spans.SPANS[span], recipe_of(told["recipe"]), work / "rivals", full=full
    )
    print_document(document)
    if docs:
        from training.revenue import report

        report.write_page(document | {"model_id": model.card.model_id}, docs)
