"""Which model is served: the one that was promoted, or the one that the settings name."""

import logging
from pathlib import Path

from bellwether.core.config import Settings
from bellwether.core.errors import ModelError
from bellwether.models.onnx_model import OnnxModel, latest_model

log = logging.getLogger(__name__)


def served_model(settings: Settings) -> OnnxModel:
    """The model that answers. Raises ModelError when it cannot be used."""
    promoted = promoted_id(settings)
    if promoted:
        try:
            return latest_model(settings.models.folder, promoted)
        except ModelError as problem:
            log.error("The promoted model cannot be served, so models.serve is: %s", problem)
    return latest_model(settings.models.folder, settings.models.serve)


def promoted_id(settings: Settings) -> str:
    """The model that was promoted; empty when none was."""
    try:
        return _file(settings).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def choose(settings: Settings, model_id: str) -> None:
    """Serve this one from the next start on, whatever `models.serve` says, until the file is deleted."""
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{model_id}\n", encoding="utf-8")


def _file(settings: Settings) -> Path:
    return settings.database.path.with_name("served-model")
