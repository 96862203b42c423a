"""Who sees what of the page, what its buttons do, and that nothing that anybody wrote becomes part of it."""

import csv
import io
import json
from html.parser import HTMLParser

import pytest

from gallery_sync.core import ledger_document
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import Entry, Failure, Hold, Live, Moved, Preparation, Receipt
from gallery_sync.core.links import form_token
from gallery_sync.core.names import thumbnail
from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_facts import Facts
from gallery_sync.pages.overview import MOST_NEEDS
from gallery_sync.pages.visit import COOKIE
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import links, open_galleries, operations, refusals, removed, shop_facts
from gallery_sync.state.refusals import RefusedDrop
from tests.unit.core.build import GUID, NOW, a_ledger, insertion, key, replace, shown, wanted
from tests.unit.pages.visits import GALLERY, SECRET, Site

GAVE_UP = Failure("gave-up", "given up after 5 tries: the job failed", NOW)
SCRIPT = "<script>alert(1)</script>"
OTHER = "11111111-7481-11e8-8216-002590dad85e"
POSTS = [f"{GALLERY}/{action}" for action in ("retry", "look", "release", "restore")]


def failed(file: str = "a.jpg", failure: Failure = GAVE_UP, **more: object) -> dict[str, Entry]:
    return {key(file): Entry(wanted(file), failure=failure, **more)}  # type: ignore[arg-type]


def held() -> dict[str, Entry]:
    return {key(f"{n}.jpg"): Entry(None, Live(f"{n}.jpg", "sum", 1)) for n in range(3)}


def a_site() -> Site:
    site = Site()
    site.keep(a_ledger(failed() | shown("b.jpg", "1.jpg", 100)))
    return site


@pytest.mark.parametrize("path", ["/", GALLERY, "/?q=x", f"{GALLERY}/thumbnail?key=a", "/nothing", "/leave"])
def test_without_a_link_there_is_nothing(path: str) -> None:
    site = a_site()
    answer = site.visit(path)
    assert answer.status_code == 403
    assert GUID not in answer.text
    assert "This page needs a link" in answer.text
    assert site.visit(path, method="POST").status_code == 403


def test_a_link_becomes_a_cookie_and_leaves_the_address() -> None:
    site = a_site()
    link = site.link()
    answer = site.visit(f"/l/{link.id}.{SECRET}")
    assert (answer.status_code, answer.headers["Location"], answer.text) == (303, "/", "")
    cookie = answer.headers["Set-Cookie"]
    for word in (f"{COOKIE}={link.id}.{SECRET}", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert site.visit("/", link).status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        f"{'a' * 16}.{'t' * 43}",
        f"{'b' * 16}.{SECRET}",
        f"{'a' * 16}.{SECRET}x",
        f"{'a' * 16}/{SECRET}",
        "../x",
    ],
)
def test_a_wrong_link_opens_nothing_and_sets_nothing(token: str) -> None:
    site = a_site()
    site.link()
    answer = site.visit(f"/l/{token}")
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers
    assert SECRET not in answer.text


def test_a_link_that_ended_or_was_revoked_opens_nothing() -> None:
    site = a_site()
    link = site.link(days=1)
    assert site.visit("/", link).status_code == 200
    links.revoke(site.documents, link.id)
    # An instance believes it for a few seconds.
    site.clock.at = NOW + 11
    assert site.visit("/", link).status_code == 403
    other = site.link(days=2, name="b" * 16)
    site.clock.at = NOW + 2 * DAY - 1
    assert site.visit("/", other).status_code == 200
    site.clock.at = NOW + 2 * DAY
    assert site.visit("/", other).status_code == 403


@pytest.mark.parametrize("path", POSTS)
def test_a_link_for_looking_changes_nothing(path: str) -> None:
    site = a_site()
    link = site.link("view")
    before = dict(site.documents.documents)
    assert "<button>Try again" not in site.visit("/", link).text
    answer = site.press(path, link, key=key("a.jpg"))
    assert answer.status_code == 403
    assert "for looking only" in answer.text
    assert (site.documents.documents, site.tasks.tasks) == (before, [])


