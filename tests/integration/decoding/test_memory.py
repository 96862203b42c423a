"""How much memory preparing takes, as the kernel counts it: of the function, what stands ready, and what opens a picture."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MOST = 512 * 1024
"""KiB: half of what the function is deployed with (`terraform/shop/locals.tf`)."""

# As the function does it, with all that it loads. What opens pictures is a process of its own, whose peak the kernel adds up when
# it ends; that of the process that stands ready is read before.
PREPARES = """
import os, resource, sys
sys.path[:0] = ["functions", "."]
import gallery_sync.connect.prepare, functions_framework
from gallery_sync.core.recipe import Recipe
from gallery_sync.decoding.preparing import PicturePreparer

def peak(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])

preparer = PicturePreparer()
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        prepared = preparer(file.read(), Recipe())
    print(path, prepared.verdict.refused or "prepared", file=sys.stderr)
(running,) = [one._running for one in preparer._workshops.values()]
ready = peak(running.pid)
preparer.close()
print(peak("self"), ready, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.long
def test_the_whole_corpus_with_the_largest_pictures_takes_less_than_half_of_the_functions_memory(
    tmp_path: Path,
) -> None:
    # Drawn elsewhere: a process that has drawn 100 megapixels once is large for good, and so is whatever it forks.
    draw = (
        "import sys; from pathlib import Path; from tests.corpus import large, pictures; folder = Path(sys.argv[1]);"
        "files = [large.jpeg_of_100_megapixels(), large.png_of_25_megabytes(), *(case.draw() for case in pictures.cases())];"
        "[(folder / f'{number:03}').write_bytes(content) for number, content in enumerate(files)]"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"functions{os.pathsep}."}
    subprocess.run([sys.executable, "-c", draw, str(tmp_path)], cwd=ROOT, env=environ, check=True, timeout=120)
    files = sorted(map(str, tmp_path.iterdir()))
    assert Path(files[1]).stat().st_size > 24_000_000
    ran = subprocess.run(
        [sys.executable, "-c", PREPARES, *files],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        check=True,
        timeout=300,
        text=True,
    )
    assert len(files) > 60
    assert "000 prepared" in ran.stderr
    assert "001 prepared" in ran.stderr
    function, ready, child = map(int, ran.stdout.split())
    assert child > 150 * 1024, "the largest picture was not opened there"
    # What is shared is counted twice, so it is less.
    assert function + ready + child < MOST, ran.stdout
