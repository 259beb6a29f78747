"""The command line of offline training: `python -m training COMMAND --help`.

prepare -> train -> export (which evaluates) -> exported_models/MODEL_ID     `all` runs the three
refit: the same recipe on all years, for service; it has no scores of its own
eras: the same recipe with each era left out -> docs/eras.json, for the report
evaluate, forecasts: an exported model on any prices; these need onnxruntime only
evaluate --full -> docs/evaluation.md, docs/model-card.md     `report` draws them again
paper: a guess at tomorrow's direction on the papers' benchmarks -> docs/paper-table.md
growth prepare|train|export|refit|evaluate|all: the same for the model of company growth -> docs/growth.md
"""

import functools
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from bellwether.core import plain_output
from bellwether.core.errors import BellwetherError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # tensorflow's start-up messages help nobody here

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])

Command = Callable[..., None]
Option = Callable[[Command], Command]

prices = click.option(
    "--prices",
    type=FILE,
    multiple=True,
    required=True,
    help="Parquet or csv: symbol, date, open, high, low, close, volume. Give it again to add files; the first wins.",
)
source = click.option(
    "--source",
    default="",
    help="Where the prices come from, in words, for the card. Default: the files' names.",
)
work = click.option(
    "--work",
    "--out-dir",
    type=FOLDER,
    default=Path("build/training"),
    show_default=True,
    help="Folder for what the steps hand to each other.",
)
models = click.option(
    "--models",
    type=FOLDER,
    default=Path("exported_models"),
    show_default=True,
    help="Folder of exported models.",
)
# another name than the shipped model's: trying things out must not replace what is served
model_id = click.option("--model-id", default="my-range-1", show_default=True, help="Name of the export.")
model = click.option(
    "--model",
    type=FOLDER,
    default=Path("exported_models/daily-range-2"),
    show_default=True,
    help="Folder of one exported model.",
)
served = click.option(
    "--model",
    type=FOLDER,
    default=Path("exported_models/daily-range-2-2021"),
    show_default=True,
    help="Folder of one exported model. The default is served: it learned from all years to 2021.",
)
judged = click.option(
    "--judged",
    type=FOLDER,
    default=Path("exported_models/daily-range-2"),
    show_default=True,
    help="Folder of the exported model whose recipe to use: one with scores of its own.",
)
epochs = click.option(
    "--epochs", type=click.IntRange(1), help="Epochs of about 100,000 windows. Default: the recipe's."
)
seed = click.option("--seed", type=int, default=1, show_default=True, help="Seed of weights and draws.")
quickly = click.option(
    "--quick", is_flag=True, help="The whole path in seconds, for trying out; learns almost nothing."
)


def friendly(command: Command) -> Command:
    """Show our own errors, and a missing library, as one line without a traceback."""

    @functools.wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
        except BellwetherError as problem:
            raise click.ClickException(problem.for_operator) from problem
        except ModuleNotFoundError as problem:
            raise click.ClickException(
                f"The library {problem.name} is not installed: pip install -r training/requirements.txt"
            ) from problem

    return run


