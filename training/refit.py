"""The same recipe once more, on every year there is: the model that is served.

    judged model's card + prices -> fit to the last day -> ONNX -> model folder, with the judged model's scores

Nothing is chosen here and nothing can be scored: all years are learned from. So the card keeps apart whose scores
it shows (`scores_of`, a model that was kept from those years) and what this one learned from (`data`).
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.models.model_card import read_card
from training.card import LIMITS, make_card, worst_quarter, write_folder
from training.export import converted
from training.prepare import load, training_facts
from training.spans import TRAIN, Split
from training.train import Recipe, fit, settings_of


def refit(work: Path, models: Path, judged: Path, model_id: str | None, last: date | None, today: date) -> None:
    """Write `models/model_id/` from what `prepare` left in `work`, by the recipe of the model in the folder `judged`.

    `last` is the last session to learn from; None takes all. Without a `model_id` it is named after the judged model
    and the year it learned to. Raises ModelError when the judged model cannot be read, MarketDataError when it has
    nothing to be judged by.
    """
    card = read_judged(judged)
    panel, prepared = load(work)
    split = Split((TRAIN[0], str(last) if last else prepared["data"]["last"]), all_symbols=True)
    model_id = model_id or f"{card['model_id']}-{split.training[1][:4]}"
    facts = training_facts(panel, split)
    facts["data"] = prepared["data"] | {"unseen_symbols": [], "trained_to": split.training[1]}
    base = np.array(facts["standardised_quantiles"])
    fitted = fit(panel, base, recipe_of(card), split, card["recipe"]["chosen_epoch"])
    content, difference = converted(fitted.model, panel, split.rows(panel))
    fresh = make_card(model_id, content, facts, fitted.record, card["scores"], today)
    fresh |= {
        "keras_onnx_difference": difference,
        "scores_of": {key: card[key] for key in ("model_id", "sha256")} | {"trained_to": card["data"]["trained_to"]},
        "limits": [*LIMITS, REFITTED.format(card["data"]["trained_to"][:4]), worst_quarter(card["scores"])],
    }
    write_folder(models / model_id, content, fresh)
    print(f"wrote {models / model_id}")


REFITTED = (
    "Its own forecasts of the years it learned from prove nothing. The scores are those of the same recipe taught with "
    "prices to {} alone."
)


def read_judged(folder: Path) -> dict[str, Any]:
    """The card of a model that has scores of its own. Raises ModelError or MarketDataError."""
    read_card(folder)
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if "scores_of" in card or card["scores"]["pooled"] is None:
        raise MarketDataError(f"The model {folder.name} was never scored itself: name the one that was.")
    return card


def recipe_of(card: dict[str, Any]) -> Recipe:
    """The settings that a card tells of. Raises MarketDataError when this version's fixed ones are others."""
    told = card["recipe"]
    recipe = Recipe(**{name: value for name, value in told.items() if name in Recipe.__dataclass_fields__})
    other = [name for name, value in settings_of(recipe).items() if told.get(name) != value]
    if other:
        raise MarketDataError(
            f"The model {card['model_id']} was made by another recipe ({', '.join(other)}): train it again first."
        )
    return recipe
