"""An add-on's access token, which all instances share (docs/shoptet.md, "Access")."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Token:
    """The add-on's current access token, and who may fetch the next one: the document that instances share.

    All times are in seconds since the epoch. `value` is empty before the first fetch and after a refusal;
    `refresh_at` says when it should be replaced, `ends_at` when it ends. `fetching_until` is a claim: until then,
    somebody else is fetching. `issued` holds the ends of all tokens that may still be valid, this one included.
    """

    value: str = field(default="", repr=False)
    refresh_at: float = 0.0
    ends_at: float = 0.0
    fetching_until: float = 0.0
    issued: tuple[float, ...] = ()


class SharedToken(Protocol):
    """Where instances share the current token; a write compares and swaps."""

    def read(self) -> tuple[Token, int] | None:
        """The document and its version, which is above 0; None where there is none yet."""
        ...

    def write(self, token: Token, version: int) -> bool:
        """Replace the document of this version (0: create it). False: another instance was first."""
        ...
