"""Do the unit tests of core notice a mutant? Each is tried in a process that is forked for it, so no file is ever changed.

What is forked has loaded everything that is not ours, which takes longer than the tests themselves.
"""

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.mutants.mutant import CORE, ROOT, Mutant

TESTS: Final = ROOT / "tests" / "unit" / "core"
CPU_SECONDS: Final = 60
"""A mutant that needs more (the tests need five) runs for ever: that is noticed. Not by the clock, as the machine may be busy."""
MEMORY: Final = 2 * 1024**3
_NOT_TRIED: Final = 70


def warm() -> None:
    """Load what is not ours, once; examples are the same each time, and no time is spent to make a failing one small."""
    for name in ("google.cloud.tasks_v2", "google.api_core.retry", "grpc", "msgspec", "requests", "urllib3", "uuid"):
        importlib.import_module(name)
    settings.register_profile("mutants", database=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("mutants")
    _try_any_text()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.collect()
    gc.freeze()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(0, 1), st.data())
def _try_any_text(_text: str, _number: float, _data: st.DataObject) -> None:
    """Do nothing, but make Hypothesis load what it loads late."""


def survivors(mutants: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Try mutants, `jobs` at a time; give each with whether no test noticed it, in the order in which they end.

    The tests that are named after the module come first, and mostly suffice.
    """
    waiting = [(mutant, _files(mutant.module)) for mutant in reversed(mutants)]
    running = dict[int, tuple[Mutant, list[list[str]]]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant, stages = waiting.pop()
            running[_fork({mutant.module: mutant.source}, stages[0], silent=True)] = mutant, stages[1:]
        pid, status = os.wait()
        mutant, stages = running.pop(pid)
        if os.waitstatus_to_exitcode(status) == _NOT_TRIED:
            raise RuntimeError(f"{mutant.module}.py:{mutant.line} could not be tried")
        if status == 0 and stages:
            waiting.append((mutant, stages))
        else:
            yield mutant, status == 0


def passes_unchanged() -> bool:
    """Whether the tests pass without any change, each module loaded as a mutant is: else nothing can be told."""
    sources = {file.stem: file.read_text("utf-8") for file in CORE.glob("*.py") if file.stem != "__init__"}
    return os.waitpid(_fork(sources, *_files("")), 0)[1] == 0


def _files(module: str) -> list[list[str]]:
    """Give the files of tests, those that are about a module apart from the others; the slowest stands last."""
    files = sorted(TESTS.glob("test_*.py"), key=lambda file: (file.stem == "test_convergence", file.name))
    about = [str(file) for file in files if module and file.stem.startswith(f"test_{module}")]
    return [stage for stage in (about, [str(file) for file in files if str(file) not in about]) if stage]


def _fork(sources: Mapping[str, str], files: Sequence[str], *, silent: bool = False) -> int:
    """Run these tests in a process of their own, with these sources of modules; its exit code is pytest's."""
    pid = os.fork()
    if pid:
        return pid
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.meta_path.insert(0, _Instead(sources))
        if silent:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        options = "-x -q -p no:cacheprovider -p no:faulthandler -p pytest_timeout"
        os._exit(int(pytest.main([*options.split(), *files])))
    except BaseException:  # noqa: BLE001
        os._exit(_NOT_TRIED)


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads modules of core from other sources than their files."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {f"gallery_sync.core.{module}": source for module, source in sources.items()}

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name in self._sources else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._sources[module.__name__], module.__name__, "exec"), module.__dict__)  # noqa: S102
