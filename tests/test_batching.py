"""Things done together: in their order, each with its own answer, and a failure tells all who were in the batch."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.telegram.batcher import Batcher


def test_what_comes_while_one_call_runs_goes_together_in_the_next() -> None:
    calls: list[list[int]] = []
    started, go_on = threading.Event(), threading.Event()

    def doubled(items: Sequence[int]) -> list[int]:
        calls.append(list(items))
        started.set()
        if len(calls) == 1:
            assert go_on.wait(10)
        return [2 * item for item in items]

    async def run() -> list[int]:
        batch = Batcher(doubled)
        first = asyncio.create_task(batch.add(1))
        assert await asyncio.to_thread(started.wait, 10)
        rest = [asyncio.create_task(batch.add(item)) for item in (2, 3)]
        both = asyncio.create_task(batch.add_all([4, 5]))
        await asyncio.sleep(0)
        go_on.set()
        answers = [await first, *[await one for one in rest], *await both]
        await batch.settle()
        return answers

    assert asyncio.run(run()) == [2, 4, 6, 8, 10]
    assert calls == [[1], [2, 3, 4, 5]]


def test_a_failure_is_told_to_all_of_its_batch_and_the_next_goes_on() -> None:
    def choosy(items: Sequence[int]) -> Sequence[int]:
        if 0 in items:
            raise ValueError("zero")
        return items

    async def run() -> None:
        batch = Batcher(choosy)
        failed = await asyncio.gather(batch.add(0), batch.add(1), return_exceptions=True)
        assert [type(one) for one in failed] == [ValueError, ValueError]
        assert await batch.add(2) == 2
        assert await batch.add_all([]) == []

    asyncio.run(run())


def test_one_who_stops_waiting_does_not_disturb_the_others() -> None:
    def slow(items: Sequence[int]) -> Sequence[int]:
        threading.Event().wait(0.1)
        return items

    async def run() -> int:
        batch = Batcher(slow)
        given_up = asyncio.create_task(batch.add(1))
        other = asyncio.create_task(batch.add(2))
        await asyncio.sleep(0.02)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        return await other

    assert asyncio.run(run()) == 2
