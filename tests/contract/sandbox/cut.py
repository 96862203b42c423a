"""Cuts `official.yaml` out of Shoptet's whole description, which has 2 MB, most of it about other things:

    python -m tests.contract.sandbox.cut COMMIT openapi.yaml > tests/contract/sandbox/official.yaml

`openapi.yaml` is `openapi/openapi.yaml` of the public repository `shoptet/developers` as of that commit. What stays is what
the comparison reads: the operations that `api.yaml` describes, with their parameters, bodies and answers of success, and
the components that these name. Prose and examples are Shoptet's own text, and are left out.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from infra.local.sandbox.description import Operation, api_operations

Node = dict[str, Any]

KEPT = ("parameters", "requestBody", "responses")
PROSE = frozenset({"description", "summary", "title", "example", "examples", "tags"})
IN_PART = frozenset({"product.update"})
"""Operations of whose body the sandbox takes a part: of the others' members, only those that `api.yaml` names stay."""

HEAD = """\
# The part of Shoptet's own OpenAPI description that the sandbox's is compared with. Nobody edits this file: it was cut by
# cut.py, beside it, out of openapi/openapi.yaml of the public repository shoptet/developers.
# Source: commit {commit}
"""


def cut(official: Node) -> Node:
    """The official document with what the comparison reads, and nothing else."""
    paths: Node = {}
    for operation in api_operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(official, operation)
    components: Node = {}
    wanted = list(_references(paths))
    while wanted:
        reference = wanted.pop()
        kind, name = _place(reference)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _bare(_component(official, reference))
            wanted.extend(_references(components[kind][name]))
    ordered = {kind: dict(sorted(named.items())) for kind, named in sorted(components.items())}
    return {"openapi": official["openapi"], "paths": paths, "components": ordered}


def _operation(official: Node, operation: Operation) -> Node:
    whole = official["paths"][operation.path][operation.method.lower()]
    kept: Node = _bare({key: whole[key] for key in KEPT if key in whole})
    if operation.name in IN_PART and operation.body:
        content = kept["requestBody"]["content"]["application/json"]
        content["schema"] = _bare(_shared(official, content["schema"], operation.body))
    # YAML reads an unquoted 200 as a number; OpenAPI means the text.
    kept["responses"] = {str(status): row for status, row in kept["responses"].items() if str(status).startswith("2")}
    return kept


def _shared(official: Node, theirs: Node, ours: Node) -> Node:
    """Their schema, references put in place, without the members that ours does not have."""
    found = {key: value for key, value in theirs.items() if key != "$ref"}
    if "$ref" in theirs:
        found = _component(official, theirs["$ref"]) | found
    members = ours.get("properties", {})
    if "properties" in found:
        kept = {name: member for name, member in found["properties"].items() if name in members}
        found["properties"] = {name: _shared(official, member, members[name]) for name, member in kept.items()}
    if "items" in found:
        found["items"] = _shared(official, found["items"], ours.get("items", {}))
    return found


def _component(official: Node, reference: str) -> Node:
    kind, name = _place(reference)
    return dict(official["components"][kind][name])


def _place(reference: str) -> tuple[str, str]:
    _, _, kind, name = reference.split("/")
    return kind, name


def _bare(node: Any, names: bool = False) -> Any:
    """The node without prose. `names`: its keys are names of properties, of which one may be `description`."""
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _bare(value, names=key == "properties" and not names)
        for key, value in node.items()
        if names or not (key in PROSE or str(key).startswith("x-"))
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield str(value)
            else:
                yield from _references(value)


def main(commit: str, source: Path) -> None:
    """Write the part to the standard output."""
    official = yaml.safe_load(source.read_text(encoding="utf-8"))
    sys.stdout.write(HEAD.format(commit=commit) + yaml.safe_dump(cut(official), sort_keys=False, width=120))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
