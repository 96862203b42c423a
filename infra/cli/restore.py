"""`gallery-sync restore`: what requests deleted, and what of it can come back; and having it back."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from gallery_sync.core.kept import Kept
from gallery_sync.http import parts
from gallery_sync.ports.storage import Documents
from gallery_sync.state import operations, removed
from infra.cli.stop import Stop

__all__ = ["kept_of", "listed", "restore", "shown"]

CALLER: Final = "gallery-sync restore"
"""Who asks for it, in the operation."""


def listed(documents: Documents) -> Iterator[str]:
    """Give all that can come back as lines, the latest first. Raises BadDocument, StorageUnavailable."""
    found = sorted(removed.everything(documents), key=lambda kept: (-kept.at, kept.operation, kept.piece))
    for kept in found:
        yield f"{_day(kept)}  {kept.operation}  {_where(kept)}: {_images(kept)}"
    if not found:
        yield "nothing was kept"


def kept_of(documents: Documents, operation: str) -> list[Kept]:
    """Give what was kept of an operation. Raises Stop where that is nothing, BadDocument, StorageUnavailable."""
    kept = removed.of_operation(documents, operation)
    if not kept:
        raise Stop(
            f"nothing was kept of the operation '{operation}': gallery-sync restore --list shows what can come back"
        )
    return kept


def shown(kept: Sequence[Kept]) -> Iterator[str]:
    """Say what comes back, image by image."""
    for one in kept:
        yield f"{_day(one)}  {_where(one)}: {_images(one)}"
        for image in one.images:
            told = [image.description, *(f"shown by the variant {code}" for code in image.variants)]
            more = f" ({', '.join(text for text in told if text)})" if any(told) else ""
            yield f"  {image.key or 'not one of ours'}: {image.name}{more}"


def restore(documents: Documents, kept: Sequence[Kept]) -> str:
    """Ask for it back, and give the operation's id: a sweep carries it out."""
    operation = parts.restoration(kept, CALLER, secrets.token_hex(16))
    operations.begin(documents, operation)
    return operation.id


def _day(kept: Kept) -> str:
    return f"{datetime.fromtimestamp(kept.at, UTC):%Y-%m-%d %H:%M}"


def _where(kept: Kept) -> str:
    return f"{kept.product or 'a product without a name'} ({kept.guid}) {kept.gallery}"


def _images(kept: Kept) -> str:
    return f"{len(kept.images)} image{'' if len(kept.images) == 1 else 's'}"
