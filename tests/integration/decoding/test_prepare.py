"""What becomes of pictures as people drop them: each of the corpus, some in the process that is deployed, others in this one."""

import io
import resource
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from gallery_sync.core.recipe import Recipe, Shape, Verdict, reason, report
from gallery_sync.decoding import guard, repair
from gallery_sync.decoding.preparing import CHILD, PicturePreparer
from gallery_sync.decoding.workshop import Workshop
from tests.corpus.pictures import WHOLE, Case, cases, drawing, photo, png, saved
from tests.faults.table.here import prepare_here

# What a decoder only warns of: the process that is deployed does not listen either.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

CASES = {f"{case.name} {number}": case for number, case in enumerate(cases())}


def came(verdict: Verdict) -> str:
    """Say what became of a picture, in the words of the corpus."""
    if verdict.refused:
        return verdict.refused
    return verdict.made.format if verdict.made is not None else "as it is"


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture


def far(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures' colours are from each other, on the whole."""
    mode = "RGBA" if "A" in other.getbands() else "RGB"
    assert one.size == other.size
    return statistics.mean(ImageStat.Stat(ImageChops.difference(one.convert(mode), other.convert(mode))).rms)


@pytest.fixture(scope="module")
def prepare() -> Iterator[PicturePreparer]:
    preparer = PicturePreparer()
    yield preparer
    preparer.close()


HERE = {name: case for name, case in CASES.items() if not name.startswith("text-bomb")}
"""That one is opened in a process with bounds only: below."""


@pytest.mark.parametrize("case", HERE.values(), ids=HERE)
def test_what_becomes_of_it(case: Case) -> None:
    content = case.draw()
    done = prepare_here(content, case.recipe)
    verdict = done.verdict
    assert (came(verdict), frozenset(verdict.done), verdict.warnings) == (case.comes, case.done, case.warns)
    if verdict.refused:
        assert reason(verdict)
        return
    assert max(opened(done.thumbnail).size) <= 320
    assert report(verdict, case.recipe)
    if verdict.made is None:
        assert done.body == b""
        return
    assert len(done.body) == verdict.made.bytes <= case.recipe.max_bytes
    made = opened(done.body)
    assert (made.format, made.width, made.height) == (verdict.made.format, verdict.made.width, verdict.made.height)
    assert not made.getexif()
    assert "icc_profile" not in made.info
    assert made.mode in ("RGB", "RGBA", "L", "P", "1")
    if case.shows is not None:
        assert far(made, case.shows()) <= case.near


@pytest.mark.parametrize("case", list(CASES.values())[:: len(CASES) // 12], ids=lambda case: case.name)
def test_the_process_that_is_deployed_comes_to_the_same(case: Case, prepare: PicturePreparer) -> None:
    content = case.draw()
    assert prepare(content, case.recipe) == prepare_here(content, case.recipe)


@pytest.mark.parametrize("form", WHOLE)
def test_what_is_cut_off_is_refused_for_that(form: str) -> None:
    content = WHOLE[form]()
    assert prepare_here(content, Recipe()).verdict.refused == ""
    cut = [prepare_here(content[: len(content) * tenth // 10], Recipe()).verdict.refused for tenth in range(1, 10)]
    assert cut == ["cut-off"] * 9


@pytest.mark.parametrize("name", ["text-bomb.png", "bomb.png"])
def test_a_bomb_harms_nobody(name: str, prepare: PicturePreparer) -> None:
    case = next(case for case in cases() if case.name == name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert prepare(case.draw(), Recipe()).verdict.refused == case.comes
    after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert after == before or after < 200_000


def test_a_process_that_dies_or_hangs_is_said(tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(guard.Ended, match="signal 11"):
        guard.run(script, [], b"", 100, 1)
    script.write_text("import time; time.sleep(60)")
    with pytest.raises(guard.Ended, match="within 2 s") as slow:
        guard.run(script, [], b"", 100, 1)
    assert slow.value.is_slow
    script.write_text("import nothing_of_this_name")
    with pytest.raises(guard.Ended, match="nothing_of_this_name") as ours:
        guard.run(script, [], b"", 100, 1)
    assert ours.value.is_ours


def workshop(megabytes: int = 500, seconds: int = 20, script: Path = CHILD, clock_seconds: int = 60) -> Workshop:
    folders = [str(Path(repair.__file__).parents[2]), guard.folder_of("PIL")]
    return Workshop(script, ["{}", *folders], megabytes, seconds, clock_seconds)


def test_a_picture_that_takes_more_memory_than_there_is_is_refused_and_the_next_is_opened() -> None:
    small = workshop(60)
    assert b'"refused": "too-large"' in small.open(saved(photo((3000, 2000)), "TIFF"))
    assert b'"refused"' not in small.open(saved(photo(), "PNG"))
    small.close()


def test_a_process_that_dies_of_one_picture_opens_the_next(tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    # As the real one, but that some contents are fatal.
    script.write_text(
        CHILD.read_text().replace(
            "            pipe.write(_opened(content, recipe))",
            """            if content == b"crash":
                os.kill(os.getpid(), 11)
            if content == b"hang":
                import time
                time.sleep(60)
            if content == b"spin":
                while True:
                    pass
            if content == b"all":
                os.kill(os.getppid(), 9)
            if content == b"mistake":
                raise KeyError("which")
            pipe.write(_opened(content, recipe))""",
        )
    )
    # A busy machine gives a second of processor late, so what spins may take long on the clock.
    small, impatient = workshop(500, 1, script), workshop(500, 20, script, clock_seconds=4)
    for opener, content, says in (
        (small, b"crash", "signal 11"),
        (small, b"spin", "more than 1 s to decode"),
        (impatient, b"hang", "within 4 s"),
        (small, b"all", "no picture|cut off"),
    ):
        with pytest.raises(guard.Ended, match=says) as ended:
            opener.open(content)
        assert not ended.value.is_ours
        assert b'"shape"' in opener.open(saved(photo(), "PNG"))
    with pytest.raises(guard.Ended) as ended:
        small.open(b"mistake")
    assert ended.value.complaint == "KeyError: 'which'"
    small.close()
    impatient.close()


def test_what_is_not_installed_is_no_pictures_fault(tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text("import nothing_of_this_name")
    with pytest.raises(guard.Ended, match="nothing_of_this_name") as ended:
        workshop(script=script).open(b"any")
    assert ended.value.is_ours


def test_nothing_of_it_stays_when_it_is_closed() -> None:
    small = workshop()
    small.open(saved(photo(), "PNG"))
    running = small._running
    assert running is not None
    small.close()
    assert running.poll() is not None
    small.close()


def test_a_picture_is_refused_by_its_head_before_anything_of_it_is_decoded() -> None:
    head = png(20_000, 20_000, 8, 2, b"")
    verdict = prepare_here(head, Recipe()).verdict
    assert (verdict.refused, verdict.shape) == ("too-many-pixels", Shape("PNG", 20_000, 20_000, len(head)))
    assert (
        reason(verdict) == "it has 20000×20000 pixels, more than can be opened here: make it smaller, and drop it again"
    )


def test_the_same_picture_becomes_the_same_bytes(prepare: PicturePreparer) -> None:
    content = saved(photo(), "TIFF")
    assert prepare(content, Recipe()) == prepare(content, Recipe())


def test_what_is_fine_goes_without_its_position_pixel_for_pixel() -> None:
    case = next(case for case in cases() if case.name == "position.jpg")
    content = case.draw()
    done = prepare_here(content, Recipe())
    assert b"Exif" in content
    assert b"Exif" not in done.body
    assert opened(done.body).tobytes() == opened(content).tobytes()


def test_a_report_reads_like_a_sentence() -> None:
    done = prepare_here(saved(photo((5000, 1000)), "TIFF"), Recipe())
    said = report(done.verdict, Recipe())
    assert said.startswith("15.0 MB TIFF 5000×1000 → ")
    assert said.endswith(" JPEG 4096×819")


def test_what_does_not_fit_with_the_lowest_quality_gets_smaller() -> None:
    noise = Image.effect_noise((900, 700), 200).convert("RGB")
    done = prepare_here(saved(noise, "BMP"), Recipe(max_bytes=100_000))
    assert done.verdict.made is not None
    assert done.verdict.made.width < 900
    assert len(done.body) <= 100_000


def test_a_drawing_stays_sharp_unless_it_is_too_large_as_such() -> None:
    assert came(prepare_here(saved(drawing(), "TIFF"), Recipe()).verdict) == "PNG"
    assert came(prepare_here(saved(drawing(), "TIFF"), Recipe(max_bytes=4_000)).verdict) == "JPEG"
