"""The tests' own HTTP server leaves nothing open, whenever it is told to stop."""

import asyncio
import gc
import socket
import warnings

import pytest

from tests.support.http_server import HttpServer, Request, Response


async def _answer(request: Request) -> Response | None:
    return None


@pytest.mark.parametrize("turns", range(5))
def test_a_connection_that_comes_as_it_stops_is_closed(turns: int) -> None:
    """`turns` of the server's loop lie between both."""
    clients = list[socket.socket]()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with HttpServer(_answer) as server:

            def stop_after(turns: int) -> None:
                if turns:
                    asyncio.get_running_loop().call_soon(stop_after, turns - 1)
                elif server._stop is not None:
                    server._stop.set()

            def come() -> None:
                clients.append(socket.create_connection(("127.0.0.1", server.port)))
                stop_after(turns)

            server.call_soon(come)
            server._thread.join(5)
            assert not server._thread.is_alive()
        for client in clients:
            client.close()
        gc.collect()
    assert [str(warning.message) for warning in told if "unclosed" in str(warning.message)] == []
