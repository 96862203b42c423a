"""Log lines: one JSON object each, without what would open a picture to everyone."""

import contextlib
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.log import Log, of_trace
from tests.unit.core.build import Lines


def line_of(message: str, **fields: Any) -> dict[str, Any]:
    lines = Lines("sync_gallery")
    lines.log.say("INFO", message, **fields)
    (line,) = lines.read
    return line


def test_a_line_has_severity_message_function_and_its_fields() -> None:
    assert line_of("2 images live", live=2, gallery="shop", job=None, share=0.5, again=False) == {
        "severity": "INFO",
        "message": "2 images live",
        "function": "sync_gallery",
        "live": 2,
        "gallery": "shop",
        "job": None,
        "share": 0.5,
        "again": False,
    }


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_whatever_is_said_is_one_line_of_json_of_bounded_length(message: str, field: str) -> None:
    lines = Lines()
    lines.log.say("ERROR", message, reason=field)
    assert lines.text.endswith("\n")
    assert lines.text.count("\n") == 1
    line = json.loads(lines.text.encode())
    assert max(len(line["message"]), len(line["reason"])) <= 300


@pytest.mark.parametrize("where", ["message", "field"])
def test_a_signed_urls_query_is_never_written(where: str) -> None:
    url = "https://storage.example/state/outbox/a.jpg?X-Goog-Algorithm=A&X-Goog-Signature=0123abcd"
    text = json.dumps(line_of(url if where == "message" else "", url=url if where == "field" else ""))
    assert (
        "https://storage.example/state/outbox/a.jpg?…" in json.loads(text)["message" if where == "message" else "url"]
    )
    assert "0123abcd" not in text


def test_letters_stay_readable() -> None:
    lines = Lines()
    lines.log.say("INFO", "Tričko: zepředu")
    assert "Tričko: zepředu" in lines.text


def test_lines_go_to_standard_output_where_no_stream_is_given() -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Log("on_drop").say("WARNING", "here")
    assert json.loads(out.getvalue())["message"] == "here"


def test_several_lines_follow_each_other() -> None:
    lines = Lines()
    lines.log.say("INFO", "one")
    lines.log.say("DEBUG", "two")
    assert [line["message"] for line in lines.read] == ["one", "two"]


def test_a_line_names_the_trace_that_it_is_written_in_and_no_other() -> None:
    lines = Lines()
    with of_trace("projects/p/traces/1"):
        lines.log.say("INFO", "one")
    lines.log.say("INFO", "two")
    assert [line.get("logging.googleapis.com/trace") for line in lines.read] == ["projects/p/traces/1", None]


class InTwoSteps(io.StringIO):
    """A stream as the functions framework has it: a line and its end are written one after the other."""

    def write(self, text: str, /) -> int:
        super().write(text.rstrip("\n"))
        time.sleep(0.001)
        return super().write("\n")


def test_lines_of_several_requests_do_not_mix() -> None:
    stream = InTwoSteps()
    log = Log("galleries", stream)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.say("INFO", "a line", number=number), range(80)))
    numbers = [json.loads(line)["number"] for line in stream.getvalue().splitlines()]
    assert sorted(numbers) == list(range(80))
