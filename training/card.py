"""The card that travels with a model: what all cards say, and how both files reach their folder together."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bellwether.core.errors import MarketDataError
from bellwether.models.model_card import read_facts
from training.export import Converted

TOLD = ("chosen_epoch", "weights", "seconds", "seeds")  #: of how the model came to be, beside its settings
REFITTED = (
    "Its own forecasts of the years it learned from prove nothing. The scores are those of the same recipe taught with "
    "{} to {} alone."
)


@dataclass(frozen=True, slots=True)
class CardText:
    """What the cards of one kind of model say, whatever it learned from."""

    kind: dict[str, str]  #: what tells the service of the kind, if anything
    taught_with: str
    limits: Callable[[dict[str, Any], list[str]], list[str]]  #: from scores, and what is to be said of a refit
    load: Callable[[Path], object]  #: how the service loads such a model


def write_model(
    folder: Path,
    text: CardText,
    converted: Converted,
    record: dict[str, Any],
    described: dict[str, Any],
    data: dict[str, Any],
    scores: dict[str, Any],
    today: date,
    judged: dict[str, Any] | None = None,
) -> None:
    """Write the folder of a model: its graph, and the card with its shape and baseline (`described`) and `data`.

    With the card `judged` the model is a refit of that one's recipe, and the scores are that one's. Raises ModelError,
    and leaves the old folder, when the service could not load it.
    """
    refitted = [] if judged is None else [REFITTED.format(text.taught_with, judged["data"]["trained_to"][:4])]
    splits = described.pop("splits")
    card = {
        "model_id": folder.name,
        **text.kind,
        "created": today.isoformat(),
        "sha256": hashlib.sha256(converted.content).hexdigest(),
        **described,
        "scores": scores,
        "limits": text.limits(scores, refitted),
        "recipe": record["recipe"] | {key: record[key] for key in TOLD if key in record},
        "splits": splits,
        "data": data,
        "keras_onnx_difference": converted.difference,
    }
    if judged is not None:
        own = {key: judged[key] for key in ("model_id", "sha256")}
        card["scores_of"] = own | {"trained_to": judged["data"]["trained_to"]}
    _write_folder(folder, converted.content, card, text.load)
    print(f"wrote {folder}: {len(converted.content):,} bytes")


def _write_folder(folder: Path, content: bytes, card: dict[str, Any], load: Callable[[Path], object]) -> None:
    """Put both files in place together: a reader finds the old pair or the new one, never one of each."""
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "model.onnx").write_bytes(content)
    (fresh / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    load(fresh)  # refuses whatever the service would refuse
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def read_judged(folder: Path, text: CardText) -> dict[str, Any]:
    """The card of a model of that kind that has scores of its own. Raises ModelError or MarketDataError."""
    text.load(folder)  # refuses whatever the service would refuse
    card = read_facts(folder)
    if "scores_of" in card or card["scores"].get("pooled", card["scores"]) is None:  # of revenue nothing is pooled
        raise MarketDataError(f"The model {folder.name} was never scored itself: name the one that was.")
    return card
