"""Places names that lie in no product's folder: which product each is for, by the codes and EANs of the shop's catalogue.

what a name is             what follows
one product's              it is noted under the code, whose folder is reconciled as if the file lay there
nobody's, or two's         it is refused, with the products that were meant, perhaps; the next catalogue judges it again
with a product already     there it stays, as long as that has what the name holds; a longer code that came later is told

Names that were dropped wait in the state bucket, and one run takes many: no task a file, no listing of the drop bucket. After
each new catalogue everything is compared: all loose names, the index, and what the ledgers say of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Final

import msgspec

from gallery_sync.core import archive, names, placing
from gallery_sync.core.catalogue import written_key
from gallery_sync.core.files import BucketFile, DropFile, read
from gallery_sync.core.names import Refusal
from gallery_sync.core.placing import Candidate, Loose, Placed, PlacedName
from gallery_sync.core.schedule import DAY
from gallery_sync.core.table import Table, read_name
from gallery_sync.ports.queue import PlaceNames
from gallery_sync.ports.storage import Listed
from gallery_sync.state import placed, refusals, tables
from gallery_sync.state.catalogue import Catalogue, read_head
from gallery_sync.state.placed import Noted
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.state.written import WrittenCodes
from gallery_sync.work import catalogue
from gallery_sync.work.audit_bucket import is_as_known
from gallery_sync.work.tables import read_table
from gallery_sync.work.unpack import unpack
from gallery_sync.work.world import PlaceWorld

MOST: Final = 2_000
"""Names that one run places; who finds more enqueues the next."""
MOST_READINGS: Final = 20
"""Texts that a name may hold, above which the index is asked only for those that exist."""
CHUNK: Final = 64
"""Codes between two looks at the clock."""
MOST_COMPARED: Final = 200
"""Names of one run for which the catalogue is searched for what was meant: of holiday pictures none was."""


News = dict[str, dict[str, PlacedName | None]]


@dataclass
class Changes:
    """What a run changes: names in documents of the index (None: it goes), and the codes whose folders are reconciled.

    A name is noted under the code with which it stands, and under what it holds. The second says where it stands, so it is
    written last: whoever is killed before that does all of it again.
    """

    by_code: News = field(default_factory=dict)
    by_text: News = field(default_factory=dict)
    codes: dict[str, None] = field(default_factory=dict)

    def move(self, name: str, before: PlacedName | None, after: PlacedName | None) -> None:
        """Let a name stand where it belongs, and nowhere else."""
        stays = _by_code(after) if after is not None else ""
        for one, row in ((before, None), (after, after)):
            if one is None:
                continue
            if _by_code(one) != _by_text(one):
                self.by_code.setdefault(_by_code(one), {})[name] = row
            if row is not None or _by_text(one) != stays:
                self.by_text.setdefault(_by_text(one), {})[name] = row
        self.codes |= {one.code: None for one in (before, after) if one is not None}


def place(world: PlaceWorld, task: PlaceNames) -> None:
    """Place the names that wait, or all that there are. Raises StorageUnavailable, TasksError, BadDocument."""
    head = read_head(world.documents)
    codes = WrittenCodes(Catalogue(world.documents, head)) if head is not None else None
    if task.everything and codes is not None:
        _place_all(world, codes)
        return
    stop = world.clock.now() + world.timing.run_budget
    found = list(islice(placed.waiting(world.documents), MOST))
    zips = [one for one in found if archive.read_name(placed.name_of(one)) is not None]
    others = [one for one in found if archive.read_name(placed.name_of(one)) is None]
    waiting, are_read = _read_tables(world, others, codes, stop)
    if waiting and codes is not None:
        _place_waiting(world, waiting, codes)
    elif waiting:
        _without_catalogue(world, waiting)
    # Last: what is unpacked waits to be placed by another run.
    if not (_unpack(world, zips, stop) and are_read) or (len(found) == MOST and codes is not None):
        world.queue.place()


def _unpack(world: PlaceWorld, zips: Sequence[Listed], stop: float) -> bool:
    """Unpack the ZIPs that wait, one after the other, until `stop`; whether all of them are through."""
    for one in zips:
        what = archive.read_name(placed.name_of(one))
        if what is not None and not unpack(world, what, stop):
            return False
        placed.looked_at(world.documents, one)
    return True


def _place_waiting(world: PlaceWorld, waiting: Sequence[Listed], codes: WrittenCodes) -> None:
    read_as = {name: placing.candidates(name, world.placing) for name in map(placed.name_of, waiting)}
    # Of a name that may hold many texts, those count that exist: the comparison with the next catalogue sees the others.
    keys = {
        placing.key_of(one.text)
        for held in read_as.values()
        for one in held
        if len(held) <= MOST_READINGS or codes.found(one)
    }
    indexed = dict(zip(keys, world.spread(lambda key: placed.read(world.documents, key), list(keys)), strict=True))
    stands = {name: before for name, held in read_as.items() if (before := _before(name, held, indexed)) is not None}
    changes = _judged(world, codes, read_as, stands, {})
    for before in stands.values():
        # It was replaced or deleted, or its metadata was changed: its gallery sees what.
        changes.codes[before.code] = None
    _carry_out(world, changes)
    # Last: whoever dies before this leaves it to the next run.
    world.spread(lambda one: placed.looked_at(world.documents, one), waiting)
    world.log.say("INFO", "names were placed", names=len(waiting), products=len(changes.codes))


def _read_tables(
    world: PlaceWorld, waiting: Sequence[Listed], codes: WrittenCodes | None, stop: float
) -> tuple[list[Listed], bool]:
    """Read the tables that wait, until `stop`, and give what else does; and whether all of them were read.

    A table for the whole bucket waits for the first catalogue.
    """
    others, are_read = [], True
    for one in waiting:
        what = read_name(placed.name_of(one))
        if what is None or (codes is None and not what.prefix):
            others.append(one)
        elif world.clock.now() < stop and read_table(world, codes, what, stop):
            placed.looked_at(world.documents, one)
        else:
            are_read = False
    return others, are_read


def _place_all(world: PlaceWorld, codes: WrittenCodes) -> None:
    """Compare everything: an event may have been lost, and a new catalogue says other things of the same names.

    The ledgers come last, as many as there is time for, each day in another order.
    """
    stop = world.clock.now() + world.timing.run_budget
    files = {
        file.name: file
        for file in world.drops.list("")
        if isinstance(placing.meaning(file.name, file.size, world.placing), (Loose, Table))
    }
    _compare_tables(world, codes, files, stop)
    stands: dict[str, PlacedName] = {}
    noted = dict(placed.read_all(world.documents, world.spread))
    for where, found in noted.items():
        for name, one in found.names.items():
            if where == _by_text(one) or name not in stands:
                stands[name] = one
    read_as = {name: placing.candidates(name, world.placing) for name in files}
    changes = _judged(world, codes, read_as, {name: one for name, one in stands.items() if name in files}, files)
    for name in stands.keys() - files.keys():
        if world.drops.find(name) is None:
            changes.move(name, stands[name], None)
    _carry_out(world, changes)
    now_placed: dict[str, list[BucketFile]] = {}
    for name, one in stands.items():
        if name in files and one.code not in changes.codes:
            now_placed.setdefault(one.code, []).append(files[name])
    left = _compare(world, now_placed, noted, stop)
    world.log.say(
        "WARNING" if left else "INFO",
        "all names outside folders were compared with the catalogue",
        names=len(files),
        moved=len({name for news in changes.by_text.values() for name in news}),
        left_for_the_next=left,
    )


def _compare_tables(world: PlaceWorld, codes: WrittenCodes, files: dict[str, BucketFile], stop: float) -> None:
    """Take the tables out of the files, and have those read that are not as they were read last.

    What is for the whole bucket speaks of codes, which a new catalogue may know.
    """
    known = {one.name: one.generation for one in tables.read_all(world.documents, world.spread)}
    here = {name: files.pop(name) for name in list(files) if read_name(name) is not None}
    for name in dict.fromkeys((*known, *here)):
        what = read_name(name)
        is_same = name in here and known.get(name) == here[name].generation
        if what is None or (is_same and what.prefix):
            continue
        if world.clock.now() >= stop or not read_table(world, codes, what, stop, anew=True):
            # The next run goes on there.
            placed.put(world.documents, name)
            world.queue.place()


def _compare(
    world: PlaceWorld, now_placed: Mapping[str, Sequence[BucketFile]], noted: Mapping[str, Noted], stop: float
) -> int:
    """Compare what stands with codes with their products' ledgers, until `stop`; give how many codes there was no time for."""
    today = int(world.clock.now() // DAY)
    codes_left = sorted(now_placed, key=lambda code: hashlib.sha256(f"{today} {code}".encode()).digest())
    while codes_left and world.clock.now() < stop:
        chunk, codes_left = codes_left[:CHUNK], codes_left[CHUNK:]
        same = world.spread(lambda code: _is_known(world, code, now_placed[code], noted), chunk)
        for code in (code for code, is_known in zip(chunk, same, strict=True) if not is_known):
            world.log.say(
                "WARNING", "the bucket was not as the ledger says: reconciling it again", prefix=code, gallery="shop"
            )
            world.queue.folder(names.encode_product(code), "shop", world.clock.now())
    return len(codes_left)


def _is_known(world: PlaceWorld, code: str, files: Sequence[BucketFile], noted: Mapping[str, Noted]) -> bool:
    """Whether the ledger of a code's product says of these files what they are, and what tables say of them."""
    prefix = names.encode_product(code)
    here = [replace(file, name=names.placed(code, file.name), placed=True) for file in files]
    said = noted.get(placed.path(written_key(code)), Noted())
    standing = [read(placed.as_said(file, code, said)) for file in here]
    return is_as_known(world, prefix, "shop", [one for one in standing if isinstance(one, DropFile)], placed=True)


def _judged(
    world: PlaceWorld,
    codes: WrittenCodes,
    read_as: Mapping[str, Sequence[Candidate]],
    stands: Mapping[str, PlacedName],
    files: Mapping[str, BucketFile],
) -> Changes:
    """Judge names, tell what is refused, and give what changes. `stands`: with whom names stand already."""
    changes = Changes()
    refused = {listed.path for listed in world.documents.list(refusals.PREFIX)}
    compared = 0
    for name, held in read_as.items():
        before = stands.get(name)
        verdict = placing.judge(name, {one: codes.found(one) for one in held}, world.placing, before)
        is_refused = refusals.path(name) in refused
        if isinstance(verdict, Placed):
            after = PlacedName(verdict.code, verdict.text)
            if after != before:
                changes.move(name, before, after)
            if verdict.longer is not None:
                _refuse(world, Refusal(name, "longer-code", placing.grown(verdict)))
            elif is_refused:
                refusals.clear(world.documents, name)
        elif before is None:
            known = name in files
            if known and is_refused and verdict is None:
                # As it was yesterday.
                continue
            if not known and world.drops.find(name) is None:
                refusals.clear(world.documents, name)
                continue
            if verdict is None:
                compared += 1
                near = codes.near_of(held) if compared <= MOST_COMPARED else ()
                verdict = placing.unknown(name, held, near, world.placing)
            _refuse(world, verdict)
    return changes


def _before(name: str, held: Sequence[Candidate], indexed: Mapping[str, Noted]) -> PlacedName | None:
    keys = [key for text in held if (key := placing.key_of(text.text)) in indexed]
    return next((one for key in keys if (one := indexed[key].names.get(name)) is not None), None)


def _by_text(one: PlacedName) -> str:
    return placed.path(placing.key_of(one.text))


def _by_code(one: PlacedName) -> str:
    return placed.path(written_key(one.code))


def _carry_out(world: PlaceWorld, changes: Changes) -> None:
    """Write the index, then have the galleries reconciled that it concerns."""

    for news in (changes.by_code, changes.by_text):
        world.spread(partial(_write, world, news), list(news))
    now = world.clock.now()
    world.spread(lambda code: world.queue.folder(names.encode_product(code), "shop", now), list(changes.codes))


def _write(world: PlaceWorld, news: News, where: str) -> Noted:
    gone = {name for name, one in news[where].items() if one is None}
    new = {name: one for name, one in news[where].items() if one is not None}
    return placed.change(
        world.documents,
        where,
        lambda held: msgspec.structs.replace(
            held, names={**{name: one for name, one in held.names.items() if name not in gone}, **new}
        ),
    )


def _refuse(world: PlaceWorld, verdict: Refusal) -> None:
    refused = RefusedDrop(verdict.name, verdict.code, verdict.reason, world.clock.now())
    if refusals.record(world.documents, refused):
        word = "stays where it is" if verdict.code == "longer-code" else "is refused"
        world.log.say("WARNING", f"{names.shortened(verdict.name)} {word}: {verdict.reason}", code=verdict.code)


def _without_catalogue(world: PlaceWorld, waiting: Sequence[Listed]) -> None:
    """Have the catalogue read: names wait for that. Where it is not to be had, they are refused."""
    denied = catalogue.denied(world.documents)
    if not denied:
        world.queue.catalogue()
        return
    reason = f"whose it is only the shop's catalogue tells, which is not to be had ({denied}): drop it as {{product}}/{{file}}"
    for one in waiting:
        name = placed.name_of(one)
        if world.drops.find(name) is None:
            refusals.clear(world.documents, name)
        else:
            _refuse(world, Refusal(name, "no-catalogue", reason))
        placed.looked_at(world.documents, one)
