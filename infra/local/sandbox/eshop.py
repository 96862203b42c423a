"""What the shop says of itself, and its own site, where its pictures are: docs/shoptet.md, "Image cuts"."""

import io

from PIL import Image as Pillow
from PIL import ImageOps

from infra.local.sandbox.answers import Answer, Call, Json
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.pictures import Picture
from infra.local.sandbox.products import Image
from infra.local.sandbox.state import Sandbox

SIZES: dict[str, tuple[int, int] | None] = {
    "orig": None,
    "big": (1024, 768),
    "detail": (360, 270),
    "category": (216, 105),
    "related": (64, 48),
}
"""Each cut's size in pixels; that of the original is its own."""
QUALITY = 85
"""Of what the shop encodes again."""
FORMATS = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "webp": "WEBP"}


def eshop_info(sandbox: Sandbox, call: Call) -> Answer:
    """The shop's own data; with `include=imageCuts` where its pictures are."""
    data: Json = {
        "contactInformation": _contact(sandbox.config, call.origin),
        "settings": _settings(),
        "currencies": [],
        "taxClasses": [],
        "activeModules": [],
        "urls": [{"ident": "homepage", "url": f"{call.origin}/"}],
    }
    if "imageCuts" in str(call.query.get("include", "")).split(","):
        data["imageCuts"] = [
            {
                "name": name,
                "width": size and size[0],
                "height": size and size[1],
                "urlPath": f"{call.origin}/user/shop/{name}/",
                "cdnPath": f"{call.origin}/cdn/user/shop/{name}/",
            }
            for name, size in SIZES.items()
        ]
    return Answer(data)


def find_original(sandbox: Sandbox, name: str) -> Image | None:
    """The image of this name: Shoptet's names are the shop's, not a product's. Those of `shop360` only where they are here."""
    galleries = ("shop", "shop360") if sandbox.config.originals_of_both else ("shop",)
    products = sandbox.shop.products.values()
    return next((p.galleries[g][name] for p in products for g in galleries if name in p.galleries[g]), None)


def original(picture: Picture, config: SandboxConfig) -> bytes:
    """A picture in its original resolution, as this shop gives it out (CPU-heavy for a large one)."""
    if not config.originals_encoded_again and not config.originals_turned:
        return picture.content
    with Pillow.open(io.BytesIO(picture.content)) as opened:
        turned = ImageOps.exif_transpose(opened) if config.originals_turned else opened.copy()
        target = io.BytesIO()
        turned.save(target, FORMATS[picture.extension], quality=QUALITY)
    return target.getvalue()


def _contact(config: SandboxConfig, url: str) -> Json:
    known = {
        "eshopId": config.eshop_id,
        "eshopName": "Sandbox",
        "url": url,
        "eshopTitle": "Sandbox",
        "email": "shop@shop.example",
    }
    others = (
        "eshopCategory",
        "eshopSubtitle",
        "contactPerson",
        "phone",
        "mobilePhone",
        "skypeAccount",
        "contactPhotoUrl",
    )
    return {**known, **dict.fromkeys(others)}


def _settings() -> Json:
    flags = ("vatPayer", "cashDeskOnly", "trackStockClaims", "exchangeRateFlip", "oss")
    return {
        **dict.fromkeys((*flags, "stockControlDisabled", "wholesaleSplitActive"), False),
        "internals": "",
        "negativeStockAmount": "allowed",
        "maxProductAmount": 500,
        "maxEmailAmount": 1_000,
        "defaultPricelist": {"id": 1, "name": "Hlavní ceník"},
        "timezone": "Europe/Prague",
        "dateFormat": "d.m.Y",
        "timeFormat": "H:i",
    }
