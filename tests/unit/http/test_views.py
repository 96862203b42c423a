"""What a gallery's listing says of files that are one picture, and of those that wait beside another with the same bytes."""

from gallery_sync.core.ledger import Content, Entry, Preparation, Wanted
from gallery_sync.http import views
from tests.unit.core.build import GUID, a_ledger, img, key, live, replace, shown, wanted


def test_other_spellings_of_a_picture_are_listed_with_it() -> None:
    (picture, entry), *_ = shown("a.jpg", "1.jpg", 100).items()
    spelled = {picture: replace(entry, also={"a/a.jpg": 2, "A/a.jpg": 1})}
    hidden = {key("b.jpg"): Entry(wanted("b.jpg"), live("b.jpg", "2.jpg", state="gone"), also={"A/b.jpg": 1})}
    view = views.gallery(GUID, "shop", [img("1.jpg", 100), img("foreign.jpg")], a_ledger(spelled | hidden))
    assert [(image.name, list(image.same_files)) for image in view.images] == [
        ("1.jpg", ["A/a.jpg", "a/a.jpg"]),
        ("foreign.jpg", []),
    ]
    assert [(other.key, list(other.same_files)) for other in view.others] == [(key("b.jpg"), ["A/b.jpg"])]


def test_a_file_that_waits_beside_its_twin_says_which_that_is() -> None:
    twin = {key("b.jpg"): Entry(wanted("b.jpg"), same_as=key("a.jpg"))}
    view = views.gallery(GUID, "shop", [img("1.jpg", 100)], a_ledger(shown("a.jpg", "1.jpg", 100) | twin))
    (other,) = view.others
    assert (other.key, other.state) == (key("b.jpg"), "waiting")
    assert other.reason == "it is the same picture as drop:A/shop/a.jpg, and takes its place when that file goes"


def test_what_was_done_to_a_file_is_listed_with_its_name_in_the_bucket() -> None:
    flat = "drop:A//A_1.png"
    entry = Entry(
        Wanted(Content("A//A_1.png", 1, "sum", 9), 0.0),
        live("A_1.png", "1.jpg", 100),
        warning="the priority is no number",
        prepared=Preparation(1, "recipe", 1.0, report="9 MB PNG 9000×6000 → 1 MB JPEG 4096×2731", warning="small"),
        also={"A//A_1.jpg": 1},
    )
    view = views.gallery(GUID, "shop", [img("1.jpg", 100), img("foreign.jpg")], a_ledger({flat: entry}))
    ours, foreign = view.images
    assert (ours.key, ours.file, list(ours.same_files)) == (flat, "A_1.png", ["A_1.jpg"])
    assert ours.prepared == "9 MB PNG 9000×6000 → 1 MB JPEG 4096×2731"
    assert ours.warning == "the priority is no number; small"
    assert (foreign.file, foreign.prepared, foreign.warning) == (None, None, None)
    (other,) = views.gallery(GUID, "shop", [], a_ledger({flat: replace(entry, prepared=None)})).others
    assert (other.file, other.prepared) == ("A_1.png", None)
