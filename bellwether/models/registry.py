"""Which model of prices or of revenue answers: the promoted one, or the one that the settings name.

For a day in the past one that is fair. A model of prices had seen nothing after that day; one of revenue nothing of
the day itself either, so that a report filed that day is new to it.
"""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TypeVar

from bellwether.core.config import Settings
from bellwether.core.errors import ModelError
from bellwether.models.model_card import GROWTH, RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.revenue_model import GrowthModel

log = logging.getLogger(__name__)
_Model = TypeVar("_Model", OnnxModel, GrowthModel)


def served_model(settings: Settings) -> OnnxModel:
    """The model that answers. Raises ModelError when it cannot be used."""
    promoted = promoted_id(settings)
    if promoted:
        try:
            return open_model(settings.models.folder, promoted)
        except ModelError as problem:
            log.error("The promoted model cannot be served, so models.serve is: %s", problem)
    return open_model(settings.models.folder, settings.models.serve)


def promoted_id(settings: Settings) -> str:
    """The model that was promoted; empty when none was."""
    try:
        return _promotion(settings).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def mark_promoted(settings: Settings, model_id: str) -> None:
    """Serve this one from the next start on, whatever `models.serve` says, until the file is deleted."""
    file = _promotion(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{model_id}\n", encoding="utf-8")


def _promotion(settings: Settings) -> Path:
    return settings.database.path.with_name("served-model")


def open_model(models: Path, model_id: str = "") -> OnnxModel:
    """The model `model_id` of the folder, or without a name the newest by name. Raises ModelError if there is none."""
    if model_id:
        if not (models / model_id).is_dir():
            raise ModelError(f"There is no model {model_id!r} in {models.name}; check the key models.serve.")
        return OnnxModel(models / model_id)
    folders = sorted(folders_of(models, RANGE), key=lambda path: _by_number(path.name))
    if not folders:
        raise ModelError(f"There is no model in the folder {models.name}.")
    return OnnxModel(folders[-1])


def looked_in(models: Path, kind: str) -> str:
    """For operators: where models were looked for, and the names of those of a kind that are there."""
    names = ", ".join(path.name for path in folders_of(models, kind))
    return f"Looked in {models.absolute()}, which has {names or 'none'}."


def _by_number(name: str) -> list[tuple[int, str]]:
    """A key that sorts daily-range-9 before daily-range-10."""
    return [(int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]


def _fairest(models: Sequence[_Model], is_fair: Callable[[date], bool]) -> _Model:
    """The latest-taught model of those that had seen to a fair day; where there is none, the one that saw least."""
    fair = [model for model in models if is_fair(model.card.seen_to)]
    if fair:
        return max(fair, key=lambda model: model.card.seen_to)
    return min(models, key=lambda model: model.card.seen_to)


class ModelRegistry:
    """The served model of prices and, once the past is asked for, the others beside it."""

    def __init__(self, folder: Path, served: OnnxModel | None) -> None:
        """`folder` holds a folder for each model; none of the others is opened yet."""
        self._folder, self._served = folder, served
        self._others: list[OnnxModel] | None = None
        self._opening = Lock()

    def for_day(self, day: date) -> OnnxModel | None:
        """The served model if it had seen nothing after `day`, else one that had not, where there is one.

        An answer of a model that had seen more carries a caveat. None where no model is served: the plain rule answers
        then, for the past as for the present.
        """
        served = self._served
        if served is None or served.card.seen_to <= day:
            return served
        return _fairest([served, *self._open()], lambda seen_to: seen_to <= day)

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
        """One model of the folder; None for the served one, and for one that cannot be used."""
        try:
            model = OnnxModel(folder)
        except ModelError as problem:
            log.warning("A model that is not served cannot be used: %s", problem)
            return None
        return None if self._served and model.card.model_id == self._served.card.model_id else model


class RevenueModels:
    """The growth models of a folder, none opened before somebody asks for growth."""

    def __init__(self, folder: Path, served: str) -> None:
        """`served` names the one that answers for today."""
        self._folder, self._served = folder, served
        self._open: dict[str, GrowthModel] = {}

    def served(self) -> GrowthModel:
        """The model that answers for today. Raises ModelError when it cannot be used."""
        if not (self._folder / self._served).is_dir():
            raise ModelError(f"There is no model {self._served!r} in {self._folder.name}; check the key models.growth.")
        return self._opened(self._folder / self._served)

    def for_day(self, day: date) -> GrowthModel:
        """The served one if it had seen nothing of `day` or later, else one that had not, where there is one.

        It had seen to a day strictly before, other than of prices: a report filed on `day` must be new to it. Raises
        ModelError.
        """
        served = self.served()
        if served.card.seen_to < day:
            return served
        models = [served]
        newest_first = sorted(folders_of(self._folder, GROWTH), key=lambda path: _by_number(path.name), reverse=True)
        for folder in newest_first:  # of several that had seen as far, the newest answers
            try:
                models.append(self._opened(folder))
            except ModelError as problem:
                log.warning("A growth model that is not served cannot be used: %s", problem)
        return _fairest(models, lambda seen_to: seen_to < day)

    def _opened(self, folder: Path) -> GrowthModel:
        if folder.name not in self._open:
            self._open[folder.name] = GrowthModel(folder)
        return self._open[folder.name]
