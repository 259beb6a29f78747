"""`python -m training growth`: the steps of training for companies' revenue, from quarterly reports."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from training import options as shared
from training.options import EPOCHS, FILE, FOLDER, MODELS, OUT, QUICK, SEED, SOURCE, SPAN, WORK, Commands, options

FUNDAMENTALS = click.option(
    "--fundamentals",
    type=FILE,
    required=True,
    help="Parquet or csv: symbol, period_end, filed, revenue, net_income, perhaps revenue_suspect.",
)
MODEL_ID = shared.model_id("my-revenue-1")
MODEL = shared.model("revenue-2", "Folder of one exported growth model: one with scores of its own.")
SERVED = shared.model(
    "revenue-2-2021", "Folder of one exported growth model. The default is served: it learned from all years to 2021."
)


@click.group(cls=Commands)
def growth() -> None:
    """Train, score and export the model of company growth, from quarterly reports."""


@growth.command()
@options(FUNDAMENTALS, SOURCE, WORK)
def prepare(fundamentals: Path, source: str, work: Path) -> None:
    """Lay every report out as it was known on its day, split by date and by company."""
    from training.revenue import steps

    steps.prepare(fundamentals, source, work)


@growth.command()
@options(WORK, EPOCHS, SEED, QUICK)
def train(work: Path, epochs: int | None, seed: int, quick: bool) -> None:
    """Train on what `prepare` made; choices are made on the validation span only."""
    from training.revenue import steps
    from training.revenue.train import RevenueRecipe

    steps.train(work, RevenueRecipe().varied(seed, epochs, quick))


@growth.command()
@options(WORK, MODELS, MODEL_ID)
def export(work: Path, models: Path, model_id: str) -> None:
    """Convert to ONNX, check it against Keras, score it on the test span, write model.onnx and card.json."""
    from training.revenue import steps

    steps.export(work, models, model_id, datetime.now(UTC).date())


@growth.command()
@options(
    WORK,
    MODELS,
    MODEL,
    click.option(
        "--model-id", help="Name of the export. Default: the judged one's and the year that the reports reach."
    ),
)
def refit(work: Path, models: Path, model: Path, model_id: str | None) -> None:
    """Fit a judged recipe once more, on all years and companies, and export that for service."""
    from training.revenue import steps

    steps.refit(work, models, model, model_id, datetime.now(UTC).date())


@growth.command("all")
@options(FUNDAMENTALS, SOURCE, WORK, MODELS, MODEL_ID, EPOCHS, SEED, QUICK)
@click.pass_context
def everything(context: click.Context, /, **given: Any) -> None:
    """Run prepare, train and export, one after the other."""
    shared.run_all(context, (prepare, train, export), given)


@growth.command()
@options(
    WORK,
    MODEL,
    SPAN,
    click.option("--full", is_flag=True, help="Beside every rival, LightGBM and AutoETS too: minutes, not seconds."),
    click.option("--trees", is_flag=True, help="Of the slow rivals LightGBM alone."),
    click.option("--docs", type=FOLDER, help="With --full or --trees: write growth.md, its figures and pictures here."),
)
def evaluate(work: Path, model: Path, span: str, full: bool, trees: bool, docs: Path | None) -> None:
    """Score an exported growth model beside its rivals, at reports that `prepare` laid out."""
    from training.revenue import steps

    if docs and not (full or trees):
        raise click.UsageError("The page of --docs tells of slow rivals too: add --full or --trees.")
    steps.score(work, model, span, full, trees, docs)


@growth.command()
@options(
    FUNDAMENTALS,
    SERVED,
    shared.day("--from", "first", "First day on which a report became known.", required=True),
    shared.day("--to", "last", "Last such day.", required=True),
    OUT,
    click.option("--raw", is_flag=True, help="What the graph says, not widened by others' reports."),
)
def forecasts(fundamentals: Path, model: Path, first: datetime, last: datetime, out: Path, raw: bool) -> None:
    """Write what is served at every report, one row per company, report and horizon."""
    from training.revenue import forecasts as step

    shared.refuse_out(out, [fundamentals])
    step.forecasts(fundamentals, model, out, (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"), raw)
