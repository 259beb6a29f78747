"""What the field's own tools have to say about the image, the compose files and what watches the service."""

import subprocess
import sys

from tests.package import debian_root
from tests.package.build import ROOT
from tests.package.container import missing
from tests.package.steps import Result, Step

_PROMETHEUS = ROOT / "deploy/prometheus"
_COMPOSE = ("compose.yaml", *(str(file.relative_to(ROOT)) for file in sorted((ROOT / "deploy/compose").glob("*.yaml"))))


class ImageStep(Step):
    """The image's own proof, which takes minutes."""

    def run(self) -> tuple[Result, str]:
        """The result, with the figures that it measured."""
        if why := missing((*debian_root.NEEDED, "runc")):
            return Result.ABSENT, why
        done = subprocess.run(
            [sys.executable, *self.arguments], cwd=self.folder, capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            return Result.FAULTY, done.stdout + done.stderr
        return Result.CLEAN, "\n" + done.stdout[done.stdout.index("built in") :].strip()


STEPS = (
    Step("the Dockerfile", "hadolint", ("Dockerfile",)),
    Step("compose files", "check-jsonschema", ("--builtin-schema", "vendor.compose-spec", *_COMPOSE)),
    Step("Prometheus's settings", "promtool", ("check", "config", "prometheus.yml"), "prometheus", _PROMETHEUS),
    Step("alert rules", "promtool", ("test", "rules", "rules_test.yml"), "prometheus", _PROMETHEUS),
    ImageStep("the image", sys.executable, ("-m", "tests.package.image"), "debootstrap and runc"),
)
