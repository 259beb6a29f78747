"""From bars in memory to a forecast with its explanation, against the bare run of its model."""

from datetime import date

from bellwether.core.config import load_settings
from bellwether.core.types import MARKET_SERIES, ForecastInputs
from bellwether.forecasting.forecaster import forecast_at, make_outlook
from bellwether.forecasting.inputs import model_inputs
from bellwether.services import build_services
from benchmarks.timing import Comparison, compare

LIMIT = 3.0  #: times the model alone


def measure() -> Comparison:
    """One symbol, batch 1, one thread."""
    services = build_services(load_settings(market={"source": "sample"}))
    provider, model, end = services.provider, services.model, date(2021, 12, 31)
    if model is None:
        raise SystemExit(services.model_problem)
    instrument, bars = provider.instrument("AAPL"), provider.bars("AAPL", end)
    market = tuple(provider.bars(symbol, end) for symbol in MARKET_SERIES)
    window, beside = model_inputs(bars, market, model.card.context_length)
    now = services.clock()

    def ours() -> object:
        outlook = make_outlook(ForecastInputs(instrument, bars, market, "sample", "", None), model)
        return forecast_at(outlook, 10, now)

    return compare(ours, lambda: model.quantiles(window, beside), rounds=200, repeats=10)
