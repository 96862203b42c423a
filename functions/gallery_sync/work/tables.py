"""Reads tables that were dropped: what they say of each product's pictures is noted in the index, and its galleries reconciled.

A table may come before its pictures, or after them. One that nobody can read is refused, and what the one before it said stays.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from gallery_sync.core import names, placing, table
from gallery_sync.core.catalogue import written_key
from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Content
from gallery_sync.core.placing import Candidate, Placed
from gallery_sync.core.spellings import code_key
from gallery_sync.core.table import BadTable, Flaw, Line, Row, Table
from gallery_sync.state import placed, refusals, tables
from gallery_sync.state.placed import Noted, Said
from gallery_sync.state.refusals import RefusedDrop
from gallery_sync.state.tables import ReadTable
from gallery_sync.state.written import WrittenCodes
from gallery_sync.work.world import PlaceWorld

replace = msgspec.structs.replace

CHUNK: Final = 1_000
"""Codes between two notes of how far it came."""
MOST_SHOWN: Final = 5
"""Lines that the log names; what came of the table names more."""

Rows = dict[str, dict[str, Row]]
"""What is said of pictures, by code or guid and by the file's name."""


def read_table(world: PlaceWorld, codes: WrittenCodes | None, what: Table, stop: float, *, anew: bool = False) -> bool:
    """Read a table as it is now, or forget it where it is gone; True if that was done before `stop` (epoch seconds).

    `anew`: also the same one as before, by another catalogue. Without a catalogue (`codes` is None) a table for the whole bucket
    is left for later. Raises StorageUnavailable, BadDocument, TasksError.
    """
    file = world.drops.find(what.name)
    before = tables.read(world.documents, what.name)
    if file is None:
        refusals.clear(world.documents, what.name)
        return before is None or _note(world, what, before, {}, replace(before, codes={}, generation=0), stop)
    is_known = before is not None and before.generation == file.generation
    if (is_known and not anew) or (codes is None and not what.prefix):
        return True
    try:
        good, flaws = table.lines(_cells(world, file), has_code=not what.prefix)
    except BadTable as error:
        reason = f"the table was not taken: {error}" + ("; what it said before stays" if before is not None else "")
        if refusals.record(world.documents, RefusedDrop(what.name, "bad-table", reason, world.clock.now())):
            world.log.say("ERROR", f"{names.shortened(what.name)} is refused: {reason}", code="bad-table")
        return True
    rows: Rows = {}
    for line in good:
        # For more lines than are told nobody searches what was meant.
        is_told = len(flaws) < table.MOST_TOLD
        whose = (names.decode_product(what.prefix),) if what.prefix else _whose(codes, world, line, is_told=is_told)
        if isinstance(whose, Flaw):
            flaws.append(whose)
            continue
        for code in whose:
            rows.setdefault(str(code), {})[line.file] = line.row
    flaws.sort(key=lambda flaw: flaw.number)
    told = tuple((flaw.number, flaw.reason) for flaw in flaws[: table.MOST_TOLD])
    taken = len(good) - len({flaw.number for flaw in flaws} & {line.number for line in good})
    after = ReadTable(what.name, file.generation, what.gallery, {}, taken, told, len(flaws), world.clock.now())
    if not _note(world, what, before, rows, after, stop):
        return False
    refusals.clear(world.documents, what.name)
    _tell(world, after)
    return True


def _cells(world: PlaceWorld, file: BucketFile) -> list[list[str]]:
    """Give a table's cells. Raises BadTable."""
    if file.size > table.MOST_BYTES:
        raise BadTable(f"it has {file.size} bytes, the most is {table.MOST_BYTES}: split it among products' folders")
    content = world.sent.file(Content(file.name, file.generation, file.checksum, file.size, encoding=file.encoding))
    if content is None:
        raise BadTable("it was replaced or deleted while it was read, or may not be read: drop it again")
    return world.sheet(content) if file.name.casefold().endswith(".xlsx") else table.cells(content)


