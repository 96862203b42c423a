"""What stands around a function's call: a crash is told, and lines name their trace."""

import io
import json

import pytest

from gallery_sync.entry import logged_as, trace


class Answer(Exception):
    """What `flask.abort` raises."""

    def get_response(self) -> str:
        return "503"


@pytest.mark.parametrize(
    ("error", "lines"), [(KeyError("guid"), 1), (RuntimeError("x\n?X-Goog-Signature=abc"), 1), (Answer(), 0)]
)
def test_a_crash_is_a_line_of_severity_error_and_goes_on(error: Exception, lines: int) -> None:
    written = io.StringIO()

    @logged_as("sweep", written)
    def serve(_request: str) -> str:
        raise error

    with pytest.raises(type(error)):
        serve("a call")
    told = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(told) == lines
    for line in told:
        assert (line["severity"], line["code"], line["function"]) == ("ERROR", "crashed", "sweep")
        assert f"sweep crashed: {type(error).__name__} in serve (test_entry.py:" in line["message"]
        assert "abc" not in line["message"]


def test_what_does_not_crash_is_answered_and_says_nothing() -> None:
    written = io.StringIO()
    assert logged_as("sweep", written)(lambda request: f"{request} is answered")("a call") == "a call is answered"
    assert written.getvalue() == ""


ID = "105445aa7843bc8bf206b12000100000"


@pytest.mark.parametrize(
    ("header", "project", "name"),
    [
        (f"{ID}/1;o=1", "p", f"projects/p/traces/{ID}"),
        (ID, "p", f"projects/p/traces/{ID}"),
        (f"{ID}/1;o=1", "", None),
        ("", "p", None),
        (f"{ID}0/1", "p", None),
        (f"../{ID}", "p", None),
        ('"}\n', "p", None),
    ],
)
def test_the_name_of_a_trace(header: str, project: str, name: str | None) -> None:
    assert trace(header, project) == name
