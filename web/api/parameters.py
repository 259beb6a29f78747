"""A parameter that an address does not have is refused: a typing error would be answered with a default, unnoticed."""

from difflib import get_close_matches

from starlette.requests import Request

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
    near = get_close_matches(name, known, 1)
    have = f"it has {', '.join(known)}" if known else "it has none"
    return f"This address has no parameter “{name[:40]}”; {f'did you mean {near[0]}?' if near else f'{have}.'}"
