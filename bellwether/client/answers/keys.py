"""Keys, for whoever runs the service."""

from typing import Annotated, Any

from pydantic import Field

from .wire import ApiAnswer, Instant


class SecretAnswer(ApiAnswer):
    """One secret of a key: how it begins, and how long it works."""

    begins_with: str
    created_at: Instant
    expires_at: Instant | None
    works: bool


class TermsAnswer(ApiAnswer):
    """Terms of a key's own."""

    changes: dict[str, Any]
    starts_at: Instant | None
    ends_at: Instant | None


class KeyAnswer(ApiAnswer):
    """A key, without its secrets."""

    id: int
    owner: str
    plan: str
    scopes: list[str]
    created_at: Instant
    revoked_at: Instant | None
    secrets: list[SecretAnswer]
    own_terms: list[TermsAnswer]
    in_force: dict[str, Any] | None
    requests: int


class NewKeyAnswer(ApiAnswer):
    """A key and the one sight of its secret."""

    key: Annotated[str, Field(description="Shown only now")]
    old_until: Annotated[Instant | None, Field(description="When the secrets before it end; null for a new key")]
    about: KeyAnswer


class KeysAnswer(ApiAnswer):
    """Every key."""

    items: list[KeyAnswer]
