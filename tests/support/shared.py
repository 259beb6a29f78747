"""Where the data shared with this repository lies, and the mark for tests that need it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED: Path = Path(__file__).resolve().parents[2].parent / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="needs the shared folder beside the repository (../shared), which is not here",
)
