"""Documents of the state bucket: what cannot be read is refused by name, and never written over."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from gallery_sync.core import ledger_document
from tests.unit.fuzz.support import TEXT, fuzzed, like, written

contents = like(source=TEXT, generation=st.integers(), checksum=TEXT, size=st.integers(), url=st.booleans())
entries = like(
    wanted=like(content=contents, created=st.floats(), priority=st.integers()),
    live=like(name=TEXT, checksum=TEXT, generation=st.integers()),
)
ledgers = like(
    guid=TEXT,
    gallery=st.sampled_from(["shop", "shop360"]),
    schema=st.just(1),
    prefixes=st.lists(TEXT, max_size=2),
    entries=st.dictionaries(TEXT, entries, max_size=2),
    cleaned_at=st.floats(),
)


COUNTED = {"live", "waiting", "failed", "held", "left", "flight", "reconcile_at"}


@fuzzed
@given(written(ledgers))
@example(b'{"guid":"x","gallery":"shop","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
def test_a_ledger_is_read_whole_or_refused_by_its_path(body: bytes) -> None:
    try:
        held = ledger_document.decode(body, "ledger/x/shop.json")
    except ledger_document.BadDocument as error:
        assert str(error).startswith("ledger/x/shop.json ")
        return
    assert msgspec.json.decode(ledger_document.encode(held)) == msgspec.json.decode(
        ledger_document.encode(ledger_document.decode(ledger_document.encode(held), ""))
    )
    assert set(ledger_document.counts(held).metadata()) == COUNTED


@fuzzed
@given(TEXT | st.builds("ledger/{}/{}.json".format, TEXT, st.sampled_from(["shop", "shop360", "x"])))
def test_a_path_is_a_ledgers_or_nothing(path: str) -> None:
    found = ledger_document.parse_path(path)
    if found is not None:
        assert ledger_document.path(*found) == path
