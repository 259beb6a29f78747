"""The served model and those tried beside it: side by side on the same forecasts, and one put in place of the other.

rows of both models for one symbol, session and horizon | both losses on one scale | skill with its interval | promote?
"""

import logging

import numpy as np

from bellwether.core.config import Settings
from bellwether.core.errors import PromotionRefused
from bellwether.core.types import Q10, Q90, Floats, Ints
from bellwether.db.database import Store
from bellwether.forecasting.metrics import pinball_loss
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import mark_promoted
from bellwether.track_record.demotion.gate import gate
from bellwether.track_record.ledger import ledger_table, outcomes_table
from bellwether.track_record.ledger.ledger_table import unpack_all
from bellwether.track_record.ledger.outcomes_table import PastForecast
from bellwether.track_record.scores.block_bootstrap import skill_interval
from bellwether.track_record.scores.score_table import week_of
from bellwether.track_record.scores.track_record import LONGEST_POOLED
from bellwether.track_record.scores.types import Duel, GateState, Interval

log = logging.getLogger(__name__)


def duel(store: Store, challenger: str, champion: str) -> Duel:
    """How two models did on the forecasts that both made, of horizons up to 21 sessions. Raises StoreError."""
    with store.reading() as db:
        symbols = ledger_table.symbols_of(db, challenger)
    parts = [_losses(store, symbol, challenger, champion) for symbol in symbols]
    if not any(len(days) for days, _, _ in parts):
        return Duel(challenger, champion, 0, 0, None, None)
    days, ours, theirs = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    week = week_of(days)
    interval = skill_interval(ours, theirs, week)
    return Duel(
        challenger,
        champion,
        forecasts=len(days),
        weeks=len(np.unique(week)),
        skill=float(1 - ours.sum() / theirs.sum()),
        interval=Interval(*interval) if interval else None,
    )


def _losses(store: Store, symbol: str, challenger: str, champion: str) -> tuple[Ints, Floats, Floats]:
    """Of one symbol's forecasts that both models made and that have their outcome, (n,) each.

    The cutoffs in days since 1970, and the losses of both models in widths of the champion's plain rule.
    """
    with store.reading() as db:
        rows = outcomes_table.of_symbol(db, symbol)
    made: dict[tuple[int, int], dict[str, PastForecast]] = {}
    for row in rows:
        if row.log_return is not None and row.horizon <= LONGEST_POOLED and row.model_id in {challenger, champion}:
            made.setdefault((row.cutoff, row.horizon), {})[row.model_id] = row
    both = [(by_model[challenger], by_model[champion]) for by_model in made.values() if len(by_model) == 2]
    came = np.array([row.log_return for _, row in both], np.float64)
    ours, theirs = (unpack_all(pair[at].numbers for pair in both) for at in range(2))
    scale = theirs.baseline[:, Q90] - theirs.baseline[:, Q10]
    days = np.array([row.cutoff for _, row in both], np.int64)
    return days, pinball_loss(came, ours.log_returns) / scale, pinball_loss(came, theirs.log_returns) / scale


def promote(store: Store, settings: Settings, served: OnnxModel | None, model_id: str) -> Duel | None:
    """Make a model the served one from the next start on; the comparison that supports it, None where none serves yet.

    Raises ModelError when it cannot be used, PromotionRefused when the record does not support it, and StoreError.
    """
    challenger = OnnxModel(settings.models.folder / model_id).card.model_id
    champion = served.card.model_id if served is not None else ""
    if challenger == champion:
        raise PromotionRefused(f"{challenger} is the served model already.")
    comparison = duel(store, challenger, champion) if champion else None
    if comparison is not None:
        _check(comparison)
    if gate(store, challenger).standing is GateState.SILENCED:
        raise PromotionRefused(f"{challenger} is worse than the plain rule by its record; it is not promoted.")
    mark_promoted(settings, model_id)
    log.info("%s is the served model from the next start on.", model_id)
    return comparison


def _check(pair: Duel) -> None:
    """Raises PromotionRefused where the challenger did not beat the champion by more than luck."""
    if pair.interval is None or pair.skill is None:
        raise PromotionRefused(
            f"It is too early to promote {pair.challenger}: {pair.forecasts:,} forecasts that {pair.champion} made "
            f"too have their outcome, of {pair.weeks} weeks, and a year is needed. Name it in models.shadow and wait."
        )
    if pair.interval.low <= 0:
        raise PromotionRefused(
            f"The record does not support {pair.challenger}: on {pair.forecasts:,} forecasts that both made its loss "
            f"was {pair.skill:+.1%} smaller than that of {pair.champion} (95 % interval {pair.interval.low:+.1%} to "
            f"{pair.interval.high:+.1%}), which may be luck."
        )
