"""The operator's address: the keys of a service, for the bearer of its own token."""

from collections.abc import Iterable
from typing import Any, cast

from bellwether.client.answers import ApiKey, NewApiKey
from bellwether.client.asynchronous import AsyncClient
from bellwether.client.calls import Call, delete, get, patch, post
from bellwether.client.synchronous import Client

Terms = dict[str, Any]  #: {"changes": {"requests_a_minute": 100}, "starts_at": ..., "ends_at": ...}


class Operator(Client):
    """A client whose `key` is the operator's token."""

    def keys(self) -> list[ApiKey]:
        """Every key, and what it has used."""
        return cast(list[ApiKey], self._ask(_KEYS)["items"])

    def add_key(
        self,
        owner: str,
        plan: str = "free",
        scopes: Iterable[str] | None = None,
        expires_at: str | None = None,
        own_terms: Terms | None = None,
    ) -> NewApiKey:
        """Make a key; its secret is shown only now."""
        return cast(NewApiKey, self._ask(_add(owner, plan, scopes, expires_at, own_terms)))

    def change_key(self, key_id: int, plan: str | None = None, own_terms: Terms | None = None) -> ApiKey:
        """Another plan for a key, terms of its own, or both."""
        return cast(ApiKey, self._ask(_change(key_id, plan, own_terms)))

    def rotate_key(self, key_id: int, overlap_days: float | None = None, expires_at: str | None = None) -> NewApiKey:
        """A new secret for a key; the old ones work a while longer."""
        return cast(NewApiKey, self._ask(_rotate(key_id, overlap_days, expires_at)))

    def revoke_key(self, key_id: int) -> ApiKey:
        """End a key at once."""
        return cast(ApiKey, self._ask(delete("admin", "keys", key_id)))


class AsyncOperator(AsyncClient):
    """The same, to be awaited."""

    async def keys(self) -> list[ApiKey]:
        """Every key, and what it has used."""
        return cast(list[ApiKey], (await self._ask(_KEYS))["items"])

    async def add_key(
        self,
        owner: str,
        plan: str = "free",
        scopes: Iterable[str] | None = None,
        expires_at: str | None = None,
        own_terms: Terms | None = None,
    ) -> NewApiKey:
        """Make a key; its secret is shown only now."""
        return cast(NewApiKey, await self._ask(_add(owner, plan, scopes, expires_at, own_terms)))

    async def change_key(self, key_id: int, plan: str | None = None, own_terms: Terms | None = None) -> ApiKey:
        """Another plan for a key, terms of its own, or both."""
        return cast(ApiKey, await self._ask(_change(key_id, plan, own_terms)))

    async def rotate_key(
        self, key_id: int, overlap_days: float | None = None, expires_at: str | None = None
    ) -> NewApiKey:
        """A new secret for a key; the old ones work a while longer."""
        return cast(NewApiKey, await self._ask(_rotate(key_id, overlap_days, expires_at)))

    async def revoke_key(self, key_id: int) -> ApiKey:
        """End a key at once."""
        return cast(ApiKey, await self._ask(delete("admin", "keys", key_id)))


_KEYS = get("admin", "keys")


def _add(owner: str, plan: str, scopes: Iterable[str] | None, expires_at: str | None, own_terms: Terms | None) -> Call:
    named = None if scopes is None else list(scopes)
    json = {"owner": owner, "plan": plan, "scopes": named, "expires_at": expires_at, "own_terms": own_terms}
    return post("admin", "keys", json=json)


def _change(key_id: int, plan: str | None, own_terms: Terms | None) -> Call:
    return patch("admin", "keys", key_id, json={"plan": plan, "own_terms": own_terms})


def _rotate(key_id: int, overlap_days: float | None, expires_at: str | None) -> Call:
    json = {"overlap_days": overlap_days, "expires_at": expires_at}
    return post("admin", "keys", key_id, "rotate", json=json)
