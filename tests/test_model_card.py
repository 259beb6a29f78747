"""A model folder that is missing, damaged or not what its card says is refused with a sentence."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bellwether.core.errors import ModelError
from bellwether.core.types import HEADS, LEVELS
from bellwether.models.model_card import RANGE, folders_of, read_card
from tests.conftest import MODELS

Facts = dict[str, Any]
EXPORTED = folders_of(MODELS, RANGE)[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the exported model."""
    return shutil.copytree(EXPORTED, tmp_path / "copied-1")


def rewrite(folder: Path, change: Callable[[Facts], None]) -> None:
    facts = json.loads((folder / "card.json").read_text())
    change(facts)
    (folder / "card.json").write_text(json.dumps(facts))


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as error:
        read_card(folder)
    text = str(error.value)
    assert folder.name in text
    assert "\n" not in text
    return text


def test_the_exported_card_is_sound() -> None:
    card = read_card(EXPORTED)
    assert card.model_id == EXPORTED.name
    assert card.sha256 == hashlib.sha256((EXPORTED / "model.onnx").read_bytes()).hexdigest()
    assert card.standardised_quantiles.shape == (len(HEADS), len(LEVELS))
    assert (np.diff(card.standardised_quantiles, axis=1) > 0).all()
    low, high = card.volatility_range
    assert 0 < low < high < 1
    assert 0 < card.max_abs_return < 10
    assert 0 < card.min_history <= card.context_length
    assert card.seen_to.year >= 2000
    assert len(card.records) == len(HEADS)
    for record in card.records:
        assert record is not None
        assert record.skill_low <= record.skill <= record.skill_high
        assert 0.5 < record.coverage_80 < 1


@pytest.mark.parametrize(
    "exported", [folder / "card.json" for folder in folders_of(MODELS, RANGE)], ids=lambda card: card.parent.name
)
def test_the_record_was_made_on_years_that_its_model_had_not_seen(exported: Path) -> None:
    card = read_card(exported.parent)
    for record in card.records:
        assert record is not None
        if record.taught_to is None:
            assert int(record.span[:4]) > card.seen_to.year
        else:  # the record is that of the same recipe, taught less
            assert int(record.span[:4]) > record.taught_to.year
            assert record.taught_to < card.seen_to


@pytest.mark.parametrize("name", ["card.json", "model.onnx"])
def test_it_refuses_half_a_folder(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is missing" in refused(folder)


def test_it_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "card.json is missing" in refused(tmp_path / "gone")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b"7", b'"card"', b"\xff\xfe\x00", b'{"model_id": "x"}', b"{" * 100],
)
def test_it_refuses_a_card_that_is_no_card(folder: Path, content: bytes) -> None:
    (folder / "card.json").write_bytes(content)
    assert "cannot be read" in refused(folder)


@pytest.mark.parametrize(
    "key",
    [
        "sha256",
        "context_length",
        "min_history",
        "horizons",
        "levels",
        "market",
        "baseline",
        "input_range",
        "scores",
        "data",
    ],
)
@pytest.mark.parametrize("what", ["missing", "null"])
def test_it_refuses_a_card_without_what_it_needs(folder: Path, key: str, what: str) -> None:
    def change(facts: Facts) -> None:
        del facts[key]
        if what == "null":
            facts[key] = None

    rewrite(folder, change)
    refused(folder)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("horizons", [1, 5, 10, 21]),
        ("horizons", [5, 1, 10, 21, 63]),
        ("horizons", 63),
        ("levels", [0.1, 0.5, 0.9]),
        ("levels", "0.1"),
        ("market", ["^GSPC"]),
        ("market", ["^VIX", "^GSPC"]),
        ("context_length", "long"),
        ("context_length", None),
        ("min_history", [64]),
        ("input_range.daily_volatility", [0.01]),
        ("input_range.daily_volatility", 0.01),
        ("input_range.abs_log_return", "much"),
        ("baseline.standardised_quantiles", [[0.0] * 7] * 4),
        ("baseline.standardised_quantiles", [[0.0] * 6] * 5),
        ("baseline.standardised_quantiles", [[0.0], [0.0, 1.0]]),
        ("baseline.standardised_quantiles", "none"),
        ("data.trained_to", "soon"),
        ("data.trained_to", 20151231),
        ("scores.served.by_horizon.1.coverage_80", None),
        ("scores.served.by_horizon.1.skill_against_baseline_interval", [0.1]),
        ("scores.served.by_horizon", []),
    ],
)
def test_it_refuses_a_card_that_this_version_cannot_serve(folder: Path, path: str, value: Any) -> None:
    def change(facts: Facts) -> None:
        *sections, key = path.split(".")
        for section in sections:
            facts = facts[section]
        facts[key] = value

    rewrite(folder, change)
    refused(folder)


@pytest.mark.parametrize("key", ["horizons", "levels", "market"])
def test_a_mismatch_says_what_this_version_serves(folder: Path, key: str) -> None:
    rewrite(folder, lambda facts: facts.__setitem__(key, []))
    text = refused(folder)
    assert key in text
    assert "this version serves" in text


def test_it_refuses_a_model_that_is_not_the_one_on_the_card(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"\x00")
    assert "not the one its card describes" in refused(folder)


def test_it_refuses_a_card_of_another_model(folder: Path) -> None:
    rewrite(folder, lambda facts: facts.__setitem__("sha256", "0" * 64))
    assert "Put both files back from the same export" in refused(folder)