def test_a_link_for_one_product_shows_no_other() -> None:
    site = a_site()
    refusals.record(site.documents, RefusedDrop("NOPE/1.jpg", "no-product", "there is none", NOW))
    mine, others = site.link(product=GUID), site.link(product=OTHER, name="b" * 16)
    assert "a.jpg" in site.visit("/", mine).text
    assert site.visit(GALLERY, mine).status_code == 200
    for path in ("/", "/?as=csv"):
        assert "a.jpg" not in site.visit(path, others).text
        assert "NOPE" not in site.visit(path, mine).text
    for path in (GALLERY, f"{GALLERY}/thumbnail?key={key('a.jpg')}"):
        assert site.visit(path, others).status_code == 404
    for path in POSTS:
        assert site.press(path, others, key=key("a.jpg")).status_code == 404
    assert site.tasks.tasks == []


def test_try_again_tries_what_failed_and_nothing_else() -> None:
    site = Site()
    site.keep(a_ledger(failed() | failed("c.jpg") | failed("d.jpg", Failure("unexplained", "perhaps", NOW))))
    link = site.link()
    answer = site.press(f"{GALLERY}/retry", link, key=[key("a.jpg"), key("d.jpg"), "drop:nothing"])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{GALLERY}?done=retry")
    entries = site.kept().entries
    # What may be in the shop under a name that nobody can explain would come twice.
    assert [entries[key(f"{n}.jpg")].failure is None for n in "acd"] == [True, False, False]
    assert site.kept().due_at == NOW
    assert len(site.tasks.tasks) == 1
    assert site.lines.read[-1]["by"] == f"link {link.id} (Jana)"
    again = site.press(f"{GALLERY}/retry", link, key=key("a.jpg"))
    assert again.headers["Location"].endswith("done=nothing")
    assert "It is tried again" in site.visit(f"{GALLERY}?done=retry", link).text


def test_what_is_released_is_what_was_shown() -> None:
    site = Site()
    keys = tuple(sorted(held()))
    site.keep(a_ledger(held(), hold=Hold(keys, 3, NOW)))
    link = site.link()
    assert "3 images would be deleted" in site.visit("/", link).text
    page = site.visit(GALLERY, link).text
    for name in ("0.jpg", "1.jpg", "2.jpg", "Delete these 3 images"):
        assert name in page
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    # Another list is held by now: nothing goes.
    site.keep(replace(site.kept(), hold=Hold(keys[:2], 3, NOW + 1)))
    assert site.press(f"{GALLERY}/release", link, stamp=stamp).headers["Location"].endswith("done=changed")
    assert site.kept().released == ()
    site.keep(replace(site.kept(), hold=Hold(keys, 3, NOW)))
    assert site.press(f"{GALLERY}/release", link, stamp=stamp).headers["Location"].endswith("done=release")
    assert (site.kept().released, site.kept().hold) == (keys, None)
    for stamp in ("", "ě", "x" * 1000):
        assert site.press(f"{GALLERY}/release", link, stamp=stamp).headers["Location"].endswith("done=changed")


def test_what_was_deleted_is_found_and_comes_back() -> None:
    site = a_site()
    operation = "0" * 32
    image = KeptImage("9.jpg", "removed/x/1.jpg", key("gone.jpg"), 100, SCRIPT)
    kept = Kept(operation, "0", GUID, "shop", NOW, "Lampa", SCRIPT, (image,))
    removed.write(site.documents, kept, 0)
    removed.write(site.documents, replace(kept, operation="1" * 32, guid=OTHER), 0)
    removed.write(site.documents, replace(kept, operation="2" * 32, images=(replace(image, restored="10.jpg"),)), 0)
    site.keep(replace(site.kept(), done=tuple(f"{digit * 32}/0" for digit in "0123")))
    link = site.link()
    page = site.visit(GALLERY, link).text
    assert "1 image was deleted on 2024-07-01 12:00 UTC" in page
    assert page.count("Bring them back") == 1
    assert "<script" not in page
    assert "Bring them back" not in site.visit(GALLERY, site.link("view", name="b" * 16)).text
    for stamp in ("1" * 32, "2" * 32, "3" * 32, ""):
        assert site.press(f"{GALLERY}/restore", link, stamp=stamp).headers["Location"].endswith("done=nothing")
    assert list(site.documents.list(operations.OPEN)) == []
    assert site.press(f"{GALLERY}/restore", link, stamp=operation).headers["Location"].endswith("done=restore")
    (open_one,) = site.documents.list(operations.OPEN)
    asked = operations.find(site.documents, open_one.path.removeprefix(operations.OPEN))
    assert asked is not None
    assert (asked.caller, asked.parts[0].kind, asked.parts[0].product) == (f"link {link.id} (Jana)", "restore", GUID)
    assert len(site.tasks.tasks) == 1


