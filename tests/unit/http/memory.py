"""Documents in memory, and requests as they come, for the tests of the HTTP layer."""

import io
from collections.abc import Iterator, Mapping

from gallery_sync.http.asked import Asked
from gallery_sync.ports.storage import Listed, PreconditionFailed, Stored

NOW = 1_719_835_200.0


class Memory:
    """`ports.Documents`, with generations."""

    def __init__(self) -> None:
        self.documents: dict[str, Stored] = {}
        self.metadata: dict[str, Mapping[str, str]] = {}

    def read(self, path: str) -> Stored | None:
        return self.documents.get(path)

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        there = self.documents.get(path)
        if (there.generation if there is not None else 0) != generation:
            raise PreconditionFailed(path)
        self.documents[path] = Stored(body, generation + 1)
        self.metadata[path] = metadata or {}
        return generation + 1

    def delete(self, path: str, *, generation: int | None = None) -> None:
        there = self.documents.get(path)
        if there is not None and generation not in (None, there.generation):
            raise PreconditionFailed(path)
        self.documents.pop(path, None)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        for path, stored in sorted(self.documents.items()):
            if path.startswith(prefix) and path >= start:
                yield Listed(path, stored.generation, NOW, self.metadata[path])


class Dripping(io.RawIOBase):
    """A body that comes a byte at a time, and counts what was read of it."""

    def __init__(self, body: bytes) -> None:
        self._body = io.BytesIO(body)
        self.seen = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self._body.read(min(size, 1000))
        self.seen += len(piece)
        return piece


def asked(
    method: str = "GET", path: str = "/", query: str = "", body: bytes = b"", length: int | None = None, **headers: str
) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked(method, path, query, named, Dripping(body), length)
