"""What is made of a picture looks like it: beside the source, reduced to the same size."""

import io

import pytest
from PIL import Image, ImageFilter

from gallery_sync.core.recipe import Recipe
from gallery_sync.decoding.repair import prepare
from tests.corpus.pictures import label, photo, saved, turned
from tests.corpus.quality import ssim

LEAST = 0.98
SMALL = Recipe(max_side=800)
TIGHT = Recipe(max_side=1200, max_bytes=60_000)
LARGE = (1600, 1200)
SEEDS = (1, 2)


def opened(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as picture:
        picture.load()
        return picture


def made(content: bytes, recipe: Recipe) -> Image.Image:
    found = prepare(content, recipe)
    assert found.made is not None
    return opened(found.body)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_photograph_that_is_made_smaller(form: str, seed: int) -> None:
    source = photo(LARGE, seed)
    came = made(saved(source, form, quality=95), SMALL)
    assert came.size == (800, 600)
    assert ssim(came, source.resize(came.size, Image.Resampling.LANCZOS)) >= LEAST


@pytest.mark.parametrize("form", ["HEIF", "AVIF", "BMP"])
def test_a_photograph_of_another_format(form: str) -> None:
    content = saved(photo(), form, quality=90) if form != "BMP" else saved(photo(), form)
    came = made(content, Recipe())
    assert ssim(came, opened(content).convert("RGB")) >= LEAST


def test_a_photograph_for_print() -> None:
    print_version = photo().convert("CMYK")
    came = made(saved(print_version, "TIFF"), Recipe())
    assert ssim(came, print_version.convert("RGB")) >= LEAST


def test_a_sideways_photograph() -> None:
    came = made(turned(6), Recipe())
    assert ssim(came, photo()) >= LEAST


def test_a_quality_that_fits_is_no_bad_one() -> None:
    source = photo((1200, 900), 4)
    content = saved(source, "PNG")
    found = prepare(content, TIGHT)
    assert len(found.body) <= TIGHT.max_bytes
    came = opened(found.body)
    assert ssim(came, source.resize(came.size, Image.Resampling.LANCZOS)) >= 0.9


def test_a_text_on_transparent_stays_a_png_and_sharp() -> None:
    big = label().resize(LARGE)
    came = made(saved(big, "PNG"), SMALL)
    assert (came.format, came.mode) == ("PNG", "RGBA")
    smaller = big.resize(came.size, Image.Resampling.LANCZOS)
    assert ssim(came.getchannel("A"), smaller.getchannel("A")) >= LEAST


def test_the_measure_tells_worse_from_better() -> None:
    source = photo()
    blurred = [source.filter(ImageFilter.GaussianBlur(radius)) for radius in (1, 4, 16)]
    found = [ssim(source, one) for one in (source, *blurred)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(1.0)
    assert found[2] < LEAST
