"""The address of a database of PostgreSQL: what it asks for, and what is asked for besides."""

from typing import Any

import psycopg
from psycopg import conninfo

from bellwether.core.errors import ConfigError

CONNECT_TIMEOUT = 3  #: seconds to wait for a server to answer
_USUAL = {
    "connect_timeout": CONNECT_TIMEOUT,
    "application_name": "bellwether",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds: a server behind a network that swallows everything
}


def with_usual(asked: dict[str, Any]) -> str:
    """What libpq is told: what was asked for, and the usual for the rest."""
    return conninfo.make_conninfo(**{**_USUAL, **asked})


def name_of(asked: dict[str, Any], database: str) -> str:
    """The database as people know it, without a secret."""
    where = f" at {asked['host']}" if asked.get("host") else ""
    port = f":{asked['port']}" if asked.get("port") and where else ""
    return f"the PostgreSQL database {database}{where}{port}"


def asked_by(url: str) -> dict[str, Any]:
    """What an address asks for. Raises ConfigError, without any part of it that may be a password."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("DATABASE__URL should begin with postgresql://")
    try:
        asked = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise ConfigError(
            "DATABASE__URL is no address of PostgreSQL: it should be like postgresql://user:password@host:5432/name, "
            "with %-codes for the characters :/?#[]@% in a password"
        ) from None
    if any(not port.isdigit() for port in str(asked.get("port") or "5432").split(",")):
        raise ConfigError("DATABASE__URL names a port that is no number")
    if "@" in str(asked.get("host", "")):
        raise ConfigError("DATABASE__URL has an @ in its password: write %40 for it")
    if any(mark in str(asked.get("dbname", "")) for mark in "@/"):  # mostly what follows a / in a password
        raise ConfigError(
            "DATABASE__URL has an @ or a / in its password or in the name of its database: write %40 and %2F for those "
            "of a password, and give the database a name without them"
        )
    return asked
