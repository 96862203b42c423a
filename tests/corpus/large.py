"""The largest pictures of the corpus, as cameras and scanners make them: drawn, then stretched, with noise in every pixel."""

import io
from typing import Final

from PIL import Image

from tests.corpus.pictures import photo

HUNDRED_MEGAPIXELS: Final = (12_000, 8_400)


def stretched(size: tuple[int, int]) -> Image.Image:
    """Draw a photograph of any size: a smaller one, stretched, with noise that is repeated."""
    picture = photo((size[0] // 8, size[1] // 8)).resize(size, Image.Resampling.BICUBIC)
    tile = Image.effect_noise((1000, 1000), 30).convert("RGB")
    for left in range(0, size[0], 1000):
        for top in range(0, size[1], 1000):
            box = (left, top, min(left + 1000, size[0]), min(top + 1000, size[1]))
            part = Image.blend(picture.crop(box), tile.crop((0, 0, box[2] - left, box[3] - top)), 0.08)
            picture.paste(part, box[:2])
    return picture


def jpeg_of_100_megapixels() -> bytes:
    """Give a photograph of a camera with a large sensor."""
    return _written(stretched(HUNDRED_MEGAPIXELS), "JPEG", quality=90)


def png_of_25_megabytes() -> bytes:
    """Give a photograph that somebody exported as PNG."""
    return _written(stretched((5_000, 3_750)), "PNG", compress_level=1)


def _written(picture: Image.Image, form: str, **how: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **how)
    return target.getvalue()
