"""docs/paper-table.md, written from the scores alone."""

from statistics import NormalDist
from typing import Any

import numpy as np

from training.pages import written
from training.paper_data import ACL18, KDD17

PUBLISHED = {  # test accuracy in percent, MCC
    ACL18.name: {
        "LSTM, paper": (53.18, 0.0674),
        "ALSTM, paper": (54.90, 0.1043),
        "Adv-ALSTM, paper": (57.20, 0.1483),
        "LSTM, replication": (51.56, 0.0395),
        "ALSTM, replication": (55.00, 0.0995),
        "Adv-ALSTM, replication": (56.45, 0.1310),
    },
    KDD17.name: {
        "LSTM, paper": (51.62, 0.0183),
        "ALSTM, paper": (51.94, 0.0261),
        "Adv-ALSTM, paper": (53.05, 0.0523),
        "LSTM, replication": (50.61, 0.0090),
        "ALSTM, replication": (51.88, 0.0121),
        "Adv-ALSTM, replication": (52.01, 0.0245),
    },
}


def page(results: list[dict[str, Any]], recipe: dict[str, Any]) -> str:
    """The whole page, from what `training.paper.score` found for each benchmark."""
    summaries = [
        result
        | {"accuracy": over_seeds(result, "accuracy"), "mcc": over_seeds(result, "mcc")}
        | {"chance": chance_interval(result["sizes"]["test"])}
        for result in results
    ]
    return written("paper-table.md.j2", results=summaries, recipe=recipe, published=PUBLISHED, against=against)


def against(low: float, high: float) -> str:
    """How an interval of a difference reads."""
    if low > 0:
        return "better than"
    return "worse than" if high < 0 else "not distinguishable from"


def over_seeds(result: dict[str, Any], name: str) -> dict[str, float]:
    """Mean, lowest and highest of a score of every seed."""
    scores = np.array([run[name] for run in result["runs"]], np.float64)
    return {"mean": scores.mean(), "lowest": scores.min(), "highest": scores.max()}


def chance_interval(tests: int) -> tuple[float, float]:
    """Between which shares a fair coin is right in 95 of 100 tries."""
    half = NormalDist().inv_cdf(0.975) * 0.5 / np.sqrt(tests)  # the binomial's, which is normal at this size
    return float(0.5 - half), float(0.5 + half)
