"""Recorded tables with faults, through the real yfinance: no answer rests on one, and docs tell what was measured."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.yahoo_faults import HEAD, Measured, measure_all

DOCS = Path(__file__).resolve().parents[1] / "docs" / "market-data.md"


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    return list(measure_all())


def test_every_recorded_fault_is_repaired_or_silent_with_a_reason(measured: list[Measured]) -> None:
    assert len(measured) == 14
    assert [one.pair.symbol for one in measured if one.outcome == "OFF"] == []
    assert [one.pair.symbol for one in measured if one.outcome == "untouched"] == ["CALM", "HSBK.IL"]
    assert [one.pair.symbol for one in measured if one.outcome == "silent"] == ["AET.L"]
    for one in measured:
        assert np.isnan(one.range_off) or abs(one.range_off) < 0.001


def test_docs_tell_what_becomes_of_each_recorded_fault(measured: list[Measured]) -> None:
    told = "\n".join([HEAD, *(one.row for one in measured)])
    assert told in DOCS.read_text("utf-8"), "python -m tests.support.yahoo_faults prints the table"
