"""What other systems ask over HTTP: pictures by URL, replacements, attributes, deletions, cleanups. Each until it is taken."""

from dataclasses import dataclass
from random import Random
from typing import Final

from gallery_sync.core.operation import AskedImage, Part
from tests.faults.simulation.client import POISON
from tests.faults.simulation.jobs import TOO_LARGE, Page
from tests.faults.simulation.requests import Request, request
from tests.faults.simulation.shop import Picture, Place, key_of
from tests.faults.simulation.universe import CALLERS_SECRET, Universe

KEYS: Final = ("front", "back")
HOST: Final = "https://pim.test/"


@dataclass(frozen=True)
class Wish:
    """A picture that was asked for by URL: the operation, the image's place in it, and what it should show."""

    operation: str
    index: int
    page: Page
    known: bool = True
    """Whether what it names was there when it was asked."""


@dataclass(frozen=True)
class Word:
    """Attributes that were asked for, for an image in the shop."""

    operation: str
    place: Place
    name: str
    owner: str | None
    priority: int | None
    description: str | None


@dataclass(frozen=True)
class Removal:
    """The deletion of one image: who was its owner then, and which generation of its file the ledger wanted."""

    operation: str
    place: Place
    name: str
    owner: str | None
    wanted: int | None


class Callers:
    """Every other system."""

    def __init__(self, universe: Universe, rng: Random) -> None:
        self._universe = universe
        self._rng = rng
        self._keeping = Random(f"keeping {universe.setting.seed}")
        self._pages = 0
        self.asked: dict[str, Part] = {}
        """What was asked, by the operation's id."""
        self.wishes: list[Wish] = []
        self.words: list[Word] = []
        self.removals: list[Removal] = []
        self.restored: list[str] = []
        """Of which requests somebody wanted back what they deleted."""
        self.cleanups: list[tuple[Place, str]] = []
        """Which galleries were to be cleaned, and the operation's id."""

    def insert(self, product: str, place: Place, files: int = 1) -> None:
        """Insert pictures by URL, under keys that may be in use already."""
        images, pages = [], []
        for key in self._rng.sample(KEYS, files):
            page = self._page(place, owner=f"url:{key}")
            pages.append(page)
            images.append(AskedImage(page.url, page.owner, None, *self._attributes()))
        self._want(Part("insert", product, place[1], tuple(images)), pages)

    def replace(self, product: str, place: Place) -> None:
        """Replace the picture of an image that is there, ours or not, by its name or its key; or of one that is not."""
        picture = self._one(place)
        if picture is None or self._rng.random() < 0.1:
            page = self._page(place, owner="url:nobody")
            self._want(Part("source", product, place[1], (AskedImage(page.url, page.owner),)), [page], known=False)
            return
        if picture.owner is not None and self._rng.random() < 0.5:
            page = self._page(place, owner=picture.owner)
            image = AskedImage(page.url, key_of(picture.owner), None, *self._attributes())
        else:
            page = self._page(place, owner=picture.owner, name=picture.name)
            image = AskedImage(page.url, None, picture.name, *self._attributes())
        self._want(Part("source", product, place[1], (image,)), [page])

    def describe(self, product: str, place: Place) -> None:
        """Change the attributes of an image, ours or not, by its name or its key."""
        picture = self._one(place)
        priority, description = self._attributes()
        if picture is None or (priority is None and description is None):
            return
        key = key_of(picture.owner) if picture.owner is not None and self._rng.random() < 0.5 else None
        name = picture.name if key is None else None
        self._universe.shop.to_be_described.add((place, picture.name))
        part = Part("attributes", product, place[1], (AskedImage(None, key, name, priority, description),))
        self.words.append(Word(self._ask(part), place, picture.name, picture.owner, priority, description))

    def delete(self, product: str, place: Place, *, remove_reference: bool) -> None:
        """Delete one image, ours or not."""
        u, picture = self._universe, self._one(place)
        if picture is None:
            return
        u.shop.to_be_deleted.add((place, picture.name))
        ledger = u.record.current.get(place)
        entry = ledger.entries.get(key_of(picture.owner)) if ledger is not None and picture.owner is not None else None
        wanted = entry.wanted.content.generation if entry is not None and entry.wanted is not None else None
        part = Part(
            "delete", product, place[1], name=picture.name, remove_reference=remove_reference, unkept=self._unkept
        )
        operation = self._ask(part)
        self.removals.append(Removal(operation, place, picture.name, picture.owner, wanted))
        self._perhaps_restore(operation)

    def clean(self, product: str, place: Place, *, remove_reference: bool, purge: bool) -> None:
        """Have a gallery cleaned."""
        self._universe.shop.to_be_cleaned.add(place)
        part = Part("clean", product, place[1], remove_reference=remove_reference, purge=purge, unkept=self._unkept)
        operation = self._ask(part)
        self.cleanups.append((place, operation))
        self._perhaps_restore(operation)

    def _perhaps_restore(self, operation: str) -> None:
        """Want back later what was deleted, at times; whoever asks too early is told that nothing was kept."""
        u, later = self._universe, self._keeping.random() * 3000.0
        if self._keeping.random() < 0.3:

            def ask() -> None:
                u.story.tell(u.now, "caller", "asks %s back", operation)
                self.restored.append(operation)
                u.call(Request("galleries", "POST", f"/v1/operations/{operation}/restore", None))

            u.scheduler.at(u.now + later, ask)

    @property
    def _unkept(self) -> bool:
        """Whether what is deleted need not be kept, as this caller says half of the time."""
        return self._keeping.random() < 0.5

    def look(self, product: str, place: Place) -> None:
        """Ask for a look at a gallery."""
        self._ask(Part("sync", product, place[1]))

    def again(self) -> None:
        """Send a request once more that was taken long ago, under its own id."""
        if self.asked:
            operation = self._rng.choice(sorted(self.asked))
            self._universe.repeat(operation)

    def _want(self, part: Part, pages: list[Page], *, known: bool = True) -> None:
        operation = self._ask(part)
        self.wishes += [Wish(operation, index, page, known) for index, page in enumerate(pages)]

    def _ask(self, part: Part) -> str:
        u = self._universe
        operation = u.send((part,)) if self._rng.random() < 0.4 else u.call(request(part))
        self.asked[operation] = part
        u.story.tell(u.now, "caller", "asks %s: %s", operation, part)
        return operation

    def _page(self, place: Place, owner: str | None, name: str | None = None) -> Page:
        self._pages += 1
        kind = self._rng.choices(("content", TOO_LARGE, POISON), (20, 1, 1))[0]
        # A signed URL: its query is a secret, and goes to Shoptet alone.
        url = f"{HOST}{self._pages}.jpg?{CALLERS_SECRET}"
        page = Page(place, url, f"{kind}-url-{self._pages}j", owner, name)
        self._universe.pages[url] = page
        return page

    def _attributes(self) -> tuple[int | None, str | None]:
        rng = self._rng
        return rng.choice((None, None, 20, 77, 300)), rng.choice((None, None, "asked", " asked  twice ", ""))

    def _one(self, place: Place) -> Picture | None:
        pictures = self._universe.shop.galleries[place]
        return self._rng.choice(pictures) if pictures else None
