"""The API from Python.

    from bellwether_client import Client  # where the service is installed, it is bellwether.client, too

    with Client("http://127.0.0.1:8000", key="bw_live_...") as api:
        print(api.forecast("AAPL", horizon="2w")["quantiles"]["0.5"])

`AsyncClient` has the same methods to be awaited. Answers are the plain JSON of the API, typed; `frame` makes a data
frame of them. What is safe to ask twice is asked again after a moment of trouble. `Operator` and `AsyncOperator` are
for whoever runs the service.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .asynchronous import AsyncClient, AsyncOperator
from .protocol import API_VERSION, VERSION, ApiError, NoAnswer, TooManyRequests
from .synchronous import Client, Operator

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "API_VERSION",
    "ApiError",
    "AsyncClient",
    "AsyncOperator",
    "Client",
    "NoAnswer",
    "Operator",
    "TooManyRequests",
    "frame",
]
__version__ = VERSION
_DAYS = ("cutoff", "target_session", "session", "made_at", "fired_at", "period_end")


def frame(items: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """One row for each item, nested values in columns such as `quantiles.0.1`; days and times as such.

    Items of a batch give one row for each forecast; those that failed are left out.
    """
    try:
        import pandas as pd
    except ModuleNotFoundError as error:
        sentence = "A data frame is made with pandas, which is not installed: please run `pip install pandas`."
        raise ModuleNotFoundError(sentence, name=error.name) from error

    rows = [item["forecast"] if "forecast" in item and "asked" in item else item for item in items]
    table = pd.json_normalize([dict(row) for row in rows if row is not None])
    for name in _DAYS:
        if name in table:
            table[name] = pd.to_datetime(table[name])
    return table
