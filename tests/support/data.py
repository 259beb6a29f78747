"""Where the tests' own data lie; tests/data/README.md tells where each file comes from."""

from __future__ import annotations

from pathlib import Path

DATA: Path = Path(__file__).resolve().parents[1] / "data"
