"""The sandbox's shop for given files: the default products, and one for each folder that is none of theirs."""

import uuid
from collections.abc import Iterable

import msgspec

from gallery_sync.core import names
from infra.local.sample import Picture
from infra.local.sandbox.config import ProductSeed, SandboxConfig, VariantSeed, default_config

INVENTED = " (invented)"


def shop_of(codes: Iterable[str]) -> SandboxConfig:
    """Give a shop of products with these codes, a product a line: its own code, then those of its variants, with `;` between."""
    products = []
    for line in codes:
        own, *variants = [code.strip() for code in line.split(";") if code.strip()] or [""]
        if own:
            seeds = tuple(VariantSeed(code) for code in variants)
            guid = str(uuid.uuid5(uuid.NAMESPACE_URL, own))
            products.append(ProductSeed(guid=guid, name=own, code=own, variants=seeds))
    return msgspec.structs.replace(default_config(), products=tuple(products))


def invented(config: SandboxConfig) -> list[str]:
    """Name the products that `shop_for` invented."""
    return [product.name for product in config.products if product.name.endswith(INVENTED)]


def shop_for(pictures: Iterable[Picture]) -> SandboxConfig:
    """Give a shop in which every product that these files name exists, so that one's own folder finds its galleries.

    Those that it has not are invented, and are called so.
    """
    config = default_config()
    known = {text for p in config.products for text in (p.guid, p.code, *(v.code for v in p.variants))}
    products = {}
    for picture in pictures:
        drop = names.parse(picture.name, len(picture.body))
        if isinstance(drop, names.Drop) and drop.product not in known:
            by_guid = names.is_guid(drop.product)
            guid = drop.product if by_guid else str(uuid.uuid5(uuid.NAMESPACE_URL, drop.product))
            code = drop.product[:8].upper() if by_guid else drop.product
            products[drop.product] = ProductSeed(guid=guid, name=f"{drop.product}{INVENTED}", code=code)
    return msgspec.structs.replace(config, products=(*config.products, *products.values()))
