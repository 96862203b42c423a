"""How alike two pictures are: structural similarity, over squares that lie side by side.

Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", 2004, equation 13.
"""

from typing import Final

from PIL import Image

WINDOW: Final = 8
C1: Final = (0.01 * 255) ** 2
C2: Final = (0.03 * 255) ** 2


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Give the mean similarity of two pictures of the same size, over squares of their grey versions: 1 is the same."""
    if one.size != other.size:
        raise ValueError(f"{one.size} and {other.size}: no two pictures of one size")
    width, height = one.size
    a, b = (picture.convert("L").tobytes() for picture in (one, other))
    found = [
        _window(a, b, width, left, top)
        for top in range(0, height - WINDOW + 1, WINDOW)
        for left in range(0, width - WINDOW + 1, WINDOW)
    ]
    return sum(found) / len(found)


def _window(a: bytes, b: bytes, width: int, left: int, top: int) -> float:
    starts = [(top + row) * width + left for row in range(WINDOW)]
    x = b"".join(a[start : start + WINDOW] for start in starts)
    y = b"".join(b[start : start + WINDOW] for start in starts)
    count = WINDOW * WINDOW
    mean_x, mean_y = sum(x) / count, sum(y) / count
    var_x = sum(value * value for value in x) / count - mean_x**2
    var_y = sum(value * value for value in y) / count - mean_y**2
    both = sum(p * q for p, q in zip(x, y, strict=True)) / count - mean_x * mean_y
    return ((2 * mean_x * mean_y + C1) * (2 * both + C2)) / ((mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2))
