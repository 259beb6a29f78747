"""What a release asks before it is made: whether its tag is the version, and what the changelog says of it.

python -m tests.package.release check v0.2.0    exit status 1 and a sentence where that is no release of these files
python -m tests.package.release notes           the changelog's section of this version, for the release's page

It needs nothing installed: bellwether/__init__.py is the one place that has the version.
"""

import argparse
import re
import sys
from pathlib import Path

from bellwether import __version__

CHANGELOG = Path(__file__).resolve().parents[2] / "CHANGELOG.md"


def notes(changelog: str, version: str) -> str:
    """The section of a version, without its heading; "" where there is none, or nothing in it."""
    parts = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    return next((text.strip() for heading, text in sections.items() if heading.split(" ")[0] == version), "")


def fault(tag: str, version: str, changelog: str) -> str:
    """Why a tag cannot be released; "" where it can."""
    if tag != f"v{version}":
        return f"The tag is {tag}, but bellwether/__init__.py says {version}: the tag has to be v{version}."
    if not notes(changelog, version):
        return f"CHANGELOG.md has no section “## {version} - DATE”, or nothing in it."
    return ""


def main() -> int:
    """Check a tag, or print the notes."""
    parser = argparse.ArgumentParser(prog="python -m tests.package.release")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("tag")
    commands.add_parser("notes")
    asked = parser.parse_args()
    changelog = CHANGELOG.read_text(encoding="utf-8")
    if asked.command == "notes":
        sys.stdout.write(notes(changelog, __version__) + "\n")
        return 0
    if why := fault(asked.tag, __version__, changelog):
        sys.stderr.write(why + "\n")
    return int(bool(why))


if __name__ == "__main__":
    sys.exit(main())
