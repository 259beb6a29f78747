"""From bars in memory to a forecast with its explanation, against the bare run of its model.

The evening's width, the state of the universe and the days of reports are in it, as they are in the service. Where a
report lies inside the horizon the model is run once more, without it, to tell how much wider the range is for it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bellwether.ask.evenings import with_evening
from bellwether.ask.point_in_time import inputs_at, last_session
from bellwether.core.announcement import Announcement
from bellwether.core.config import load_settings
from bellwether.core.types import MAX_HORIZON, ForecastInputs
from bellwether.forecasting.forecaster import forecast_at, make_outlook, make_outlooks
from bellwether.forecasting.inputs import Float32s, model_inputs
from bellwether.models.onnx_model import OnnxModel
from bellwether.services import Services, build_services
from benchmarks.timing import Comparison, compare, processor_time

LIMIT = 3.0  #: times the model alone
UNIVERSE = 500
UNIVERSE_LIMIT = 1.0  #: second of processor time, on one thread
_QUARTERS = 8  #: of reports


def measure(*, report_inside: bool = False) -> Comparison:
    """One symbol, batch 1, one thread."""
    services, model = _service()
    known = _known(services, model, report_inside)
    window = _window(known, model)
    now = services.clock()

    def ours() -> object:
        return forecast_at(make_outlook(known, model), MAX_HORIZON, now)

    return compare(ours, lambda: model.quantiles(*window), rounds=200, repeats=10)


def universe() -> float:
    """Seconds of processor time for forecasts of 500 symbols, each with reports; their bars are new to the service."""
    services, model = _service()
    known = _known(services, model, True)
    now = services.clock()

    def ours() -> None:
        bars = (replace(known.bars) for _ in range(UNIVERSE))  # nothing was kept with these
        for outlook in make_outlooks([replace(known, bars=fresh) for fresh in bars], model):
            if isinstance(outlook, Exception):
                raise outlook
            forecast_at(outlook, 10, now)

    return processor_time(ours, rounds=5)


def _service() -> tuple[Services, OnnxModel]:
    services = build_services(load_settings(market={"source": "sample"}))
    if services.model is None:
        raise SystemExit(services.model_problem)
    return services, services.model


def _known(services: Services, model: OnnxModel, with_reports: bool) -> ForecastInputs:
    """What is known of Apple on the sample market's last day, with made-up days of reports, or none."""
    instrument = services.provider.instrument("AAPL")
    end = last_session(instrument.calendar, None, services.clock())
    known = inputs_at(services.provider, instrument, end, reports=())
    facts = _quarterly(known) if with_reports else ()
    return with_evening(services, replace(known, reports=facts), model)


def _quarterly(known: ForecastInputs) -> tuple[Announcement, ...]:
    """Reports each quarter, the newest a month before the cutoff: the next one is predicted two months ahead."""
    newest = known.bars.cutoff - timedelta(days=30)
    days: Sequence[int] = range(91 * (_QUARTERS - 1), -1, -91)
    return tuple(Announcement(known.bars.symbol, newest - timedelta(days=age)) for age in days)


def _window(known: ForecastInputs, model: OnnxModel) -> tuple[Float32s, ...]:
    """What the model reads of this: with the calendar where there is one."""
    outlook = make_outlook(known, model)
    window = model_inputs(outlook.bars, outlook.market, model.card.context_length)
    return window if outlook.calendar is None else (*window, outlook.calendar[None])
