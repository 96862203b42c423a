"""What the name of a file would mean, before it is uploaded, by the shop's catalogue. It asks Shoptet nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gallery_sync.core import archive, names, placing, table
from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.name_patterns import Placing
from gallery_sync.core.near import nearest
from gallery_sync.core.placing import Placed
from gallery_sync.state.catalogue import Catalogue
from gallery_sync.state.written import WrittenCodes


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file's full name means: the product (guid, code and name) and gallery that it is for, or why it would be refused.

    `why` is the reason, `refused` its code (as of `state.refusals.RefusedDrop`); both are empty where it would not be.
    `is_archive`, `is_table`: it is no picture, and taken all the same. `near`: codes that were meant, perhaps.
    """

    name: str
    guid: str = ""
    code: str = ""
    product: str = ""
    gallery: str = ""
    refused: str = ""
    why: str = ""
    is_archive: bool = False
    is_table: bool = False
    near: tuple[CodeRow, ...] = ()


def judged(
    files: Iterable[tuple[str, int]], catalogue: Catalogue, codes: WrittenCodes, how: Placing
) -> Iterator[Judged]:
    """Say what each name means, given with the file's size (bytes); folders mean nothing.

    Raises BadDocument, StorageUnavailable.
    """
    for name, size in files:
        if archive.read_name(name) is not None:
            yield Judged(name, is_archive=True)
            continue
        meaning = placing.meaning(name, size, how)
        match meaning:
            case table.Table():
                yield Judged(name, is_table=True)
            case names.Drop():
                yield _in_products_folder(meaning, catalogue)
            case placing.Loose():
                yield _loose(name, codes, how)
            case names.Refusal():
                yield Judged(name, refused=meaning.code, why=meaning.reason)
            case _:
                continue


def _in_products_folder(drop: names.Drop, catalogue: Catalogue) -> Judged:
    if names.is_guid(drop.product):
        listed = catalogue.product(drop.product)
        if listed is not None:
            return Judged(drop.name, listed.guid, ", ".join(listed.codes), listed.name, drop.gallery)
        return Judged(drop.name, gallery=drop.gallery, refused="no-product", why="no product has this guid")
    row = catalogue.code(drop.product)
    if row is not None:
        return Judged(drop.name, row.guid, row.code, row.name, drop.gallery)
    near = tuple(nearest(drop.product, catalogue.near(drop.product)))
    alike = " or ".join(_said(one) for one in near)
    perhaps = f"; is it {alike}?" if alike else ""
    why = f"no product has the code '{names.shortened(drop.product)}'{perhaps}"
    return Judged(drop.name, gallery=drop.gallery, refused="no-product", why=why, near=near)


def _loose(name: str, codes: WrittenCodes, how: Placing) -> Judged:
    held = placing.candidates(name, how)
    verdict = placing.judge(name, {one: codes.found(one) for one in held}, how)
    if isinstance(verdict, Placed):
        return Judged(name, verdict.guid, verdict.code, verdict.product, "shop")
    near = codes.near_of(held) if verdict is None else ()
    refused = verdict or placing.unknown(name, held, near, how)
    return Judged(name, refused=refused.code, why=refused.reason, near=near)


def _said(row: CodeRow) -> str:
    return f"{row.code} ({row.name})" if row.name else row.code
