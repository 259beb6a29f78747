"""One fit: the settings that every recipe has, the epochs, and the weights that validation likes best."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, ClassVar, Self

import keras
import numpy as np
from keras.src.random import seed_generator
from tqdm import tqdm

from bellwether.core.errors import MarketDataError

Batch = tuple[Any, Any]  #: what the model reads, and what its loss needs


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training run. Each model's own recipe has a value and a reason for each, and adds more."""

    seed: int
    epochs: int
    batch: int
    learning_rate: float  # falls to 0 along a cosine
    weight_decay: float
    clip: float  # norm of the gradient
    averaging: float  # share of the averaged weights that each batch keeps

    QUICK: ClassVar[dict[str, Any]] = {}  #: settings that walk the same path in seconds and learn nothing
    FIXED: ClassVar[dict[str, Any]] = {}  #: what else makes the weights what they are, fixed in the network's code

    def varied(self, seed: int, epochs: int | None, quick: bool) -> Self:
        """The recipe with another seed and, where it is given, another number of epochs."""
        recipe = replace(self, seed=seed, **(self.QUICK if quick else {}))
        return replace(recipe, epochs=epochs or recipe.epochs)

    def settings(self) -> dict[str, Any]:
        """Everything that made the weights what they are, for the card, in the order in which the recipe tells it."""
        names = {field.name for field in fields(self)}
        own = {name: getattr(self, name) for name in type(self).__annotations__ if name in names}
        return own | self.FIXED | {"optimizer": "AdamW, cosine"}

    @classmethod
    def of_card(cls, card: dict[str, Any]) -> Self:
        """The settings that a card tells of. Raises MarketDataError when this version's fixed ones are others."""
        told = card["recipe"]
        recipe = cls(**{name: value for name, value in told.items() if name in cls.__dataclass_fields__})
        other = [name for name, value in recipe.settings().items() if told.get(name) != value]
        if other:
            raise MarketDataError(
                f"The model {card['model_id']} was made by another recipe ({', '.join(other)}): train it again first."
            )
        return recipe


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained model and how it came to be."""

    model: keras.Model
    record: dict[str, Any]  #: settings, losses by epoch, the epoch that was kept, weights, seconds


@dataclass(frozen=True, slots=True)
class Validation:
    """How weights do on the validation span."""

    losses: Callable[[keras.Model], list[float]]  #: mean loss at each horizon
    words: Callable[[list[float]], str]  #: such losses for the terminal


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside it the seed alone makes the weights.

    Keras draws the seeds of layers from Python's own generator, which all threads of a process share; in a worker those
    of dask draw from it too. So Keras is lent one with the same seed, whose draws are the same.
    """
    keras.utils.set_random_seed(seed)
    everyones = seed_generator.python_random
    seed_generator.python_random = Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = everyones


def compiled(model: keras.Model, loss: Callable[[Any, Any], Any], recipe: Recipe, rate: float, steps: int) -> Any:
    """Make `model` ready to learn, and give its optimizer: AdamW on a cosine, with averaged weights."""
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(rate, steps),
        weight_decay=recipe.weight_decay,
        clipnorm=recipe.clip,
        use_ema=True,
        ema_momentum=recipe.averaging,
    )
    optimizer.build(model.trainable_variables)  # in the first batch it would have the graph traced twice
    model.compile(optimizer, loss=loss, jit_compile=False)  # XLA: a first epoch of 85 s, then no faster
    return optimizer


def run_epochs(
    model: keras.Model,
    loss: Callable[[Any, Any], Any],
    recipe: Recipe,
    epoch: Callable[[], Iterable[Batch]],
    batches: int,
    validation: Validation | None,
    stop_after: int | None,
    started: float,
) -> Fitted:
    """Train on the `batches` of each `epoch` and keep the weights of the best one.

    Without a validation nothing can be chosen: training ends after the epoch `stop_after`, or the last, on the
    schedule of the whole recipe. `started` is the time.perf_counter() at which the fit as a whole began.
    """
    optimizer = compiled(model, loss, recipe, recipe.learning_rate, recipe.epochs * batches)
    epochs = stop_after or recipe.epochs
    print(f"{model.count_params():,} weights; {epochs * batches} batches of {recipe.batch}")
    history: list[dict[str, Any]] = []
    best, chosen = model.get_weights(), 0
    with tqdm(total=epochs * batches, unit="batch", mininterval=0.5) as progress:
        for number in range(1, epochs + 1):
            losses = []  # the skip's penalty included
            for inputs, truth in epoch():
                losses.append(float(model.train_on_batch(inputs, truth)))
                progress.update()
            raw = model.get_weights()
            optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights
            history.append({"epoch": number, "training": float(np.mean(losses))})
            words = ""
            if validation is not None:
                history[-1]["validation"] = validation.losses(model)
                words = f", validation {validation.words(history[-1]['validation'])}"
            if validation is None or _is_best(history):
                best, chosen = model.get_weights(), number
            model.set_weights(raw)
            tqdm.write(f"epoch {number}: training {history[-1]['training']:.4f}{words}")
    model.set_weights(best)
    seconds = round(time.perf_counter() - started)
    print(f"kept epoch {chosen} of {recipe.epochs}; {seconds} s in all")
    record = {"recipe": recipe.settings(), "history": history, "chosen_epoch": chosen, "seconds": seconds}
    return Fitted(model, record | {"weights": model.count_params()})


def _is_best(history: list[dict[str, Any]]) -> bool:
    """Whether the newest epoch has the smallest validation loss so far."""
    losses = [float(np.mean(past["validation"])) for past in history]
    return losses[-1] == min(losses)
