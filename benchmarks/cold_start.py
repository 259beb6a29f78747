"""A forecast from the command line, whole process, against importing the three libraries it cannot do without."""

import os
import subprocess
import sys

from benchmarks.timing import Comparison, compare

LIMIT = 3.0  #: times the imports


def measure() -> Comparison:
    """Both as fresh processes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BELLWETHER_")}

    def process(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=clean)

    return compare(
        lambda: process("-m", "bellwether", "forecast", "AAPL", "--json"),
        lambda: process("-c", "import numpy, onnxruntime, pandas"),
        rounds=9,
    )
