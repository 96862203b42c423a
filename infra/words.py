"""`make words`: collects what the page says, brings the catalogues of other languages up to date, and compiles them.

A text that has no translation yet is left empty in its catalogue, for people to fill in; `make test` names it.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from gallery_sync.pages.words import DOMAIN, FOLDER, LANGUAGES

__all__ = ["collected", "compiled", "translated", "updated", "written"]

PAGES = FOLDER.parent
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
DATED = ("POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Project-Id-Version", "Report-Msgid-Bugs-To")
NOBODY = ("Last-Translator", "Language-Team")


def collected() -> Catalog:
    """Collect every text that pages say."""
    catalog = Catalog()
    for _, _, message, _, context in extract_from_dir(PAGES, METHODS, OPTIONS, KEYWORDS):
        catalog.add(message, context=context)
    return catalog


def po_file(language: str) -> Path:
    """Where a language's texts stand: they are compiled for what is deployed."""
    return Path(__file__).with_name("locale") / f"{language}.po"


def mo_file(language: str) -> Path:
    """Where they stand compiled."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"


def translated(language: str) -> Catalog:
    """Read a language's texts."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """Give a language's texts with all that pages say by now, and nothing else."""
    catalog = translated(language)
    catalog.update(collected(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def written(catalog: Catalog) -> str:
    """Write texts as they are committed: without dates and names, which would change with every run."""
    out = io.BytesIO()
    catalog.fuzzy = False
    write_po(out, catalog, width=100, no_location=True)
    lines = out.getvalue().decode().splitlines()
    return "\n".join(line for line in lines if not line.startswith(tuple(f'"{name}' for name in DATED + NOBODY))) + "\n"


def compiled(catalog: Catalog) -> bytes:
    """Compile texts, as the page reads them."""
    out = io.BytesIO()
    # It would write the present moment into it.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(out, catalog)
    return out.getvalue()


def main() -> int:
    """Bring all languages up to date."""
    for language in LANGUAGES[1:]:
        file = po_file(language)
        file.write_text(written(updated(language)))
        catalog = translated(language)
        mo_file(language).write_bytes(compiled(catalog))
        missing = [message.id for message in catalog if message.id and not all(_texts(message.string))]
        print(f"{language}: {len(catalog)} texts, {len(missing)} without a translation")
    return 0


def _texts(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ("",))


if __name__ == "__main__":
    sys.exit(main())
