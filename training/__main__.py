"""The command line of offline training: `python -m training COMMAND --help`.

prepare -> train -> export (which evaluates) -> exported_models/MODEL_ID     `all` runs the three
refit: the same recipe on all years, for service; it has no scores of its own
eras: the same recipe with each era left out -> docs/eras.json, for the report
evaluate, forecasts: an exported model on any prices; these need onnxruntime only
replay: the account that the service would have kept of years of any prices
evaluate --full -> docs/evaluation.md, docs/model-card.md     `report` draws them again
paper: a guess at tomorrow's direction on the papers' benchmarks -> docs/paper-table.md
growth prepare|train|export|refit|evaluate|all: the same for companies' revenue (revenue/commands.py) -> docs/growth.md
"""

import json
import os
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from bellwether.core import plain_output
from training import options as shared
from training.options import (
    EPOCHS,
    EVERY,
    FILE,
    MODELS,
    OUT,
    QUICK,
    SEED,
    SEEDS,
    SOURCE,
    SPAN,
    WORK,
    WORKERS,
    Commands,
    options,
)
from training.revenue.commands import growth

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # tensorflow's start-up messages help nobody here

PRICES = click.option(
    "--prices",
    type=FILE,
    multiple=True,
    required=True,
    help="Parquet or csv: symbol, date, open, high, low, close, volume. Give it again to add files; the first wins.",
)
EARNINGS = click.option(
    "--earnings",
    type=FILE,
    help="Parquet or csv: symbol, date, perhaps time_of_day and known_from: the days on which companies report.",
)
DEAD = click.option("--dead", type=FILE, help="Prices of companies that are gone: scored beside the living.")
MODEL_ID = shared.model_id("my-range-1")
MODEL = shared.model("daily-range-3")
SERVED_FOLDER = "exported_models/daily-range-3-2024"
SERVED = shared.model(
    "daily-range-3-2024", "Folder of one exported model. The default is served: it learned from all years to 2024."
)
JUDGED = shared.path(
    shared.FOLDER,
    "exported_models/daily-range-3",
    "Folder of the exported model whose recipe to use: one with scores of its own.",
    "--judged",
)


@click.group(cls=Commands)
def cli() -> None:
    """Train an LSTM on daily prices, score it, export it, run it."""


cli.add_command(growth)


@cli.command()
@options(PRICES, EARNINGS, SOURCE, WORK)
def prepare(prices: tuple[Path, ...], earnings: Path | None, source: str, work: Path) -> None:
    """Check the prices, lay them out, split them by date and by symbol."""
    from training import prepare as step

    step.prepare(prices, work, source or ", ".join(file.name for file in prices), earnings)


@cli.command()
@options(WORK, EPOCHS, SEED, SEEDS, QUICK, WORKERS)
def train(work: Path, epochs: int | None, seed: int, seeds: int, quick: bool, workers: int | str | None) -> None:
    """Train on what `prepare` made; choices are made on the validation span only.

    With several seeds, the one with the smallest validation loss; interrupted, it goes on with those that are missing.
    """
    from training import steps
    from training.range_recipe import RangeRecipe
    from training.workers import opened

    if workers is not None and seeds == 1:
        raise click.UsageError("Workers share the seeds of a training: say how many with --seeds.")
    with opened(workers) as spread:
        steps.train(work, RangeRecipe().varied(seed, epochs, quick), seeds, spread)


@cli.command()
@options(WORK, MODELS, MODEL_ID, QUICK)
def export(work: Path, models: Path, model_id: str, quick: bool) -> None:
    """Convert to ONNX, check it against Keras, score it on the test span, write model.onnx and card.json."""
    from training import steps
    from training.prepare import STRIDE

    steps.export(work, models, model_id, datetime.now(UTC).date(), stride=10 if quick else STRIDE)


@cli.command()
@options(
    WORK,
    MODELS,
    JUDGED,
    shared.day("--to", "last", "Last session to learn from. Default: the last one there is."),
    click.option(
        "--model-id", help="Name of the export. Default: the judged one's and the year that the prices reach."
    ),
)
def refit(work: Path, models: Path, judged: Path, last: datetime | None, model_id: str | None) -> None:
    """Fit a judged recipe once more, on all years and symbols, and export that for service."""
    from training import steps

    steps.refit(work, models, judged, model_id, last.date() if last else None, datetime.now(UTC).date())


