"""A parameter that an address does not have is refused: a typing error would be answered with a default, unnoticed."""

from starlette.requests import Request

from bellwether.core.errors import near_name
from web.problems import ProblemError, bad_request


async def only_known(request: Request) -> None:
    """Compare what is asked with what the specification has. Raises ProblemError."""
    described = request.app.openapi()["paths"].get(request.scope["route"].path_format, {}).get(request.method.lower())
    if described is None:  # such as HEAD
        return
    known = [one["name"] for one in described.get("parameters", ()) if one["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            raise ProblemError(bad_request(_about(name, known)))


def _about(name: str, known: list[str]) -> str:
    hint = near_name(name, known, "it has") if known else "it has none."
    return f"This address has no parameter “{name[:40]}”; {hint}"
