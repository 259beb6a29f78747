"""How the SQL and the values of the tables' modules stand for PostgreSQL, where they differ from SQLite's.

    :name                                       %(name)s
    IN (SELECT value FROM json_each(:names))    = ANY (%(names)s)
    /* FOR UPDATE */                            FOR UPDATE

True and false are 1 and 0 in the tables of both, so they are sent as numbers. No text of PostgreSQL holds the character
NUL, which SQLite keeps: it is left out.
"""

import re
from functools import lru_cache

from psycopg import postgres
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.types.string import StrDumper

_PIECES = re.compile(
    r"(?P<quoted>'(?:[^']|'')*')"
    r"|(?P<not_in>NOT IN \(SELECT value FROM json_each\(:(?P<without>\w+)\)\))"
    r"|(?P<in>IN \(SELECT value FROM json_each\(:(?P<within>\w+)\)\))"
    r"|(?<![:\w]):(?P<name>[a-z_]\w*)"
    r"|/\* (?P<lock>FOR [A-Z ]+) \*/"
    r"|(?P<percent>%)"
)


@lru_cache(maxsize=2000)
def translated(sql: str) -> bytes:
    """A statement as psycopg takes it."""
    return _PIECES.sub(_piece, sql).encode()


def _piece(match: re.Match[str]) -> str:
    if match["quoted"]:
        return match[0].replace("%", "%%")
    if match["not_in"]:
        return f"<> ALL (%({match['without']})s)"
    if match["in"]:
        return f"= ANY (%({match['within']})s)"
    if match["lock"]:
        return match["lock"]
    return f"%({match['name']})s" if match["name"] else "%%"


class _Bool(Dumper):
    oid = postgres.types["int2"].oid

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


class _Text(StrDumper):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "") if "\0" in obj else obj)


def adapters() -> AdaptersMap:
    """What psycopg has, with ours."""
    ours = AdaptersMap(postgres.adapters)
    ours.register_dumper(bool, _Bool)
    ours.register_dumper(str, _Text)
    return ours
