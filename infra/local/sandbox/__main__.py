"""`python -m infra.local.sandbox --port 0 --config FILE.json`: the sandbox as a process of its own."""

import argparse
from pathlib import Path

from infra.local.sandbox.app import make_app
from infra.local.sandbox.config import default_config, load_config
from infra.local.serving import serve_process


def main() -> None:
    """Serve until SIGTERM or SIGINT; the first line on stdout is `{"url": ...}`."""
    parser = argparse.ArgumentParser(prog="infra.local.sandbox", description="A local stand-in of the Shoptet API.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--config", type=Path, help="JSON with the fields of SandboxConfig; without it, the default shop"
    )
    arguments = parser.parse_args()
    config = load_config(arguments.config) if arguments.config else default_config()
    serve_process(lambda: make_app(config), arguments.port)


if __name__ == "__main__":
    main()
