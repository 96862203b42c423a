"""Hostile names on the whole way: dropped, named, looked at, copied, sent, and shown; or refused with a reason.

Everything is real but the processes: Google's client and the local storage, the look through a task's body, the sandbox
that downloads the copy by its signed URL.
"""

import io
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.signing import IamSigner, UrlSigner
from gallery_sync.cloud.storage import BucketBin, BucketDocuments, BucketDrops, BucketOutbox
from gallery_sync.core import names
from gallery_sync.core.events import BadEvent
from gallery_sync.core.events import parse as parse_event
from gallery_sync.core.plan import Policy
from gallery_sync.core.schedule import Timing
from gallery_sync.log import Log
from gallery_sync.ports.queue import parse_task
from gallery_sync.shoptet.auth import PrivateToken
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.results import Results
from gallery_sync.state import codes, refusals
from gallery_sync.work.drop import drop
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.world import ReconcileWorld
from infra.local.sandbox import make_app
from infra.local.serving import served
from infra.local.storage.client import LOCAL_EMAIL, local_client
from infra.local.storage.server import storage_app
from tests.abuse.hostile import CODES, FILES, HALVES, NO_OBJECT, REFUSED, TWINS
from tests.contract.sandbox.support import picture, quick
from tests.unit.core.build import RecordingTasks, queue_into

FINALIZED = "google.cloud.storage.object.v1.finalized"
PNG = picture()


@dataclass
class Shop:
    """A drop bucket, a state bucket and a shop, with everything that works between them, in this process."""

    storage: Client
    sandbox: str
    lines: io.StringIO = field(default_factory=io.StringIO)
    tasks: RecordingTasks = field(default_factory=RecordingTasks)

    def world(self) -> ReconcileWorld:
        clock, session = SystemClock(), requests.Session()
        drops, state = self.storage.bucket("drops"), self.storage.bucket("state")
        signer = IamSigner(AuthorizedSession(AnonymousCredentials()), LOCAL_EMAIL, clock, self.storage.api_endpoint)
        http = Http(self.sandbox, PrivateToken("sandbox-private-token"), session, clock)
        return ReconcileWorld(
            documents=BucketDocuments(state),
            queue=queue_into(self.tasks),
            clock=clock,
            log=Log("sync_gallery", self.lines),
            timing=Timing(),
            shop=Shoptet(http, Results(session, clock, api_url=self.sandbox)),
            drops=BucketDrops(drops),
            bin=BucketBin(drops, state),
            outbox=BucketOutbox(drops, state, UrlSigner(state, signer, 600, self.storage.api_endpoint)),
            policy=Policy(False, False),
            max_attempts=2,
            new_id=lambda: uuid.uuid4().hex[:16],
        )

    def upload(self, name: str, body: bytes = PNG) -> int:
        """Drop a file; gives its generation."""
        blob = self.storage.bucket("drops").blob(name)
        blob.upload_from_string(body, content_type="image/png")
        return int(blob.generation or 0)

    def dropped(self, name: str, size: int) -> bytes:
        """What `on_drop` makes of the event, which comes as JSON: the body of the task that it enqueues."""
        data = json.loads(json.dumps({"bucket": "drops", "name": name, "size": str(size)}))
        tasks = RecordingTasks()
        drop(parse_event(FINALIZED, data, "drops"), queue_into(tasks), SystemClock(), Log("on_drop", self.lines))
        (task,) = tasks.tasks
        return task.body

    def product(self, code: str) -> str:
        guid = str(uuid.uuid4())
        added = {"guid": guid, "name": "A", "code": code}
        requests.post(f"{self.sandbox}/_control/products", json=added, timeout=10).raise_for_status()
        return guid

    def shown(self, guid: str, gallery: str = "shop") -> list[dict[str, Any]]:
        found = requests.get(f"{self.sandbox}/_control/galleries", timeout=10).json()
        images: list[dict[str, Any]] = found[guid][gallery]
        return images

    def log(self) -> list[dict[str, Any]]:
        """The lines so far: each must be one JSON object."""
        return [json.loads(line) for line in self.lines.getvalue().split("\n")[:-1]]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    config = quick(products=())
    with served(lambda: storage_app(["drops", "state"])) as storage, served(lambda: make_app(config)) as sandbox:
        shop = Shop(local_client(storage), sandbox)
        shop.world().shop.jobs(created_from=0.0)
        shoptet = shop.world().shop
        assert isinstance(shoptet, Shoptet)
        shoptet.register_webhook("job:finished", "http://127.0.0.1:8080/")
        yield shop
        assert "Traceback" not in shop.lines.getvalue()


def goes_all_the_way(shop: Shop, name: str, guid: str) -> None:
    """A name is a picture's, and that picture is in the gallery in the end, under this name everywhere."""
    generation, world = shop.upload(name), shop.world()
    (listed,) = [file for file in world.drops.list(name) if file.name == name]
    meaning = names.parse(listed.name, listed.size)
    assert isinstance(meaning, names.Drop), meaning
    assert (listed.generation, meaning.key) == (generation, f"drop:{name}")

    look = parse_task(shop.dropped(name, len(PNG)))
    assert (look.prefix, look.gallery) == (meaning.prefix, meaning.gallery)
    reconcile(world, look)
    held = world.ledgers.read(guid, meaning.gallery).ledger
    assert held.prefixes == (meaning.prefix,)
    assert held.flight is not None, (name, shop.log()[-3:])
    assert set(held.flight.images) == {meaning.key}
    copy = shop.storage.bucket("state").blob(names.outbox(name, generation))
    assert (copy.download_as_bytes(), copy.content_type) == (PNG, names.content_type(meaning.file))

    job = held.flight.job_id or ""
    until = time.monotonic() + 10
    while not world.shop.job(job).ended and time.monotonic() < until:
        time.sleep(0.02)
    ended = type(look)(meaning.gallery, guid=guid, job=job)
    reconcile(world, ended)
    entries = world.ledgers.read(guid, meaning.gallery).ledger.entries
    assert set(entries) == {meaning.key}
    live = entries[meaning.key].live
    assert live is not None
    assert [image["name"] for image in shop.shown(guid, meaning.gallery)] == [live.name]


