"""The web page: each product's galleries as pictures, in order. No scripts, no tokens."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from infra.local.sandbox.products import Image, Product, in_order

THUMBNAIL_SIDE = 160
"""Pixels."""

POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: pictures of its own, and the style below."""

STYLE = """
  body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
         color: #1d2530; background: #f5f6f8 }
  h1 { font-size: 1.5rem }
  section { background: #fff; border: 1px solid #dde1e7; border-radius: 8px; margin: 1.25rem 0; padding: 1rem 1.25rem }
  h2 { font-size: 1.15rem; margin: 0 }
  h3 { font-size: 0.95rem; margin: 1rem 0 0.5rem }
  .codes, figcaption, .empty { color: #5b6675; font-size: 0.8rem }
  .codes { margin: 0; overflow-wrap: anywhere }
  ol { display: flex; flex-wrap: wrap; gap: 0.75rem; list-style: none; margin: 0; padding: 0 }
  figure { margin: 0; width: 168px }
  img { background: #eceff3; border-radius: 4px; display: block; height: 126px; object-fit: contain; width: 168px }
  figcaption { overflow-wrap: anywhere }
  figcaption b { color: #1d2530 }
"""


def shop_page(products: Iterable[Product]) -> str:
    """The whole page as HTML; everything that came from outside is escaped."""
    sections = "\n".join(_product(product) for product in products)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shoptet sandbox</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Shoptet sandbox</h1>
<p>What customers would see: every product's galleries, as they are now.</p>
{sections}
</body>
</html>
"""


def picture_path(guid: str, gallery: str, name: str) -> str:
    """Where an image's thumbnail is served."""
    return "/_pictures/" + "/".join(quote(part, safe="") for part in (guid, gallery, name))


def _product(product: Product) -> str:
    codes = ", ".join(dict.fromkeys([product.code, *(variant.code for variant in product.variants)]))
    galleries = "\n".join(_gallery(product, gallery) for gallery in product.galleries)
    return f"""<section>
<h2>{escape(product.name)}</h2>
<p class="codes">{escape(product.guid)} · {escape(codes)}</p>
{galleries}
</section>"""


def _gallery(product: Product, gallery: str) -> str:
    images = in_order(product.galleries[gallery].values())
    title = f"<h3>{escape(gallery)} ({len(images)})</h3>"
    if not images:
        return f'{title}\n<p class="empty">No images.</p>'
    figures = "\n".join(f"<li>{_figure(product, gallery, image)}</li>" for image in images)
    return f"{title}\n<ol>\n{figures}\n</ol>"


def _figure(product: Product, gallery: str, image: Image) -> str:
    path = picture_path(product.guid, gallery, image.name)
    # The checksum in the address keeps a browser from showing the picture that was replaced.
    source = escape(f"{path}?version={image.picture.sha256[:12]}")
    facts = [
        f"priority {image.priority}",
        f"{image.picture.width} × {image.picture.height}",
        f"{len(image.picture.content) / 1000:.1f} kB",
        *([escape(image.description)] if image.description else []),
        *(f"shown by {escape(code)}" for code in product.referring(image.name)),
        *(["main image"] if gallery == "shop" and image.name == product.main_image() else []),
    ]
    label = escape(image.description or image.name)
    return (
        f'<figure><a href="{escape(path)}?original=1"><img src="{source}" alt="{label}" loading="lazy"></a>'
        f"<figcaption><b>{escape(image.name)}</b><br>{'<br>'.join(facts)}</figcaption></figure>"
    )
