"""jsonschema, without the part of it that takes a processor a second to import.

Its check of the format `iri` builds a parser when it is imported, in every process, and no schema of this project has that
format. Where the library of that check is not installed, jsonschema does without; so it is hidden for the moment.
"""

import sys
from types import ModuleType
from typing import cast

_SLOW = "rfc3987_syntax"
_hides = _SLOW not in sys.modules
if _hides:
    # None is Python's own sign for a module that cannot be imported.
    sys.modules[_SLOW] = cast(ModuleType, None)
from jsonschema import Draft202012Validator, ValidationError  # noqa: E402

if _hides:
    del sys.modules[_SLOW]

__all__ = ["Draft202012Validator", "ValidationError"]
