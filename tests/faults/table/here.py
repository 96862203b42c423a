"""Opens pictures in the test's own process."""

import hashlib
import io

from PIL import Image

from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.core.recipe import Recipe, Verdict
from gallery_sync.decoding import repair
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.preparer import Prepared


def prepare_here(content: bytes, recipe: Recipe) -> Prepared:
    """See ports.preparer."""
    try:
        found = repair.prepare(content, recipe)
    except repair.Refused as refused:
        return Prepared(Verdict(len(content), refused.shape, refused=refused.code, what=refused.what))
    told = tuple(sorted(found.done)), tuple(found.warnings), found.frames, found.look
    verdict = Verdict(len(content), found.shape, found.made, "", "", *told)
    return Prepared(verdict, found.body, found.thumbnail)


def decode_here(content: bytes) -> Decoded:
    """See ports.decoder."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            picture, kind = opened.convert("RGB"), str(opened.format).lower()
    except OSError:
        raise Unreadable("it is no picture") from None
    square = picture.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()
    pixels = hashlib.sha256(picture.tobytes()).hexdigest()
    return Decoded(Signature(picture.width, picture.height, pixels, square), kind, b"")
