"""The living example of the home page and of the manual for developers."""

import logging

from bellwether.ask import forecasts
from bellwether.core.errors import BellwetherError
from bellwether.core.parsing import DEFAULT_HORIZON
from bellwether.core.types import Forecast
from bellwether.services import Services
from web.problems import INTERNAL, KINDS

EXAMPLE = "AAPL"
log = logging.getLogger(__name__)


def example(services: Services) -> tuple[Forecast | None, str]:
    """The example's forecast, or why there is none: it must never take the page down with it."""
    try:
        return forecasts.answer(services, EXAMPLE, DEFAULT_HORIZON).forecast, ""
    except BellwetherError as problem:
        return None, str(problem)
    except Exception:
        log.exception("The example could not be made.")
        return None, KINDS[INTERNAL].sentence
