"""Fits that take minutes are kept in the work folder under a key of all that went into them.

The key is a digest of the code, the settings and every array the fit sees, so a kept answer is never a stale one.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]  #: numpy arrays by name
#: modules whose change makes a fit of the network anew
MADE_BY = (
    *("export.py", "features.py", "fit.py", "graph.py", "layers.py", "model.py", "panel.py", "reports.py"),
    *("reports_step.py", "spans.py", "tidy_graph.py", "train.py", "windows.py"),
)


def remembered(
    folder: Path | None, code: str, settings: Any, seen: Sequence[Any], make: Callable[[], Arrays]
) -> Arrays:
    """What `make` answers, from `folder` where it was made before; `code` is the `__file__` of the module that fits."""
    if folder is None:
        return make()
    file = place(folder, code, settings, seen)
    if not file.is_file():
        keep(file, make())
    return read(file)


def place(folder: Path, code: str, settings: Any, seen: Sequence[Any]) -> Path:
    """Where an answer is kept, by the digest of all that goes into it."""
    digest = hashlib.blake2b(Path(code).read_bytes(), digest_size=12)
    digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    for array in seen:
        digest.update(repr(np.shape(array)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return folder / f"{Path(code).stem}-{digest.hexdigest()}.npz"


def keep(file: Path, answer: Arrays) -> None:
    """Put an answer in its place; whoever is interrupted leaves no part of one there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{os.getpid()}-{file.name}")
    np.savez(part, **answer)
    part.rename(file)


def read(file: Path) -> Arrays:
    """An answer from its place."""
    with np.load(file) as kept:
        return {name: kept[name] for name in kept.files}


def code_of_fits() -> list[str]:
    """The modules behind a fit of the network, for its key."""
    return [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in MADE_BY]


def as_bytes(text: str) -> Any:
    """A text as an array that `remembered` can keep."""
    return np.frombuffer(text.encode(), np.uint8)


def as_text(array: Any) -> str:
    """The text again."""
    return bytes(array).decode()
