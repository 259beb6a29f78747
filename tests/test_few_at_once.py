"""Turns: few at a time, in the order of asking, and never long behind one who waits for something."""

import asyncio

import pytest

from bot.telegram.compute_slots import ComputeSlots

FOREVER = 3600.0


@pytest.mark.parametrize("few", [1, 3])
def test_no_more_than_a_few_go_on_at_once_in_the_order_they_came(few: int) -> None:
    under_way, most, order = 0, 0, []

    async def work(turns: ComputeSlots, number: int) -> None:
        nonlocal under_way, most
        async with turns.turn():
            order.append(number)
            under_way += 1
            most = max(most, under_way)
            for _ in range(3):
                await asyncio.sleep(0)
            under_way -= 1

    async def run() -> None:
        turns = ComputeSlots(few, FOREVER)
        await asyncio.gather(*(work(turns, number) for number in range(10)))

    asyncio.run(run())
    assert (most, order) == (few, list(range(10)))


def test_one_who_takes_longer_than_a_moment_lets_the_next_begin_and_only_one() -> None:
    async def run() -> None:
        turns, all_begun, slow_ends = ComputeSlots(1, 0.01), asyncio.Event(), asyncio.Event()
        begun: list[int] = []

        async def wait_for_the_end(number: int) -> None:
            async with turns.turn():
                begun.append(number)
                if len(begun) == 3:
                    all_begun.set()
                await slow_ends.wait()

        waiting = [asyncio.create_task(wait_for_the_end(number)) for number in range(3)]
        await asyncio.wait_for(all_begun.wait(), 10)
        slow_ends.set()
        await asyncio.gather(*waiting)

        # their ends gave nothing back a second time: there is one turn again, not four
        turns.moment = FOREVER
        async with turns.turn():
            another = asyncio.create_task(wait_for_the_end(3))
            for _ in range(5):
                await asyncio.sleep(0)
            assert len(begun) == 3
        await another

    asyncio.run(run())


def test_a_turn_ends_with_a_failure_too_and_one_who_gives_up_waiting_takes_none() -> None:
    async def run() -> None:
        turns = ComputeSlots(1, FOREVER)
        with pytest.raises(ValueError, match="no answer"):
            async with turns.turn():
                raise ValueError("no answer")

        async def take() -> None:
            async with turns.turn():
                pass

        async with turns.turn():
            waiting = asyncio.create_task(take())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(take(), 10)

    asyncio.run(run())
