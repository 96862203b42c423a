"""Why something needs a person, and what to do, in the reader's words: by the code of a failure or refusal. Pure.

The engine writes its reasons in English, with names and numbers. In English they are shown as they are; in other languages the
sentence of the code is.
"""

from typing import Final


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


FAILURES: Final = {
    "unfit": _("The picture cannot be used as it is. Upload a better file under the same name."),
    "empty-file": _("The file is empty. Upload the picture again."),
    "gave-up": _("It was tried several times without success."),
    "refused": _("Shoptet refused the picture."),
    "no-product": _("There is no such product in the shop."),
    "delete-refused": _("Its file is gone, but Shoptet refused to delete the image."),
    "different": _("The shop shows another picture than the one that was sent. Look at the product in the shop."),
    "no-such-image": _("The image that it was to replace is not in the gallery."),
    "unexplained": _(
        "Images appeared in the gallery that nobody can tell from this one, so it was not sent again. Look at the gallery in the "
        "shop, delete what is double, and upload the file again."
    ),
    "bad-priority": _("Its order is no whole number from 1 to 65535."),
}
"""By the code of a failure (`core.ledger.Failure`)."""

PICTURES: Final = {
    "empty": _("The file is empty. Upload the picture again."),
    "no-picture": _("The file is not a picture. Upload the picture itself."),
    "cut-off": _("The picture is cut off: its upload ended too early. Upload the whole file again."),
    "damaged": _("The picture is damaged. Open it in an editor, save it anew, and upload that."),
    "too-many-pixels": _("The picture has more pixels than can be opened. Make it smaller, and upload it again."),
    "too-large": _("The picture takes too much memory or time to open. Make it smaller, and upload it again."),
    "too-many-bytes": _("The file is too large to be opened. Make it smaller, and upload it again."),
    "too-small": _("The picture is too small. Upload a larger one."),
    "unlike": _("Shoptet does not take this format. Save the picture as JPEG or PNG, and upload that."),
}
"""By what preparing a picture found (`core.recipe.REFUSED`)."""

REFUSALS: Final = {
    "no-product": _("There is no product with this code in the shop. Rename the folder or the file."),
    "unknown-code": _("There is no product with this code in the shop. Rename the folder or the file."),
    "ambiguous-name": _("The name fits more than one product. Put the file into the folder of the right one."),
    "longer-code": _("A longer code fits the name by now. Put the file into the folder of the right product."),
    "no-catalogue": _("The shop's products are not known yet. It is looked at again by itself."),
    "too-many-waiting": _("Too many files wait at once. It is looked at again by itself."),
    "gallery-full": _("The gallery has as many images as it can hold. Delete some, and upload the file again."),
    "too-many-folders": _("Too many folders belong to this product. Put the files into one of them."),
    "unknown-gallery": _("A product's folder holds pictures, or the folders shop and shop360. Move the file there."),
    "too-deep": _("The file lies in too many folders. Put it into the folder of its product."),
    "empty-folder": _("A folder in its name has no name. Rename it."),
    "bad-product": _("The folder's name is no code of a product. Rename it."),
    "hidden-file": _("Files whose names begin with a dot are no pictures. Nothing needs to be done."),
    "not-a-picture": _("The file is not a picture. Upload JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF or BMP."),
    "control-character": _("The name holds a character that cannot be seen. Rename the file."),
    "name-ends-in-slash": _("The name ends in a slash. Give the file a name."),
    "too-long": _("The name is too long. Give the file a shorter one."),
    "bad-table": _("The table could not be read. Save it anew as CSV or xlsx, with the column file."),
    "bad-archive": _("The ZIP could not be unpacked. Pack the pictures anew, without a password."),
    "left-out": _("Some files of the ZIP could not be taken. The others were."),
    "bad-document": _("A note of ours cannot be read. Delete it in the state bucket."),
    "not-yours": _("Your link is for another product."),
    "archive-stays": _("The ZIP was unpacked, but it could not be put aside. Delete it."),
}
"""By the code of a refusal (`state.refusals.RefusedDrop`)."""

OTHERWISE: Final = _("It could not be taken.")


def failure(code: str, picture: str = "") -> str:
    """Give the sentence of a failure (English, to be translated). `picture`: what preparing it found."""
    return PICTURES.get(picture) or FAILURES.get(code, OTHERWISE)


def refusal(code: str) -> str:
    """Give the sentence of a refusal (English, to be translated)."""
    return REFUSALS.get(code, OTHERWISE)
