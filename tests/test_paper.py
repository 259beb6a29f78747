"""The papers' direction benchmarks: instances by the official rule, scores, the page; end to end on made-up data."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bellwether.core.errors import MarketDataError
from bellwether.track_record.scores.block_bootstrap import mean_interval
from tests.support.data import DATA
from training.__main__ import cli
from training.paper_data import ACL18, FEATURES, Instances, cut, load
from training.paper_page import chance_interval, page

MISSING = -123321


def made_up(symbols: int = 3) -> pd.DataFrame:
    """All business days of ACL18's span; features count the days, every fourth label is too small a move."""
    days = pd.bdate_range("2013-12-16", "2015-12-31")
    rng = np.random.default_rng(0)
    frames = []
    for number in range(symbols):
        frame = pd.DataFrame({"symbol": f"S{number}", "date": days.date})
        for place, name in enumerate(FEATURES):
            frame[name] = np.arange(len(days)) + 1000.0 * number + place / 100
        frame["label"] = np.where(np.arange(len(days)) % 4 == 0, 0, rng.choice([-1, 1], len(days)))
        frame["adj_close"] = 10.0
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def acl18() -> pd.DataFrame:
    """ACL18 made from its closes: the papers' labels and missing rows, with the one feature that tells these."""
    closes = pd.read_parquet(DATA / "acl18_closes.parquet").pivot(index="date", columns="symbol", values="adj_close")
    move = closes.pct_change(fill_method=None)
    label = (move >= 0.0055).astype(int) - (move <= -0.005).astype(int)
    mean = closes.rolling(30).mean() / closes - 1
    listed = closes.isna().iloc[0]  # those that had no price yet when the span began
    missing = mean.isna() & listed | closes.isna()
    columns = {"d30": mean.fillna(0).mask(missing, MISSING), "label": label.mask(missing, MISSING)}
    frame = pd.DataFrame({name: values.unstack() for name, values in columns.items()}).reset_index()
    return frame.assign(**{name: 0.0 for name in FEATURES if name != "d30"}, adj_close=1.0)


def test_the_official_rule_gives_the_official_numbers_of_instances() -> None:
    """The papers have 20,315 for training; three moves that lie on the thresholds round the other way here."""
    parts = cut(acl18(), ACL18, 5)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [20_316, 2_555, 3_720]
    assert parts.test.up.mean() == pytest.approx(0.5129, abs=5e-5)


def test_a_window_ends_the_day_before_its_label() -> None:
    frame = made_up()
    one = frame[frame["symbol"] == "S1"].reset_index(drop=True)
    test = cut(frame, ACL18, 4).test
    mine = test.windows[:, 0, 0] // 1000 == 1  # features of S1 begin at 1000
    windows, up, day = test.windows[mine], test.up[mine], test.day[mine]
    assert windows.shape[1:] == (4, len(FEATURES))
    np.testing.assert_array_equal(windows[:, :, 0] - 1000, day[:, None] + np.arange(-4, 0))
    np.testing.assert_array_equal(up, one["label"][day] == 1)
    assert str(one["date"][day[0]]) >= ACL18.test


def test_moves_that_are_too_small_are_not_used_and_the_parts_do_not_overlap() -> None:
    frame = made_up(symbols=1)
    parts = cut(frame, ACL18, 5)
    days = np.concatenate([part.day for part in (parts.train, parts.validation, parts.test)])
    assert (np.diff(days) > 0).all()
    labels = frame["label"].to_numpy()
    from_start = frame["date"].astype(str).to_numpy() >= ACL18.train
    np.testing.assert_array_equal(days, np.flatnonzero((labels != 0) & from_start))


