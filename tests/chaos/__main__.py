"""python -m tests.chaos --runs 500: plays so many seeds and prints what came of it; exit status 1 for a broken one."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.evenings import empty_database, fork_server, play
from tests.chaos.plan import make_plan
from tests.chaos.promises import Broken, Figures


def main() -> int:
    """Play, count, say."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each run takes the next")
    asked = parser.parse_args()
    began, total, broken = time.monotonic(), Figures(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context, template = fork_server(), empty_database(folder / "template.sqlite3")
        for seed in range(asked.seed, asked.seed + asked.runs):
            try:
                total.add(play(context, make_plan(seed), template, folder))
            except Broken as problem:
                broken.append(seed)
                print(problem, file=sys.stderr)
    print(
        f"{asked.runs} runs in {time.monotonic() - began:.0f} s: {total.evenings} evenings, {total.kills} kills,"
        f" {total.faults} faults, {total.in_flight} messages on their way at the kills\n"
        f"digests: {total.owed} owed, {total.missing} missing, {total.expired} out of date before their chat let them"
        f" in, {total.twice} came again"
        f" (at most {total.explained}: as many attempts ended unknown)\n"
        f"questions: {total.asked} asked, {total.unanswered} unanswered, all of chats that had blocked the bot;"
        f" {total.unreadable} updates that nobody can decode\n"
        f"refused as too fast: {total.floods}\n"
        f"broken runs: {broken or 'none'}"
    )
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