@pytest.mark.parametrize("what", FILES)
def test_a_file_with_a_hostile_name_is_a_picture_like_any_other(shop: Shop, what: str) -> None:
    guid = str(uuid.uuid4())
    requests.post(
        f"{shop.sandbox}/_control/products", json={"guid": guid, "name": "A", "code": f"P-{guid[:8]}"}, timeout=10
    ).raise_for_status()
    goes_all_the_way(shop, f"{guid}/shop/{FILES[what]}", guid)


@pytest.mark.parametrize("twins", TWINS, ids=ascii)
def test_codes_that_only_look_or_sound_alike_each_have_their_own_product(shop: Shop, twins: tuple[str, str]) -> None:
    """Whether Shoptet takes them for one is Shoptet's to say: what it said of one is never believed of the other."""

    class Products:
        def guid_of(self, code: str) -> str:
            return f"guid-of-{twins.index(code)}"

    products: Any = Products()
    known = codes.Codes(shop.world().documents, products, SystemClock(), Timing())
    for _ in range(2):
        assert [known.guid_of(code) for code in twins] == ["guid-of-0", "guid-of-1"]


def test_a_product_with_a_hostile_code_is_found_and_never_taken_for_another(shop: Shop) -> None:
    guids = {what: shop.product(code) for what, code in CODES.items()}
    assert len(set(guids.values())) == len(CODES)
    paths = {}
    for what, code in CODES.items():
        name = names.build(code, "shop", "1.png")
        goes_all_the_way(shop, name, guids[what])
        paths[what] = codes.path(code)
        assert shop.storage.bucket("state").blob(paths[what]).exists(), what
        assert paths[what].count("/") == 1
        assert codes.known_guid(shop.world().documents, code) == guids[what]
    assert len(set(paths.values())) == len(CODES)
    assert all(len(path.encode()) <= 1024 for path in paths.values())


@pytest.mark.parametrize("what", REFUSED)
def test_a_name_that_means_no_picture_is_refused_with_a_reason_for_a_person(shop: Shop, what: str) -> None:
    name, world, before = REFUSED[what], shop.world(), len(shop.log())
    shop.upload(name)
    look = parse_task(shop.dropped(name, len(PNG)))
    assert look.refused == name
    reconcile(world, look)
    (refused,) = [one for one in refusals.read_all(world.documents) if one.name == name]
    assert 20 <= len(refused.reason) <= 300, refused
    assert refused.reason == " ".join(refused.reason.splitlines())
    (line,) = shop.log()[before:]
    # The whole reason is in the line, however long the name is; only what cannot be printed is left out.
    assert line["message"].endswith(refused.reason[-40:].strip())
    assert line["code"] == refused.code
    assert not set(line["message"]) & set("\n\r\x00\x1b\u2028\u202e")

    shop.storage.bucket("drops").blob(name).delete()
    reconcile(world, look)
    assert not [one for one in refusals.read_all(world.documents) if one.name == name]


@pytest.mark.parametrize("what", NO_OBJECT)
def test_what_is_no_objects_name_is_refused_by_the_storage_already(shop: Shop, what: str) -> None:
    with pytest.raises(BadRequest):
        shop.upload(NO_OBJECT[what])


@pytest.mark.parametrize("half", HALVES, ids=ascii)
def test_half_a_character_gets_no_further_than_its_event(shop: Shop, half: str) -> None:
    for name in (f"A/{half}.png", f"{half}/a.png", half):
        with pytest.raises(BadEvent, match="its name is no UTF-8"):
            shop.dropped(name, 1)
        meaning = names.parse(name, 1)
        assert isinstance(meaning, names.Refusal)
    before = len(shop.log())
    Log("on_drop", shop.lines).say("ERROR", half, name=half)
    assert len(shop.log()) == before + 1
    shop.lines.getvalue().encode()


def test_two_names_that_look_alike_are_two_pictures_but_for_the_form_of_unicode(shop: Shop) -> None:
    guid, world = shop.product(f"TWINS-{uuid.uuid4().hex[:6]}"), shop.world()
    files = [*(FILES[what] for what in ("NFC", "NFD", "look-alikes", "zero-width space")), "front.png", "Front.png"]
    for number, file in enumerate(files):
        shop.upload(f"{guid}/shop/{file}", PNG + bytes([number]))
    reconcile(world, parse_task(shop.dropped(f"{guid}/shop/front.png", len(PNG))))
    flight = world.ledgers.read(guid, "shop").ledger.flight
    assert flight is not None
    assert len(flight.images) == len({shot.source for shot in flight.images.values()}) == 5
    assert f"drop:{guid}/shop/{FILES['NFC']}" not in flight.images
