"""Hold an answer of the API to its declared shape."""

import json
from typing import Any

from pydantic import TypeAdapter


def check_shape(shape: Any, answer: Any) -> None:
    """Its keys are those of the shape in the same order, and every value is what the shape says. Raises otherwise."""
    adapter: TypeAdapter[Any] = TypeAdapter(shape)
    read = adapter.validate_json(json.dumps(answer), strict=True)
    assert keys_in_order(answer) == keys_in_order(adapter.dump_python(read, mode="json", by_alias=True))


def keys_in_order(value: Any) -> Any:
    """The keys of nested objects."""
    if isinstance(value, dict):
        return [(key, keys_in_order(each)) for key, each in value.items()]
    return [keys_in_order(each) for each in value] if isinstance(value, list) else None
