"""`token.json` in the state bucket: the add-on's access token that all instances share (5 may be valid at a time).

The state bucket is ours alone; the token is a secret there, and lives 30 minutes.
"""

from dataclasses import asdict
from typing import Final

import msgspec

from gallery_sync.ports.storage import Documents, PreconditionFailed
from gallery_sync.ports.token import Token

PATH: Final = "token.json"


class StoredToken:
    """`shoptet.auth.SharedToken` over the documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def read(self) -> tuple[Token, int] | None:
        """See SharedToken."""
        stored = self._documents.read(PATH)
        return None if stored is None else (msgspec.json.decode(stored.body, type=Token), stored.generation)

    def write(self, token: Token, version: int) -> bool:
        """See SharedToken."""
        try:
            self._documents.write(PATH, msgspec.json.encode(asdict(token)), generation=version)
        except PreconditionFailed:
            return False
        return True
