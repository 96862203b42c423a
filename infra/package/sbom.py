"""`python -m infra.package.sbom`: writes build/gallery-sync.cdx.json, what the archive beside it is made of (CycloneDX).

cyclonedx-py reads the components with their hashes from functions/requirements.txt; what it cannot know there is added:
each component's licence, and which archive this is about. The same tree gives the same bytes.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra.package.__main__ import ARCHIVE, FUNCTIONS, ROOT
from infra.package.archive import NotDeployable, Written, write
from infra.package.licences import NotAllowed, licences
from infra.package.requirements import NotPinned

__all__ = ["NotWritten", "bill", "completed"]

BILL: Final = ROOT / "build" / "gallery-sync.cdx.json"
SECONDS: Final = 120.0


class NotWritten(Exception):
    """The list could not be made, or is not what CycloneDX describes; the message says why."""


def bill(archive: Written) -> str:
    """Give the text of the list for this archive. Raises NotWritten, NotAllowed and NotPinned."""
    spdx = {one.requirement.name: one.spdx for one in licences()}
    text = json.dumps(completed(_components(), spdx, archive), indent=2, sort_keys=True) + "\n"
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise NotWritten(f"the list is not valid CycloneDX: {problem}")
    return text


def completed(made: Mapping[str, Any], spdx: Mapping[str, str], archive: Written) -> dict[str, Any]:
    """Add to what cyclonedx-py made: licences by name, and the archive. Raises NotWritten where one has no licence."""
    components = []
    for component in made["components"]:
        name = component["name"]
        if name not in spdx:
            raise NotWritten(f"{name} has no licence in THIRD_PARTY.md: make licences")
        known = {key: value for key, value in component.items() if key != "description"}
        components.append({**known, "bom-ref": component["purl"], "licenses": [{"expression": spdx[name]}]})
    references = [component["bom-ref"] for component in components]
    root = made["metadata"]["component"]
    about = {**root, "hashes": [{"alg": "SHA-256", "content": archive.sha256}]}
    # requirements.txt is a flat list: the archive needs every line of it.
    needs = [{"ref": root["bom-ref"], "dependsOn": sorted(references)}, *({"ref": one} for one in sorted(references))]
    metadata = {**made["metadata"], "component": about}
    return {**made, "metadata": metadata, "components": components, "dependencies": needs}


def _components() -> dict[str, Any]:
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements.txt"]
    options = [
        "--pyproject",
        str(ROOT / "pyproject.toml"),
        "--spec-version",
        "1.6",
        "--output-reproducible",
        "--no-validate",
    ]
    ran = subprocess.run(
        [*command, *options, "--output-format", "JSON"],
        cwd=FUNCTIONS,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        text=True,
    )
    if ran.returncode != 0:
        raise NotWritten(f"cyclonedx-py ended with {ran.returncode}:\n{ran.stderr[-2000:]}")
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


def main() -> int:
    """Write the archive, and the list beside it; the exit status is 1 if either cannot be made."""
    try:
        archive = write(FUNCTIONS, ARCHIVE)
        text = bill(archive)
    except (NotAllowed, NotDeployable, NotPinned, NotWritten) as error:
        print(error, file=sys.stderr)
        return 1
    BILL.write_text(text)
    print(f"{BILL.relative_to(ROOT)}  {len(json.loads(text)['components'])} components of {archive.path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