def options(*some: Option) -> Option:
    """Several click options as one decorator, shown in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(some), command)


@click.group()
def cli() -> None:
    """Train an LSTM on daily prices, score it, export it, run it."""


@cli.command()
@options(prices, source, work)
@friendly
def prepare(prices: tuple[Path, ...], source: str, work: Path) -> None:
    """Check the prices, lay them out, split them by date and by symbol."""
    from training import prepare as step

    step.prepare(prices, work, source or ", ".join(file.name for file in prices))


@cli.command()
@options(work, epochs, seed, quickly)
@friendly
def train(work: Path, epochs: int | None, seed: int, quick: bool) -> None:
    """Train on what `prepare` made; choices are made on the validation span only."""
    from training import train as step

    step.train(work, step.make_recipe(seed, epochs, quick))


@cli.command()
@options(work, models, model_id, quickly)
@friendly
def export(work: Path, models: Path, model_id: str, quick: bool) -> None:
    """Convert to ONNX, check it against Keras, score it on the test span, write model.onnx and card.json."""
    from training import export as step
    from training.prepare import STRIDE

    step.export(work, models, model_id, datetime.now(UTC).date(), stride=10 if quick else STRIDE)


@cli.command()
@options(work, models, judged)
@click.option("--to", "last", type=DAY, help="Last session to learn from. Default: the last one there is.")
@click.option("--model-id", help="Name of the export. Default: the judged one's and the year that the prices reach.")
@friendly
def refit(work: Path, models: Path, judged: Path, last: datetime | None, model_id: str | None) -> None:
    """Fit a judged recipe once more, on all years and symbols, and export that for service."""
    from training import refit as step

    step.refit(work, models, judged, model_id, last.date() if last else None, datetime.now(UTC).date())


@cli.command("all")
@options(prices, source, work, models, model_id, epochs, seed, quickly)
@click.pass_context
def everything(context: click.Context, /, **given: Any) -> None:
    """Run prepare, train and export, one after the other."""
    for step in (prepare, train, export):
        context.invoke(step, **{option.name: given[option.name] for option in step.params if option.name in given})


@cli.command()
@options(prices, model)
@click.option(
    "--span",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Validation is for choosing; test is opened once, when nothing is left to choose.",
)
@click.option("--from", "first", type=DAY, help="Instead of --span: first cutoff.")
@click.option("--to", "last", type=DAY, help="Instead of --span: last session of outcomes.")
@click.option("--every", type=click.IntRange(1), default=5, show_default=True, help="Sessions between cutoffs.")
@click.option("--json", "as_json", type=FILE, help="Also write the scores to this file.")
@click.option("--full", is_flag=True, help="Beside every rival, GARCH to LightGBM, with tests: minutes, not seconds.")
@click.option("--docs", type=FOLDER, help="With --full: write evaluation.md, model-card.md and pictures here.")
@options(work)
@friendly
def evaluate(
    prices: tuple[Path, ...],
    model: Path,
    span: str,
    first: datetime | None,
    last: datetime | None,
    every: int,
    as_json: Path | None,
    full: bool,
    docs: Path | None,
    work: Path,
) -> None:
    """Score an exported model beside the baselines, on seen and unseen symbols."""
    from training import evaluate as step

    if docs and not full:
        raise click.UsageError("The pages of --docs tell of every rival: add --full.")
    if full and find_spec("tensorflow") is None:
        raise ModuleNotFoundError("", name="tensorflow")
    named = step.SPANS[span]
    dates = (f"{first:%Y-%m-%d}" if first else named[0], f"{last:%Y-%m-%d}" if last else named[1])
    if not full:
        scores = step.evaluate_folder(model, prices, dates, every)
        step.print_table(scores)
    else:
        from training import comparison

        scores = comparison.compare(model, prices, dates, every, work / "rivals")
        comparison.print_document(scores)
        comparison.write(scores, work / f"evaluation-{scores['span']}.json")
    if as_json:
        as_json.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    if docs:
        from training import report as pages

        pages.write_pages(scores, model, docs)


@cli.command()
@options(work, judged)
@click.option("--out", type=FILE, default=Path("docs/eras.json"), show_default=True, help="The scores to write.")
@friendly
def eras(work: Path, judged: Path, out: Path) -> None:
    """Leave each era since 1990 out of training in turn and score it: how the ranges hold in other markets."""
    from training import eras as step
    from training.comparison import write
    from training.refit import read_judged, recipe_of

    card = read_judged(judged)
    write(step.compare(work, recipe_of(card), card["recipe"]["chosen_epoch"]), out)
    print(f"wrote {out}; `python -m training report` puts it on the page")


@cli.command()
@click.option("--scores", type=FILE, default=Path("docs/evaluation.json"), show_default=True)
@options(model)
@click.option("--docs", type=FOLDER, default=Path("docs"), show_default=True)
@friendly
def report(scores: Path, model: Path, docs: Path) -> None:
    """Write the pages and pictures again from scores that `evaluate --full` left."""
    from training import report as pages

    pages.write_pages(pages.read_scores(scores), model, docs)


@cli.command()
@options(prices, served)
@click.option("--from", "first", type=DAY, help="First cutoff.")
@click.option("--to", "last", type=DAY, help="Last cutoff.")
@click.option("--every", type=click.IntRange(1), default=5, show_default=True, help="Sessions between cutoffs.")
@click.option("--cutoffs", type=FILE, help="Instead of dates: a parquet or csv with columns symbol, cutoff.")
@click.option("--out", type=FILE, required=True, help="The file to write, .parquet or .csv.")
@friendly
def forecasts(
    prices: tuple[Path, ...],
    model: Path,
    first: datetime | None,
    last: datetime | None,
    every: int,
    cutoffs: Path | None,
    out: Path,
) -> None:
    """Write the model's quantiles at many cutoffs, one row per symbol, cutoff and horizon."""
    from training import forecasts as step

    if out.suffix.lower() not in {".parquet", ".csv"}:
        raise click.UsageError(f"--out {out} must end in .parquet or .csv.")
    if out.resolve() in {file.resolve() for file in (*prices, *([cutoffs] if cutoffs else []))}:
        raise click.UsageError(f"--out {out} is also an input; choose another name, or it would be lost.")
    if cutoffs is not None and first is None and last is None:
        step.forecasts(prices, model, out, cutoffs)
    elif cutoffs is None and first is not None and last is not None:
        step.forecasts(prices, model, out, (first.date(), last.date(), every))
    else:
        raise click.UsageError("Give either --from and --to, or --cutoffs.")


