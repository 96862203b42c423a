"""Two thousand names as people really have them: each is shown in the order that a person would give, or refused with advice.

A habit is how a camera, a phone, a scanner, a supplier, a program or a person names the pictures of one product, from the first
to the last.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random
from typing import Final

import pytest

from gallery_sync.core.ledger import Ledger
from gallery_sync.core.name_order import order
from gallery_sync.core.names import DROP_KEY, Drop, Refusal, parse
from gallery_sync.core.spellings import picture

EACH: Final = 36
"""Names of a habit, for most of them."""
LEDGER = Ledger("92ca3575-7481-11e8-8216-002590dad85e", "shop")

COUNTED: Final[Mapping[str, Callable[[int], str]]] = {
    "Canon": lambda n: f"IMG_{n:04}.JPG",
    "Canon, raw beside it, exported": lambda n: f"IMG_{n:04}.CR2.jpg",
    "Nikon": lambda n: f"DSC_{n:04}.JPG",
    "Sony": lambda n: f"DSC{n:05}.JPG",
    "Fuji": lambda n: f"DSCF{n:04}.jpg",
    "Panasonic": lambda n: f"P10{n:05}.JPG",
    "Olympus": lambda n: f"P1{n:06}.jpg",
    "GoPro": lambda n: f"GOPR{n:04}.JPG",
    "a drone": lambda n: f"DJI_{n:04}.JPG",
    "iPhone": lambda n: f"IMG_{n:04}.jpeg",
    "iPhone, edited": lambda n: f"IMG_E{n:04}.JPG",
    "Samsung": lambda n: f"20240105_12{n:04}.jpg",
    "Pixel": lambda n: f"PXL_20240105_1230{n:02}123.jpg",
    "Pixel, portrait": lambda n: f"PXL_20240105_1230{n:02}123.PORTRAIT.jpg",
    "Xiaomi": lambda n: f"IMG_20240105_12{n:04}.jpg",
    "WhatsApp": lambda n: f"IMG-20240105-WA{n:04}.jpg",
    "WhatsApp on a desktop": lambda n: f"WhatsApp Image 2024-01-05 at 12.30.{n:02}.jpeg",
    "a Mac's screenshots": lambda n: f"Snímek obrazovky 2024-01-05 v 12.30.{n:02}.png",
    "Windows' screenshots": lambda n: f"Snímek obrazovky ({n}).png",
    "Epson": lambda n: f"img{n:03}.jpg",
    "HP": lambda n: f"Scan_{n}.jpg",
    "Canon's scanner": lambda n: f"IMG_20240105_{n:04}.jpg",
    "Konica Minolta": lambda n: f"SKM_C250i2401051230{n:02}.jpg",
    "a scanner with brackets": lambda n: f"Scan (2024-01-05) ({n}).png",
    "a photographer": lambda n: f"2024-01-05_Novakova_{n:03}.jpg",
    "a photographer, retouched": lambda n: f"Novakova-{n:03}-retus.jpg",
    "a photographer's web export": lambda n: f"{n:03}_MG_{5000 + n}_web.jpg",
    "Lightroom": lambda n: f"{n:04}-Edit.jpg",
    "Lightroom, numbered of": lambda n: f"lampa-{n}-z-{EACH}.jpg",
    "Photoshop's layers": lambda n: f"_{n:04}_Vrstva {n}.png",
    "Photoshop's artboards": lambda n: f"Artboard {n}.png",
    "Illustrator": lambda n: f"katalog-{n:02}@2x.png",
    "GIMP": lambda n: f"lampa_{n}_export.webp",
    "a supplier, by EAN": lambda n: f"8594001234567_{n}.jpg",
    "a supplier, by code": lambda n: f"ABC-123.{n:02}.jpg",
    "a supplier, by code and view": lambda n: f"ABC_123_view{n}.png",
    "a feed": lambda n: f"62xl-{n}-1200x1200.jpg",
    "a shop's export": lambda n: f"127-{n}.jpg",
    "a turn": lambda n: f"frame-{n}.webp",
    "a turn from nought": lambda n: f"360_{n - 1:02}.jpg",
    "numbers": lambda n: f"{n}.jpg",
    "numbers with noughts": lambda n: f"{n:03}.png",
    "numbers with a dot": lambda n: f"{n}. pohled.jpg",
    "numbers with words": lambda n: f"{n}-{('zepředu', 'zezadu', 'bok', 'detail')[n % 4]}.jpg",
    "numbers of all kinds": lambda n: (f"{n}.jpg", f"{n}_detail.png", f"{n:02}-zadní.jpg", f"{n} (kopie).webp")[n % 4],
    "numbers, then endings": lambda n: f"{n}.{('jpg', 'PNG', 'webp', 'jpeg')[n % 4]}",
    "words and numbers": lambda n: f"Lampa modrá {n}.jpg",
    "brackets": lambda n: f"lampa({n}).jpg",
    "hidden in words": lambda n: f"lampa{n}b.jpg",
}

PLAIN_FIRST: Final[Mapping[str, tuple[str, Callable[[int], str]]]] = {
    "a browser's downloads": ("lampa.jpg", lambda n: f"lampa ({n}).jpg"),
    "Windows' copies": ("lampa.jpg", lambda n: f"lampa - kopie ({n + 1}).jpg"),
    "a Mac's copies": ("lampa.jpg", lambda n: f"lampa kopie {n + 1}.jpg"),
    "copies in English": ("IMG_1.jpg", lambda n: f"IMG_1 copy {n + 1}.jpg"),
    "Photoshop's copies": ("Artboard 1.png", lambda n: f"Artboard 1 copy {n + 1}.png"),
    "Lightroom's virtual copies": ("IMG_0001.jpg", lambda n: f"IMG_0001-{n + 1}.jpg"),
    "a shop that numbers the others": ("hoodie.jpg", lambda n: f"hoodie-{n + 1}.jpg"),
    "a shop that counts from one": ("hoodie.png", lambda n: f"hoodie_{n}.jpg"),
}

IN_WORDS: Final = {
    "views in Czech": [
        "bok.jpg",
        "celek.jpg",
        "čelní.jpg",
        "detail.jpg",
        "horní.jpg",
        "šikmo.jpg",
        "vnitřek.jpg",
        "zadní.jpg",
    ],
    "colours in Slovak": ["biela.jpg", "čierna.jpg", "hnedá.jpg", "modrá.jpg", "oranžová.jpg", "šedá.jpg", "žltá.jpg"],
    "letters": ["ABC-123-a.jpg", "ABC-123-b.jpg", "ABC-123-c.jpg", "ABC-123-d.jpg"],
    "letters behind numbers": ["1a.jpg", "1b.jpg", "2a.jpg", "2b.jpg", "10a.jpg"],
    "Windows' first copy": ["lampa.jpg", "lampa - kopie.jpg", "lampa - kopie (2).jpg", "lampa - kopie (10).jpg"],
    "a Mac's first copy": ["lampa.jpg", "lampa kopie.jpg", "lampa kopie 2.jpg", "lampa kopie 10.jpg"],
}

HABITS: Final[dict[str, list[str]]] = {
    **{who: [name(n) for n in range(1, EACH + 1)] for who, name in COUNTED.items()},
    **{who: [plain, *(name(n) for n in range(1, EACH + 1))] for who, (plain, name) in PLAIN_FIRST.items()},
    **IN_WORDS,
}

REFUSED: Final = {
    "not-a-picture": [
        "IMG_0001.CR2", "IMG_0001.NEF", "IMG_0001.xmp", "lampa.psd", "katalog.pdf", "Thumbs.db",
        "desktop.ini", "foto.jpg.filepart", "foto.jpg.crdownload", "foto.jpg.part", "foto.jpg~", "IMG_0001.MOV",
        "Zástupce.lnk", "foto", "obrazky.zip", "lampa.svg",
    ],
    "hidden-file": [".DS_Store", "._IMG_0001.JPG", ".picasa.ini", ".lampa.jpg.swp", ".trash.jpg"],
}  # fmt: skip
"""What lies beside the pictures, and why it is none."""


def test_there_are_two_thousand_of_them() -> None:
    assert sum(map(len, HABITS.values())) + sum(map(len, REFUSED.values())) >= 2_000


@pytest.mark.parametrize("who", HABITS)
def test_a_persons_pictures_are_in_the_order_that_the_person_would_give(who: str) -> None:
    files = HABITS[who]
    shuffled = [f"{DROP_KEY}LAMP-1/{file}" for file in files]
    Random(who).shuffle(shuffled)
    assert [key.rpartition("/")[2] for key in sorted(shuffled, key=order)] == files
    assert all(order(f"{DROP_KEY}A/{one}") < order(f"{DROP_KEY}A/{other}") for one, other in pairwise(files))


@pytest.mark.parametrize("who", HABITS)
def test_each_of_them_is_a_picture_of_its_own_in_a_gallery(who: str) -> None:
    meanings = [parse(f"LAMP-1/{file}", 1000) for file in HABITS[who]]
    assert all(isinstance(meaning, Drop) and meaning.gallery == "shop" for meaning in meanings)
    assert len({picture(LEDGER, meaning.name) for meaning in meanings}) == len(meanings)


@pytest.mark.parametrize(("code", "file"), [(code, file) for code, files in REFUSED.items() for file in files])
def test_what_lies_beside_them_is_refused_with_a_reason_for_a_person(code: str, file: str) -> None:
    refusal = parse(f"LAMP-1/{file}", 1000)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert ("drop JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP" in refusal.reason) or (
        "such files are a computer's own" in refusal.reason
    )
