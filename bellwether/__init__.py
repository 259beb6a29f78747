"""Bellwether: honest stock forecasts. What the product knows and decides; it imports none of its faces."""

import os

__version__ = "0.2.0"

# Since 1.29 ONNX Runtime tells its maker of every start and every model, under a number that it gives the machine. It
# looks at this while it is imported, so it stands where nothing of ours can import it earlier.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
