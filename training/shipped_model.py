"""Model folders as what can be sent to a worker, which may share no folder with us."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bellwether.models.onnx_model import OnnxModel

FILES = ("card.json", "model.onnx")  #: of a model, that its answers are made of


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """One exported model's folder: its name, and what its FILES hold."""

    name: str
    contents: tuple[bytes, ...]

    @classmethod
    def of(cls, folder: Path) -> "ShippedModel":
        """What lies in a folder."""
        return cls(folder.name, tuple((folder / name).read_bytes() for name in FILES))

    def put_in(self, models: Path) -> Path:
        """Lay it out among `models`; its folder."""
        folder = models / self.name
        folder.mkdir(parents=True)
        for name, content in zip(FILES, self.contents, strict=True):
            (folder / name).write_bytes(content)
        return folder

    def opened(self) -> OnnxModel:
        """Ready to run; once in a process."""
        return _opened(self)


@lru_cache(maxsize=2)
def _opened(model: ShippedModel) -> OnnxModel:
    with TemporaryDirectory() as folder:
        return OnnxModel(model.put_in(Path(folder)))  # which reads its files while it is made, and never again
