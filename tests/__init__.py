"""The tests, which import Bellwether before anything else: only then is ONNX Runtime kept from telling of them."""

import bellwether  # noqa: F401
