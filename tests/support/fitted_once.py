"""Commands of `python -m training`, one after the other in this process; the same fit and the same graph are made once.

Each command still reads, splits, scores and writes for itself. A fit is a function of what it is told, to the bit, so
whoever asks for one again is given the first: most of a small training is TensorFlow drawing up its graphs.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from training import export, steps, train
from training.__main__ import cli
from training.remember import place


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


def outputs(commands: Sequence[Sequence[str]]) -> list[str]:
    """What each command printed. Raises what one of them raises."""
    fit, converted = once(train.fit, seen_by_fit), once(export.converted, seen_by_converter)
    printed = []
    with patch.object(steps, "fit", fit), patch.object(steps, "converted", converted):
        for words in commands:
            with redirect_stdout(io.StringIO()) as output:
                cli(list(words), prog_name="python -m training", standalone_mode=False)
            printed.append(output.getvalue())
    return printed
