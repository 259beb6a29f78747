"""python -m tests.chaos --runs 500: plays so many seeds and prints what came of it; exit status 1 for a broken one.

python -m tests.chaos --postgres --workers 2 --runs 200    on two hosts that share a database of PostgreSQL
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path
from queue import Queue

from tests.chaos.evenings import fork_server, play
from tests.chaos.everybody import empty_database
from tests.chaos.plan import make_plan
from tests.chaos.promises import Broken, Figures

Play = Callable[[int], Figures]


@contextmanager
def _player(context: ForkServerContext, on_hosts: bool, folder: Path, keep: Path | None) -> Iterator[Play]:
    """What plays the run of a seed, one at a time."""
    if not on_hosts:
        template = empty_database(folder / "template.sqlite3")
        yield lambda seed: play(context, make_plan(seed), template, keep or folder, keep=keep is not None)
        return
    from tests.chaos.plan_of_hosts import make_plan_of_hosts
    from tests.chaos.two_hosts import play_on_hosts, template_of
    from tests.support.postgres import Server

    server = Server(durable=True)
    try:
        everybody = template_of(server)
        yield lambda seed: play_on_hosts(context, make_plan_of_hosts(seed), server, everybody, folder, keep)
    finally:
        server.remove()


def main() -> int:
    """Play, count, say."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each run takes the next")
    parser.add_argument("--postgres", action="store_true", help="on two hosts, with their rows in PostgreSQL")
    parser.add_argument("--workers", type=int, default=1, help="runs that are played at the same time")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="leave each run's database there, with an evening owed"
    )
    asked = parser.parse_args()
    began, total, broken = time.monotonic(), Figures(), []
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    context = fork_server()
    with ExitStack() as stack:
        free = Queue[Play]()
        for _ in range(asked.workers):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            free.put(stack.enter_context(_player(context, asked.postgres, folder, asked.keep)))

        def play_seed(seed: int) -> Figures | Broken:
            player = free.get()
            try:
                return player(seed)
            except Broken as problem:
                return problem
            finally:
                free.put(player)

        threads = stack.enter_context(ThreadPoolExecutor(asked.workers))
        seeds = range(asked.seed, asked.seed + asked.runs)
        for seed, came in zip(seeds, threads.map(play_seed, seeds), strict=True):
            if isinstance(came, Broken):
                broken.append(seed)
                print(came, file=sys.stderr, flush=True)
            else:
                total.add(came)
    if asked.postgres:
        print(
            f"two hosts: {total.take_overs} take-overs, {total.hangs} hangs, {total.cuts} ways cut,"
            f" {total.ended} times all connections ended, {total.stops} stops of the server;"
            f" {total.beside} digests sent by who had claimed them before the other took over"
        )
    print(
        f"{asked.runs} runs in {time.monotonic() - began:.0f} s: {total.evenings} evenings, {total.kills} kills,"
        f" {total.faults} faults, {total.in_flight} messages on their way at the kills\n"
        f"digests: {total.owed} owed, {total.missing} missing, {total.expired} out of date before their chat let them"
        f" in, {total.twice} came again"
        f" (at most {total.explained}: as many attempts ended unknown)\n"
        f"beside Telegram: {total.targets_owed} owed, {total.targets_missing} missing, {total.targets_left} of chats"
        f" that had blocked the bot, {total.targets_twice} came again (at most {total.targets_explained})\n"
        f"questions: {total.asked} asked, {total.answered_twice} came again that were on their way,"
        f" {total.unanswered} unanswered, all of chats that had blocked the bot;"
        f" {total.unreadable} updates that nobody can decode\n"
        f"refused as too fast: {total.floods}\n"
        f"broken runs: {broken or 'none'}"
    )
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
