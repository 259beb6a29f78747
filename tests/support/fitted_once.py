"""Commands of `python -m training`, one after the other in this process; the same fit and the same graph are made once.

    python -m tests.support.fitted_once '[["all", "--quick", ...], ["renew", "--quick", ...]]'

Each command still reads, splits, scores and writes for itself. A fit is a function of what it is told, to the bit, so
whoever asks for one again is given the first: most of a small training is TensorFlow drawing up its graphs.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from training import export, steps, train
from training.__main__ import cli
from training.remember import place

END_OF_COMMAND = "\x1e"


def once(make: Callable[..., Any], seen: Callable[..., tuple[Sequence[Any], Sequence[Any]]]) -> Callable[..., Any]:
    """`make`, asked once for the same settings and arrays that `seen` names."""
    made: dict[Path, Any] = {}

    def asked(*told: Any) -> Any:
        key = place(Path(), __file__, *seen(*told))
        if key not in made:
            made[key] = make(*told)
        return made[key]

    return asked


def seen_by_fit(
    panel: Any, standardised: Any, recipe: Any, split: Any, stop_after: int | None = None
) -> tuple[Sequence[Any], Sequence[Any]]:
    """All that a fit depends on."""
    return [repr(recipe), repr(split), stop_after], (*train.reads(panel), standardised)


def seen_by_converter(model: Any, windows: Mapping[str, tuple[Any, ...]]) -> tuple[Sequence[Any], Sequence[Any]]:
    """All that a graph of prices and its proof depend on."""
    return list(windows), (*model.get_weights(), *(array for arrays in windows.values() for array in arrays))


def main(commands: Sequence[Sequence[str]]) -> None:
    """What each prints ends with a sign of its own."""
    fit, converted = once(train.fit, seen_by_fit), once(export.converted, seen_by_converter)
    with patch.object(steps, "fit", fit), patch.object(steps, "converted", converted):
        for words in commands:
            cli(list(words), prog_name="python -m training", standalone_mode=False)
            sys.stdout.write(END_OF_COMMAND)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
