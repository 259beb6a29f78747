"""The composition root: settings to the things that do the work."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from bellwether.core.chat_memory import ChatMemory
from bellwether.core.clock import Clock
from bellwether.core.config import Settings
from bellwether.core.connections import Fault, faults_for
from bellwether.core.errors import ModelError
from bellwether.db.database import Store
from bellwether.db.opening import open_store
from bellwether.forecasting.kept_widths import KeptWidths
from bellwether.forecasting.outlook_cache import OutlookCache
from bellwether.market.earnings.provider import ReportDates, open_reports
from bellwether.market.provider import Provider
from bellwether.market.sources import open_market
from bellwether.market.statements.provider import Fundamentals, open_fundamentals
from bellwether.market.symbols.configured_universe import universe_of
from bellwether.market.symbols.universe import Universe
from bellwether.models.model_card import RANGE
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import ModelRegistry, RevenueModels, looked_in, served_model

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What every face is given."""

    settings: Settings
    provider: Provider
    fundamentals: Fundamentals
    reports: ReportDates  #: on which days companies report
    universe: Universe  #: what is served every session, and what else is known by name
    model: OnnxModel | None  #: None when it cannot be used; answers are then the baseline's, and say so
    model_problem: str  #: why not
    models: ModelRegistry  #: of prices: which may answer for a day in the past
    growth: RevenueModels  #: the models of revenue
    store: Store
    widths: KeptWidths  #: by how much ranges are stretched after each session
    clock: Clock
    faults: tuple[Fault, ...] = ()  #: what of the environment kept parts from connecting when they were started
    outlooks: OutlookCache = field(default_factory=OutlookCache)  #: of the newest session, shared by all faces
    #: set once this process has been told to stop: whoever asks again should ask another
    leaving: threading.Event = field(default_factory=threading.Event)
    memory: ChatMemory = field(default_factory=ChatMemory)  #: of what each chat asked about last

    def models_served(self) -> dict[str, str]:
        """What answers of prices and of revenue, each with a mark of what is in it."""
        prices = f"{self.model.card.model_id} {self.model.card.sha256[:12]}" if self.model is not None else "none"
        card = self.settings.models.folder / self.settings.models.growth / "card.json"
        try:
            growth = f"{self.settings.models.growth} {sha256(card.read_bytes()).hexdigest()[:12]}"
        except OSError:
            growth = "none"
        return {"prices": prices, "revenue": growth}


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def build_services(settings: Settings, clock: Clock = utc_now) -> Services:
    """Wire everything up. Opens no database and asks no network.

    Raises ConfigError or MarketDataError when the settings name something that is not there.
    """
    model, problem = None, ""
    try:
        model = served_model(settings)
    except ModelError as error:
        problem = str(error)
        where = looked_in(settings.models.folder, RANGE)
        log.error("%s %s Answers come from the plain rule until this is mended.", problem, where)
    store = open_store(settings.database)
    provider = open_market(settings.market, store, clock)
    return Services(
        settings=settings,
        provider=provider,
        fundamentals=open_fundamentals(settings.market, provider, store, clock),
        reports=open_reports(settings.market, provider, store, clock),
        universe=universe_of(settings.market.universe, provider),
        model=model,
        model_problem=problem,
        models=ModelRegistry(settings.models.folder, model),
        growth=RevenueModels(settings.models.folder, settings.models.growth),
        store=store,
        widths=KeptWidths(store),
        clock=clock,
        faults=faults_for(settings),
    )
