"""Two processes that look for a free port at the same time are not given the same one."""

import subprocess
import sys

from infra.local.processes import PORTS, ROOT, free_port

ASKS = """
import sys
from infra.local.processes import free_port
print(*(free_port() for _ in range(50)), flush=True)
sys.stdin.read()
"""


def test_a_port_is_given_to_one_process_as_long_as_that_lives() -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASKS], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    given: list[int] = []
    for process in asking:
        assert process.stdout is not None
        given += map(int, process.stdout.readline().split())
    ours = [free_port() for _ in range(50)]
    for process in asking:
        process.communicate("", timeout=30)
    assert len({*given, *ours}) == 250
    assert all(port in PORTS for port in given)
