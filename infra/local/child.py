"""`python child.py COMMAND ...`: runs the command so that it ends with its parent, even one that was killed.

On Linux the kernel sends SIGTERM to a process whose parent died, if it asked for that (prctl(2), PR_SET_PDEATHSIG). The
request survives exec, so this small step in between is enough. Elsewhere the command just runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel, and become the command."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # It died before we asked.
            sys.exit(1)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # the runner's own command


if __name__ == "__main__":
    main()
