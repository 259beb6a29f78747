"""What can go wrong when the API is asked."""

from typing import Any


class ApiError(Exception):
    """The API answered with a problem."""

    def __init__(self, problem: dict[str, Any], status: int, retry_after: float | None = None) -> None:
        """`problem` as RFC 9457 has it; `retry_after` in seconds."""
        self.status = status
        self.code = str(problem.get("code", "unknown"))  #: stable, for programs
        self.detail = str(problem.get("detail", f"The API answered {status}."))  #: for people
        self.request_id = str(problem.get("request_id", ""))
        self.suggestions: list[str] = problem.get("suggestions") or []  #: with unknown_symbol
        self.candidates: list[dict[str, str]] = problem.get("candidates") or []  #: with ambiguous_symbol
        self.retry_after = retry_after
        super().__init__(f"{self.detail} ({self.code}, request {self.request_id})")


class TooManyRequests(ApiError):
    """The plan's minute or day is used up; `retry_after` says when to go on."""


class NoAnswer(Exception):
    """The API could not be reached, or did not answer in time."""
