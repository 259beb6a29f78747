"""docs/paper-table.md, written from the scores alone."""

from statistics import NormalDist
from typing import Any

import numpy as np

from training.paper_data import ACL18, KDD17
from training.words import between, percent, table

MADE_BY = "<!-- Written by `python -m training paper`. Changes by hand are lost. -->"

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
    parts = [
        "# Will it rise tomorrow? Our LSTM on the papers' benchmarks",
        MADE_BY,
        "Several papers let a network guess whether a stock will rise or fall in the next session, and score it on the "
        "same two sets, ACL18 and KDD17. This page puts a small LSTM of ours through the same exercise, by the rule of "
        "the papers' own loader. It is not the model that this product serves, which forecasts ranges and leaves "
        "the direction alone; this page helps to see why.",
        *(verdict(result) for result in results),
        *(section(result) for result in results),
        limits(results),
        method(results, recipe),
    ]
    return "\n\n".join(parts) + "\n"


def verdict(result: dict[str, Any]) -> str:
    """One sentence per benchmark; the words follow from the intervals over days, which are the wider ones."""
    ours, up = column(result, "accuracy").mean(), result["share_up"]["test"]
    low, high = result["interval"]
    toss = against(low - 0.5, high - 0.5)
    return (
        f"**{result['benchmark'].name}: {percent(ours, sign=False)} right on average of {len(result['runs'])} seeds** "
        f"{between(result['interval'], sign=False)}. That is {toss} a coin toss (50 %), and "
        f'{against(*result["over_up_interval"])} always saying "up" ({percent(up, sign=False)}): the difference is '
        f"{100 * (ours - up):+.2f} points {between(result['over_up_interval'])}. Brackets hold 95 % intervals in "
        "percent, from drawing whole days again."
    )


def against(low: float, high: float) -> str:
    """How an interval of a difference reads."""
    if low > 0:
        return "better than"
    return "worse than" if high < 0 else "not distinguishable from"


def section(result: dict[str, Any]) -> str:
    """The table of one benchmark, each seed, and what chance does."""
    name, tests = result["benchmark"].name, result["sizes"]["test"]
    rows = [["always up", percent(result["share_up"]["test"], sign=False), "0"]]
    rows += [[who, f"{right:.2f} %", f"{mcc:.4f}"] for who, (right, mcc) in PUBLISHED[name].items()]
    right, mcc = column(result, "accuracy"), column(result, "mcc")
    seeds = f"mean of {len(right)} seeds"
    rows.append([f"**LSTM, ours, {seeds}**", f"**{percent(right.mean(), sign=False)}**", f"**{mcc.mean():.4f}**"])
    spread = f"{100 * right.min():.2f} to {percent(right.max(), sign=False)}"
    rows.append(["LSTM, ours, lowest to highest seed", spread, f"{mcc.min():.4f} to {mcc.max():.4f}"])
    each = [
        [
            str(run["seed"]),
            str(run["epoch"]),
            percent(run["validation"], sign=False),
            percent(run["accuracy"], sign=False),
            f"{run['mcc']:.4f}",
            percent(run["rises"], 0, sign=False),
        ]
        for run in result["runs"]
    ]
    return "\n\n".join(
        [
            f"## {name}",
            table(["", "accuracy on test", "MCC"], rows),
            "Every seed, none left out:",
            table(["seed", "epoch kept", "accuracy on validation", "accuracy on test", "MCC", "says up"], each),
            f"A fair coin on these {tests:,} instances lands between {spoken(chance_interval(tests))} in 95 of 100 "
            f"tries (binomial). That is too narrow a yardstick for a model: the stocks of one day rise and fall "
            f"together, and the test has only {result['days']['test']} days. Drawing whole days again puts the mean "
            f"of our seeds between {spoken(result['interval'])}.",
        ]
    )


def limits(results: list[dict[str, Any]]) -> str:
    """What a reader may and may not conclude."""
    shares = "; ".join(
        f"{result['benchmark'].name}: {percent(result['share_up']['train'], sign=False)} of moves up in training, "
        f"{percent(result['share_up']['validation'], sign=False)} in validation, "
        f"{percent(result['share_up']['test'], sign=False)} in test"
        for result in results
    )
    points = [
        "MCC is a correlation between guess and outcome: 1 is always right, 0 is a coin toss or a guess that never "
        "changes.",
        "Small moves, between -0.5 % and +0.55 %, are not in the sets. Whether a move will be small is not known "
        "beforehand, so none of these figures is the accuracy of a forecast one could trade on, and no costs are "
        "counted.",
        f"The validation part stops training, as in the papers, which keep their best validation epoch. It is a "
        f"different market from the test ({shares}), so stopping on it rewards guesses that may not suit the test.",
        "The published figures are copied here as one number per method, without intervals; their settings differ by "
        "set and method. They come from the tables of a public "
        "replication (yuxiangalvin/Stock-Move-Prediction-with-Adversarial-Training-Replicate), which reprints the "
        "paper's and adds its own; the replication differs from the paper by up to 1.6 points with the same method.",
        "The sets end in 2015 and 2016 and hold few companies, mostly large. Nothing here speaks for later "
        "years or other stocks.",
        "The seeds share their data. Their range shows what the luck of starting weights does, not what other days "
        "would have brought; for that, read the interval over days.",
    ]
    return "\n\n".join(["## What this shows, and what it does not", "\n".join(f"- {point}" for point in points)])


def method(results: list[dict[str, Any]], recipe: dict[str, Any]) -> str:
    """How it was done, so that someone could find a mistake."""
    sizes = "; ".join(
        f"{result['benchmark'].name} has " + " / ".join(f"{count:,}" for count in result["sizes"].values())
        for result in results
    )
    settings = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in recipe.items())
    return "\n\n".join(
        [
            "## How it was done",
            f"The {recipe['seq']} sessions before a session, with the papers' 11 features, answer whether its close "
            "is up or down; windows with a missing row are skipped. Instances to train on, validate and test: "
            f"{sizes}. The split dates are the papers'. Features are scaled by mean and deviation of the training "
            "part. With windows of 5 sessions the counts are the official ones, which a test checks.",
            f"One LSTM and one output, {results[0]['weights']:,} weights; cross-entropy, AdamW; the epoch with the "
            f"best validation accuracy is kept. Settings, the same for both sets: {settings}. They are the "
            "best of nine on the validation parts, with other seeds; nothing was changed after the test parts had "
            "been scored.",
            "Again: `python -m training paper --benchmarks ../shared/data/benchmarks`. Seeds are fixed; another "
            "processor may round differently.",
        ]
    )


def column(result: dict[str, Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One figure of every seed, (seeds,)."""
    return np.array([run[name] for run in result["runs"]], np.float64)


def chance_interval(tests: int) -> tuple[float, float]:
    """Between which shares a fair coin is right in 95 of 100 tries."""
    half = NormalDist().inv_cdf(0.975) * 0.5 / np.sqrt(tests)  # the binomial's, which is normal at this size
    return float(0.5 - half), float(0.5 + half)


def spoken(interval: tuple[float, float]) -> str:
    """`49.1 and 50.9 %`."""
    return f"{100 * interval[0]:.1f} and {percent(interval[1], 1, sign=False)}"
