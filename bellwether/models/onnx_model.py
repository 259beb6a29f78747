"""The exported LSTM, run by ONNX Runtime. The only module that imports it.

The graph takes raw bars; see `exported_models/*/card.json` for what it reads and answers.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime

from bellwether.core.errors import ModelError
from bellwether.core.types import AHEAD, HEADS, LEVELS, MARKET_SERIES, Floats
from bellwether.models.model_card import ModelCard, read_card

MANY = 32  #: windows for which threads pay
_RUNNERS = min(4, os.cpu_count() or 1)  #: threads: a run holds none of Python's locks


class OnnxModel:
    """One loaded model and its card. Safe to share between threads: ONNX Runtime's `run` is."""

    def __init__(self, folder: Path) -> None:
        """Load and check a model folder. Raises ModelError when it cannot be used."""
        self.card: ModelCard = read_card(folder)
        self.folder = folder
        self._runtime = open_runtime(folder)
        self._check_signature(folder.name)

    def quantiles(self, bars: Floats, market: Floats, calendar: Floats | None = None) -> Floats:
        """Quantiles of cumulative log returns, float32 (batch, len(HEADS), len(LEVELS)).

        `bars` is float32 (batch, context_length, 5), `market` (batch, context_length, k) of MARKET_SERIES and perhaps
        STATE_SERIES; both oldest first, 0 at the front where history is shorter. `calendar` (batch, context_length +
        AHEAD) tells of reports. What the model does not read is dropped, and what it reads beyond that is 0: not known.
        """
        inputs = {"bars": bars, "market": self._market(market)}
        if self.card.error_shares is not None:
            inputs["calendar"] = self._no_reports(len(bars)) if calendar is None else calendar
        (answer,) = self._runtime.run(["quantiles"], inputs)
        quantiles: Floats = answer
        return quantiles

    def _market(self, market: Floats) -> Floats:
        """The series that the model reads, in its order."""
        read, given = len(self.card.market), market.shape[2]
        if given == read:
            return market
        if given > read:
            return np.ascontiguousarray(market[:, :, :read])
        return np.concatenate([market, np.zeros((*market.shape[:2], read - given), np.float32)], axis=2)

    def _no_reports(self, batch: int) -> Floats:
        return np.zeros((batch, self.card.context_length + AHEAD), np.float32)

    def quantiles_of_each(self, windows: Sequence[tuple[Floats, ...]]) -> list[Floats]:
        """The quantiles of many windows, (len(HEADS), len(LEVELS)) each; the arguments of `quantiles` for each.

        They are run one by one: stacked they would take a quarter of the time, and differ from the answer to a window
        alone in the eighth digit, by which chat, page and a batch would not have the same forecast any more.
        """
        if len(windows) < MANY:
            return self._one_by_one(windows)
        parts = [windows[at::_RUNNERS] for at in range(_RUNNERS)]
        answers: list[Floats] = [np.empty(0)] * len(windows)
        with ThreadPoolExecutor(_RUNNERS) as runners:
            for at, part in enumerate(runners.map(self._one_by_one, parts)):
                answers[at::_RUNNERS] = part
        return answers

    def _one_by_one(self, windows: Sequence[tuple[Floats, ...]]) -> list[Floats]:
        return [self.quantiles(*window)[0] for window in windows]

    def _check_signature(self, name: str) -> None:
        """Run the graph once on an empty window: its inputs and outputs must be what the contract says."""
        length = self.card.context_length
        try:
            bars = np.zeros((1, length, 5), np.float32)
            market = np.zeros((1, length, len(MARKET_SERIES)), np.float32)
            shape = self.quantiles(bars, market).shape
        except Exception as problem:  # onnxruntime's errors share no public base class
            raise ModelError(f"Model {name} does not accept the inputs that its card describes.") from problem
        if shape != (1, len(HEADS), len(LEVELS)):
            raise ModelError(f"Model {name} answers with shape {shape}, not (1, {len(HEADS)}, {len(LEVELS)}).")


def open_runtime(folder: Path) -> onnxruntime.InferenceSession:
    """The graph in a model folder, ready to run. Raises ModelError when it is damaged."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one window takes .1 ms: handing it to a second thread costs more
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime's errors share no public base class
        raise ModelError(f"The file model.onnx in {folder.name} is damaged and cannot be loaded.") from problem
