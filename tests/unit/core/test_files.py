"""A listing of the drop bucket: which of its objects are pictures, and of which gallery."""

from gallery_sync.core import files
from gallery_sync.core.files import BucketFile, DropFile
from gallery_sync.core.names import Drop, Folder, Refusal
from tests.unit.core.build import NOW

PICTURE = BucketFile("A/shop/a.jpg", 7, "sum", 1000, NOW, {"priority": "5"})
OTHER = BucketFile("A/shop360/b.jpg", 8, "sum-b", 1000, NOW)
FOLDER = BucketFile("A/shop/", 9, "none", 0, NOW)
NOTES = BucketFile("A/shop/notes.txt", 10, "sum-n", 5, NOW)


def test_a_picture_is_read_with_all_that_the_listing_says_of_it() -> None:
    drop = Drop("A/shop/a.jpg", "A", "A", "shop", "a.jpg")
    assert files.read(PICTURE) == DropFile(drop, 7, "sum", 1000, NOW, {"priority": "5"})


def test_what_is_no_picture_is_a_folder_or_refused() -> None:
    assert files.read(FOLDER) == Folder("A/shop/")
    refusal = files.read(NOTES)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not-a-picture"


def test_a_gallerys_files_are_the_pictures_whose_names_say_so() -> None:
    listing = [FOLDER, OTHER, NOTES, PICTURE]
    assert [file.drop.name for file in files.of_gallery(listing, "shop")] == ["A/shop/a.jpg"]
    assert [file.drop.name for file in files.of_gallery(listing, "shop360")] == ["A/shop360/b.jpg"]
    assert list(files.of_gallery([], "shop")) == []
