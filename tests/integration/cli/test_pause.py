"""`gallery-sync pause` and `resume`: one switch for everything, which `check` shows."""

import pytest

from .support import Deployment, crosses


def test_a_pause_is_begun_shown_and_ended(ready: Deployment) -> None:
    assert crosses(ready.run("check").output) == []
    first = ready.run("pause")
    assert first.exit_code == 0, first.output
    assert first.output.startswith("paused: ")
    assert "gallery-sync resume" in first.output
    assert "paused already" in ready.run("pause").output
    checked = ready.run("check")
    assert crosses(checked.output) == ["gallery-sync sends to the shop"]
    assert "→ gallery-sync resume" in checked.output
    assert ready.run("resume").output.startswith("resumed: ")
    assert "nothing to do" in ready.run("resume").output
    assert crosses(ready.run("check").output) == []


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_a_state_bucket_that_is_not_named_is_told(command: str, deployment: Deployment) -> None:
    del deployment.environ["STATE_BUCKET"]
    result = deployment.run(command)
    assert result.exit_code == 1
    assert "STATE_BUCKET" in result.output
