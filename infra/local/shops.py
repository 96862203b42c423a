"""The sandbox's shop for given files: the default products, and one for each folder that is none of theirs."""

import uuid
from collections.abc import Iterable

import msgspec

from gallery_sync.core import names
from infra.local.sample import Picture
from infra.local.sandbox.config import ProductSeed, SandboxConfig, default_config


def shop_for(pictures: Iterable[Picture]) -> SandboxConfig:
    """Give a shop in which every product that these files name exists, so that one's own folder finds its galleries."""
    config = default_config()
    known = {text for p in config.products for text in (p.guid, p.code, *(v.code for v in p.variants))}
    products = {}
    for picture in pictures:
        drop = names.parse(picture.name, len(picture.body))
        if isinstance(drop, names.Drop) and drop.product not in known:
            by_guid = names.is_guid(drop.product)
            guid = drop.product if by_guid else str(uuid.uuid5(uuid.NAMESPACE_URL, drop.product))
            code = drop.product[:8].upper() if by_guid else drop.product
            products[drop.product] = ProductSeed(guid=guid, name=drop.product, code=code)
    return msgspec.structs.replace(config, products=(*config.products, *products.values()))
