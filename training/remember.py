"""Fits that take minutes are kept in the work folder under a key of all that went into them.

The key is a digest of the code, the settings and every array the fit sees, so a kept answer is never a stale one.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]  #: numpy arrays by name


def remembered(
    folder: Path | None, code: str, settings: Any, seen: Sequence[Any], make: Callable[[], Arrays]
) -> Arrays:
    """What `make` answers, from `folder` where it was made before; `code` is the `__file__` of the module that fits."""
    if folder is None:
        return make()
    digest = hashlib.blake2b(Path(code).read_bytes(), digest_size=12)
    digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
    for array in seen:
        digest.update(repr(np.shape(array)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    file = folder / f"{Path(code).stem}-{digest.hexdigest()}.npz"
    if not file.is_file():
        answer = make()
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}")
        np.savez(part, **answer)
        part.rename(file)
    with np.load(file) as kept:
        return {name: kept[name] for name in kept.files}


def as_bytes(text: str) -> Any:
    """A text as an array that `remembered` can keep."""
    return np.frombuffer(text.encode(), np.uint8)


def as_text(array: Any) -> str:
    """The text again."""
    return bytes(array).decode()