def test_a_look_is_a_task() -> None:
    site = a_site()
    answer = site.press(f"{GALLERY}/look", site.link())
    assert answer.headers["Location"].endswith("done=look")
    assert [json.loads(task.body)["check"] for task in site.tasks.tasks] == [True]


@pytest.mark.parametrize("path", POSTS)
def test_a_form_of_another_site_does_nothing(path: str) -> None:
    site = a_site()
    link = site.link()
    before = dict(site.documents.documents)
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://page.example"},
    ]
    for headers in foreign:
        data = {"token": form_token(link), "key": key("a.jpg")}
        assert site.visit(path, link, "POST", data=data, headers=headers).status_code == 403
    for token in ("", "x", form_token(replace(link, digest="0" * 64))):
        assert site.press(path, link, token=token, key=key("a.jpg")).status_code == 403
    assert site.visit(path, link, "POST", data=b"\xff" * 500_000).status_code == 400
    assert site.visit(path, link, "POST", data=b"\xff\xfe").status_code == 403
    assert (site.documents.documents, site.tasks.tasks) == (before, [])


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags = set[str]()
        self.attributes = set[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("language", ["en", "cs", "sk"])
def test_nothing_that_people_wrote_becomes_part_of_the_page(language: str) -> None:
    site = Site()
    name = f"\"'>{SCRIPT}.jpg"
    entry = Entry(
        replace(wanted(name), description=SCRIPT),
        Live(name, "sum", 1, variants=(SCRIPT,), receipt=Receipt("same", NOW)),
        failure=Failure("gave-up", SCRIPT, NOW),
        warning=SCRIPT,
        prepared=Preparation(1, "1-x", NOW, report=SCRIPT, warning=SCRIPT),
    )
    site.keep(a_ledger({key(name): entry}, hold=Hold((key(name),), 3, NOW)))
    refusals.record(site.documents, RefusedDrop(f"{SCRIPT}/1.jpg", "no-product", SCRIPT, NOW))
    shop_facts.note(site.documents, lambda _: Facts(originals={"shop": "https://shop.example/user/shop/orig/"}))
    link = site.link()
    for path in ("/", GALLERY, f"/?q={SCRIPT}", f"{GALLERY}?done={SCRIPT}", f"/{SCRIPT}"):
        answer = site.visit(path, link, headers={"Accept-Language": language})
        tags = Tags(answer.text)
        assert "script" not in tags.tags
        assert "style" not in tags.tags | tags.attributes
        assert not {name for name in tags.attributes if name.startswith("on")}
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert SECRET not in answer.text
        assert link.digest not in answer.text
        assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://shop.example/user/shop/orig/", True),
        ("http://127.0.0.1:8080/orig/", True),
        ("http://shop.example/orig/", False),
        ("https://shop.example; script-src *//", False),
        ("javascript:alert(1)//", False),
        ("", False),
    ],
)
def test_the_shops_own_pictures_are_shown_from_its_own_address_alone(address: str, allowed: bool) -> None:
    site = Site()
    site.keep(a_ledger(shown("b.jpg", "1.jpg", 100)))
    shop_facts.note(site.documents, lambda _: Facts(originals={"shop": address}))
    answer = site.visit(GALLERY, site.link())
    assert (f'src="{address}1.jpg"' in answer.text) == allowed
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count(";") == 5
    assert ("example" in policy or "127.0.0.1" in policy) == allowed


def test_a_table_holds_no_formula() -> None:
    site = Site()
    site.keep(a_ledger({"drop:A/shop/=1+1.jpg": Entry(wanted("=1+1.jpg"), failure=Failure("gave-up", "@cmd", NOW))}))
    refusals.record(site.documents, RefusedDrop("+1/2.jpg", "no-product", "-2", NOW))
    answer = site.visit("/?as=csv", site.link())
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["product", "gallery", "kind", "file", "code", "reason"]
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert [row[2] for row in rows[1:]] == ["failed", "refused"]


