"""Which model may answer for a day in the past: one that had not seen what came after it, where there is one."""

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from threading import Lock

from bellwether.core.errors import ModelError
from bellwether.models.model_card import RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel

log = logging.getLogger(__name__)


class ModelRegistry:
    """The served model and, once the past is asked for, the others beside it."""

    def __init__(self, folder: Path, served: OnnxModel | None) -> None:
        """`folder` holds a folder for each model; none of the others is opened yet."""
        self._folder, self._served = folder, served
        self._others: list[OnnxModel] | None = None
        self._opening = Lock()

    def for_day(self, day: date) -> OnnxModel | None:
        """The served model if it had seen nothing after `day`, else the latest-taught one that had not.

        Where all have seen more, the one that saw the least of it: its answers carry a caveat. None where no model is
        served: the plain rule answers then, for the past as for the present.
        """
        served = self._served
        if served is None or served.card.seen_to <= day:
            return served
        models = [served, *self._open()]
        fair = [model for model in models if model.card.seen_to <= day]
        if fair:
            return max(fair, key=lambda model: model.card.seen_to)
        return min(models, key=lambda model: model.card.seen_to)

    def named(self, model_ids: Sequence[str]) -> list[OnnxModel]:
        """Those of the other models that have these names and can be used; none of them is opened for no name."""
        return [model for model in self._open() if model.card.model_id in model_ids] if model_ids else []

    def _open(self) -> list[OnnxModel]:
        """Every other model in the folder that can be used, opened once."""
        with self._opening:
            if self._others is None:
                self._others = [model for folder in folders_of(self._folder, RANGE) if (model := self._try(folder))]
        return self._others

    def _try(self, folder: Path) -> OnnxModel | None:
        """One model of the folder; None for the served one, and for one that cannot be used, which is logged."""
        try:
            model = OnnxModel(folder)
        except ModelError as problem:
            log.warning("A model that is not served cannot be used: %s", problem)
            return None
        return None if self._served and model.card.model_id == self._served.card.model_id else model
