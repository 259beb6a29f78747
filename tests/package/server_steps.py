"""The units for systemd and the examples of proxies, tried by their tests where the programs are there."""

from tests.package.steps import TestedStep

_PROXIES = "tests/test_proxy_examples.py"
STEPS = (
    TestedStep("units", "systemd-analyze", ("tests/test_systemd_units.py",), "systemd"),
    TestedStep("nginx before the service", "nginx", (_PROXIES, "-k", "nginx"), "nginx-light"),
    TestedStep("Caddy before the service", "caddy", (_PROXIES, "-k", "caddy"), "caddy"),
)
