"""Requests and answers against openapi.yaml: what is sent, and what came back, must be as it says."""

import re
from collections.abc import Mapping
from typing import Any

import requests
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from infra.local.processes import ROOT
from infra.local.schemas import Draft202012Validator

PATH = ROOT / "functions/gallery_sync/http/openapi.yaml"
DESCRIPTION: Mapping[str, Any] = yaml.safe_load(PATH.read_text())
_REGISTRY: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(DESCRIPTION))


def check(answer: requests.Response, path: str, body: object, *, sound: bool = True) -> None:
    """Compare an exchange with the description. `path` is raw; a request that is not `sound` on purpose is not looked at.

    Raises AssertionError that names what is not as described.
    """
    method = (answer.request.method or "").lower()
    there = [one for one in _templates(path) if method in DESCRIPTION["paths"][one]]
    if not there:
        assert answer.status_code in (401, 404, 405), f"{method} {path} is not described"
        _valid({"$ref": "#/components/schemas/Errors"}, answer.json())
        return
    operation = DESCRIPTION["paths"][there[0]][method]
    if sound and body is not None:
        _valid(operation["requestBody"]["content"]["application/json"]["schema"], body)
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{method} {there[0]} does not describe {answer.status_code}: {answer.text}"
    described = _resolved(described)
    for name, header in described.get("headers", {}).items():
        if header.get("required"):
            assert name in answer.headers, f"{method} {there[0]}: {answer.status_code} without {name}"
        if name in answer.headers:
            _valid(header["schema"], answer.headers[name])
    kind = answer.headers["Content-Type"].partition(";")[0]
    content = described["content"][kind]
    _valid(content["schema"], answer.json() if kind.endswith("json") else answer.text)


def _templates(path: str) -> list[str]:
    """Give the described paths that a raw path fits, those without a name at that place first."""
    found = [one for one in DESCRIPTION["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path)]
    return sorted(found, key=lambda one: one.count("{"))


def _resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return DESCRIPTION["components"]["responses"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _valid(schema: Mapping[str, Any], value: object) -> None:
    whole = {"$id": "urn:api:here", "$ref": f"urn:api{schema['$ref']}"} if "$ref" in schema else _absolute(schema)
    Draft202012Validator(whole, registry=_REGISTRY).validate(value)


def _absolute(schema: Any) -> Any:
    """Give a schema with its references absolute, as it stands outside the document."""
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: f"urn:api{one}" if key == "$ref" else _absolute(one) for key, one in schema.items()}
