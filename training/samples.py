"""Rows that are scored: every cutoff and horizon of a panel whose outcome is known."""

from collections.abc import Iterator

import numpy as np

from bellwether.core.types import HEADS
from training.evaluate import POOLED
from training.panel import Panel, Rows
from training.scores import Sample

PARTS = ("pooled", *map(str, HEADS))


def make_sample(panel: Panel, rows: Rows, last: str, climatology: list[float]) -> Sample:
    """All cutoffs and horizons whose outcome is known up to `last`, one after the other.

    `climatology` (heads,) is the share of rises where the model learned.
    """
    outcomes = panel.targets(rows, last) / panel.deviations(rows)
    row, head = np.nonzero(np.isfinite(outcomes))
    sessions = panel.sessions[rows][row]
    return Sample(
        outcome=outcomes[row, head],
        scale=panel.deviations(rows)[row, head],
        week=sessions.astype("datetime64[W]").astype(np.int64),
        date=sessions,
        head=head,
        climatology=np.array(climatology)[head],
        row=row,
    )


def parts_of(sample: Sample, names: tuple[str, ...] = PARTS) -> Iterator[tuple[str, Sample]]:
    """`pooled`, the rows of POOLED horizons, and those of each horizon by its number, as far as there are any."""
    for name in names:
        at = pooled(sample) if name == "pooled" else sample.take(sample.head == HEADS.index(int(name)))
        if len(at.row):
            yield name, at


def pooled(sample: Sample) -> Sample:
    """The rows of POOLED horizons."""
    return sample.take(np.isin(sample.head, [HEADS.index(horizon) for horizon in POOLED]))