@cli.command()
@click.option(
    "--benchmarks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder that holds acl18/features.parquet and kdd17/features.parquet.",
)
@click.option("--set", "chosen", type=click.Choice(["acl18", "kdd17", "both"]), default="both", show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Models per set; all are reported.")
@click.option("--out", type=FILE, default=Path("docs/paper-table.md"), show_default=True, help="The page to write.")
@friendly
def paper(benchmarks: Path, chosen: str, seeds: int, out: Path) -> None:
    """Guess tomorrow's direction on the papers' benchmarks, beside what the papers report."""
    from training import paper as step

    step.paper(benchmarks, ["acl18", "kdd17"] if chosen == "both" else [chosen], seeds, out)


@cli.group()
def growth() -> None:
    """Train, score and export the model of company growth, from quarterly reports."""


fundamentals = click.option(
    "--fundamentals",
    type=FILE,
    required=True,
    help="Parquet or csv: symbol, period_end, filed, revenue, net_income, perhaps revenue_suspect.",
)
growth_id = click.option("--model-id", default="my-revenue-1", show_default=True, help="Name of the export.")
growth_model = click.option(
    "--model",
    type=FOLDER,
    default=Path("exported_models/revenue-1"),
    show_default=True,
    help="Folder of one exported growth model: one with scores of its own.",
)


@growth.command("prepare")
@options(fundamentals, source, work)
@friendly
def growth_prepare(fundamentals: Path, source: str, work: Path) -> None:
    """Lay every report out as it was known on its day, split by date and by company."""
    from training.revenue import steps

    steps.prepare(fundamentals, source, work)


@growth.command("train")
@options(work, epochs, seed, quickly)
@friendly
def growth_train(work: Path, epochs: int | None, seed: int, quick: bool) -> None:
    """Train on what `prepare` made; choices are made on the validation span only."""
    from training.revenue import steps
    from training.revenue.train import make_recipe

    steps.train(work, make_recipe(seed, epochs, quick))


@growth.command("export")
@options(work, models, growth_id)
@friendly
def growth_export(work: Path, models: Path, model_id: str) -> None:
    """Convert to ONNX, check it against Keras, score it on the test span, write model.onnx and card.json."""
    from training.revenue import steps

    steps.export(work, models, model_id, datetime.now(UTC).date())


@growth.command("refit")
@options(work, models, growth_model)
@click.option("--model-id", help="Name of the export. Default: the judged one's and the year that the reports reach.")
@friendly
def growth_refit(work: Path, models: Path, model: Path, model_id: str | None) -> None:
    """Fit a judged recipe once more, on all years and companies, and export that for service."""
    from training.revenue import steps

    steps.refit(work, models, model, model_id, datetime.now(UTC).date())


@growth.command("all")
@options(fundamentals, source, work, models, growth_id, epochs, seed, quickly)
@click.pass_context
def growth_everything(context: click.Context, /, **given: Any) -> None:
    """Run prepare, train and export, one after the other."""
    for step in (growth_prepare, growth_train, growth_export):
        context.invoke(step, **{option.name: given[option.name] for option in step.params if option.name in given})


@growth.command("evaluate")
@options(work, growth_model)
@click.option(
    "--span",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Validation is for choosing; test is opened once, when nothing is left to choose.",
)
@click.option("--full", is_flag=True, help="Beside every rival, LightGBM and AutoETS too: minutes, not seconds.")
@click.option("--docs", type=FOLDER, help="With --full: write growth.md, its figures and pictures here.")
@friendly
def growth_evaluate(work: Path, model: Path, span: str, full: bool, docs: Path | None) -> None:
    """Score an exported growth model beside its rivals, at reports that `prepare` laid out."""
    from training.revenue import steps

    if docs and not full:
        raise click.UsageError("The page of --docs tells of every rival: add --full.")
    steps.score(work, model, span, full, docs)


@growth.command("forecasts")
@options(fundamentals)
@click.option(
    "--model",
    type=FOLDER,
    default=Path("exported_models/revenue-1-2021"),
    show_default=True,
    help="Folder of one exported growth model. The default is served: it learned from all years to 2021.",
)
@click.option("--from", "first", type=DAY, required=True, help="First day on which a report became known.")
@click.option("--to", "last", type=DAY, required=True, help="Last such day.")
@click.option("--out", type=FILE, required=True, help="The file to write, .parquet or .csv.")
@friendly
def growth_forecasts(fundamentals: Path, model: Path, first: datetime, last: datetime, out: Path) -> None:
    """Write the model's quantiles at every report, one row per company, report and horizon."""
    from training.revenue import forecasts as step

    if out.suffix.lower() not in {".parquet", ".csv"}:
        raise click.UsageError(f"--out {out} must end in .parquet or .csv.")
    if out.resolve() == fundamentals.resolve():
        raise click.UsageError(f"--out {out} is also the input; choose another name, or it would be lost.")
    step.forecasts(fundamentals, model, out, (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"))


if __name__ == "__main__":
    plain_output.set_up()
    cli()
