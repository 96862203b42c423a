"""What is taken out of a picture without encoding it again, and what stays."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gallery_sync.decoding import strip
from tests.corpus.pictures import arithmetic, mpo, photo, saved, with_position, xmp_position

CONTENTS = {"JPEG": with_position(), "PNG": with_position("PNG"), "WEBP": with_position("WEBP")}


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", CONTENTS)
def test_every_pixel_stays_and_nothing_personal(kind: str) -> None:
    content = CONTENTS[kind]
    assert opened(content).getexif()
    stripped = strip.stripped(kind, content)
    assert not opened(stripped).getexif()
    assert opened(stripped).tobytes() == opened(content).tobytes()
    assert len(stripped) < len(content)
    assert strip.stripped(kind, stripped) == stripped


def test_what_is_seen_stays_byte_for_byte() -> None:
    plain = saved(photo(), "JPEG")
    assert strip.stripped("JPEG", plain) == plain
    assert b"GPSL" not in strip.stripped("JPEG", xmp_position())
    progressive = saved(photo(), "JPEG", progressive=True)
    assert strip.stripped("JPEG", progressive) == progressive


def test_a_profile_stays_and_what_follows_the_picture_goes() -> None:
    plain = saved(photo(), "JPEG", icc_profile=b"a profile")
    assert strip.stripped("JPEG", plain + b"\0\0a film behind it") == plain


def test_of_two_frames_the_first_stays() -> None:
    first = strip.stripped("JPEG", mpo())
    picture = opened(first)
    assert (picture.format, getattr(picture, "n_frames", 1)) == ("JPEG", 1)
    assert b"MPF\0" not in first


def test_a_comment_goes() -> None:
    assert b"made by a person" not in strip.stripped("JPEG", saved(photo(), "JPEG", comment=b"made by a person"))


def test_how_a_jpeg_is_coded() -> None:
    assert strip.coding(saved(photo(), "JPEG")) == 0xC0
    assert strip.coding(saved(photo(), "JPEG", progressive=True)) == 0xC2
    assert strip.coding(arithmetic()) in strip.ARITHMETIC


@given(st.sampled_from(sorted(CONTENTS)), st.integers(0, 3000), st.integers(0, 255), st.integers(0, 3000))
def test_a_broken_file_is_said_to_be_malformed_or_taken(kind: str, at: int, value: int, cut: int) -> None:
    content = bytearray(CONTENTS[kind][: len(CONTENTS[kind]) - cut])
    content[at % len(content)] = value
    try:
        strip.stripped(kind, bytes(content))
    except strip.Malformed:
        return


def test_a_scan_without_an_end_is_malformed() -> None:
    with pytest.raises(strip.Malformed):
        strip.stripped("JPEG", CONTENTS["JPEG"][:-2])
    with pytest.raises(strip.Malformed):
        strip.coding(b"\xff\xd8\xff\xd9")
