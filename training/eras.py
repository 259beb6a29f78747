"""How the recipe does in times that no test span holds: every era of the training years, each left out in turn.

    each era: facts, fit without it -> graph -> quantiles at its cutoffs, raw and served | all eras -> eras.json

What follows an era is learned from too, so this is no forecast of the future. It tells how the ranges hold in markets
of another kind, the crisis of 2008 among them. Graphs are kept: whoever is interrupted goes on with the next era. Eras
are apart from each other, so workers can share them.
"""

from collections.abc import Sequence
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
from training.panel import Panel
from training.prepare import STRIDE, load, training_facts
from training.range_recipe import RangeRecipe
from training.remember import code_of_fits, keep, place, read
from training.rivals import TITLES
from training.samples import make_sample, pooled
from training.scores import Sample, against, score
from training.served import SERVED, WHO, Pair
from training.spans import Dates, Split, spans_of, trading
from training.steadiness import by_quarter, storms
from training.workers import HERE, Workers

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


@dataclass(frozen=True, slots=True, eq=False)
class Era:
    """Everyone's standardised quantiles at the cutoffs of an era that none of them learned from."""

    dates: Dates
    sample: Sample  #: of pooled horizons
    answers: dict[str, Floats]  #: by rival's name, (n, levels)
    dead: dict[str, Any] | None  #: scores of companies that are gone


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """All that an era's part of the work is told beside the panel."""

    era: Dates
    split: Split
    facts: dict[str, Any]  #: of what the split may see
    recipe: RangeRecipe
    stop_after: int

    @property
    def standardised(self) -> Floats:
        """Of the plain rule, (heads, levels)."""
        return np.array(self.facts["standardised_quantiles"])


def compare(
    work: Path,
    recipe: RangeRecipe,
    stop_after: int,
    dead: Path | None = None,
    eras: tuple[Dates, ...] = ERAS,
    workers: Workers = HERE,
) -> dict[str, Any]:
    """The document of all eras, from what `prepare` left in `work`: minutes for each era.

    `dead` holds prices of companies that are gone. Raises MarketDataError where no era lies in the training years.
    """
    panel, _ = load(work)
    known = [era for era in eras if era[1] <= spans_of(panel).training[1] and len(panel.rows_between(*era))]
    if not known:
        raise MarketDataError(f"The training years, to {spans_of(panel).training[1]}, hold no era to leave out.")
    splits = [Split(spans_of(panel).training, left_out=era) for era in known]
    facts = workers.map(training_facts, panel, splits, "plain rules")
    lessons = [Lesson(*of_era, recipe, stop_after) for of_era in zip(known, splits, facts, strict=True)]
    graphs = fitted(panel, lessons, work / "eras", workers)
    companies = gone.Gone.of_file(dead) if dead and JUDGES_GONE in known else None
    tasks = [
        (lesson, graph, companies if lesson.era == JUDGES_GONE else None)
        for lesson, graph in zip(lessons, graphs, strict=True)
    ]
    judged = workers.map(judge, panel, tasks, "judging")
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


def judge(panel: Panel, task: tuple[Lesson, bytes, gone.Gone | None]) -> Era:
    """Answer at an era's cutoffs by the graph that has not seen it, of all symbols alike, and of the gone."""
    lesson, graph, dead = task
    rows = trading(panel, panel.every(panel.rows_between(*lesson.era), STRIDE))
    pair = Pair(runtime(graph), lesson.standardised)
    quantiles = pair.all(panel, rows) | {"random_walk": baselines.random_walk(panel, rows)}
    sample = pooled(make_sample(panel, rows, lesson.era[1], lesson.facts["climatology"]))
    deviations = panel.deviations(rows)[:, :, None]
    answers = {name: sample.of(answer / deviations) for name, answer in quantiles.items()}
    return Era(lesson.era, sample, answers, gone.judge(panel, pair, dead, lesson.era, STRIDE) if dead else None)


def fitted(panel: Panel, lessons: Sequence[Lesson], kept: Path, workers: Workers) -> list[bytes]:
    """The graph of each lesson, from the folder `kept` where it was made before; each is put there once it is made."""
    code, seen = code_of_fits(), train_module.reads(panel)
    places = [
        place(
            kept,
            train_module.__file__,
            [code, repr(lesson.recipe), repr(lesson.split), lesson.stop_after],
            (*seen, lesson.standardised),
        )
        for lesson in lessons
    ]
    missing = [at for at, file in enumerate(places) if not file.is_file()]

    def keep_it(at: int, graph: bytes) -> None:
        keep(places[missing[at]], {"graph": np.frombuffer(graph, np.uint8)})

    workers.map(make_graph, panel, [lessons[at] for at in missing], "fitting", keep_it)
    return [read(file)["graph"].tobytes() for file in places]


def make_graph(panel: Panel, lesson: Lesson) -> bytes:
    """Fit without the era."""
    print(f"leaving out {lesson.era[0][:4]} to {lesson.era[1][:4]}")
    model = train_module.fit(panel, lesson.standardised, lesson.recipe, lesson.split, lesson.stop_after).model
    drawn = np.random.default_rng(0).choice(lesson.split.rows(panel), 256)
    return converted(model, hostile_windows(*panel.windows(drawn))).content


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
