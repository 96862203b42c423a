"""`python -m infra.cli`, or `bin/gallery-sync`: the command line over this machine's environment."""

import os

from infra.cli.app import make_app
from infra.cli.connect import GoogleCloud


def main() -> None:
    """Run the command; its exit status is the process's."""
    make_app(os.environ, GoogleCloud())(prog_name="gallery-sync")


if __name__ == "__main__":
    main()