def test_a_program_gets_json_of_the_same() -> None:
    site = a_site()
    link = site.link()
    said = site.visit("/", link, headers={"Accept": "application/json"}).get_json()
    assert (said["needsTotal"], said["needs"][0]["code"], said["needs"][0]["mayTryAgain"]) == (1, "gave-up", True)
    page = site.visit(GALLERY, link, headers={"Accept": "application/json"}).get_json()
    assert [one["state"] for one in page["pictures"]] == ["failed", "live"]


@pytest.mark.parametrize(
    ("language", "says"), [("en", "Given up after 5 tries"), ("cs", "Několik pokusů"), ("sk", "Niekoľko pokusov")]
)
def test_reasons_are_in_the_readers_language(language: str, says: str) -> None:
    site = a_site()
    link = site.link()
    for path in ("/", GALLERY, "/?as=csv"):
        assert says in site.visit(path, link, headers={"Accept-Language": language}).text


def test_small_pictures_come_from_the_state_bucket() -> None:
    site = a_site()
    link = site.link()
    path = thumbnail(wanted("a.jpg").content.source, 1)
    assert site.visit(f"{GALLERY}/thumbnail?key={key('a.jpg')}", link).status_code == 404
    site.documents.write(path, b"a small picture", generation=0)
    answer = site.visit(f"{GALLERY}/thumbnail?key={key('a.jpg')}", link)
    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, b"a small picture", "image/jpeg")
    for other in ("", "drop:../token.json", "name:1.jpg"):
        assert site.visit(f"{GALLERY}/thumbnail?key={other}", link).status_code == 404


def test_a_page_asks_again_only_while_something_moves() -> None:
    site = Site()
    site.keep(a_ledger({key("a.jpg"): Entry(wanted("a.jpg"))}, due_at=NOW))
    link = site.link()
    for path in ("/", GALLERY):
        assert site.visit(path, link).headers["Refresh"] == "10"
    site.keep(a_ledger(shown("a.jpg", "1.jpg", 100)))
    for path in ("/", GALLERY):
        assert "Refresh" not in site.visit(path, link).headers


def test_one_link_does_not_take_the_page_from_others() -> None:
    site = a_site()
    one, other = site.link(), site.link(name="b" * 16)
    # Until it is known it counts with all strangers.
    assert site.visit("/", one).status_code == 200
    answers = [site.visit("/style.css", one).status_code for _ in range(5)]
    answers += [site.visit("/", one).status_code for _ in range(200)]
    assert answers.count(429) == 80
    assert "Too many requests" in site.visit("/", one).text
    assert site.visit("/", other).status_code == 200
    site.seconds += 1
    assert [site.visit("/", one).status_code for _ in range(25)].count(200) == 20


def test_guesses_have_one_rate_together_and_take_nothing_from_who_is_known() -> None:
    site = a_site()
    known = site.link()
    assert site.visit("/", known).status_code == 200
    guesses = [f"/l/{n:016x}.{SECRET}" for n in range(200)]
    reads = [site.visit(path).status_code for path in guesses]
    assert reads.count(429) >= 80
    assert site.visit("/", known).status_code == 200


def test_a_gallery_with_very_many_failures_makes_no_endless_page() -> None:
    site = Site()
    many: dict[str, Entry] = {}
    for n in range(400):
        many |= failed(f"{n}.jpg")
    site.keep(a_ledger(many))
    page = site.visit("/", site.link()).text
    assert "400 pictures need you" in page
    assert page.count("<li>") == MOST_NEEDS
    assert "These are the first of them" in page


def test_what_is_held_or_left_behind_is_told_by_a_listing_alone() -> None:
    keys = tuple(sorted(held()))
    behind = {"drop:B/shop/1.jpg": Entry(None, Live("1.jpg", "sum", 1))}
    moved = {"B": Moved(NOW, OTHER)}
    ledger = a_ledger(held() | behind, hold=Hold(keys, 3, NOW), moved=moved)
    said = open_galleries.of_ledger(ledger)
    assert said is not None
    assert (said.work, said.failed, said.held, said.left) == (False, 0, 3, 1)
    # So the daily listing of ledgers finds that a marker is missing which an earlier version did not write.
    assert open_galleries.listed_said(ledger_document.counts(ledger).metadata()) == said


