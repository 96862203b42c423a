"""Objects of the drop bucket as a listing shows them, and which of them are a gallery's pictures. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gallery_sync.core import names
from gallery_sync.core.names import Drop, Folder, Refusal
from gallery_sync.core.shop_values import Gallery


@dataclass(frozen=True, slots=True)
class BucketFile:
    """An object of the drop bucket, as a listing shows it. `created` is its generation's, on the storage's clock.

    `encoding` is its `contentEncoding`: "gzip" where an uploader compressed it for the way. `placed`: it lies in no product's
    folder, and `name` is the one under which it stands with its product (`names.placed`).
    """

    name: str
    generation: int
    checksum: str
    size: int
    created: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    placed: bool = False


@dataclass(frozen=True, slots=True)
class DropFile:
    """A file whose name says which gallery it is for. `created` is its generation's, on the storage's clock."""

    drop: Drop
    generation: int
    checksum: str
    size: int
    created: float
    metadata: Mapping[str, str]
    encoding: str = ""


def read(file: BucketFile) -> DropFile | Folder | Refusal:
    """Say what an object is, by its name and size. Never raises."""
    drop = names.read_placed(file.name) if file.placed else names.parse(file.name, file.size)
    if not isinstance(drop, Drop):
        return drop
    return DropFile(drop, file.generation, file.checksum, file.size, file.created, file.metadata, file.encoding)


def of_gallery(files: Iterable[BucketFile], gallery: Gallery) -> Iterator[DropFile]:
    """Give the files that are for this gallery; what is outside the grammar has its own refusal."""
    for file in files:
        found = read(file)
        if isinstance(found, DropFile) and found.drop.gallery == gallery:
            yield found
