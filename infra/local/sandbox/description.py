"""The project's description of the API slice (`api.yaml`), and the check of each request against it."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml

from infra.local.sandbox.answers import Error, Json, Refusal, refuse
from infra.local.schemas import Draft202012Validator, ValidationError

API_YAML = Path(__file__).with_name("api.yaml")
METHODS = ("get", "post", "patch", "put", "delete")
SHOWN_ERRORS = 20
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """A parameter in `path`, `query` or `header`; `schema` has its type."""

    name: str
    place: str
    required: bool
    schema: Json


@dataclass(frozen=True)
class Operation:
    """One call of the API. `name` is its `operationId`, such as `images.insert`."""

    name: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Json | None
    """The schema of the request's body, if it has one."""
    answers: Mapping[int, Json]
    """The schemas of the answers, by status."""

    @property
    def writes(self) -> bool:
        """Whether the call changes something, and so locks its URL."""
        return self.method != "GET"


@functools.cache
def api_operations() -> tuple[Operation, ...]:
    """The operations of `api.yaml`, read once a process."""
    return operations(load_document())


def load_document(path: Path = API_YAML) -> Json:
    """An OpenAPI document with its references put in place."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return cast(Json, _resolved(document, document))


def operations(document: Json) -> tuple[Operation, ...]:
    """Every operation of an OpenAPI document without references, in the document's order."""
    paths = cast(dict[str, Json], document["paths"])
    return tuple(
        _operation(path, method, cast(list[Json], item.get("parameters", [])), cast(Json, item[method]))
        for path, item in paths.items()
        for method in METHODS
        if method in item
    )


def check_query(operation: Operation, query: Mapping[str, str]) -> dict[str, str | int | bool]:
    """The query's parameters with their described types; what is not described is ignored, as Shoptet does.

    Raises:
        Refusal: 400 that names the parameter.
    """
    return _typed(operation, "query", query)


def check_path(operation: Operation, values: Mapping[str, str]) -> None:
    """Raises `Refusal` (400) if a part of the path is not of its described type."""
    _typed(operation, "path", values)


def check_body(operation: Operation, content: bytes) -> Json:
    """The request's body as described; an empty object where the operation takes none.

    Raises:
        Refusal: 400 if it is not JSON; 413 if it has too many items; 422 for anything else.
    """
    if operation.body is None:
        return {}
    try:
        body = json.loads(content)
    except ValueError as error:
        raise refuse(400, "invalid-json", "The body is not valid JSON.", "body") from error
    found = list(Draft202012Validator(operation.body).iter_errors(body))
    if any(error.validator == "maxItems" for error in found):
        raise refuse(413, "too-many-items", "Too many items were sent at once; nothing was done.", "data")
    if found:
        raise Refusal(422, *map(_body_error, found[:SHOWN_ERRORS]))
    return cast(Json, body)


def _body_error(error: ValidationError) -> Error:
    # The value itself stays out: it may be a signed URL.
    place = error.json_path.removeprefix("$.")
    if error.validator in ("required", "additionalProperties"):
        return Error("invalid-request-data", f"{place}: {error.message}", place)
    return Error("invalid-request-data", f"{place}: not {error.validator} {error.validator_value}", place)


def _typed(operation: Operation, place: str, values: Mapping[str, str]) -> dict[str, str | int | bool]:
    typed: dict[str, str | int | bool] = {}
    for parameter in operation.parameters:
        if parameter.place != place:
            continue
        value = values.get(parameter.name)
        if value is None:
            if parameter.required:
                raise refuse(400, "missing-parameter", f"{parameter.name} is required.", parameter.name)
            continue
        match parameter.schema["type"]:
            case "integer" if value.removeprefix("-").isdecimal():
                typed[parameter.name] = int(value)
            case "boolean" if value.lower() in BOOLEANS:
                typed[parameter.name] = BOOLEANS[value.lower()]
            case "string":
                typed[parameter.name] = value
            case kind:
                raise refuse(400, "invalid-parameter", f"{parameter.name} must be of type {kind}.", parameter.name)
    return typed


def _operation(path: str, method: str, shared: list[Json], described: Json) -> Operation:
    listed = shared + cast(list[Json], described.get("parameters", []))
    body = cast(Json | None, described.get("requestBody"))
    responses = cast(dict[str, Json], described["responses"])
    return Operation(
        name=str(described["operationId"]),
        method=method.upper(),
        path=path,
        parameters=tuple(
            Parameter(str(row["name"]), str(row["in"]), bool(row.get("required")), cast(Json, row["schema"]))
            for row in listed
        ),
        body=None if body is None else _json_schema(body),
        answers={int(status): schema for status, row in responses.items() if (schema := _json_schema(row))},
    )


def _json_schema(described: Json) -> Json:
    content = cast(dict[str, Json], described.get("content", {}))
    return cast(Json, content.get("application/json", {}).get("schema", {}))


def _resolved(node: object, document: object) -> object:
    if isinstance(node, list):
        return [_resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    own = {key: _resolved(value, document) for key, value in node.items() if key != "$ref"}
    if "$ref" not in node:
        return own
    target = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = cast(Json, target)[part]
    return _merged(cast(Json, _resolved(target, document)), own)


def _merged(below: Json, above: Json) -> Json:
    """Members beside a `$ref` refine what it points to."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged
