"""What a file is, by its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.decoding import sniff

OTHERS = {
    b"%PDF-1.4": "a PDF",
    b"PK\x03\x04": "a ZIP archive (or an office document)",
    b"Rar!\x1a\x07": "an archive",
    b"8BPS\0\x01": "a Photoshop file",
    b"\0\0\0\x0cJXL \r\n": "a JPEG XL",
    b"\xff\x0a\xfa": "a JPEG XL",
    b"\0\0\0\x0cjP  \r\n": "a JPEG 2000",
    b"\0\0\0\x18ftypcrx \0\0": "a camera's raw file",
    b"\0\0\0\x20ftypisom\0\0": "a video",
    b"\0\0\0\x14ftypqt  \0\0": "a video",
    b"RIFF\x10\0\0\0AVI LIST": "a video or a sound",
    b"II*\0\x10\0\0\0CR\x02\0": "a camera's raw file",
    b"\0" * 100: "nothing but zeros (its upload may have broken off)",
    b"<!doctype html><p>": "a web page",
    b"\xef\xbb\xbf<HTML>": "a web page",
    b"<?xml version='1.0'?><error/>": "an XML file",
    b"<svg viewBox='0 0 1 1'/>": "an SVG drawing",
    "žluťoučký kůň".encode(): "a text",
    "žluťoučký kůň".encode("utf-16"): "a text",
    ("ž" * 1500).encode(): "a text",
    b"\x01\x02\x03\x04": "something else",
    "ž".encode("cp1250") * 10: "something else",
    b"\xff\xfea\0\0\xd8": "something else",
}


@pytest.mark.parametrize(("content", "said"), OTHERS.items(), ids=OTHERS.values())
def test_what_is_no_picture_is_named(content: bytes, said: str) -> None:
    assert sniff.picture(content) is None
    assert sniff.other(content) == said


PICTURES = {
    b"\xff\xd8\xff\xe0": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0\x08\0\0\0": "TIFF",
    b"MM\0*\0\0\0\x08": "TIFF",
    b"BM\x10\0": "BMP",
    b"RIFF\x10\0\0\0WEBPVP8 ": "WEBP",
    b"\0\0\0\x1cftypavif\0\0\0\0": "AVIF",
    b"\0\0\0\x1cftypheic\0\0\0\0": "HEIC",
    b"\0\0\0\x18ftypmif1\0\0\0\0heic": "HEIC",
    b"\0\0\0\x18ftypmif1\0\0\0\0avif": "AVIF",
}


@pytest.mark.parametrize(("content", "kind"), PICTURES.items())
def test_a_picture_is_known_by_its_content(content: bytes, kind: str) -> None:
    assert sniff.picture(content) == kind


@given(st.binary(max_size=300), st.sampled_from(sorted(PICTURES)))
def test_nothing_that_people_drop_is_too_much_for_it(content: bytes, head: bytes) -> None:
    for whole in (content, head + content):
        kind = sniff.picture(whole)
        assert sniff.other(whole)
        if kind is not None:
            assert sniff.is_cut_off(kind, whole) in (True, False)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "BMP", "AVIF", "HEIC"])
def test_a_head_alone_is_cut_off(kind: str) -> None:
    head = next(content for content, its in PICTURES.items() if its == kind)
    assert sniff.is_cut_off(kind, head)


def test_a_box_of_64_bits_and_one_to_the_end_are_whole() -> None:
    ftyp = b"\0\0\0\x10ftypheic\0\0\0\0"
    assert not sniff.is_cut_off("HEIC", ftyp + b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x14abcd")
    assert not sniff.is_cut_off("HEIC", ftyp + b"\0\0\0\0mdatabcd")
    assert sniff.is_cut_off("HEIC", ftyp + b"\0\0\0\x20mdatabcd")
    assert sniff.is_cut_off("HEIC", ftyp + b"\0\0\0\x04mdat")
