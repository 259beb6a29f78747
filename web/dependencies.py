"""What endpoints get of the app that they belong to: `def endpoint(store: StoreOf, now: NowOf)`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from bellwether.ask.market_overview import Overviews
from bellwether.ask.sample_receipts import Receipts
from bellwether.core.clock import Clock
from bellwether.core.config import Api
from bellwether.core.parsing import DEFAULT_HORIZON, parse_horizon
from bellwether.db.database import Store
from bellwether.services import Services
from web.pages.example import Example
from web.pages.record_cache import Records
from web.pages.telegram_link import Bot
from web.visitor_lists import VisitorLists


def _part(read: Callable[[Any], Any]) -> Any:
    """A part of what the app was created with."""

    async def part(request: Request) -> Any:  # not in a thread
        return read(request.app.state)

    return Depends(part)


async def _horizon(horizon: str = str(DEFAULT_HORIZON)) -> int:
    return parse_horizon(horizon)


ServicesOf = Annotated[Services, _part(lambda state: state.services)]
StoreOf = Annotated[Store, _part(lambda state: state.services.store)]
ApiOf = Annotated[Api, _part(lambda state: state.services.settings.api)]
ClockOf = Annotated[Clock, _part(lambda state: state.services.clock)]
NowOf = Annotated[datetime, _part(lambda state: state.services.clock())]
OverviewsOf = Annotated[Overviews, _part(lambda state: state.overviews)]
ExampleOf = Annotated[Example, _part(lambda state: state.example)]
ReceiptsOf = Annotated[Receipts, _part(lambda state: state.receipts)]
RecordsOf = Annotated[Records, _part(lambda state: state.records)]
VisitorListsOf = Annotated[VisitorLists, _part(lambda state: state.visitor_lists)]
BotOf = Annotated[Bot, _part(lambda state: state.bot)]
HorizonOf = Annotated[int, Depends(_horizon)]  #: trading days ahead, as an address of the pages has them