@cli.command("all")
@options(PRICES, EARNINGS, SOURCE, WORK, MODELS, MODEL_ID, EPOCHS, SEED, SEEDS, QUICK, WORKERS)
@click.pass_context
def everything(context: click.Context, /, **given: Any) -> None:
    """Run prepare, train and export, one after the other."""
    shared.run_all(context, (prepare, train, export), given)


@cli.command()
@options(
    PRICES,
    EARNINGS,
    MODEL,
    SPAN,
    shared.day("--from", "first", "Instead of --span: first cutoff."),
    shared.day("--to", "last", "Instead of --span: last session of outcomes."),
    EVERY,
    click.option("--json", "as_json", type=FILE, help="Also write the scores to this file."),
    click.option("--before", type=shared.FOLDER, help="With --full: folder of an earlier model, as one more rival."),
    DEAD,
    click.option(
        "--full", is_flag=True, help="Beside every rival, GARCH to LightGBM, with tests: minutes, not seconds."
    ),
    click.option(
        "--docs", type=shared.FOLDER, help="With --full: write evaluation.md, model-card.md and pictures here."
    ),
    WORK,
)
def evaluate(
    prices: tuple[Path, ...],
    earnings: Path | None,
    model: Path,
    span: str,
    first: datetime | None,
    last: datetime | None,
    every: int,
    as_json: Path | None,
    before: Path | None,
    dead: Path | None,
    full: bool,
    docs: Path | None,
    work: Path,
) -> None:
    """Score an exported model beside the baselines, on seen and unseen symbols."""
    from training import evaluate as step

    if (docs or before or dead) and not full:
        raise click.UsageError("--docs, --before and --dead belong to the whole comparison: add --full.")
    if full and find_spec("tensorflow") is None:
        raise ModuleNotFoundError("", name="tensorflow")
    choice = step.SpanChoice(span, f"{first:%Y-%m-%d}" if first else None, f"{last:%Y-%m-%d}" if last else None)
    if not full:
        scores = step.evaluate_folder(model, prices, earnings, choice, every)
        step.print_table(scores)
    else:
        from training import comparison

        asked = comparison.Contest(prices, choice, every, work / "rivals", earnings, before, dead)
        scores = comparison.compare(model, asked)
        comparison.print_document(scores)
        comparison.write(scores, work / f"evaluation-{scores['span']}.json")
    if as_json:
        as_json.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    if docs:
        from training import report as pages

        pages.write_pages(scores, model, docs)


@cli.command()
@options(
    PRICES,
    EARNINGS,
    SOURCE,
    WORK,
    MODELS,
    shared.path(shared.FOLDER, SERVED_FOLDER, "Folder of the model that is served.", "--served"),
    SEED,
    QUICK,
)
def renew(
    prices: tuple[Path, ...],
    earnings: Path | None,
    source: str,
    work: Path,
    models: Path,
    served: Path,
    seed: int,
    quick: bool,
) -> None:
    """Train on the newest prices, judge beside the served model, leave a candidate for `models promote`."""
    from training import renew as step
    from training.range_recipe import RangeRecipe

    files = step.Files(prices, earnings, work, models)
    told = source or ", ".join(file.name for file in prices)
    step.renew(files, served, RangeRecipe().varied(seed, None, quick), told, datetime.now(UTC).date())


@cli.command()
@options(WORK, JUDGED, DEAD, shared.path(FILE, "docs/eras.json", "The scores to write.", "--out"), WORKERS)
def eras(work: Path, judged: Path, dead: Path | None, out: Path, workers: int | str | None) -> None:
    """Leave each era since 1990 out of training in turn and score it: how the ranges hold in other markets.

    Interrupted, it goes on after the last era that was fitted.
    """
    from training import eras as step
    from training import range_card
    from training.card import read_judged
    from training.comparison import write
    from training.range_recipe import RangeRecipe
    from training.workers import opened

    card = read_judged(judged, range_card.TEXT)
    recipe, chosen = RangeRecipe.of_card(card), card["recipe"]["chosen_epoch"]
    with opened(workers) as spread:
        write(step.compare(work, recipe, chosen, dead, workers=spread), out)
    print(f"wrote {out}; `python -m training report` puts it on the page")


