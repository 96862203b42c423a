"""The shop's things as Shoptet's JSON shows them."""

import hashlib

from infra.local.sandbox.answers import Json
from infra.local.sandbox.clock import shown
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.products import Image, Product, Variant, in_order, slug
from infra.local.sandbox.shop import Shop

CUTS = {"big": (1024, 768), "detail": (800, 600), "thumbnail": (300, 300)}
"""The sizes in which Shoptet's CDN offers an image."""

SHOP_URL = "https://shop.example"
"""Where customers would see the products; a product's page is named after it."""


def image_view(image: Image, product: Product, gallery: str, config: SandboxConfig) -> Json:
    """An image as a gallery lists it. `cdnName` changes with the content, and so does `changeTime`."""
    stem, _, extension = image.name.rpartition(".")
    seo_name = f"{stem}_{slug(product.name)}.{extension}"
    cuts = {cut: _signed(seo_name, image, size) for cut, size in CUTS.items()}
    return {
        "name": image.name,
        "priority": None if config.null_numbers else image.priority,
        "description": image.description,
        "changeTime": shown(image.changed),
        "seoName": seo_name,
        "cdnName": cuts["big"],
        "signedCdnNames": [{"type": cut, "name": name} for cut, name in cuts.items()],
        "isMainImage": gallery == "shop" and image.name == product.main_image(),
        "gallery": gallery,
    }


def product_view(product: Product, config: SandboxConfig) -> Json:
    """A product's detail: every member that is required, and those that the sandbox knows."""
    return {
        "guid": product.guid,
        "type": "product",
        "name": product.name,
        "brand": None,
        "supplier": None,
        "visibility": product.visibility,
        "creationTime": shown(product.created),
        "changeTime": shown(product.changed(with_images=config.changes_show_images)),
        "shortDescription": None,
        "description": None,
        "metaDescription": None,
        "url": f"{SHOP_URL}/{slug(product.name)}/",
        "internalNote": None,
        "hsCode": None,
        "defaultCategory": {"guid": None, "name": None, "visible": None},
        "isVariant": any(variant.code != product.code for variant in product.variants),
        "variants": [_variant_view(variant, product) for variant in product.variants],
    }


def detail_view(product: Product, shop: Shop, now: float, config: SandboxConfig, include: str) -> Json:
    """A product's detail with the sections of `include`: `images` are those of all galleries, as they are listed."""
    view = product_view(product, config)
    if "images" in include.split(","):
        listings = {gallery: shop.listing(product.guid, gallery, now) for gallery in product.galleries}
        view["images"] = [
            image_view(image, product, name, config) for name, images in listings.items() for image in images
        ]
    return view


def galleries_view(product: Product) -> Json:
    """A product's galleries as they really are, with checksums: the sandbox's own view, for tests."""
    return {
        gallery: [_bare_image_view(product, image) for image in in_order(images.values())]
        for gallery, images in product.galleries.items()
    }


def _bare_image_view(product: Product, image: Image) -> Json:
    return {
        "name": image.name,
        "priority": image.priority,
        "description": image.description,
        "sha256": image.picture.sha256,
        "bytes": len(image.picture.content),
        "width": image.picture.width,
        "height": image.picture.height,
        "change_time": shown(image.changed),
        "referenced_by": list(product.referring(image.name)),
    }


def _variant_view(variant: Variant, product: Product) -> Json:
    nothing = dict.fromkeys(("manufacturerCode", "pluCode", "isbn", "serialNo", "mpn", "actionPrice", "weight"))
    return {
        **nothing,
        "code": variant.code,
        "ean": variant.ean,
        "stock": "10.000",
        "unit": "ks",
        "width": "0.0",
        "height": "0.0",
        "depth": "0.0",
        "visible": True,
        "price": "199.00",
        "commonPrice": None,
        "includingVat": True,
        "vatRate": "21.00",
        "currencyCode": "CZK",
        "minStockSupply": None,
        "negativeStockAllowed": "no-global",
        "amountDecimalPlaces": 0,
        "image": variant.image or product.main_image(),
        "isProductDefaultImage": variant.image is None,
    }


def _signed(seo_name: str, image: Image, size: tuple[int, int]) -> str:
    changed = f"{int(image.changed):x}"
    mark = hashlib.sha256(f"{seo_name} {changed} {size} {image.picture.sha256}".encode()).hexdigest()[:8]
    return f"{seo_name}?ff=1&x={size[0]}&y={size[1]}&q=85&ts={changed}&sg={mark}"
