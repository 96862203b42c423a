"""`links/{id}.json`: the links to the page. One that is not there counts for nothing."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.links import Link
from gallery_sync.ports.storage import Documents

PREFIX: Final = "links/"


def create(documents: Documents, link: Link) -> None:
    """Let a link count. Raises PreconditionFailed where there is one of its id, StorageUnavailable."""
    documents.write(_path(link.id), msgspec.json.encode(link), generation=0)


def read(documents: Documents, link_id: str) -> Link | None:
    """Give a link; None where there is none. Raises BadDocument, StorageUnavailable."""
    stored = documents.read(_path(link_id))
    return _decode(stored.body, link_id) if stored is not None else None


def read_all(documents: Documents) -> Iterator[Link]:
    """Give all links. Raises as `read` does."""
    for listed in documents.list(PREFIX):
        link = read(documents, listed.path.removeprefix(PREFIX).removesuffix(".json"))
        if link is not None:
            yield link


def revoke(documents: Documents, link_id: str) -> bool:
    """Let a link count no longer; False where there was none. Raises StorageUnavailable."""
    is_there = documents.read(_path(link_id)) is not None
    documents.delete(_path(link_id))
    return is_there


def _decode(body: bytes, link_id: str) -> Link:
    try:
        return msgspec.json.decode(body, type=Link)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"{_path(link_id)} is no link: {error}; delete it") from None


def _path(link_id: str) -> str:
    return f"{PREFIX}{link_id}.json"
