"""Names from the drop bucket: what is accepted is found again, what is refused says why."""

import re

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from gallery_sync.core import name_order, names
from gallery_sync.core.events import TYPES, BadEvent, Changed, parse
from gallery_sync.ports.queue import BadTask, Reconcile
from gallery_sync.ports.queue import parse_task as parse_look
from gallery_sync.state import codes
from gallery_sync.state.refusals import RefusedDrop, decode, path
from tests.unit.fuzz.support import ANY_TEXT, JSON, TEXT, fuzzed, like, written

MAX_NAME = 1024
"""Bytes of an object's name (Cloud Storage, "Object naming guidelines")."""

segments = TEXT | st.sampled_from(["A", "62%2FXL", "shop", "shop360", "1.png", "a.JPG", ""])
whole_names = st.lists(segments, min_size=1, max_size=4).map("/".join) | st.builds(
    "{}/{}/{}.png".format, TEXT, st.sampled_from(["shop", "shop360"]), TEXT
)


@fuzzed
@given(whole_names, st.integers(0, 2))
def test_a_name_is_found_again_or_refused_with_a_reason_on_one_line(name: str, size: int) -> None:
    meaning = names.parse(name, size)
    assert meaning.name == name
    if isinstance(meaning, names.Drop):
        assert name.startswith(f"{meaning.prefix}/")
        assert meaning.gallery in ("shop", "shop360")
        # The folder that a look lists, and the gallery that it keeps: this very object is among them.
        assert names.parse(meaning.key.removeprefix("drop:"), size) == meaning
        assert names.decode_product(meaning.prefix) == meaning.product
        again = names.parse(names.build(meaning.product, meaning.gallery, meaning.file), size)
        assert isinstance(again, names.Drop)
        assert (again.product, again.gallery, again.file) == (meaning.product, meaning.gallery, meaning.file)
        assert names.content_type(meaning.file).startswith("image/")
        assert re.fullmatch(r"outbox/[0-9a-f]{40}\.[a-z]{3,4}", names.outbox(name, 7))
    elif isinstance(meaning, names.Refusal):
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", meaning.code)
        assert len(meaning.reason.splitlines()) == 1
    else:
        assert name.endswith("/")
        assert size == 0


@fuzzed
@given(TEXT)
def test_a_folder_means_a_code_that_is_written_as_this_folder_or_nothing(prefix: str) -> None:
    product = names.decode_product(prefix)
    if isinstance(product, str):
        assert len(product) <= names.MAX_CODE
        assert product == product.strip()
        assert product not in (".", "..")
        assert names.decode_product(names.encode_product(product)) == product
    else:
        assert product.reason


@fuzzed
@given(TEXT.filter(bool), TEXT.filter(bool))
@example("\u0390" * 64, "A")
@example("gro\u00df", "gross")
@example("\u0131", "i")
@example("\u017f", "s")
@example("\u00b5", "\u03bc")
@example("\ufb01", "FI")
def test_a_codes_document_has_a_name_that_storage_takes_and_no_other_code(one: str, other: str) -> None:
    first, second = names.decode_product(names.encode_product(one[:64])), names.decode_product(other[:64])
    if isinstance(first, str):
        assert len(codes.path(first).encode()) <= MAX_NAME
        assert codes.path(first).count("/") == 1
    if isinstance(first, str) and isinstance(second, str) and codes.path(first) == codes.path(second):
        assert first.lower() == second.lower()


@fuzzed
@given(TEXT, TEXT)
def test_the_order_of_names_takes_any_name(one: str, other: str) -> None:
    first, second = name_order.order(f"drop:{one[:1024]}"), name_order.order(f"drop:{other[:1024]}")
    assert (first < second) + (second < first) + (first == second) == 1


events = like(bucket=st.just("drops"), name=TEXT, size=st.integers(0, 10).map(str)) | JSON


@fuzzed
@given(st.sampled_from(sorted(TYPES)) | TEXT, events)
def test_an_event_is_of_the_drop_bucket_or_refused(kind: str, data: object) -> None:
    try:
        changed = parse(kind, data, "drops")
    except BadEvent as error:
        assert str(error)
        return
    assert isinstance(changed, Changed)
    assert (kind in TYPES, changed.bucket) == (True, "drops")
    changed.name.encode()


queue = like(
    gallery=st.sampled_from(["shop", "shop360"]), prefix=TEXT, guid=TEXT, job=TEXT, refused=TEXT, operation=TEXT
)


@fuzzed
@given(written(queue))
@example(b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
def test_a_task_is_one_look_or_refused(body: bytes) -> None:
    try:
        look = parse_look(body)
    except BadTask as error:
        assert str(error)
        return
    assert parse_look(msgspec.json.encode(look)) == look
    assert isinstance(look, Reconcile)


@fuzzed
@given(ANY_TEXT.filter(lambda text: text.isprintable() or text == ""), TEXT)
def test_a_refusal_is_read_as_it_was_written(name: str, reason: str) -> None:
    name, reason = (text.encode(errors="ignore").decode() for text in (name, reason))
    refused = RefusedDrop(name, "too-deep", reason, 1.0)
    assert decode(msgspec.json.encode(refused)) == refused
    assert re.fullmatch(r"refused/[0-9a-f]{40}\.json", path(name))
