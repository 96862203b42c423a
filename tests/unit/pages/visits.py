"""The page over documents in memory, visited through Flask's own test client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from flask import Flask, Response, request
from werkzeug.test import TestResponse

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.links import Link, Right, digest, form_token
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, Placing, read_patterns
from gallery_sync.core.schedule import DAY
from gallery_sync.pages.rates import Rates
from gallery_sync.pages.site import respond
from gallery_sync.pages.visit import COOKIE, Service
from gallery_sync.state import links
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.work.world import PageWorld
from tests.unit.core.build import GUID, NOW, TIMING, FixedClock, Lines, RecordingTasks, queue_into
from tests.unit.http.memory import Memory

SECRET = "s" * 43
GALLERY = f"/g/{GUID}/shop"


class Clock(FixedClock):
    """A clock that a test can set."""

    at = NOW

    def now(self) -> float:
        return self.at


PLACING = Placing(read_patterns(DEFAULT_PATTERNS))


class Files:
    """`ports.Drops` and `ports.Moves`: the files that are in the bucket, by name."""

    def __init__(self) -> None:
        self.files: dict[str, BucketFile] = {}

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        assert prefix, "the page lists no whole bucket"
        return iter([file for name, file in sorted(self.files.items()) if name.startswith(prefix)])

    def move(self, file: BucketFile, to: str) -> bool:
        if to in self.files or self.files.get(file.name) != file:
            return False
        self.files[to] = replace(self.files.pop(file.name), name=to)
        return True

    def find(self, name: str) -> BucketFile | None:
        return self.files.get(name)


@dataclass
class Uploads:
    """`ports.Uploads`: notes which were begun."""

    begun: list[tuple[str, int, str, Mapping[str, str]]] = field(default_factory=list)

    def begin(self, name: str, size: int, *, origin: str, metadata: Mapping[str, str]) -> str:
        self.begun.append((name, size, origin, metadata))
        return f"https://storage.googleapis.com/upload?upload_id={len(self.begun)}"


@dataclass
class Site:
    """The page, and what it works with. `seconds` is the clock of its rates."""

    documents: Memory = field(default_factory=Memory)
    tasks: RecordingTasks = field(default_factory=RecordingTasks)
    lines: Lines = field(default_factory=Lines)
    clock: Clock = field(default_factory=Clock)
    drops: Files = field(default_factory=Files)
    uploads: Uploads = field(default_factory=Uploads)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        world = PageWorld(
            drops=self.drops,
            uploads=self.uploads,
            moves=self.drops,
            placing=PLACING,
            documents=self.documents,
            queue=queue_into(self.tasks),
            clock=self.clock,
            log=self.lines.log,
            timing=TIMING,
        )
        self.service = Service(lambda: world, rates=Rates(lambda: self.seconds))
        self.app = Flask("page")
        self.app.add_url_rule(
            "/", "page", lambda **_: self._answer(), defaults={"path": ""}, methods=["GET", "POST", "PUT"]
        )
        self.app.add_url_rule("/<path:path>", "pages", lambda **_: self._answer(), methods=["GET", "POST", "PUT"])

    def _answer(self) -> Response:
        return respond(request, self.service)

    def link(self, right: Right = "manage", product: str = "", days: float = 1, name: str = "a" * 16) -> Link:
        """Make a link."""
        link = Link(name, digest(SECRET), right, NOW, NOW + days * DAY, product, "Jana")
        links.create(self.documents, link)
        return link

    def visit(self, path: str = "/", link: Link | None = None, method: str = "GET", **more: object) -> TestResponse:
        """Ask as a browser does that came by this link."""
        client = self.app.test_client()
        if link is not None:
            client.set_cookie(COOKIE, f"{link.id}.{SECRET}", secure=True, domain="page.example")
        return client.open(path, method=method, base_url="https://page.example", **more)  # type: ignore[arg-type]

    def press(self, path: str, link: Link, *, token: str | None = None, **form: object) -> TestResponse:
        """Press a button: send its form, from a page of this site."""
        headers = {"Origin": "https://page.example", "Sec-Fetch-Site": "same-origin"}
        data = {"token": form_token(link) if token is None else token, **form}
        return self.visit(path, link, "POST", data=data, headers=headers)

    def keep(self, ledger: Ledger) -> None:
        """Write a ledger down, with its marker."""
        ledgers = Ledgers(self.documents, self.clock)
        ledgers.write(ledgers.read(ledger.guid, ledger.gallery), ledger)

    def kept(self) -> Ledger:
        """The gallery's ledger as it is now."""
        return Ledgers(self.documents, self.clock).read(GUID, "shop").ledger
