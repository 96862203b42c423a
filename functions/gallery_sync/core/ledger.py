"""The ledger: one document a gallery that says what should be shown, what is shown, and what is under way. Pure.

Everything here is a frozen value, with the questions that are asked of it. `ledger_document` is its form in the state bucket;
what decides over it is in `observe`, `see`, `plan`, `match`, `settle` and `intents`.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from gallery_sync.core.checksums import is_same
from gallery_sync.core.names import DROP_KEY, object_of
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL, Gallery

Action = Literal["insert", "source", "attributes", "refer", "delete", "clean", "restore"]


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which bytes: the object and its generation. Two contents are the same picture where their checksums say so.

    `url`: `source` is not an object but a caller's URL, which Shoptet downloads itself. It may be a secret. Its `generation`
    is when it was asked for, in microseconds on the storage's clock: as an object's, it rises. `encoding`: the object's
    `contentEncoding`, which its copy has to have, too.
    """

    source: str
    generation: int
    checksum: str
    size: int
    url: bool = False
    encoding: str = ""


def generation_at(at: float) -> int:
    """Give the generation of a caller's URL that was asked for at this moment (epoch seconds)."""
    return int(at * 1_000_000)


def asked_at(content: Content) -> float:
    """Give when a caller's URL was asked for (epoch seconds)."""
    return content.generation / 1_000_000


