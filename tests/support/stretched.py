"""The shipped models as ones whose cards say that their ranges follow the evenings."""

import json
import shutil
from pathlib import Path

from bellwether.forecasting.kept_widths import SAMPLE_FILE
from bellwether.models.model_card import RANGE, folders_of
from tests.conftest import MODELS


def stretched_models(folder: Path, **facts: object) -> Path:
    """A folder of models in which the cards of those of prices have `evening_width`, and perhaps more."""
    models = folder / "models"
    shutil.copytree(MODELS, models, ignore=shutil.ignore_patterns(SAMPLE_FILE))  # what it tells is to be worked out
    for folder_of_model in folders_of(models, RANGE):
        card = folder_of_model / "card.json"
        told = json.loads(card.read_text(encoding="utf-8")) | {"evening_width": True} | facts
        card.write_text(json.dumps(told), encoding="utf-8")
    return models
