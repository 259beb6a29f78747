"""The served model and those tried beside it: side by side on the same forecasts, and one put in place of the other.

rows of both models for one symbol, session and horizon | both losses on one scale | skill with its interval | promote?
"""

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bellwether.core.errors import PromotionRefused
from bellwether.core.types import Q10, Q90, Floats
from bellwether.forecasting.metrics import pinball_loss
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.promoted import choose
from bellwether.services import Services
from bellwether.track_record.demotion.gate import gate
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.ledger_table import unpack_all
from bellwether.track_record.scores.block_bootstrap import skill_interval
from bellwether.track_record.scores.score_table import week_of
from bellwether.track_record.scores.track_record import LONGEST_POOLED
from bellwether.track_record.scores.types import Duel, GateState, Interval

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Losses of both on the same forecasts, in the champion's plain rule's widths; (n,) each."""

    day: npt.NDArray[np.int64]
    challenger: Floats
    champion: Floats


def duel(services: Services, challenger: str, champion: str) -> Duel:
    """How two models did on the forecasts that both made, of horizons up to 21 sessions. Raises StoreError."""
    with services.store.reading() as db:
        symbols = ledger_table.symbols_of(db, challenger)
    parts = [_pairs(services, symbol, challenger, champion) for symbol in symbols]
    day, ours, theirs = (
        np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)]) for name in _Pairs.__slots__
    )
    if len(day) == 0:
        return Duel(challenger, champion, 0, 0, None, None)
    week = week_of(day.astype(np.int64))
    found = skill_interval(ours, theirs, week)
    return Duel(
        challenger,
        champion,
        forecasts=len(day),
        weeks=len(np.unique(week)),
        skill=float(1 - ours.sum() / theirs.sum()),
        interval=Interval(*found) if found else None,
    )


def promote(services: Services, model_id: str) -> Duel | None:
    """Make a model the served one from the next start on; the comparison that supports it, None where none serves yet.

    Raises ModelError when it cannot be used, PromotionRefused when the record does not support it, and StoreError.
    """
    challenger = OnnxModel(services.settings.models.folder / model_id).card.model_id
    champion = services.model.card.model_id if services.model is not None else ""
    if challenger == champion:
        raise PromotionRefused(f"{challenger} is the served model already.")
    found = duel(services, challenger, champion) if champion else None
    if found is not None:
        _check(found)
    if gate(services.store, challenger).standing is GateState.SILENCED:
        raise PromotionRefused(
            f"{challenger} is worse than the plain volatility rule by its record; it is not promoted."
        )
    choose(services.settings, model_id)
    log.info("%s is the served model from the next start on.", model_id)
    return found


def _check(found: Duel) -> None:
    """Raises PromotionRefused where the challenger did not beat the champion by more than luck."""
    if found.interval is None or found.skill is None:
        raise PromotionRefused(
            f"It is too early to promote {found.challenger}: {found.forecasts:,} forecasts that {found.champion} made "
            f"too have their outcome, of {found.weeks} weeks, and a year is needed. Name it in models.shadow and wait."
        )
    if found.interval.low <= 0:
        raise PromotionRefused(
            f"The record does not support {found.challenger}: on {found.forecasts:,} forecasts that both made its loss "
            f"was {found.skill:+.1%} smaller than that of {found.champion} (95 % interval {found.interval.low:+.1%} to "
            f"{found.interval.high:+.1%}), which may be luck."
        )


def _pairs(services: Services, symbol: str, challenger: str, champion: str) -> _Pairs:
    """One symbol's forecasts that both models made and that have their outcome."""
    with services.store.reading() as db:
        rows = outcomes_table.of_symbol(db, symbol, None)
    made: dict[tuple[int, int], dict[str, tuple[bytes, float]]] = {}
    for row in rows:
        if row.log_return is not None and row.horizon <= LONGEST_POOLED and row.model_id in {challenger, champion}:
            made.setdefault((row.cutoff, row.horizon), {})[row.model_id] = (row.numbers, row.log_return)
    both = {key: by for key, by in made.items() if len(by) == 2}
    if not both:
        return _Pairs(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    came = np.array([by[champion][1] for by in both.values()])
    ours, theirs = (unpack_all(by[model][0] for by in both.values()) for model in (challenger, champion))
    scale = theirs.baseline[:, Q90] - theirs.baseline[:, Q10]
    losses = (pinball_loss(came, each.log_returns) / scale for each in (ours, theirs))
    return _Pairs(np.array([cutoff for cutoff, _ in both]), *losses)
