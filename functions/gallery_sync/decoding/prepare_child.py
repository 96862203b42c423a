"""Opens one picture from standard input, and writes what came of it to standard output.

    python prepare_child.py MEGABYTES SECONDS RECIPE FOLDER...

A process of its own, as `child`: it has no secrets, little memory and little time. It writes one line of JSON (see
`core.recipe.read`), and behind it the picture that it made, if any, and a small JPEG for people to look at.
"""

import json
import resource
import sys
import warnings
from dataclasses import asdict


def main(megabytes: int, seconds: int, recipe: str, folders: list[str]) -> None:
    """Write what came of the picture. Without memory for it, that is said as well."""
    sys.path.extend(folders)
    from gallery_sync.core.recipe import Recipe  # noqa: PLC0415  # it lies where the parent says
    from gallery_sync.decoding.repair import Refused, prepare  # noqa: PLC0415

    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    # What a decoder only warns of does not matter: it decodes, or it does not.
    warnings.simplefilter("ignore")
    content = sys.stdin.buffer.read()
    try:
        found = prepare(content, Recipe(**json.loads(recipe)))
    except Refused as refused:
        shape = asdict(refused.shape) if refused.shape is not None else None
        said = {"bytes": len(content), "refused": refused.code, "what": refused.what, "shape": shape}
        sys.stdout.write(json.dumps(said) + "\n")
        return
    except MemoryError:
        sys.stdout.write(json.dumps({"bytes": len(content), "refused": "too-large"}) + "\n")
        return
    line = {
        "bytes": len(content),
        "shape": asdict(found.shape),
        "made": asdict(found.made) if found.made is not None else None,
        "frames": found.frames,
        "done": sorted(found.done),
        "warnings": found.warnings,
        "look": found.look,
        "lengths": [len(found.body), len(found.thumbnail)],
    }
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n" + found.body + found.thumbnail)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
