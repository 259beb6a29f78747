"""The columns of a table, read from what the API's description says of its items where the rows do not tell. Pure."""

from typing import Any


def columns_of_items(description: dict[str, Any], path: str, method: str) -> list[str]:
    """What `web.rows.flat` would call the columns of the items that an address lists; none where it lists nothing."""
    schemas = description["components"]["schemas"]
    answer = description["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    items = _meant(answer, schemas).get("properties", {}).get("items", {}).get("items")
    return _columns(items, schemas) if items is not None else []


def with_all_parts(names: list[str], declared: list[str]) -> list[str]:
    """The columns of some rows, each with its declared parts where a row has nothing in their place.

    `outcome`, which is null while it is open, becomes `outcome.log_return` and so on, as it will be later.
    """
    parts = {name: [column for column in declared if column.startswith(f"{name}.")] for name in names}
    return list(dict.fromkeys(column for name in names for column in parts[name] or [name]))


def _columns(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> list[str]:
    schema = _meant(schema, schemas)
    if "properties" in schema:
        below = schema["properties"]
    elif schema.get("type") == "array" and schema.get("maxItems") == schema.get("minItems", 0):
        below = {str(at): schema["items"] for at in range(schema["maxItems"])}
    else:  # a value, or as many as there are
        return [name]
    prefix = f"{name}." if name else ""
    return [column for key, part in below.items() for column in _columns(part, schemas, f"{prefix}{key}")]


def _meant(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, of which `schema` may be the name; that which is not null where it may be null."""
    for part in schema.get("anyOf", ()):
        if part.get("type") != "null":
            return _meant(part, schemas)
    if "$ref" in schema:
        return _meant(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return schema
