"""The pages on the model of prices, written from scores and card alone: a figure on a page is a figure in the file.

evaluation.json, eras.json -> evaluation.md, images/evaluation-*.png          card.json, eras.json -> model-card.md
"""

import json
from pathlib import Path
from typing import Any

from bellwether.core.errors import MarketDataError
from training import day_pictures, pictures
from training.pages import write_report, written
from training.steadiness import joined, spread_of

LATER_PARTS = ("served", "rises", "reports", "quarters", "storms", "dead")  #: which older scores lack


def write_pages(document: dict[str, Any], model: Path, docs: Path) -> None:
    """Write scores, both pages and the pictures into the folder `docs`; with the eras where it holds their scores."""
    eras = read_scores(docs / "eras.json") if (docs / "eras.json").is_file() else None
    drawn = {name: draw(document) for name, draw in pictures.ALL.items()}
    if eras:
        drawn["evaluation-eras"] = pictures.coverage_in_eras(eras)
    if document.get("reports"):
        drawn["evaluation-reports"] = day_pictures.reports_inside(document)
        if document["reports"]["examples"]:
            drawn["evaluation-results-days"] = day_pictures.around_reports(document)
    steady = steadiness(document, eras)
    if steady and steady["storms"]:
        drawn["evaluation-storms"] = day_pictures.storm_weeks(steady["storms"])
    pages = {"evaluation": evaluation_page(document, eras), "model-card": model_card_page(refit_of(model), eras)}
    write_report(docs, "evaluation", document, drawn, pages)


def refit_of(model: Path) -> Path:
    """The folder beside `model` that was fitted once more by its recipe, for service; `model` where there is none."""
    own = json.loads((model / "card.json").read_text(encoding="utf-8"))["sha256"]
    refits = [
        card.parent
        for card in sorted(model.parent.glob("*/card.json"))
        if json.loads(card.read_text(encoding="utf-8")).get("scores_of", {}).get("sha256") == own
    ]
    return refits[-1] if refits else model


def read_scores(file: Path) -> dict[str, Any]:
    """Scores that `evaluate --full` left. Raises MarketDataError when there are none."""
    if not file.is_file():
        raise MarketDataError(f"There are no scores in {file}: run `python -m training evaluate --full` first.")
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def evaluation_page(document: dict[str, Any], eras: dict[str, Any] | None = None) -> str:
    """docs/evaluation.md; `eras` adds how the recipe does with each era left out."""
    years = eras["calibration"]["model"]["by_year"].values() if eras else ()
    near = sum(abs(year["coverage_80"] - 0.8) <= 0.05 for year in years)
    steady = steadiness(document, eras)
    parts = dict.fromkeys(LATER_PARTS) | document
    return written("evaluation.md.j2", document=document, eras=eras, years_near_promise=near, steady=steady, **parts)


def steadiness(document: dict[str, Any], eras: dict[str, Any] | None) -> dict[str, Any] | None:
    """How all quarters since the first era left out, and the storms among them, were held; None of older scores."""
    parts = [part for part in (eras, document) if part and part.get("quarters")]
    if document.get("quarters") is None:
        return None
    quarters = joined(part["quarters"] for part in parts)
    names = list(quarters)
    return {
        "first": names[0],
        "last": names[-1],
        "of": {who: spread_of(quarters, who) for who in quarters[names[0]] if who != "forecasts"},
        "storms": {name: storm for part in parts for name, storm in part["storms"].items()},
    }


def model_card_page(folder: Path, eras: dict[str, Any] | None = None) -> str:
    """docs/model-card.md, the readable face of the card in this folder; `eras` adds companies that are gone."""
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    size = (folder / "model.onnx").stat().st_size
    optional = dict.fromkeys(("scores_of", "keras_onnx_difference"))
    return written("model-card.md.j2", size=size, gone=eras.get("dead") if eras else None, **(optional | card))
