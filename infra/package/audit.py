"""`python -m infra.package.audit`: looks for known weaknesses of what is deployed, with pip-audit.

pip-audit has to ask a source of advisories: the package index's, or with --osv-url one that speaks OSV's query API. It
knows none by itself. So where no source answers for every package, nothing is known, and that is neither clean nor
weak: the exit status is 0 where every package was looked up and none has a known weakness, 1 where one has, and 2 where
not all of them could be looked up.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.package.__main__ import FUNCTIONS
from infra.package.requirements import parse

__all__ = ["CLEAN", "UNKNOWN", "WEAK", "Audit", "audit", "judged"]

CLEAN: Final = 0
WEAK: Final = 1
UNKNOWN: Final = 2

SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of it: the exit status, and lines for a person."""

    status: int
    lines: tuple[str, ...]


def judged(report: dict[str, Any] | None, wanted: Sequence[str], problem: str) -> Audit:
    """Judge pip-audit's report (None: it wrote none) about the packages that were wanted. Pure.

    A weakness that was found counts, even where other packages could not be looked up.
    """
    rows = report["dependencies"] if report is not None else []
    weak = [
        f"{row['name']} {row['version']}: {found['id']}"
        + (f", mended in {', '.join(found['fix_versions'])}" if found["fix_versions"] else ", not mended yet")
        for row in rows
        for found in row.get("vulns", ())
    ]
    if weak:
        return Audit(WEAK, (f"{len(weak)} known weaknesses in what is deployed:", *weak, "make lock, then make test"))
    looked_up = {row["name"] for row in rows if "skip_reason" not in row}
    missing = [name for name in wanted if name not in looked_up]
    if missing:
        why = f": {problem}" if problem else ""
        return Audit(
            UNKNOWN,
            (
                f"nothing is known: no advisory source answered for {len(missing)} of {len(wanted)} packages{why}",
                "this says nothing about them; run it again where a source can be reached (--osv-url names another)",
            ),
        )
    return Audit(CLEAN, (f"no known weakness in the {len(wanted)} packages that are deployed",))


def audit(requirements: Path, osv_url: str | None) -> Audit:
    """Run pip-audit over a hashed requirements file; it installs nothing. Raises NotPinned."""
    wanted = [requirement.name for requirement in parse(requirements.read_text())]
    with tempfile.TemporaryDirectory(prefix="gallery-sync-") as folder:
        written = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), "--disable-pip"]
        command += ["--require-hashes", "--progress-spinner", "off", "--desc", "off", "--timeout", "15"]
        command += ["--cache-dir", folder] if osv_url is not None else []
        command += ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url is not None else []
        command += ["--format", "json", "--output", str(written)]
        ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, text=True)
        report = json.loads(written.read_text()) if written.exists() and written.stat().st_size else None
    last = ran.stderr.strip().splitlines()[-1:] if report is None else []
    return judged(report, wanted, "".join(last))


def main() -> int:
    """Audit functions/requirements.txt."""
    parser = argparse.ArgumentParser(
        prog="make audit", description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else ""
    )
    parser.add_argument("--osv-url", metavar="URL", help="a source that speaks OSV's query API; else the package index")
    found = audit(FUNCTIONS / "requirements.txt", parser.parse_args().osv_url)
    for line in found.lines:
        print(line)
    return found.status


if __name__ == "__main__":
    sys.exit(main())