class Wanted(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key should show. `created` is when the object's generation was created, on the storage's clock.

    `priority` is Shoptet's number itself where somebody asked for one; None is the natural order of names, or, where
    there is a `rank`, of ranks behind the dropped files: the order in which callers asked. `variant`: the codes of the variants
    that are to show it, as somebody wrote them (see references).
    """

    content: Content
    created: float
    priority: int | None = None
    description: str | None = None
    rank: float | None = None
    variant: str | None = None


def since(wanted: Wanted) -> float:
    """Give since when it is wanted (epoch seconds): a file since it was dropped, a caller's URL since it was asked for."""
    return asked_at(wanted.content) if wanted.content.url else wanted.created


LiveState = Literal["shown", "astray", "kept", "gone", "deleted"]
"""Where the image of a key is.

    shown     in the gallery
    astray    shown, but elsewhere than it belongs: the shop renumbers (see numbering)
    kept      shown, as a cleanup left it: a variant references it; so a deleted file does not take it along either
    gone      no longer shown, so a person deleted it in the shop; it comes back when its drop changes
    deleted   a caller had it deleted, whatever a listing that lags behind still shows
"""


class Picture(msgspec.Struct, frozen=True):
    """A picture's format (`jpeg`, `png` …), its size in pixels, its bytes, and the beginning of their SHA-256."""

    format: str
    width: int
    height: int
    bytes: int
    sha256: str


Saw = Literal["nothing", "same", "similar", "unsure", "different", "replaced"]
"""What the shop was seen to show for what was sent.

    nothing     not looked at yet, or not to be had
    same        the same pixels
    similar     the same picture, encoded again
    unsure      perhaps another one: for a person who wants to know
    different   another picture
    replaced    another picture, which a person put there since
"""


class Sighting(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one look at an image saw: `sent` is what we have, `shown` what the shop gave, `why` says why it gave nothing."""

    saw: Saw
    sent: Picture | None = None
    shown: Picture | None = None
    why: str = ""


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of looking at an image in the shop, `at` (epoch seconds): see Sighting. `tries` are those that saw nothing.

    `times_different`: how often it was another picture than the one that was sent; after the first time it is sent again.
    `before`: the SHA-256 of what the shop showed for the content before this one. If it shows that still, it is stale, however
    alike the two pictures are.
    """

    saw: Saw = "nothing"
    at: float = 0.0
    sent: Picture | None = None
    shown: Picture | None = None
    why: str = ""
    tries: int = 0
    times_different: int = 0
    before: str = ""


class Live(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the gallery was last seen to show for a key, and the attributes that we last sent.

    `seen`: when a flight of it was last seen to have ended well (epoch seconds). `place`: the number that orders it among ours,
    where another was sent (see numbering). `change_time` is Shoptet's, as it was last told. `adopted`: the shop had it before we
    ever sent it, and nothing took its place since; so a deleted file does not take it along. `receipt`: what the picture itself
    was seen to be, since its content landed. `made`: what was sent in place of the file, as it lay in the outbox. `variants`: the
    codes of the variants that we let show it.
    """

    name: str
    checksum: str
    generation: int
    priority: int | None = None
    description: str | None = None
    state: LiveState = "shown"
    seen: float = 0.0
    place: int | None = None
    change_time: str | None = None
    adopted: bool = False
    receipt: Receipt | None = None
    made: str = ""
    variants: tuple[str, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the gallery no longer shows it."""
        return self.state in ("gone", "deleted")


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a key failed for good: a code for programs, a reason for people. It ends when the drop changes."""

    code: str
    reason: str
    at: float
    request_id: str | None = None


class Override(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller asked instead of what the drop says. Each field holds until the drop says something else than `base`."""

    base: Wanted
    content: Content | None = None
    priority: int | None = None
    description: str | None = None


class Preparation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of preparing a file's content of this `generation`, `at` (epoch seconds): see preparing.

    `recipe` is the one by which it was done; empty: it was asked for. `path` is what was made, in the outbox; empty: the file
    itself goes. `refused`: why it is not sent (a code of `recipe.REFUSED`). `report` and `warning` are for people; `look`: see
    Verdict.
    """

    generation: int
    recipe: str = ""
    at: float = 0.0
    path: str = ""
    refused: str = ""
    report: str = ""
    warning: str = ""
    look: str = ""


MAY_BE_THERE: Final = "unexplained"
"""The code of a failure whose image may be shown under a name that nobody can explain."""


class Reference(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked of the product's variants for an image, as the product was last seen: the codes that they have there.

    `flaw`: what of it cannot be.
    """

    asked: str = ""
    codes: tuple[str, ...] = ()
    flaw: str = ""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key's two sides, and how its tries went. `batch` is how many images may fly with it (fewer after a refusal).

    `warning`: what is wrong with its file's metadata; the picture comes without that.
    `also`: other files that are the same picture, and do not count (see spellings): generations by name. `same_as`: the key
    whose picture has the same bytes, so that this one waits beside it (see twins).
    `unsure`: a change of its attributes was sent, and nobody knows whether it was made: they are sent again whatever they
    should be by now. `prepared`: what came of the preparation of its file, which is wanted or was sent last. `described`: the
    description that it has as long as nobody gives it one (see descriptions). `refers`: which variants are to show it.
    """

    wanted: Wanted | None = None
    live: Live | None = None
    attempts: int = 0
    not_before: float = 0.0
    last_reason: str | None = None
    batch: int = MAX_IMAGES_PER_CALL
    unsure: bool = False
    failure: Failure | None = None
    override: Override | None = None
    warning: str | None = None
    also: dict[str, int] = msgspec.field(default_factory=dict)
    same_as: str | None = None
    prepared: Preparation | None = None
    described: str | None = None
    refers: Reference | None = None


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image whose attributes a caller asked to change, by Shoptet's name or by our key."""

    name: str | None = None
    key: str | None = None
    priority: int | None = None
    description: str | None = None


Keep = Literal["", "due", "done"]
"""Whether what an intent would delete is kept before: it need not be, it is to be, it is."""


class Intent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a caller asked that is no picture: clean the gallery, delete one image (`name`), change attributes (`rows`), or
    let variants reference again what comes back (`rows`, from what was kept as `name`).

    `at` is when it was asked, on the storage's clock: files created up to then are out until they are dropped again.
    `before` are the names that the gallery listed when it was first tried, `attempts` how many answers were lost.
    `purge`: the files go as well. `kept_again`: how often something had changed since it was kept.
    """

    id: str
    kind: Literal["clean", "delete", "attributes", "restore"]
    at: float
    name: str | None = None
    rows: tuple[Row, ...] = ()
    remove_reference: bool = False
    purge: bool = False
    before: tuple[str, ...] | None = None
    attempts: int = 0
    keep: Keep = ""
    kept_again: int = 0


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a flight carries for one key.

    `source` is the outbox object that Shoptet downloads; `name` and `cdn_name` are of the image as the gallery listed it
    before; `change_times` are those that it was seen with, the listing's and (as that may lag behind) the last that was told.
    `place`: as in Live. `variants`: those that show the image afterwards, where that is what changes.
    """

    source: str = ""
    generation: int = 0
    checksum: str = ""
    priority: int | None = None
    description: str | None = None
    name: str | None = None
    cdn_name: str | None = None
    change_times: tuple[str, ...] = ()
    place: int | None = None
    variants: tuple[str, ...] | None = None


class Flight(msgspec.Struct, frozen=True, omit_defaults=True):
    """The one thing that a gallery is doing at Shoptet. Times are epoch seconds of our clocks.

    Nothing is sent after `send_until`. From `grace_until` on, what it waits for counts as lost: the call's answer, then the
    job's end, then a second listing. `before` are the names that the gallery listed when it started. The rest is what was
    learned once the job had ended: `errors` are Shoptet's words for single keys, `reason` those for all; `claimed` the names
    that were matched and `first_miss` the moment when a listing first lacked something, while a second listing is due;
    `unclear` are the names that nobody could explain then, in the gallery's order: their pictures may.
    `intent` is the id of the intent that the flight is for.
    """

    id: str
    action: Action
    started: float
    send_until: float
    grace_until: float
    images: dict[str, Snapshot]
    before: tuple[str, ...] = ()
    job_id: str | None = None
    job_created: str | None = None
    job_completed: str | None = None
    errors: dict[str, str] = msgspec.field(default_factory=dict)
    reason: str | None = None
    claimed: dict[str, str] = msgspec.field(default_factory=dict)
    first_miss: float | None = None
    unclear: tuple[str, ...] = ()
    intent: str | None = None


def request_order(flight: Flight) -> list[str]:
    """Give a flight's keys in the order of its call, which results refer to; a ledger that is read again has lost it."""
    return sorted(flight.images, key=lambda key: (flight.images[key].priority or 0, key))


class Pause(msgspec.Struct, frozen=True):
    """Why the whole gallery waits, and until when: Shoptet asked for it, or something has to be set right first."""

    until: float
    reason: str
    times: int


class Hold(msgspec.Struct, frozen=True):
    """Deletions that wait for a person's word, by key, since `at` (epoch seconds): see brake.

    `shown`: how many images the gallery showed before it lost any.
    """

    keys: tuple[str, ...]
    shown: int
    at: float


class Loss(msgspec.Struct, frozen=True):
    """How many images the gallery was to lose to deleted files since then (epoch seconds), beyond new ones in their place."""

    images: int
    since: float


class Moved(msgspec.Struct, frozen=True, omit_defaults=True):
    """Since when (epoch seconds) a folder's code does not mean this product, and what it means: another, or none (`guid` None).

    The products' names are for people: `here` is this one's, `name` the other's, as far as Shoptet told them.
    """

    at: float
    guid: str | None = None
    name: str | None = None
    here: str | None = None


class SeenAs(msgspec.Struct, frozen=True):
    """How Shoptet showed the whole gallery at a moment (epoch seconds), in few characters (`core.catalogue.fingerprint`)."""

    at: float
    fingerprint: str


class Ledger(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=2):
    """All that we know of one gallery. `prefixes` are the product's folders in the drop bucket that feed it.

    `due_at`: when it is to be reconciled next, at the earliest (epoch seconds); 0: nothing is open. A flight leaves it set
    when it ends, so that a run that dies right after leaves no work that nobody knows of. `done`: the ids of the intents
    that were run last; whoever comes late to ask for one of them asks in vain. `yields`: an intent was run last, so the next
    turn is that of the files. `hold`: deletions that wait for a person; `released` are the keys whose images may go with
    their files, `lost` what went so lately (see brake). `moved`: folders whose code does not mean this product any more, while
    that is of account (see folders). `order_rule`: the rule by which its images were put in order, see ORDER_RULE.
    `variants`: of its folders, which variant's each is ("": the product's own), as far as that is known (see spellings).
    `seen_as`: how the gallery looked when it was last asked for and had changed.
    """

    guid: str
    gallery: Gallery
    prefixes: tuple[str, ...] = ()
    entries: dict[str, Entry] = msgspec.field(default_factory=dict)
    flight: Flight | None = None
    intents: tuple[Intent, ...] = ()
    pause: Pause | None = None
    cleaned_at: float = 0.0
    due_at: float = 0.0
    done: tuple[str, ...] = ()
    yields: bool = False
    hold: Hold | None = None
    released: tuple[str, ...] = ()
    lost: Loss | None = None
    moved: dict[str, Moved] = msgspec.field(default_factory=dict)
    order_rule: int = 0
    variants: dict[str, str] = msgspec.field(default_factory=dict)
    seen_as: SeenAs | None = None


ORDER_RULE: Final = 1
"""0: the order of earlier versions. A gallery keeps it until something in it changes: no image moves by a new rule alone."""

MAX_DONE: Final = 150
"""How many intents are remembered as run; whoever asks for one again comes minutes later at most."""


def file_of(key: str, entry: Entry) -> str:
    """Name the file that a key's picture is of: the one that counts now, or that counted first."""
    wanted = entry.override.base if entry.override is not None else entry.wanted
    return wanted.content.source if wanted is not None and not wanted.content.url else key.removeprefix(DROP_KEY)


def object_name(key: str, entry: Entry) -> str:
    """Name a key's file as it lies in the drop bucket, for people."""
    return object_of(file_of(key, entry))


def description_of(entry: Entry) -> str:
    """Give the description that a key's image should have."""
    said = entry.wanted.description if entry.wanted is not None else None
    return (said if said is not None else entry.described) or ""


def is_shown(entry: Entry) -> bool:
    """Whether the gallery was last seen to show an image of the key."""
    return entry.live is not None and not entry.live.gone


def is_astray(entry: Entry) -> bool:
    """Whether the gallery shows an image of the key elsewhere than it belongs, or has to move it for one that it does."""
    return entry.live is not None and entry.live.state == "astray"


def is_abandoned(entry: Entry) -> bool:
    """Whether a key's image is shown, and its file is gone, or is another product's by now."""
    return entry.wanted is None and is_shown(entry) and entry.live is not None and entry.live.state != "kept"


def is_adopted(entry: Entry) -> bool:
    """Whether the gallery shows an image that the shop had before we ever sent it: it goes only if a person says so."""
    return is_shown(entry) and entry.live is not None and entry.live.adopted


def is_waiting(entry: Entry) -> bool:
    """Whether the key's content has still to be brought to the gallery."""
    return entry.failure is None and entry.same_as is None and needs_content(entry)


def needs_content(entry: Entry) -> bool:
    """Whether what is wanted differs from what is shown.

    An image that a person deleted in the shop is wanted again only with another generation: people in the shop win.
    """
    if entry.wanted is None:
        return False
    if entry.live is None:
        return True
    if entry.live.gone:
        return entry.wanted.content.generation != entry.live.generation
    return is_stale(entry) or not is_same(entry.wanted.content.checksum, entry.live.checksum)


def is_stale(entry: Entry) -> bool:
    """Whether the shop was seen to show another picture than was sent, for the first time: it is sent again."""
    receipt = entry.live.receipt if entry.live is not None and is_shown(entry) else None
    return receipt is not None and receipt.saw == "different" and receipt.times_different == 1


def without_image(entry: Entry) -> Entry:
    """Give an entry whose picture was to replace an image by its name that the gallery does not have: never insert it."""
    if entry.wanted is None or entry.live is None:
        return entry
    reason = f"the gallery has no image '{entry.live.name}'"
    failure = Failure("no-such-image", reason, entry.wanted.created)
    return msgspec.structs.replace(entry, live=msgspec.structs.replace(entry.live, state="gone"), failure=failure)


def failed(entry: Entry, code: str, reason: str, now: float, request_id: str | None = None) -> Entry:
    """Give an entry that failed for good, with its reason; it ends when the drop changes."""
    return msgspec.structs.replace(entry, failure=Failure(code, reason, now, request_id), not_before=0.0)


def wanting(
    entry: Entry, wanted: Wanted | None, *, failure: Failure | None = None, override: Override | None = None
) -> Entry:
    """Give an entry that wants something else than before: its tries begin anew, what is shown stays."""
    warning, also = (entry.warning, entry.also) if wanted is not None else (None, {})
    return Entry(
        wanted,
        entry.live,
        unsure=entry.unsure,
        failure=failure,
        override=override,
        warning=warning,
        also=also,
        prepared=entry.prepared,
        described=entry.described if wanted is not None else None,
        refers=entry.refers,
    )


def reconcile_at(ledger: Ledger) -> float:
    """By when this gallery is to be reconciled (epoch seconds); 0 where nothing is open."""
    if ledger.flight is not None:
        return ledger.flight.grace_until
    pause = ledger.pause.until if ledger.pause is not None else 0.0
    # An entry that waits for another try is open whatever it is for: content, attributes or a deletion.
    open_entries = [e for e in ledger.entries.values() if is_waiting(e) or (e.failure is None and e.not_before)]
    # So does what has to be prepared.
    waiting = [max(e.not_before, pause, ledger.due_at if _is_prepared_first(e) else 0.0) for e in open_entries]
    # What has to be kept first waits for that, and the gallery comes back to it at `due_at`.
    waiting += [max(ledger.due_at, pause) if intent.keep == "due" else pause for intent in ledger.intents]
    waiting += [max(ledger.due_at, pause)] if ledger.due_at else []
    return max(1.0, min(waiting)) if waiting else 0.0


def _is_prepared_first(entry: Entry) -> bool:
    """Whether an entry waits for the preparation of its file, which was asked for."""
    return entry.prepared is not None and not entry.prepared.recipe and is_waiting(entry)


def with_entries(ledger: Ledger, changed: Mapping[str, Entry]) -> Ledger:
    """Give the ledger with these entries changed; an entry that says nothing any more is dropped."""
    merged = {**ledger.entries, **changed}
    kept = {key: entry for key, entry in merged.items() if entry.wanted is not None or entry.live is not None}
    return msgspec.structs.replace(ledger, entries=kept)
