"""Work in threads of which a cancelled task must not lose sight."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(function: Callable[[], T]) -> T:
    """What a function returns, run in a thread; raises what it raises. Cancelled, this ends when the function has.

    The thread goes on all the same, and what it takes meanwhile, as a lease, is to be given back.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
