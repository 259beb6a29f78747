"""The addresses of the API at a glance, for people: read out of the description that programs get."""

from dataclasses import dataclass
from typing import Any

from web.api.openapi_responses import ADMIN, KEY_NEEDED

_NEEDED = {repr(KEY_NEEDED): "needed", repr(ADMIN): "operator's"}


@dataclass(frozen=True, slots=True)
class Address:
    """One address and method."""

    method: str  #: in capitals
    parts: tuple[str, ...]  #: of the path, each with the slash before it: where a line may break
    says: str  #: what is there, in a sentence or two
    key: str  #: whether it takes one


def by_subject(description: dict[str, Any]) -> dict[str, list[Address]]:
    """The addresses of an OpenAPI description under the name of what they are about, in its order."""
    found: dict[str, list[Address]] = {}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            found.setdefault(operation["tags"][0], []).append(_address(method, path, operation))
    return found


def _address(method: str, path: str, operation: dict[str, Any]) -> Address:
    says = operation["description"].partition("\n\n")[0].replace("\n", " ").replace("`", "")
    key = _NEEDED.get(repr(operation.get("security")), "optional")
    return Address(method.upper(), tuple(f"/{part}" for part in path.strip("/").split("/")), says, key)
