"""How much wider ranges are for what is known of reports: the model is asked once more, with nothing known of them."""

import numpy as np

from bellwether.core.types import Q10, Q90, Floats
from bellwether.forecasting.baseline import all_horizons
from bellwether.models.onnx_model import OnnxModel


class MeasuredWidth:
    """Asked when somebody first wants to know: that costs as much as the forecast itself."""

    def __init__(self, model: OnnxModel, bars: Floats, market: Floats, at_heads: Floats, ahead: int) -> None:
        """`bars` and `market` are what the model read; `at_heads` is its answer with the calendar, (heads, levels).

        `ahead` is how many sessions away the next report is, as `all_horizons` takes it.
        """
        self._model, self._at_heads, self._ahead = model, at_heads, ahead
        self._read: tuple[Floats, Floats] | None = (bars, market)
        self._wider: Floats | None = None

    def __call__(self) -> Floats:
        """By which fraction the 80 % ranges are wider than without reports, (MAX_HORIZON,)."""
        read = self._read
        if self._wider is None and read is not None:
            without = self._model.quantiles(*read)[0].astype(np.float64)
            self._wider, self._read = (
                _widths(self._at_heads, self._ahead) / _widths(without, 0) - 1,
                None,
            )  # windows take room
        assert self._wider is not None
        return self._wider


def _widths(at_heads: Floats, report_ahead: int) -> Floats:
    quantiles = all_horizons(at_heads, report_ahead)
    return quantiles[:, Q90] - quantiles[:, Q10]
