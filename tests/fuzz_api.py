"""`make fuzz-api`: calls made up by schemathesis from the whole description, against a running service.

Zero failures of the server, zero answers that docs/openapi.json does not have. Takes 5 to 15 minutes.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.service import command, service

CASES_OF_AN_EXAMPLE = 22  #: some fewer than there are operations: not each has so many different calls
TOKEN = "the-operators-own-token-of-40-characters"


def main() -> int:
    """Run, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="about how many calls")
    examples = max(parser.parse_args().cases // CASES_OF_AN_EXAMPLE, 1)
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = json.loads(command(folder, "keys", "create", "--owner", "Fuzz", "--plan", "business", "--json"))
        with service(folder, API__LIMITS="false", API__BARS="true", API__ADMIN_TOKEN=TOKEN) as base:
            return max(
                fuzz(
                    folder, base, made["key"], examples, "--exclude-path-regex", "stream|admin"
                ),  # a stream never ends
                fuzz(folder, base, TOKEN, examples // 4 + 1, "--include-path-regex", "admin"),
            )


def fuzz(folder: Path, base: str, key: str, examples: int, *which: str) -> int:
    """Call some of the operations with a key; 0 when every answer was documented."""
    words = ["run", f"{base}/openapi.json", "--header", f"Authorization: Bearer {key}", *which]
    words += ["--max-examples", str(examples), "--phases", "examples,coverage,fuzzing", "--no-color"]
    # what is a symbol, a day or a sound rule no schema can say
    words += ["--exclude-checks", "positive_data_acceptance", "--continue-on-failure"]
    return subprocess.run([str(Path(sys.executable).with_name("st")), *words], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
