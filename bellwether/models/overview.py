"""Every exported model in the folder, as an operator sees it."""

from dataclasses import dataclass
from datetime import date

from bellwether.core.config import Settings
from bellwether.core.errors import ModelError
from bellwether.models.model_card import GROWTH, RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.revenue_model import GrowthModel

SERVED, TRIED, RESTING, UNUSABLE = "served", "tried", "-", "unusable"
_KINDS = {RANGE: "prices", GROWTH: "revenue"}


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model folder."""

    model_id: str
    kind: str  #: "prices" or "revenue"
    standing: str  #: SERVED; TRIED, in shadow; RESTING, there for days in the past or to be promoted; UNUSABLE
    seen_to: date | None  #: last day that it learned from or was chosen on; None where it cannot be used
    problem: str = ""  #: why it cannot be used


def overview(settings: Settings, served: OnnxModel | None) -> list[ModelStanding]:
    """All models in the folder, those of prices first, by name. `served` is the one of prices that answers."""
    served_ids = {served.card.model_id if served is not None else "", settings.models.growth}
    rows = []
    for kind, opened in ((RANGE, OnnxModel), (GROWTH, GrowthModel)):
        for folder in folders_of(settings.models.folder, kind):
            try:
                card = opened(folder).card
            except ModelError as problem:
                rows.append(ModelStanding(folder.name, _KINDS[kind], UNUSABLE, None, problem.for_operator))
                continue
            tried = card.model_id in settings.models.shadow
            standing = SERVED if card.model_id in served_ids else TRIED if tried else RESTING
            rows.append(ModelStanding(card.model_id, _KINDS[kind], standing, card.seen_to))
    return rows
