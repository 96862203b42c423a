"""What pages say, in the reader's language: gettext catalogues under `locale/`, compiled by `make words`."""

import gettext
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "cs", "sk")
"""The first is the one in which this code is written."""
DOMAIN: Final = "pages"
FOLDER: Final = Path(__file__).with_name("locale")

Words = gettext.NullTranslations


@lru_cache(maxsize=len(LANGUAGES))
def words(language: str) -> Words:
    """Give the words of a language; of one that is none of LANGUAGES, English."""
    if language not in LANGUAGES[1:]:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, [language])


def chosen(accepted: Sequence[tuple[str, float]]) -> str:
    """Choose a language by what a browser accepts (language, weight)."""
    for tag, weight in sorted(accepted, key=lambda pair: -pair[1]):
        language = tag.lower().partition("-")[0]
        if weight > 0 and language in LANGUAGES:
            return language
    return LANGUAGES[0]
