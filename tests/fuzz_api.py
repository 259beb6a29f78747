"""`make fuzz-api`: calls made up by schemathesis from the whole description, against a running service.

Zero failures of the server, zero answers that docs/openapi.json does not have. Takes 5 to 15 minutes.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.service import command, service

CASES_OF_AN_EXAMPLE = 22  #: some fewer than there are operations: not each has so many different calls
STREAM, EVENTS = "/api/v1/stream", "text/event-stream"
CALLS = "examples,coverage,fuzzing"
CALLS_IN_A_ROW = f"{CALLS},stateful"  #: also with what earlier answers have named
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
            fuzz_stream(base, made["key"], examples // 2 + 1)
            return max(
                fuzz(folder, base, made["key"], examples, CALLS_IN_A_ROW, "--exclude-path-regex", f"{STREAM}|admin"),
                # a key that was revoked is still listed, which calls in a row would take for a fault
                fuzz(folder, base, TOKEN, examples // 4 + 1, CALLS, "--include-path-regex", "admin"),
            )


def fuzz(folder: Path, base: str, key: str, examples: int, phases: str, *which: str) -> int:
    """Call some of the operations with a key; 0 when every answer was documented."""
    words = ["run", f"{base}/openapi.json", "--header", f"Authorization: Bearer {key}", *which]
    words += ["--max-examples", str(examples), "--phases", phases, "--no-color"]
    # what is a symbol, a day or a sound rule no schema can say
    words += ["--exclude-checks", "positive_data_acceptance", "--continue-on-failure"]
    return subprocess.run([str(Path(sys.executable).with_name("st")), *words], cwd=folder, check=False).returncode


def fuzz_stream(base: str, key: str, examples: int) -> None:
    """The same for the stream: it never ends, so that of its events nothing is read. Raises what schemathesis finds."""
    load_all_checks()
    operation = schemathesis.openapi.from_url(f"{base}/openapi.json")[STREAM]["GET"]
    statuses = []

    @settings(max_examples=examples, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        asked = case.as_transport_kwargs(base_url=base, headers={"Authorization": f"Bearer {key}"})
        with requests.request(**asked, stream=True, timeout=30) as answer:
            statuses.append(answer.status_code)
            if answer.ok:
                assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, EVENTS)
            else:
                case.validate_response(answer, excluded_checks=[CHECKS.get_one("positive_data_acceptance")])

    call()
    print(f"{STREAM}: {len(statuses)} calls, {statuses.count(200)} of them streams, all as documented")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
