"""The exported model as a file: loaded for real, broken for real, and what the service does without it."""

import hashlib
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import ModelError
from bellwether.core.types import AHEAD, HEADS, LEVELS, MARKET_SERIES, STATE_SERIES, Problem
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.forecasting.inputs import model_inputs
from bellwether.models.model_card import RANGE, folders_of
from bellwether.models.onnx_model import MANY, OnnxModel
from bellwether.models.registry import open_model
from bellwether.services import Services, build_services
from tests.conftest import MODELS, NOW, MakeBars


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return open_model(MODELS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the exported model that a test may break."""
    return shutil.copytree(folders_of(MODELS, RANGE)[-1], tmp_path / "models" / "a-1")


def replace_graph(folder: Path, content: bytes, **facts: Any) -> None:
    """Put another graph into a folder, with a card that vouches for it."""
    (folder / "model.onnx").write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card |= {"sha256": hashlib.sha256(content).hexdigest()} | facts
    (folder / "card.json").write_text(json.dumps(card))


def constant_graph(values: np.ndarray[Any, Any], inputs: tuple[str, ...] = ("bars", "market", "calendar")) -> bytes:
    """A graph that reads what ours reads and always answers `values`."""
    onnx = pytest.importorskip("onnx", reason="it comes with the training packages")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    shapes: dict[str, list[str | int | None]] = {
        "bars": ["n", 504, 5],
        "market": ["n", 504, len(MARKET_SERIES) + len(STATE_SERIES)],
        "calendar": ["n", 504 + AHEAD],
    }
    wanted = [helper.make_tensor_value_info(name, number, shapes.get(name)) for name in inputs]
    answer = onnx.numpy_helper.from_array(values.astype(np.float32), "answer")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["answer"], ["quantiles"])],
        "constant",
        wanted,
        [helper.make_tensor_value_info("quantiles", number, list(values.shape))],
        [answer],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


def services_with(models: Path, tmp_path: Path) -> Services:
    settings = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": models, "serve": ""})
    return build_services(settings, clock=lambda: NOW)


def test_it_answers_with_quantiles_in_order(model: OnnxModel, make_bars: MakeBars) -> None:
    windows = [model_inputs(make_bars(n, seed=n), (None, None), model.card.context_length) for n in (64, 300, 800)]
    bars, market = (np.concatenate(parts) for parts in zip(*windows, strict=True))
    quantiles = model.quantiles(bars, market)
    assert quantiles.shape == (3, len(HEADS), len(LEVELS))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=2) > 0).all()
    widths = quantiles[:, :, 5] - quantiles[:, :, 1]
    assert (np.diff(widths, axis=1) > 0).all()


def test_a_batch_answers_what_each_alone_would(model: OnnxModel, make_bars: MakeBars) -> None:
    windows = [model_inputs(make_bars(600, seed=seed), (None, None), model.card.context_length) for seed in range(4)]
    bars, market = (np.concatenate(parts) for parts in zip(*windows, strict=True))
    alone = np.concatenate([model.quantiles(*window) for window in windows])
    assert model.quantiles(bars, market) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, MANY, 3 * MANY + 1])
def test_of_many_windows_each_is_answered_as_if_it_were_alone(
    model: OnnxModel, make_bars: MakeBars, count: int
) -> None:
    windows = [
        model_inputs(make_bars(504, seed=seed), (None, None), model.card.context_length) for seed in range(count)
    ]
    answers = model.quantiles_of_each(windows)
    # to the last digit, for a forecast's id is made of them
    assert [answer.tobytes() for answer in answers] == [model.quantiles(*window)[0].tobytes() for window in windows]


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_the_unit_of_the_price_does_not_matter(model: OnnxModel, make_bars: MakeBars, factor: float) -> None:
    bars, market = model_inputs(make_bars(600), (None, None), model.card.context_length)
    scaled = bars.copy()
    scaled[:, :, :4] *= factor
    assert model.quantiles(scaled, market) == pytest.approx(model.quantiles(bars, market), abs=2e-4)


def test_threads_may_share_it(model: OnnxModel, make_bars: MakeBars) -> None:
    window = model_inputs(make_bars(600), (None, None), model.card.context_length)
    expected = model.quantiles(*window)
    differing: list[int] = []

    def ask() -> None:
        differing.extend(1 for _ in range(20) if not np.array_equal(model.quantiles(*window), expected))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert differing == []


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08\x12"], ids=["empty", "text", "cut off"])
def test_it_refuses_a_damaged_file(folder: Path, content: bytes) -> None:
    replace_graph(folder, content)
    with pytest.raises(ModelError, match=r"a-1"):
        OnnxModel(folder)


def test_it_refuses_half_a_file(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    replace_graph(folder, content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"model\.onnx in a-1 is damaged"):
        OnnxModel(folder)


@pytest.mark.parametrize("shape", [(1, len(HEADS), len(LEVELS) - 1), (1, len(HEADS) + 1, len(LEVELS)), (len(LEVELS),)])
def test_it_refuses_a_graph_with_another_answer(folder: Path, shape: tuple[int, ...]) -> None:
    replace_graph(folder, constant_graph(np.zeros(shape)))
    with pytest.raises(ModelError, match="answers with shape"):
        OnnxModel(folder)


@pytest.mark.parametrize("inputs", [(), ("bars",), ("prices", "market")])
def test_it_refuses_a_graph_that_reads_something_else(folder: Path, inputs: tuple[str, ...]) -> None:
    replace_graph(folder, constant_graph(np.zeros((1, len(HEADS), len(LEVELS))), inputs))
    with pytest.raises(ModelError, match="does not accept the inputs"):
        OnnxModel(folder)


@pytest.mark.parametrize("length", [252, 65, 505])
def test_it_refuses_a_context_length_that_the_graph_does_not_read(folder: Path, length: int) -> None:
    replace_graph(folder, constant_graph(np.zeros((1, len(HEADS), len(LEVELS)))), context_length=length)
    with pytest.raises(ModelError, match="does not accept the inputs"):
        OnnxModel(folder)


@pytest.mark.parametrize("length", [-1, 0])
def test_it_refuses_an_impossible_context_length(folder: Path, length: int) -> None:
    replace_graph(folder, (folder / "model.onnx").read_bytes(), context_length=length)
    with pytest.raises(ModelError):
        OnnxModel(folder)


def test_the_service_goes_on_with_the_baseline_and_says_so(folder: Path, tmp_path: Path) -> None:
    replace_graph(folder, b"not a model")
    services = services_with(folder.parent, tmp_path)
    assert services.model is None
    assert "damaged" in services.model_problem
    made = forecasts.answer(services, "AAPL", 10).forecast
    assert made.model_id == BASELINE_ID
    assert made.problem is Problem.NO_MODEL
    assert made.log_returns == made.baseline.log_returns
    assert made.explanation.record is None
    assert any("model is silent because it could not be loaded" in caveat for caveat in made.caveats)


@pytest.mark.parametrize("key", ["horizons", "levels", "market", "sha256", "scores"])
def test_a_card_that_lacks_something_does_not_stop_the_service(folder: Path, tmp_path: Path, key: str) -> None:
    card = json.loads((folder / "card.json").read_text())
    del card[key]
    (folder / "card.json").write_text(json.dumps(card))
    services = services_with(folder.parent, tmp_path)
    assert services.model is None
    assert services.model_problem


def test_no_model_at_all_does_not_stop_the_service(tmp_path: Path) -> None:
    services = services_with(tmp_path / "nowhere", tmp_path)
    assert services.model is None
    assert services.model_problem == "There is no model in the folder nowhere."
    assert forecasts.answer(services, "AAPL", 63).forecast.model_id == BASELINE_ID


def test_the_last_folder_by_name_is_served_unless_one_is_named(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "b-2")
    replace_graph(folder.parent / "b-2", (folder / "model.onnx").read_bytes(), model_id="b-2")
    assert open_model(folder.parent).card.model_id == "b-2"
    assert open_model(folder.parent, "a-1").card.model_id != "b-2"


def test_a_named_model_that_is_not_there_is_told_with_the_key_to_change(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'c-3' in models; check the key models\.serve"):
        open_model(folder.parent, "c-3")


def test_a_model_that_is_named_but_not_there_is_told(tmp_path: Path) -> None:
    settings = load_settings(database={"path": tmp_path / "x.sqlite3"}, models={"folder": MODELS, "serve": "nope"})
    services = build_services(settings, clock=lambda: NOW)
    assert services.model_problem == "There is no model 'nope' in exported_models; check the key models.serve."
    assert forecasts.answer(services, "AAPL", 10).forecast.problem is Problem.NO_MODEL
