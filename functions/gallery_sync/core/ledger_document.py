"""A ledger as a document of the state bucket: where it lies, how it is written, and how earlier versions wrote it. Pure.

`ledger/{guid}/{gallery}.json` is JSON. Its number `schema` says which version wrote it; 1, which named none, is read all the
same, and becomes 2 with the next write.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gallery_sync.core import folders
from gallery_sync.core.ledger import Ledger, is_waiting, reconcile_at
from gallery_sync.core.shop_values import GALLERIES, Gallery

SCHEMA: Final = 2
PREFIX: Final = "ledger/"


class BadDocument(Exception):
    """A document in the state bucket that this version cannot read; nothing is written over it."""


class Counts(msgspec.Struct, frozen=True):
    """The ledger in numbers, repeated in its object's metadata, so that a listing alone shows where there is trouble."""

    live: int
    waiting: int
    failed: int
    held: int
    left: int
    flight: int
    reconcile_at: int

    def metadata(self) -> dict[str, str]:
        """Render as an object's custom metadata, which holds strings only."""
        return {name: str(value) for name, value in msgspec.structs.asdict(self).items()}


def path(guid: str, gallery: Gallery) -> str:
    """Where a gallery's ledger lies in the state bucket."""
    return f"{PREFIX}{guid}/{gallery}.json"


def parse_path(name: str) -> tuple[str, Gallery] | None:
    """Read guid and gallery from a ledger's path; None for anything else."""
    guid, _, file = name.removeprefix(PREFIX).partition("/")
    gallery = next((gallery for gallery in GALLERIES if file == f"{gallery}.json"), None)
    return (guid, gallery) if name.startswith(PREFIX) and guid and gallery is not None else None


def encode(ledger: Ledger) -> bytes:
    """Write as JSON, in a stable order of keys."""
    return _encoder.encode(ledger)


def decode(body: bytes, where: str) -> Ledger:
    """Read from JSON; raises BadDocument, naming `where`, for anything that is not a ledger of a schema that is known."""
    try:
        schema = _head.decode(body).schema
        if schema == SCHEMA:
            return _decoder.decode(body)
        if schema == 1:
            return msgspec.convert(_from_1(msgspec.json.decode(body)), Ledger)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError, TypeError) as error:
        raise BadDocument(f"{where} is not a ledger: {error}") from None
    raise BadDocument(
        f"{where} has schema {schema}, this version reads 1 and {SCHEMA}: deploy the version that wrote it"
    )


def counts(ledger: Ledger) -> Counts:
    """Count a ledger's keys by what a person would ask: shown, waiting for something, failed for good, held, left behind."""
    entries = ledger.entries.values()
    return Counts(
        live=sum(1 for e in entries if e.live is not None and not e.live.gone),
        waiting=sum(1 for e in entries if is_waiting(e)),
        failed=sum(1 for e in entries if e.failure is not None),
        held=len(ledger.hold.keys) if ledger.hold is not None else 0,
        left=sum(1 for key in folders.left_behind(ledger) if key not in ledger.released),
        flight=int(ledger.flight is not None),
        reconcile_at=int(reconcile_at(ledger)),
    )


def listed_reconcile_at(metadata: Mapping[str, str]) -> tuple[str, str]:
    """Give what a listing says of when a gallery should be reconciled at the latest, under its name; unknown is at once.

    0 where nothing is open. The first schema called it `look_at`; no ledger has both, as a write replaces all metadata.
    """
    name = "look_at" if "look_at" in metadata else "reconcile_at"
    return name, metadata.get(name, "1")


class _Head(msgspec.Struct):
    schema: int = 1


def _from_1(ledger: dict[str, Any]) -> dict[str, Any]:
    """Read what the first schema wrote: an image's state was five flags, and some fields had other names."""
    renamed = {_NAMES.get(name, name): value for name, value in ledger.items()}
    renamed["schema"] = SCHEMA
    renamed["entries"] = {key: _entry_from_1(entry) for key, entry in ledger.get("entries", {}).items()}
    if (flight := ledger.get("flight")) is not None:
        renamed["flight"] = {_NAMES.get(name, name): value for name, value in flight.items()}
    return renamed


_NAMES: Final = {"owed": "due_at", "carried": "done", "operation": "action", "judge_at": "grace_until"}
_FLAGS: Final = {"deleted": "deleted", "gone": "gone", "kept": "kept", "strayed": "astray"}
"""The first schema's flags of an image that is or was shown, and the state of each; of two, the one that stands first."""


def _entry_from_1(entry: dict[str, Any]) -> dict[str, Any]:
    live = entry.get("live")
    if live is None:
        return entry
    state = next((state for flag, state in _FLAGS.items() if live.get(flag)), "shown")
    return {**entry, "live": {**live, "state": state}, "unsure": live.get("unsure", False)}


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Ledger)
_head = msgspec.json.Decoder(_Head)