@pytest.mark.parametrize("column", [FEATURES[3], "adj_close", "label"])
def test_windows_with_a_missing_row_are_skipped(column: str) -> None:
    frame = made_up(symbols=2)
    hole = 203  # of S0, inside training
    frame.loc[hole, column] = MISSING
    before, after = cut(made_up(symbols=2), ACL18, 5).train, cut(frame, ACL18, 5).train
    lost = {(int(day), int(window[0, 0]) // 1000) for day, window in zip(before.day, before.windows, strict=True)}
    lost -= {(int(day), int(window[0, 0]) // 1000) for day, window in zip(after.day, after.windows, strict=True)}
    labels = frame["label"].to_numpy()
    expected = {(day, 0) for day in range(hole + 1, hole + 6) if labels[day] != 0}
    assert lost - {(hole, 0)} == expected  # the day itself only where its own label is missing
    assert ((hole, 0) in lost) == (column == "label")


def test_the_row_of_the_session_itself_changes_no_window() -> None:
    frame = made_up()
    tampered = frame.copy()
    tampered.loc[tampered["date"].astype(str) == "2015-12-31", list(FEATURES)] = 7.0  # the last session of all
    for before, after in zip(all_parts(frame), all_parts(tampered), strict=True):
        np.testing.assert_array_equal(before.windows, after.windows)


def all_parts(frame: pd.DataFrame) -> tuple[Instances, ...]:
    """Train, validation and test at 5 sessions."""
    parts = cut(frame, ACL18, 5)
    return parts.train, parts.validation, parts.test


def test_a_set_with_a_gap_or_without_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="exactly one row"):
        cut(made_up().drop(index=5), ACL18, 5)
    with pytest.raises(MarketDataError, match=r"features\.parquet is missing"):
        load(tmp_path, ACL18, 5)


def test_a_coin_toss_has_its_binomial_interval() -> None:
    low, high = chance_interval(3720)
    assert (low, high) == (pytest.approx(0.484, abs=5e-4), pytest.approx(0.516, abs=5e-4))


@pytest.mark.parametrize(
    ("interval", "over_up", "words"),
    [
        ((0.51, 0.59), (0.01, 0.05), ("better than a coin toss", "better than always")),
        ((0.46, 0.54), (-0.04, 0.01), ("not distinguishable from a coin", "not distinguishable from always")),
        ((0.43, 0.49), (-0.05, -0.01), ("worse than a coin toss", "worse than always")),
    ],
)
def test_the_words_follow_from_the_intervals(
    interval: tuple[float, float], over_up: tuple[float, float], words: tuple[str, str]
) -> None:
    told = page([result(sum(interval) / 2, interval, over_up)], {"seq": 5})
    assert all(word in told for word in words)


def test_the_page_shows_every_seed_and_what_others_reported() -> None:
    told = page([result(0.5, (0.46, 0.54), (-0.04, 0.01))], {"seq": 5, "learning_rate": 1e-3})
    assert "57.20 %" in told and "0.1483" in told
    assert "| 3 | 4 | 51.00 % | 51.00 % | 0.0200 | 60 % |" in told
    assert "49.00 to 51.00 %" in told


def result(accuracy: float, interval: tuple[float, float], over_up: tuple[float, float]) -> dict[str, object]:
    """What `training.paper.score` could have found with three seeds around `accuracy`."""
    runs = [
        {"seed": seed, "epoch": 4, "validation": 0.51, "accuracy": accuracy + shift, "mcc": 2 * shift, "rises": 0.6}
        for seed, shift in ((1, -0.01), (2, 0.0), (3, 0.01))
    ]
    return {
        "benchmark": ACL18,
        "sizes": {"train": 20_315, "validation": 2_555, "test": 3_720},
        "share_up": {"train": 0.5071, "validation": 0.4458, "test": 0.5129},
        "days": {"train": 398, "validation": 42, "test": 64},
        "runs": runs,
        "interval": interval,
        "over_up_interval": over_up,
        "weights": 1000,
        "seconds": 1.0,
    }


@pytest.mark.filterwarnings("ignore")  # those of TensorFlow as it is loaded
def test_the_command_writes_the_page_from_the_benchmarks(tmp_path: Path) -> None:
    if find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed: pip install -r training/requirements.txt")
    (tmp_path / "acl18").mkdir()
    made_up(symbols=2).to_parquet(tmp_path / "acl18" / "features.parquet", index=False)
    out = tmp_path / "docs" / "table.md"
    asked = ["paper", "--benchmarks", str(tmp_path), "--set", "acl18", "--seeds", "2", "--out", str(out)]
    done = CliRunner().invoke(cli, asked, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    told = out.read_text(encoding="utf-8")
    assert "on average of 2 seeds" in told
    assert "nan" not in told


@pytest.mark.filterwarnings("ignore")  # those of TensorFlow as it is loaded
def test_scores_are_those_of_the_papers() -> None:
    if find_spec("tensorflow") is None:
        pytest.skip("tensorflow is not installed: pip install -r training/requirements.txt")
    from training.paper import ONE_DAY, accuracy, mcc

    up = np.array([1, 1, 1, 0, 0, 0, 0, 1], bool)
    guess = np.array([1, 1, 0, 0, 0, 1, 0, 1], bool)  # 3 true up, 1 false up, 3 true down, 1 false down
    assert accuracy(guess, up) == 0.75
    assert mcc(guess, up) == pytest.approx((3 * 3 - 1 * 1) / 16, abs=1e-12)
    assert mcc(np.ones(8, bool), up) == 0
    day = np.repeat(np.arange(40), 50)
    right = np.repeat(np.arange(40) % 2, 50).astype(float)  # a day is right or wrong as one
    low, high = mean_interval(right, day, ONE_DAY)
    assert low < 0.4 and high > 0.6


def test_a_folder_that_is_not_there_is_answered_in_one_line(tmp_path: Path) -> None:
    answer = CliRunner().invoke(cli, ["paper", "--benchmarks", str(tmp_path / "nowhere")])
    assert answer.exit_code != 0
    assert "does not exist" in answer.output
