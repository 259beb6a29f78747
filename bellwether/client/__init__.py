"""The API from Python.

    from bellwether.client import Client

    with Client("http://127.0.0.1:8000", key="bw_live_...") as api:
        print(api.forecast("AAPL", horizon="2w")["quantiles"]["0.5"])

`AsyncClient` has the same methods to be awaited. Answers are the plain JSON of the API, typed; `frame` makes a data
frame of them. What is safe to ask twice is asked again after a moment of trouble. `Operator` and `AsyncOperator` are
for whoever runs the service.
"""

from .asynchronous import AsyncClient, AsyncOperator
from .errors import ApiError, NoAnswer, TooManyRequests
from .frames import frame
from .synchronous import Client, Operator

__all__ = ["ApiError", "AsyncClient", "AsyncOperator", "Client", "NoAnswer", "Operator", "TooManyRequests", "frame"]