def test_a_page_asks_less_often_where_very_much_is_under_way() -> None:
    site = Site()
    for n in range(1_000):
        guid = f"{n:08x}-7481-11e8-8216-002590dad85e"
        site.documents.write(f"open/galleries/{guid}/shop", b"{}", generation=0, metadata={"reconcile_at": "1"})
    answer = site.visit("/", site.link())
    assert answer.headers["Refresh"] == "20"
    assert "1000 galleries are being worked on" in answer.text


def test_each_state_of_a_picture_has_its_word() -> None:
    site = Site()
    flight = insertion({"c.jpg": 100})
    entries = {
        **shown("a.jpg", "1.jpg", 100),
        key("b.jpg"): Entry(wanted("b.jpg"), same_as=key("a.jpg")),
        key("c.jpg"): Entry(wanted("c.jpg")),
        key("d.jpg"): Entry(wanted("d.jpg")),
        key("e.jpg"): Entry(None, Live("5.jpg", "sum", 1)),
        key("f.jpg"): Entry(wanted("f.jpg"), Live("6.jpg", "sum-f.jpg-1", 1, state="gone")),
    }
    site.keep(a_ledger(entries, flight=flight))
    page = site.visit(GALLERY, site.link(), headers={"Accept": "application/json"}).get_json()
    states = {one["file"].rpartition("/")[2]: one["state"] for one in page["pictures"]}
    assert states == {
        "a.jpg": "live",
        "b.jpg": "same",
        "c.jpg": "under-way",
        "d.jpg": "waiting",
        "e.jpg": "file-gone",
        "f.jpg": "deleted",
    }


def test_what_is_left_behind_goes_when_a_person_says_so() -> None:
    site = Site()
    entries = {"drop:B/shop/1.jpg": Entry(None, Live("1.jpg", "sum", 1))}
    site.keep(replace(a_ledger(entries, moved={"B": Moved(NOW, OTHER, "Židle", "Lampa")}), prefixes=()))
    link = site.link()
    assert "belongs to another product" in site.visit("/", link).text
    page = site.visit(GALLERY, link).text
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    assert site.press(f"{GALLERY}/release", link, stamp=stamp).headers["Location"].endswith("done=release")
    assert site.kept().released == ("drop:B/shop/1.jpg",)


def test_a_ledger_or_a_link_that_nobody_can_read_is_told() -> None:
    site = a_site()
    link = site.link()
    path = ledger_document.path(GUID, "shop")
    site.documents.write(path, b"{", generation=site.documents.documents[path].generation)
    assert site.visit("/", link).status_code == 200
    assert site.visit(GALLERY, link).status_code == 500
    site.documents.write(f"{links.PREFIX}{'d' * 16}.json", b"{", generation=0)
    assert site.visit(f"/l/{'d' * 16}.{SECRET}").status_code == 403
    assert "is no link" in site.lines.text


def test_a_refusal_that_nobody_can_read_breaks_no_page() -> None:
    site = a_site()
    site.documents.write(f"{refusals.PREFIX}x.json", b"{", generation=0)
    page = site.visit("/", site.link())
    assert page.status_code == 200
    assert "It is not as gallery-sync wrote it" in page.text


def test_a_storage_that_does_not_answer_is_said() -> None:
    site = a_site()
    link = site.link()

    class Broken(type(site.documents)):  # type: ignore[misc]
        def list(self, prefix: str, *, start: str = "") -> object:
            raise StorageUnavailable("the storage does not answer")

    broken = Broken()
    broken.documents, broken.metadata = site.documents.documents, site.documents.metadata
    other = Site(documents=broken)
    answer = other.visit("/", link)
    assert (answer.status_code, "Not available now" in answer.text) == (503, True)


def test_leaving_forgets_the_link() -> None:
    site = a_site()
    answer = site.press("/leave", site.link("view"))
    assert answer.status_code == 303
    assert "Expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "path", ["/g", f"/g/{GUID}", f"/g/{GUID}/other", f"{GALLERY}/x", "/g/x/shop", f"{GALLERY}/retry"]
)
def test_there_is_nothing_else(path: str) -> None:
    site = a_site()
    assert site.visit(path, site.link()).status_code == 404
    assert site.visit("/", site.link(name="c" * 16), method="PUT").status_code == 405
