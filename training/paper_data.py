"""The benchmarks ACL18 and KDD17, cut into instances by the rule of the papers' own loader.

features.parquet: symbol, date, 11 features, label, adj_close -> train, validation and test: windows and directions

Source: load_cla_data in the code of Feng et al., "Enhancing Stock Movement Prediction with Adversarial Training",
IJCAI 2019 (github.com/fulifeng/Adv-ALSTM). ACL18 is of Xu and Cohen (2018), KDD17 of Zhang, Aggarwal and Qi (2017).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bellwether.core.errors import MarketDataError

FEATURES = ("c_open", "c_high", "c_low", "n_close", "n_adj_close", "d5", "d10", "d15", "d20", "d25", "d30")
READ_TOO = ("label", "adj_close")  # the official loader looks for missing rows in these as well
MISSING_BELOW = -123320  # a missing row is filled with -123321


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One set of the papers: its name and the first session of each part; a part ends where the next begins."""

    name: str
    train: str
    validation: str
    test: str

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return self.name.lower()


ACL18 = Benchmark("ACL18", "2014-01-02", "2015-08-03", "2015-10-01")
KDD17 = Benchmark("KDD17", "2007-01-03", "2015-01-02", "2016-01-04")
BENCHMARKS = {benchmark.folder: benchmark for benchmark in (ACL18, KDD17)}


@dataclass(frozen=True, slots=True)
class Instances:
    """n instances, in order of time: what is known before a session, and whether the close rose in it."""

    windows: npt.NDArray[np.float32]  #: (n, seq, 11) features of the seq sessions before
    up: npt.NDArray[np.bool_]  #: (n,)
    day: npt.NDArray[np.int64]  #: (n,) number of the session, the same for all symbols

    def __len__(self) -> int:
        return len(self.up)


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a benchmark."""

    train: Instances
    validation: Instances
    test: Instances


def load(folder: Path, benchmark: Benchmark, seq: int) -> Parts:
    """Read a benchmark. Raises MarketDataError when it is not there or not complete."""
    file = folder / benchmark.folder / "features.parquet"
    if not file.is_file():
        raise MarketDataError(f"{file} is missing: --benchmarks wants the folder that holds acl18 and kdd17.")
    return cut(pd.read_parquet(file), benchmark, seq)


def cut(frame: pd.DataFrame, benchmark: Benchmark, seq: int) -> Parts:
    """The instances of the long form `frame`: symbol, date and the columns of the paper."""
    frame = frame.assign(date=frame["date"].astype("datetime64[s]"), symbol=frame["symbol"].astype(str))
    frame = frame.sort_values(["symbol", "date"])
    dates, symbols = np.unique(frame["date"].to_numpy()), frame["symbol"].nunique()
    if len(frame) != symbols * len(dates) or frame.duplicated(["symbol", "date"]).any():
        raise MarketDataError(
            f"{benchmark.name}: every symbol needs exactly one row for each of the {len(dates)} days."
        )
    shape = (symbols, len(dates))
    values = frame[[*FEATURES, *READ_TOO]].to_numpy(np.float64).reshape(*shape, -1)
    label = frame["label"].to_numpy(np.int64).reshape(shape)
    days = np.datetime64(benchmark.train), np.datetime64(benchmark.validation), np.datetime64(benchmark.test)
    first, second, third = np.searchsorted(dates, np.array(days, dates.dtype)).tolist()
    features = values[:, :, : len(FEATURES)].astype(np.float32)
    missing: npt.NDArray[np.bool_] = np.any(values < MISSING_BELOW, axis=2)
    spans = ((first, second), (second, third), (third, len(dates)))
    return Parts(*(instances(features, missing, label, seq, span) for span in spans))


def instances(
    features: npt.NDArray[np.float32],
    missing: npt.NDArray[np.bool_],
    label: npt.NDArray[np.int64],
    seq: int,
    span: tuple[int, int],
) -> Instances:
    """Instances whose session is in `span`: (symbols, days, 11), (symbols, days), (symbols, days) -> n.

    The label of day t is the move from t - 1 to t, so the window is rows t - seq to t - 1. A move between
    -0.5 % and +0.55 % has label 0 and is not used; a window with a missing row is skipped.
    """
    holes = np.cumsum(np.pad(missing, ((0, 0), (1, 0))), axis=1)  # (symbols, days + 1) missing rows before day t
    whole = np.zeros(missing.shape, bool)
    whole[:, seq:] = holes[:, seq:-1] == holes[:, : -seq - 1]
    whole[:, : span[0]] = whole[:, span[1] :] = False
    day, symbol = np.nonzero((whole & (np.abs(label) == 1)).T)  # by day, then by symbol
    rows = day[:, None] + np.arange(-seq, 0)  # (n, seq)
    return Instances(features[symbol[:, None], rows], label[symbol, day] == 1, day)