def _whose(codes: WrittenCodes | None, world: PlaceWorld, line: Line, *, is_told: bool) -> tuple[str, ...] | Flaw:
    """Give the code and guid of the product that a line is about; by its code or EAN, else by the file's name.

    `is_told`: where there is none, what was meant, perhaps, is searched for.
    """
    if codes is None:
        return Flaw(line.number, "the shop's catalogue is not there")
    if not line.code:
        held = placing.candidates(line.file, world.placing)
        verdict = placing.judge(line.file, {one: codes.found(one) for one in held}, world.placing)
        if isinstance(verdict, Placed):
            return verdict.code, verdict.guid
        refused = verdict or placing.unknown(line.file, held, codes.near_of(held) if is_told else (), world.placing)
        return Flaw(line.number, f"'{names.shortened(line.file)}': {refused.reason}")
    found = [row for row in codes.found(Candidate(line.code, "code", "")) if code_key(row.code) == code_key(line.code)]
    found = found or list(codes.found(Candidate(line.code, "ean", "")))
    if len({row.guid for row in found}) == 1:
        return found[0].code, found[0].guid
    if found:
        return Flaw(line.number, f"more than one product has the EAN '{names.shortened(line.code)}'")
    near = codes.near(line.code) if is_told else ()
    alike = " or ".join(f"{row.code} ({row.name})" for row in near[: placing.MOST_NAMED])
    perhaps = f"; is it {alike}?" if alike else ""
    return Flaw(line.number, f"no product has the code '{names.shortened(line.code)}'{perhaps}")


def _note(world: PlaceWorld, what: Table, before: ReadTable | None, rows: Rows, after: ReadTable, stop: float) -> bool:
    """Note what a table says of whom it says something else now, and have their galleries reconciled; whether that is all.

    Before a code's rows are written, the code is noted: whoever is killed in between leaves nothing that nobody finds.
    """
    noted = dict(before.codes) if before is not None else {}
    wanted = {code: _digest(said) for code, said in rows.items()}
    pending = [code for code in dict.fromkeys((*noted, *wanted)) if noted.get(code) != wanted.get(code)]
    for start in range(0, len(pending), CHUNK):
        these = pending[start : start + CHUNK]
        is_late = world.clock.now() >= stop
        being_written = {} if is_late else dict.fromkeys(these, "")
        tables.write(world.documents, replace(after, codes=noted | being_written, generation=tables.UNFINISHED))
        if is_late:
            return False
        world.spread(partial(_write, world, what, rows), these)
        world.spread(partial(_enqueue, world, what), these)
        done = {code: wanted.get(code) for code in these}
        noted = {code: digest for code, digest in (noted | done).items() if digest is not None}
    tables.write(world.documents, replace(after, codes=wanted))
    return True


def _enqueue(world: PlaceWorld, what: Table, code: str) -> None:
    world.queue.folder(names.encode_product(code), what.gallery, world.clock.now())


def _digest(said: Mapping[str, Row]) -> str:
    rows = sorted((name, row.priority, row.description, row.variant) for name, row in said.items())
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def _write(world: PlaceWorld, what: Table, rows: Rows, code: str) -> Noted:
    """Write what a table says under a code."""
    mine = rows.get(code)

    def decide(held: Noted) -> Noted:
        others = tuple(one for one in held.tables if (one.table, one.code) != (what.name, code))
        return replace(held, tables=(*others, Said(what.name, code, what.gallery, mine)) if mine else others)

    return placed.change(world.documents, placed.path(written_key(code)), decide)


def _tell(world: PlaceWorld, came: ReadTable) -> None:
    first = "; ".join(f"line {number}: {reason}" for number, reason in came.flaws[:MOST_SHOWN])
    more = f"; and {came.flawed - MOST_SHOWN} more" if came.flawed > MOST_SHOWN else ""
    said = f", {came.flawed} not: {first}{more}" if came.flawed else ""
    world.log.say(
        "WARNING" if came.flawed else "INFO",
        f"{names.shortened(came.name)}: {came.rows} rows taken{said}",
        rows=came.rows,
        flawed=came.flawed,
    )
