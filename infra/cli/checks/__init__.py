"""What `gallery-sync check` looks at, a module a subject; `everything` is all of it in the order of need."""

from infra.cli.checks.everything import Subjects, everything
from infra.cli.checks.finding import Finding

__all__ = ["Finding", "Subjects", "everything"]
