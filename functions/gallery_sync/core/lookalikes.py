"""Which file of a product is which image of its gallery, by how alike their pictures are. Pure.

A file is an image for sure where the two fit each other and nothing else fits either of them. The same bytes twice, or two
pictures that fit one, are for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gallery_sync.core.likeness import Alike, Signature, alike, is_smaller


@dataclass(frozen=True, slots=True)
class Pair:
    """A file, an image, and how alike they are."""

    file: str
    image: str
    alike: Alike


@dataclass(frozen=True, slots=True)
class Matched:
    """What came of a gallery: `sure` pairs; `smaller` ones, whose image has fewer pixels than the file; `unsure` ones, for a
    person; files that nothing in the gallery is like (`new`), and images that nothing in the bucket is like (`foreign`)."""

    sure: tuple[Pair, ...] = ()
    smaller: tuple[Pair, ...] = ()
    unsure: tuple[Pair, ...] = ()
    new: tuple[str, ...] = ()
    foreign: tuple[str, ...] = field(default=())


def match(files: Mapping[str, Signature], images: Mapping[str, Signature]) -> Matched:
    """Match files with images, each by its name."""
    pairs = [
        Pair(file, image, likeness)
        for file, one in files.items()
        for image, other in images.items()
        if (likeness := alike(one, other)) != "different"
    ]
    close = [pair for pair in pairs if pair.alike != "unsure"]
    only = [pair for pair in close if _is_only(pair, close)]
    taken_files, taken_images = {pair.file for pair in only}, {pair.image for pair in only}
    unsure = [pair for pair in pairs if pair.file not in taken_files and pair.image not in taken_images]
    smaller = [pair for pair in only if is_smaller(images[pair.image], files[pair.file])]
    touched = {pair.file for pair in (*only, *unsure)}, {pair.image for pair in (*only, *unsure)}
    return Matched(
        tuple(pair for pair in only if pair not in smaller),
        tuple(smaller),
        tuple(unsure),
        tuple(file for file in files if file not in touched[0]),
        tuple(image for image in images if image not in touched[1]),
    )


def claims(files: Mapping[str, Signature], images: Mapping[str, Signature]) -> dict[str, str]:
    """Say which image shows which file, by name, where nothing else may be it. Both are given in the order of the gallery.

    Pictures that are the same are told apart by that order, where there are as many of them on both sides.
    """
    fits = {
        file: [image for image, other in images.items() if alike(one, other) in ("same", "similar")]
        for file, one in files.items()
    }
    found: dict[str, str] = {}
    for file, own in fits.items():
        group = [other for other, its in fits.items() if its == own]
        shared = any(set(its) & set(own) for other, its in fits.items() if other not in group)
        if len(group) == len(own) and not shared:
            found[file] = own[group.index(file)]
    return found


def _is_only(pair: Pair, pairs: list[Pair]) -> bool:
    return not any((one.file == pair.file) != (one.image == pair.image) for one in pairs)
