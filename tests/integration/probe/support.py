"""A probe over the real client, at a sandbox whose time it passes itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.originals import Originals
from gallery_sync.shoptet.results import Results
from infra.cli.probe.costs import Costs
from infra.cli.probe.questions import rows
from infra.cli.probe.run import PATH, Seen, World, probe
from infra.local.sandbox import make_app
from infra.local.serving import served
from tests.contract.sandbox.support import MUG, TOKEN, Api, Files, quick
from tests.unit.http.memory import Memory

REAL_SHARE, REAL_MOST = 0.005, 0.3
"""A pause takes this share of its seconds, and so many at most, so that the sandbox's own threads get on."""


class PassingClock:
    """The sandbox's clock, which passes when somebody sleeps."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._ahead += seconds
            self._api.advance(seconds)
            time.sleep(min(seconds * REAL_SHARE, REAL_MOST))


@dataclass
class FileStore:
    """The probe's pictures at a server of the test's own."""

    files: Files
    names: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes, content_type: str) -> str:
        assert content_type.startswith("image/")
        self.names.append(name)
        return self.files.put(name, content)

    def clear(self) -> None:
        for name in self.names:
            self.files.files.pop(name, None)
        self.names.clear()


@dataclass
class Bench:
    """A shop, and what a probe works with there."""

    api: Api
    world: World
    documents: Memory
    store: FileStore
    costs: Costs
    said: list[str]

    def probe(self, gallery: Gallery = "shop", *, large: bool = False) -> Seen:
        return probe(self.world, MUG, gallery, large=large, visible=True)

    def found(self, *, large: bool = False) -> dict[str, str]:
        """What is found, by the question."""
        return {row.asks: row.found for row in rows(self.probe(large=large))}

    def is_as_before(self) -> bool:
        """Whether nothing is left of a probe: no image, no picture, no mark."""
        shown = self.api.control("GET", "galleries")[MUG]
        return (
            not any(shown[gallery] for gallery in GALLERIES) and not self.store.names and not self.documents.read(PATH)
        )


@contextmanager
def opened(**switches: object) -> Iterator[Bench]:
    """Give a shop with these switches."""
    with served(lambda: make_app(quick(**switches))) as url, Files().open() as files:
        api = Api(url)
        api.register()
        clock, documents, costs, store = PassingClock(api), Memory(), Costs(), FileStore(files)
        # The product itself was made long ago.
        clock.sleep(100)
        session = requests.Session()
        session.mount("http://", costs)
        http = Http(url, PrivateToken(TOKEN), session, clock)
        said: list[str] = []
        world = World(
            shop=Shoptet(http, Results(session, clock, api_url=url)),
            documents=documents,
            store=store,
            clock=clock,
            originals=lambda address: Originals(session, clock, address),
            say=said.append,
            new_id=lambda: "p1",
        )
        yield Bench(api, world, documents, store, costs, said)
