"""How the processes of `make test` share the work: what trains stays together, and compiling is divided."""

import importlib
from contextlib import suppress
from pathlib import Path

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]

TESTS = Path(__file__).resolve().parents[1]
#: loading TensorFlow and what rivals are made of takes as long as hundreds of tests, so one process does it for these
TRAINING = (
    "test_evaluation_report.py",
    "test_evaluation_rivals.py",
    "test_growth_training.py",
    "test_paper.py",
    "test_training.py",
    "test_training_workers.py",
)


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests stay in one process, and so do those of the files that train."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "training" if file.endswith(TRAINING) else file


def compile_in_turn(config: pytest.Config) -> None:
    """Load the files of tests, each process another part of them first.

    In a fresh clone each file is compiled, with its asserts spelled out, by whoever comes to it first, and the others
    find that done. All processes collect in the same order: they would come to each file at once, and all compile it.
    """
    worker: dict[str, object] = config.workerinput  # type: ignore[attr-defined]
    files = sorted(TESTS.glob("test_*.py"))
    at = int(str(worker["workerid"]).removeprefix("gw")) * len(files) // int(str(worker["workercount"]))
    for file in (*files[at:], *files[:at]):
        name = f"tests.{file.stem}"
        with suppress(Exception, pytest.skip.Exception):  # is told when it is collected
            importlib.import_module(name)