@cli.command()
@options(
    shared.path(FILE, "docs/evaluation.json", None, "--scores"),
    MODEL,
    shared.path(shared.FOLDER, "docs", None, "--docs"),
)
def report(scores: Path, model: Path, docs: Path) -> None:
    """Write the pages and pictures again from scores that `evaluate --full` left."""
    from training import report as pages

    pages.write_pages(pages.read_scores(scores), model, docs)


@cli.command()
@options(
    PRICES,
    EARNINGS,
    SERVED,
    shared.day("--from", "first", "First cutoff."),
    shared.day("--to", "last", "Last cutoff."),
    EVERY,
    click.option("--cutoffs", type=FILE, help="Instead of dates: a parquet or csv with columns symbol, cutoff."),
    click.option("--raw", is_flag=True, help="What the graph says, without what the service makes of it."),
    OUT,
    WORKERS,
)
def forecasts(
    prices: tuple[Path, ...],
    earnings: Path | None,
    model: Path,
    first: datetime | None,
    last: datetime | None,
    every: int,
    cutoffs: Path | None,
    raw: bool,
    out: Path,
    workers: int | str | None,
) -> None:
    """Write the model's quantiles at many cutoffs, one row per symbol, cutoff and horizon."""
    from training import forecasts as step
    from training.workers import opened

    shared.refuse_out(out, [*prices, *(file for file in (cutoffs, earnings) if file)])
    when: Path | tuple[date, date, int]
    if cutoffs is not None and first is None and last is None:
        when = cutoffs
    elif cutoffs is None and first is not None and last is not None:
        when = (first.date(), last.date(), every)
    else:
        raise click.UsageError("Give either --from and --to, or --cutoffs.")
    with opened(workers) as spread:
        step.forecasts(prices, model, out, when, earnings, raw=raw, workers=spread)


@cli.command()
@options(
    PRICES,
    click.option("--forecasts", type=FILE, required=True, help="What `forecasts` wrote of these prices, .parquet."),
    shared.day("--from", "first", "First cutoff that is scored.", required=True),
)
def lists(prices: tuple[Path, ...], forecasts: Path, first: datetime) -> None:
    """Score ranges of lists held in equal parts, drawn by hash, beside two plain ways to the same."""
    from training import lists as step

    print(step.table(step.score_lists(prices, forecasts, first.date())))


@cli.command()
@options(
    PRICES,
    EARNINGS,
    shared.path(shared.FOLDER, SERVED_FOLDER, "Folder of the model that is served; others lie beside it.", "--served"),
    shared.day("--from", "first", "First day.", required=True),
    shared.day("--to", "last", "Last day.", required=True),
    click.option(
        "--every", type=click.IntRange(1, 63), default=1, show_default=True, help="Forecast each n-th session."
    ),
    click.option("--out", type=FILE, required=True, help="The file for what is kept of it, .npz."),
    WORKERS,
)
def replay(
    prices: tuple[Path, ...],
    earnings: Path | None,
    served: Path,
    first: datetime,
    last: datetime,
    every: int,
    out: Path,
    workers: int | str | None,
) -> None:
    """Live through years of a market as the service would have, and tell how its forecasts turned out."""
    from training import replay as step
    from training.workers import opened

    if out.suffix.lower() != ".npz":
        raise click.UsageError(f"--out {out} must end in .npz.")
    with opened(workers) as spread:
        step.record(prices, served, first.date(), last.date(), out, every, earnings, spread)


@cli.command()
@options(
    click.option(
        "--benchmarks",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        required=True,
        help="Folder that holds acl18/features.parquet and kdd17/features.parquet.",
    ),
    click.option("--set", "chosen", type=click.Choice(["acl18", "kdd17", "both"]), default="both", show_default=True),
    click.option(
        "--seeds", type=click.IntRange(1), default=5, show_default=True, help="Models per set; all are reported."
    ),
    shared.path(FILE, "docs/paper-table.md", "The page to write.", "--out"),
)
def paper(benchmarks: Path, chosen: str, seeds: int, out: Path) -> None:
    """Guess tomorrow's direction on the papers' benchmarks, beside what the papers report."""
    from training import paper as step

    step.paper(benchmarks, ["acl18", "kdd17"] if chosen == "both" else [chosen], seeds, out)


if __name__ == "__main__":
    plain_output.set_up()
    cli()
