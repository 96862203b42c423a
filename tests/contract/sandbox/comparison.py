"""Compares the project's description of the API slice with the official one."""

from collections.abc import Iterator
from typing import Any

from infra.local.sandbox.description import METHODS, Operation

Schema = dict[str, Any]

LIMITS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "minProperties", "pattern", "enum")


def differences(own: Operation, official: Schema) -> list[str]:
    """What our description of one operation says otherwise than the official document; empty when they agree."""
    item = official["paths"].get(own.path)
    described = item and item.get(own.method.lower())
    if own.method.lower() not in METHODS or not described:
        return [f"{own.method} {own.path}: not in the official description"]
    found = [*_parameters(own, described), *_body(own, described), *_answers(own, described)]
    return [f"{own.method} {own.path}: {line}" for line in found]


def _parameters(own: Operation, described: Schema) -> Iterator[str]:
    ours = {(row.place, row.name, row.required, row.schema["type"]) for row in own.parameters}
    theirs = {
        (row["in"], row["name"], bool(row.get("required")), row["schema"]["type"]) for row in described["parameters"]
    }
    for row in sorted(ours ^ theirs, key=str):
        yield f"parameter {row} is only in {'ours' if row in ours else 'theirs'}"


def _body(own: Operation, described: Schema) -> Iterator[str]:
    theirs = _json_schema(described.get("requestBody", {}))
    if (own.body is None) != (theirs is None):
        yield "only one of the two has a body"
    elif own.body is not None and theirs is not None:
        yield from _constraints(own.body, theirs, "body")


def _constraints(ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
    for keyword in LIMITS:
        if ours.get(keyword) != theirs.get(keyword):
            yield f"{place}: {keyword} is {ours.get(keyword)}, not {theirs.get(keyword)}"
    if _types(ours) != _types(theirs):
        yield f"{place}: type is {_types(ours)}, not {_types(theirs)}"
    if set(ours.get("required", ())) != set(theirs.get("required", ())):
        yield f"{place}: required is {ours.get('required')}, not {theirs.get('required')}"
    if ours.get("additionalProperties", True) != theirs.get("additionalProperties", True):
        yield f"{place}: additionalProperties differ"
    our_members, their_members = ours.get("properties", {}), theirs.get("properties", {})
    if our_members.keys() != their_members.keys():
        yield f"{place}: properties are {sorted(our_members)}, not {sorted(their_members)}"
    for name in our_members.keys() & their_members.keys():
        yield from _constraints(our_members[name], their_members[name], f"{place}.{name}")
    if "items" in ours or "items" in theirs:
        yield from _constraints(ours.get("items", {}), theirs.get("items", {}), f"{place}[]")


def _answers(own: Operation, described: Schema) -> Iterator[str]:
    theirs = {int(status): row for status, row in described["responses"].items() if status.startswith("2")}
    if own.answers.keys() != theirs.keys():
        yield f"answers with {sorted(own.answers)}, not {sorted(theirs)}"
    for status in own.answers.keys() & theirs.keys():
        schema = _json_schema(theirs[status])
        if schema is None:
            yield f"answer {status}: the official one has no schema"
        else:
            yield from _shape(own.answers[status], schema, f"answer {status}")


def _shape(ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
    """Ours may leave members out, but names every required one, and gives those that it has the same type."""
    # The official description of a product has no list of required members at its top: there ours may say more.
    if "required" in theirs and set(ours.get("required", ())) != set(theirs["required"]):
        yield f"{place}: required is {sorted(ours.get('required', ()))}, not {sorted(theirs['required'])}"
    if _types(ours) != _types(theirs):
        yield f"{place}: type is {_types(ours)}, not {_types(theirs)}"
    if ours.get("pattern") != theirs.get("pattern"):
        yield f"{place}: pattern is {ours.get('pattern')}, not {theirs.get('pattern')}"
    for name, member in ours.get("properties", {}).items():
        if name in theirs.get("properties", {}):
            yield from _shape(member, theirs["properties"][name], f"{place}.{name}")
        elif "properties" in theirs:
            yield f"{place}.{name}: not in the official description"
    if "items" in ours:
        yield from _shape(ours["items"], theirs.get("items", {}), f"{place}[]")


def _types(schema: Schema) -> frozenset[str]:
    types = schema.get("type", ())
    return frozenset([types] if isinstance(types, str) else types)


def _json_schema(described: Schema) -> Schema | None:
    schema: Schema | None = described.get("content", {}).get("application/json", {}).get("schema")
    return schema
