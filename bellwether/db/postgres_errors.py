"""What is wrong with a database of PostgreSQL, in sentences for whoever runs the service."""

import psycopg
from psycopg import errors

from bellwether.db.database import capital

#: a transaction that is given up for another's sake: done anew, it most likely passes
GIVEN_UP = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
#: by what the server's code begins with
_TOLD: tuple[tuple[type[Exception], str], ...] = (
    (errors.InvalidPassword, "{name} refuses the password: check DATABASE__URL."),
    (errors.InvalidAuthorizationSpecification, "{name} does not let this user in: see its pg_hba.conf."),
    (errors.InvalidCatalogName, "{name} does not exist: create it, or check DATABASE__URL."),
    (errors.InsufficientPrivilege, "{name} lacks a right for its user: let that user own the database. ({why})"),
    (errors.ReadOnlySqlTransaction, "{name} is read-only, as a replica is: name the server that may be written to."),
    (errors.TooManyConnections, "{name} has no connection left: raise max_connections or lower database.connections."),
    (errors.CannotConnectNow, "{name} is starting or stopping: it is tried again."),
    (errors.AdminShutdown, "{name} has ended the connection: it is tried again."),
    (errors.DiskFull, "{name} has no room left on its disk."),
    (errors.LockNotAvailable, "{name} is held up by another transaction that does not end: look at pg_stat_activity."),
    (errors.QueryCanceled, "{name} took too long for a statement: look at pg_stat_activity."),
    (errors.DeadlockDetected, "{name} gave up a transaction that waited for one that waited for it: try again."),
    (errors.SerializationFailure, "{name} gave up a transaction for another one's sake: try again."),
    (errors.UniqueViolation, "{name} had the same row written by another process just now: try again."),
)
#: what libpq itself says, where there was no answer or one without a code
_SAID = (
    ("password authentication failed", "{name} refuses the password: check DATABASE__URL."),
    ("no password supplied", "{name} asks for a password: put it into DATABASE__URL."),
    ("no pg_hba.conf entry", "{name} does not let this user in from here: see its pg_hba.conf."),
    ("does not exist", "{name} or its user does not exist: create it, or check DATABASE__URL. ({why})"),
    ("too many", "{name} has no connection left: raise max_connections or lower database.connections."),
    ("starting up", "{name} is starting: it is tried again."),
    ("shutting down", "{name} is stopping: it is tried again."),
    ("certificate", "{name} has a certificate that is not accepted: check sslmode and sslrootcert. ({why})"),
    ("ssl", "{name} and this service do not agree on encryption: check sslmode. ({why})"),
    ("could not translate host name", "{name} cannot be reached: nothing is known of that host."),
    ("failed to resolve host", "{name} cannot be reached: nothing is known of that host."),
    ("timeout", "{name} does not answer: check the network and the server."),
    ("refused", "{name} cannot be reached: no server listens there."),
    ("no such file", "{name} cannot be reached: no server listens there."),
)


def explain(name: str, problem: Exception, secret: str) -> str:
    """What to say of a trouble with the database of that name. `secret` is left out of whatever the server said."""
    why = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    if secret:
        why = why.replace(secret, "***")
    sentence = next((told for kind, told in _TOLD if isinstance(problem, kind)), None)
    if sentence is None and isinstance(problem, psycopg.OperationalError):
        said = str(problem).lower()
        sentence = next((told for part, told in _SAID if part in said), "{name} cannot be reached: {why}.")
    name = capital(name)
    return (sentence or "{name} does not work: {why}.").format(name=name, why=why.rstrip("."))
