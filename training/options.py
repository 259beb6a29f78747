"""The options that several commands of training share, each declared once, and how all of them fail."""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from bellwether.core.errors import BellwetherError

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])

Command = Callable[..., None]
Option = Callable[[Command], Command]


def path(kind: click.Path, default: str, help: str | None, *names: str) -> Option:
    """A FILE or FOLDER, by any of these names."""
    return click.option(*names, type=kind, default=Path(default), show_default=True, help=help)


def model(default: str, help: str = "Folder of one exported model.") -> Option:
    """`--model`, one of the exported ones."""
    return path(FOLDER, f"exported_models/{default}", help, "--model")


def model_id(default: str) -> Option:
    """`--model-id`. Its default is not the shipped model's name: trying things out must not replace what is served."""
    return click.option("--model-id", default=default, show_default=True, help="Name of the export.")


def day(name: str, parameter: str, help: str, *, required: bool = False) -> Option:
    """A day, of which the command is told as `parameter`."""
    return click.option(name, parameter, type=DAY, required=required, help=help)


SOURCE = click.option(
    "--source", default="", help="Where the prices come from, in words, for the card. Default: the files' names."
)
WORK = path(FOLDER, "build/training", "Folder for what the steps hand to each other.", "--work", "--out-dir")
MODELS = path(FOLDER, "exported_models", "Folder of exported models.", "--models")
EPOCHS = click.option(
    "--epochs", type=click.IntRange(1), help="Epochs of about 100,000 windows. Default: the recipe's."
)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="Seed of weights and draws.")
SEEDS = click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Fits, from --seed on; the one with the smallest validation loss goes on.",
)
QUICK = click.option("--quick", is_flag=True, help="The whole path in seconds, for trying out; learns almost nothing.")
SPAN = click.option(
    "--span",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Validation is for choosing; test is opened once, when nothing is left to choose.",
)
EVERY = click.option("--every", type=click.IntRange(1), default=5, show_default=True, help="Sessions between cutoffs.")
OUT = click.option("--out", type=FILE, required=True, help="The file to write, .parquet or .csv.")


class WorkersChoice(click.ParamType[int | str]):
    """So many processes of this machine, or the address of a dask scheduler."""

    name = "N|ADDRESS"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int | str:
        """The number, or the address as it was given."""
        text = str(value)
        if text.isdecimal() and int(text) > 0:
            return int(text)
        if re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+", text):
            return text
        self.fail(
            f"{text!r} is neither a number of processes such as 4 nor a scheduler such as tcp://10.0.0.5:8786.",
            parameter,
            context,
        )


WORKERS = click.option(
    "--workers",
    type=WorkersChoice(),
    help="Spread over so many processes of this machine, or over the workers of the dask scheduler at this address, "
    "such as tcp://10.0.0.5:8786. The numbers are the same.",
)


def options(*shown: Option) -> Option:
    """Several options as one decorator, shown in this order."""
    return lambda command: functools.reduce(lambda inner, option: option(inner), reversed(shown), command)


def refuse_out(out: Path, inputs: Sequence[Path]) -> None:
    """Refuse a file of forecasts that is neither parquet nor csv, or that would replace an input."""
    if out.suffix.lower() not in {".parquet", ".csv"}:
        raise click.UsageError(f"--out {out} must end in .parquet or .csv.")
    if out.resolve() in {input.resolve() for input in inputs}:
        raise click.UsageError(f"--out {out} is also an input; choose another name, or it would be lost.")


def run_all(context: click.Context, steps: Sequence[click.Command], given: dict[str, Any]) -> None:
    """One step after the other, each with those of the given options that it has."""
    for step in steps:
        context.invoke(step, **{option.name: given[option.name] for option in step.params if option.name in given})


class Commands(click.Group):
    """Commands whose own errors, and a missing library, are shown as one line without a traceback."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(context)
        except BellwetherError as problem:
            raise click.ClickException(problem.for_operator) from problem
        except ModuleNotFoundError as problem:
            raise click.ClickException(
                f"The library {problem.name} is not installed: pip install -r training/requirements.txt"
            ) from problem
