"""What a fan chart shows beside its forecast: how earlier ones turned out, and what came after a look back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from bellwether.charts import kit
from bellwether.charts.kit import Palette, Specification

_CAP = 9  #: pixels that the ends of a bracket are wide


@dataclass(frozen=True, slots=True)
class Bracket:
    """The ends of the 80 % range that was for a session, as log distances from the close that came."""

    session: date
    low: float
    high: float

    @property
    def held(self) -> bool:
        """Whether the close lay inside."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it; nothing where nothing is known."""

    brackets: tuple[Bracket, ...] = ()
    came: tuple[tuple[date, float], ...] = ()  #: sessions after the cutoff, and the log return up to each


NOTHING = Beside()


def bracket_rows(brackets: Sequence[Bracket], past: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The brackets whose session is among the rows of the past, as prices on their scale."""
    row_of = {row["date"]: row for row in past}
    rows = []
    for bracket in brackets:
        if (row := row_of.get(str(bracket.session))) is not None:
            low, high = (float(row["close"] * np.exp(end)) for end in (bracket.low, bracket.high))
            rows.append({"step": row["step"], "low": low, "high": high, "close": row["close"], "held": bracket.held})
    return rows


def came_rows(
    came: Sequence[tuple[date, float]], last: dict[str, Any], steps: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The closes that came, from the last one known then on: those of the sessions in `steps`."""
    rows = [
        {"date": str(session), "step": steps[str(session)], "close": float(last["close"] * np.exp(grown))}
        for session, grown in came
        if str(session) in steps
    ]
    return [last, *rows] if rows else []


def bracket_layers(rows: list[dict[str, Any]], x: Specification, palette: Palette) -> list[Specification]:
    """A bracket that held is faint, with a dot where the price ended; one that missed is strong, with a cross there."""
    held = [row for row in rows if row["held"]]
    missed = [row for row in rows if not row["held"]]
    return [
        *(_brackets(held, x, palette.quiet, 1.4, {"shape": "circle", "size": 26}) if held else []),
        *(_brackets(missed, x, palette.ink, 2.2, {"shape": "cross", "angle": 45, "size": 110}) if missed else []),
    ]


def _brackets(
    rows: list[dict[str, Any]], x: Specification, color: str, width: float, ended: Specification
) -> list[Specification]:
    line = {"type": "rule", "color": color, "strokeWidth": width}
    cap = {"type": "tick", "orient": "horizontal", "color": color, "thickness": width, "size": _CAP}
    return [
        kit.layer(rows, line, x=x, y=kit.amount("low"), y2={"field": "high"}),
        *(kit.layer(rows, cap, x=x, y=kit.amount(end)) for end in ("low", "high")),
        kit.layer(
            rows, {"type": "point", "filled": True, "color": color, "opacity": 1} | ended, x=x, y=kit.amount("close")
        ),
    ]
