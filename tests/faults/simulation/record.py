"""What the ledgers said over time: seen at every write, for the checks and for the people in the shop."""

from dataclasses import dataclass, field

import msgspec

from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Entry, Flight, Ledger
from gallery_sync.state.codes import Code
from tests.faults.simulation.shop import Place


@dataclass
class Flown:
    """A flight, from when it was first seen in the ledger until it was there no more (infinite: it still is)."""

    place: Place
    flight: Flight
    began: float
    ended: float = float("inf")


@dataclass(frozen=True)
class Summary:
    """A document as a story tells it: put into words only when somebody reads."""

    path: str
    body: bytes

    def __str__(self) -> str:
        if ledger_document.parse_path(self.path) is None:
            return self.body.decode(errors="replace")
        ledger = ledger_document.decode(self.body, self.path)
        flight = ledger.flight
        lines = [
            f"fed by {list(ledger.prefixes)}",
            *(f"{key}: {_entry(entry)}" for key, entry in ledger.entries.items()),
        ]
        lines += [f"paused until {ledger.pause.until:.0f}: {ledger.pause.reason}"] if ledger.pause is not None else []
        lines += [f"asked: {intent}" for intent in ledger.intents]
        if flight is not None:
            carried = {k: (s.name or "new", s.generation, s.priority) for k, s in flight.images.items()}
            missed = "" if flight.first_miss is None else f", missing something, claimed {flight.claimed}"
            lines.append(f"{flight.id} ({flight.action}, {flight.job_id}{missed}): {carried}")
        return "".join(f"\n{'':40}{line}" for line in lines)


def _entry(entry: Entry) -> str:
    wanted, live = entry.wanted, entry.live
    said = [f"wants #{wanted.content.generation} {wanted.priority} {wanted.description}" if wanted else "wants nothing"]
    said += [f"{live.name}{' (gone)' if live.gone else ''} shows #{live.generation} {live.priority}"] if live else []
    said += [f"{entry.attempts} tries: {entry.last_reason}"] if entry.attempts else []
    said += [f"FAILED {entry.failure.code}"] if entry.failure is not None else []
    return ", ".join(said)


@dataclass
class Record:
    """Every flight there was, and every failure that any ledger held."""

    flown: dict[str, Flown] = field(default_factory=dict)
    failures: dict[str, set[str]] = field(default_factory=dict)
    current: dict[Place, Ledger] = field(default_factory=dict)
    codes: dict[str, list[tuple[float, str | None]]] = field(default_factory=dict)
    """What was written down of each code's document, and when."""

    def wrote(self, now: float, path: str, body: bytes | None) -> None:
        """Take note of a document that was written."""
        place = ledger_document.parse_path(path)
        if path.startswith("codes/") and body is not None:
            self.codes.setdefault(path, []).append((now, msgspec.json.decode(body, type=Code).guid))
        if place is None or body is None:
            return
        ledger = ledger_document.decode(body, path)
        before = self.current.get(place)
        old = before.flight if before is not None else None
        new = ledger.flight
        if old is not None and (new is None or new.id != old.id):
            self.flown[old.id].ended = now
        if new is not None and new.id not in self.flown:
            self.flown[new.id] = Flown(place, new, now)
        for key, entry in ledger.entries.items():
            if entry.failure is not None:
                self.failures.setdefault(key, set()).add(entry.failure.code)
        self.current[place] = ledger

    def flights_of(self, key: str) -> list[Flown]:
        """Give the flights that carried a key."""
        return [flown for flown in self.flown.values() if key in flown.flight.images]
