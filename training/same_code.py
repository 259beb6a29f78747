"""Whether another process would compute the same: the code and the libraries it runs, and the processor it runs on.

Other code or another library may give other numbers, so such a worker is refused. Another kind of processor rounds
differently in the last bits at most, so that is only told of.
"""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import bellwether
import training

LIBRARIES = ("dask", "distributed", "keras", "numpy", "onnxruntime", "pandas", "tensorflow")
PROCESSOR = "processor"

Print = dict[str, str]  #: by what is compared, what it is here


@cache
def fingerprint() -> Print:
    """What this process runs."""
    return {
        "Bellwether": f"{bellwether.__version__}, code {_digest_of_code()}",
        "Python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES},
        PROCESSOR: _processor(),
    }


def other_code(ours: Print, theirs: Print) -> str:
    """What differs so much that the numbers may: "numpy 2.4.6, here 2.5.0"; empty where nothing does."""
    return ", ".join(
        f"{name} {theirs.get(name)}, here {ours[name]}"
        for name in ours
        if name != PROCESSOR and ours[name] != theirs.get(name)
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _digest_of_code() -> str:
    """Of every module that a piece of work may run."""
    digest = hashlib.blake2b(digest_size=6)
    for package in (bellwether, training):
        root = Path(str(package.__file__)).parent
        for file in sorted(root.rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _processor() -> str:
    """The kind, and which of its instructions numpy uses."""
    told = np.show_config(mode="dicts")
    found = (told or {}).get("SIMD Extensions", {}).get("found", [])
    return f"{platform.machine()} {' '.join(found)}".strip()
