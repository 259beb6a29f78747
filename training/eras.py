"""How the recipe does in times that no test span holds: every era of the training years, each left out in turn.

    for each era: facts, fit without it -> graph -> quantiles at its cutoffs, raw and served -> all eras -> eras.json

What follows an era is learned from too, so this is no forecast of the future. It tells how the ranges hold in markets
of another kind, the crisis of 2008 among them. Graphs are kept: whoever is interrupted goes on with the next era.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bellwether.core.errors import MarketDataError
from bellwether.core.types import Floats
from bellwether.track_record.scores.block_bootstrap import BLOCK, RESAMPLES
from training import baselines, gone
from training import train as train_module
from training.checks import hostile_windows, runtime
from training.comparison import rounded
from training.evaluate import POOLED
from training.export import converted
from training.judging import calibration
from training.panel import Answer, Panel
from training.prepare import STRIDE, load, training_facts
from training.range_recipe import RangeRecipe
from training.remember import remembered
from training.rivals import TITLES
from training.samples import make_sample, pooled
from training.scores import Sample, against, score
from training.served import SERVED, WHO, Pair
from training.spans import Dates, Split, spans_of, trading
from training.steadiness import by_quarter, storms

ERAS: tuple[Dates, ...] = (
    ("1990-01-01", "1997-12-31"),
    ("1998-01-01", "2002-12-31"),
    ("2003-01-01", "2006-12-31"),
    ("2007-01-01", "2009-12-31"),
    ("2010-01-01", "2012-12-31"),
    ("2013-01-01", "2015-12-31"),
    ("2016-01-01", "2018-12-31"),
)
JUDGES_GONE = ERAS[3]  #: the one in which companies failed
PLAIN = ("ewma", "random_walk")  #: the rules without weights that it is set beside
#: modules whose change makes a fit anew
MADE_BY = (
    *("export.py", "features.py", "fit.py", "graph.py", "layers.py", "model.py", "panel.py", "reports.py"),
    *("reports_step.py", "spans.py", "tidy_graph.py", "train.py", "windows.py"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Era:
    """Everyone's standardised quantiles at the cutoffs of an era that none of them learned from."""

    dates: Dates
    sample: Sample  #: of pooled horizons
    answers: dict[str, Floats]  #: by rival's name, (n, levels)
    dead: dict[str, Any] | None  #: scores of companies that are gone


def compare(
    work: Path, recipe: RangeRecipe, stop_after: int, dead: Path | None = None, eras: tuple[Dates, ...] = ERAS
) -> dict[str, Any]:
    """The document of all eras, from what `prepare` left in `work`: minutes for each era.

    `dead` holds prices of companies that are gone. Raises MarketDataError where no era lies in the training years.
    """
    panel, _ = load(work)
    known = [era for era in eras if era[1] <= spans_of(panel).training[1] and len(panel.rows_between(*era))]
    if not known:
        raise MarketDataError(f"The training years, to {spans_of(panel).training[1]}, hold no era to leave out.")
    judged = [
        judge(panel, era, recipe, stop_after, work / "eras", dead if era == JUDGES_GONE else None) for era in known
    ]
    sample = Sample(
        **{name: np.concatenate([getattr(era.sample, name) for era in judged]) for name in Sample.__slots__}
    )
    answers = {name: np.concatenate([era.answers[name] for era in judged]) for name in judged[0].answers}
    four = {name: answers[name] for name in (*WHO, *SERVED.values())}
    shown = {who: answers[SERVED[who]] for who in WHO}
    document: dict[str, Any] = {
        "stride": STRIDE,
        "pooled_horizons": list(POOLED),
        "bootstrap": {"block_weeks": BLOCK, "resamples": RESAMPLES},
        "rivals": {name: {"title": TITLES[name]} for name in ("model", *PLAIN)},
        "eras": {_name(era): _scores(era.sample, _raw(era.answers)) for era in judged},
        "together": _scores(sample, _raw(answers)),
        "calibration": {name: calibration(sample, answers[name]) for name in WHO},
        "served": {
            "eras": {_name(era): _scores(era.sample, _shown(era.answers)) for era in judged},
            "together": _scores(sample, _shown(answers)),
            "calibration": {name: calibration(sample, quantiles) for name, quantiles in shown.items()},
        },
        "quarters": by_quarter(sample, four),
        "storms": storms(sample, four),
        "dead": next((era.dead for era in judged if era.dead), None),
    }
    finished: dict[str, Any] = rounded(document)
    return finished


def judge(panel: Panel, era: Dates, recipe: RangeRecipe, stop_after: int, kept: Path, dead: Path | None) -> Era:
    """Fit without the era, then answer at its cutoffs, of seen and unseen symbols alike, and of `dead` companies."""
    split = Split(spans_of(panel).training, left_out=era)
    facts = training_facts(panel, split)
    standardised = np.array(facts["standardised_quantiles"])
    rows = trading(panel, panel.every(panel.rows_between(*era), STRIDE))
    print(f"leaving out {era[0][:4]} to {era[1][:4]}")
    pair = Pair(fitted(panel, standardised, recipe, split, stop_after, kept), standardised)
    quantiles = pair.all(panel, rows) | {"random_walk": baselines.random_walk(panel, rows)}
    sample = pooled(make_sample(panel, rows, era[1], facts["climatology"]))
    deviations = panel.deviations(rows)[:, :, None]
    answers = {name: sample.of(answer / deviations) for name, answer in quantiles.items()}
    return Era(era, sample, answers, gone.judge(panel, pair, dead, era, STRIDE) if dead else None)


def fitted(
    panel: Panel, standardised: Floats, recipe: RangeRecipe, split: Split, stop_after: int, kept: Path
) -> Answer:
    """The graph that learned from the split, from the folder `kept` where it was made before."""
    code = [(Path(train_module.__file__).parent / name).read_text(encoding="utf-8") for name in MADE_BY]
    settings = [code, repr(recipe), repr(split), stop_after]
    seen = (
        panel.bars,
        panel.closes,
        panel.moves,
        panel.market,
        panel.reported,
        panel.next_report,
        panel.chances,
        panel.symbol,
        standardised,
    )

    def make() -> dict[str, Any]:
        model = train_module.fit(panel, standardised, recipe, split, stop_after).model
        drawn = np.random.default_rng(0).choice(split.rows(panel), 256)
        graph = converted(model, hostile_windows(*panel.windows(drawn)))
        return {"graph": np.frombuffer(graph.content, np.uint8)}

    return runtime(remembered(kept, train_module.__file__, settings, seen, make)["graph"].tobytes())


def _name(era: Era) -> str:
    return f"{era.dates[0][:4]}-{era.dates[1][:4]}"


def _raw(answers: dict[str, Floats]) -> dict[str, Floats]:
    return {name: answers[name] for name in ("model", *PLAIN)}


def _shown(answers: dict[str, Floats]) -> dict[str, Floats]:
    """What is served, under the names of what it is made of."""
    return {who: answers[SERVED[who]] for who in WHO} | {"random_walk": answers["random_walk"]}


def _scores(sample: Sample, answers: dict[str, Floats]) -> dict[str, Any]:
    """Scores of everyone and the model's skill over each plain rule, horizons pooled."""
    return {
        "scores": {name: score(sample, quantiles) for name, quantiles in answers.items()},
        "skill": {name: against(sample, answers["model"], answers[name]) for name in PLAIN},
    }
