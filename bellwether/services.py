"""The composition root: settings to the things that do the work."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bellwether.config import Market, Settings
from bellwether.errors import ConfigError, ModelError
from bellwether.forecasting.model_shelf import ModelShelf
from bellwether.forecasting.onnx_model import OnnxModel, latest_model
from bellwether.market.provider import Provider
from bellwether.store.database import Store

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Services:
    """What every face is given."""

    settings: Settings
    provider: Provider
    model: OnnxModel | None  #: None when it cannot be used; answers are then the baseline's, and say so
    model_problem: str  #: why not
    shelf: ModelShelf  #: which model may answer for a day in the past
    store: Store
    clock: Clock


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def build_services(settings: Settings, clock: Clock = utc_now) -> Services:
    """Wire everything up. Opens no database and asks no network.

    Raises ConfigError or MarketDataError when the settings name something that is not there.
    """
    model, problem = None, ""
    try:
        model = latest_model(settings.models.folder, settings.models.serve)
    except ModelError as error:
        problem = str(error)
        log.error("%s Answers come from the plain volatility rule until this is mended.", problem)
    return Services(
        settings=settings,
        provider=build_provider(settings.market, settings.database.path.parent, clock),
        model=model,
        model_problem=problem,
        shelf=ModelShelf(settings.models.folder, model),
        store=Store(settings.database.path),
        clock=clock,
    )


def build_provider(market: Market, data_folder: Path, clock: Clock) -> Provider:
    """The one source of prices that the settings name; its module is imported only here."""
    if market.source == "sample":
        from bellwether.market.sample import SampleProvider

        return SampleProvider()
    if market.source == "file":
        from bellwether.market.file import FileProvider

        if not market.file:
            raise ConfigError("market.source is file, but market.file names none (BELLWETHER_MARKET__FILE).")
        return FileProvider([Path(market.file)])
    from bellwether.market.cache import CachedProvider
    from bellwether.market.yahoo import YahooProvider

    yahoo = YahooProvider(base_url=market.yahoo_base_url, timeout=market.timeout, cache_folder=data_folder / "yfinance")
    return CachedProvider(yahoo, clock)
