"""Opens pictures from standard input, one after the other, and writes what came of each to standard output.

    python prepare_child.py MEGABYTES SECONDS RECIPE FOLDER...

This process loads what opens pictures, and opens none: for each it forks a process of its own, which has no secrets, little
memory and little time, and sees no other picture. To start one anew for each would take ten times as long as a small picture.

In: the length of a picture (8 bytes, big-endian), and the picture. Out: how its process ended (4 bytes, as os.waitpid tells), the
length of what it wrote (8 bytes), and that: one line of JSON (see `core.recipe.read`), the picture that was made, if any, and a
small JPEG for people to look at; or, where it died, what it complained of.
"""

import json
import os
import resource
import struct
import sys
import traceback
import warnings
from dataclasses import asdict

HEAD = struct.Struct(">q")
BACK = struct.Struct(">iq")


def main(megabytes: int, seconds: int, recipe: str, folders: list[str]) -> None:
    """Open pictures until there are no more."""
    sys.path.extend(folders)
    from gallery_sync.core.recipe import Recipe  # noqa: PLC0415  # it lies where the parent says
    from gallery_sync.decoding.repair import load  # noqa: PLC0415

    # What a decoder only warns of does not matter: it decodes, or it does not.
    warnings.simplefilter("ignore")
    chosen = Recipe(**json.loads(recipe))
    load()
    reads, writes = sys.stdin.buffer, sys.stdout.buffer
    while len(head := reads.read(HEAD.size)) == HEAD.size:
        content = reads.read(HEAD.unpack(head)[0])
        status, said = _apart(content, chosen, megabytes, seconds)
        writes.write(BACK.pack(status, len(said)) + said)
        writes.flush()


def _apart(content: bytes, recipe: object, megabytes: int, seconds: int) -> tuple[int, bytes]:
    """Open a picture in a process of its own: how that ended, and what it wrote."""
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        _child(its, content, recipe, megabytes, seconds)
    os.close(its)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read()
    return os.waitpid(child, 0)[1], said


def _child(its: int, content: bytes, recipe: object, megabytes: int, seconds: int) -> None:
    """Open the picture, write what came of it, and end."""
    status = 1
    # Libraries complain there as they like; the pipe behind it would fill in the end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with os.fdopen(its, "wb") as pipe:
        try:
            for limit, most in (
                (resource.RLIMIT_AS, megabytes * 1024 * 1024),
                (resource.RLIMIT_CPU, seconds),
                (resource.RLIMIT_NOFILE, 32),
                (resource.RLIMIT_CORE, 0),
            ):
                resource.setrlimit(limit, (most, most))
            pipe.write(_opened(content, recipe))
            status = 0
        except BaseException:  # noqa: BLE001  # whatever it is, the parent has to hear of it
            pipe.write(traceback.format_exc().encode())
    os._exit(status)


def _opened(content: bytes, recipe: object) -> bytes:
    """Say what came of a picture. Without memory for it, that is said as well."""
    from gallery_sync.decoding.repair import Refused, prepare  # noqa: PLC0415  # see main

    try:
        found = prepare(content, recipe)  # type: ignore[arg-type]
    except Refused as refused:
        shape = asdict(refused.shape) if refused.shape is not None else None
        said = {"bytes": len(content), "refused": refused.code, "what": refused.what, "shape": shape}
        return json.dumps(said).encode() + b"\n"
    except MemoryError:
        return json.dumps({"bytes": len(content), "refused": "too-large"}).encode() + b"\n"
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
    return json.dumps(line).encode() + b"\n" + found.body + found.thumbnail


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
