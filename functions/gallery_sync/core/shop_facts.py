"""What this one shop was seen to do where Shoptet's documentation says nothing (docs/shoptet.md, "Unknowns"). Pure.

Facts are about the shop, not about a gallery: learned once, by the first flights or by `gallery-sync probe`, and believed
from then on. Without one, everything holds as if it could be either.
"""

from typing import Literal

import msgspec

Numbers = Literal["kept", "given"]
"""What the shop does with the priorities that an insertion sends: it keeps them, or gives numbers of its own (or shows none)."""

Patched = Literal["kept", "ignored"]
"""What it does with those that a change of attributes sends: the images come in that order, or nothing does."""


Verify = Literal["auto", "on", "off"]
"""Whether pictures are looked at in the shop after they landed. `auto`: where the probe found that the shop gives them."""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the shop. None, and empty: nobody knows yet.

    `originals`: the address of each gallery's pictures in their original resolution, to which an image's name is added (the
    `urlPath` of the cut `orig`, as an absolute URL). `found` is for people: what the probe found, by its questions, when it
    ended at `probed_at` (epoch seconds).
    """

    numbers: Numbers | None = None
    patched: Patched | None = None
    originals: dict[str, str] = msgspec.field(default_factory=dict)
    found: dict[str, str] = msgspec.field(default_factory=dict)
    probed_at: float = 0.0


def is_nowhere(facts: Facts, gallery: str) -> bool:
    """Whether nobody knows where this gallery's pictures are, and asking Shoptet would not tell either.

    What the probe could not fetch is not tried again, and of `shop360` Shoptet tells nothing (docs/shoptet.md, U22).
    """
    return gallery not in facts.originals and (facts.probed_at > 0 or gallery != "shop")


def looks_at(facts: Facts, verify: Verify, gallery: str) -> bool:
    """Whether what landed in this gallery is looked at in the shop."""
    if verify == "auto":
        return facts.probed_at > 0 and gallery in facts.originals
    return verify == "on" and not is_nowhere(facts, gallery)
