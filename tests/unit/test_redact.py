"""Shoptet's words on their way into a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.redact import one_line
from tests.unit.shoptet.fakes import unhurried


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Image not found.", "Image not found."),
        ("two\nlines\tand a tab\x00", "two lines and a tab"),
        ("Bad URL https://s.example/a.png?X-Goog-Signature=ab12&x=1 given", "Bad URL https://s.example/a.png?… given"),
        ("cut: &X-Goog-Signature=ab12&other=1", "cut: &X-Goog-Signature=…&other=1"),
        ("Is it so? a = b", "Is it so? a = b"),
        ("what?why?a=b&c=d?e=f done", "what?why?… done"),
        ("A/\u202egpj.exe", "A/ gpj.exe"),
        ("token s3cret refused", "token … refused"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_message_becomes_one_line_without_secrets(text: str, line: str) -> None:
    assert one_line(text, ("s3cret", "")) == line


@unhurried
@given(st.text(st.characters()))
def test_every_text_becomes_one_short_line(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1
    line.encode()
