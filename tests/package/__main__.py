"""python -m tests.package: builds what is shipped into dist/, twice, and lets the field's tools look at it.

Exit status 1 where anything is wrong. What cannot be looked at here, for a program is missing, is named; with --strict
that is wrong as well.
"""

import argparse
import subprocess
import sys

from tests.package import image_steps, server_steps, workflow_steps
from tests.package.build import PROJECTS, ROOT, NotReproducible, build_twice
from tests.package.steps import Result, Step, of_archives

DIST = ROOT / "dist"
STEPS: tuple[Step, ...] = (*workflow_steps.STEPS, *server_steps.STEPS, *image_steps.STEPS)


def main() -> int:
    """Build, look, say."""
    parser = argparse.ArgumentParser(prog="python -m tests.package")
    parser.add_argument("--strict", action="store_true", help="programs that are missing are a fault, too")
    strict = parser.parse_args().strict
    for archive in DIST.glob("*"):
        archive.unlink()
    faulty, steps = False, list(STEPS)
    DIST.mkdir(exist_ok=True)
    for project in PROJECTS:
        try:
            archives = build_twice(project, DIST)
        except (NotReproducible, subprocess.CalledProcessError) as problem:
            print(f"FAIL {project.name}: {problem}\n{getattr(problem, 'stderr', '')}")
            faulty = True
            continue
        for archive in archives:
            print(f"ok   built twice, to the same bytes: {archive.name}, {archive.stat().st_size / 1e6:.2f} MB")
        steps += of_archives(project, archives)
    for step in steps:
        result, said = step.run()
        print(f"{result.value} {step.name}{': ' if said else ''}{said}", flush=True)
        faulty |= result is Result.FAULTY or (strict and result is Result.ABSENT)
    return int(faulty)


if __name__ == "__main__":
    sys.exit(main())
