"""`python -m infra.local.storage`: the local storage as a process."""

import argparse

from infra.local.serving import serve_process
from infra.local.storage.errors import ApiError
from infra.local.storage.events import Target, parse_target
from infra.local.storage.server import WRITE_INTERVAL, storage_app


def main() -> None:
    """Serve until SIGTERM or SIGINT; what is wrong with the arguments is told in one line, with exit status 2."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.storage", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--bucket", action="extend", nargs="+", default=[], metavar="NAME", help="buckets to create")
    parser.add_argument(
        "--events",
        action="extend",
        nargs="+",
        default=[],
        metavar="BUCKET=[TYPE=]URL",
        type=_target,
        help="where a bucket's events go; TYPE is finalized, deleted or metadataUpdated, all without it",
    )
    parser.add_argument(
        "--write-interval",
        type=float,
        default=WRITE_INTERVAL,
        metavar="SECONDS",
        help="between two writes to one object, the second is refused with 429; 0 is no limit",
    )
    parser.add_argument(
        "--cors",
        action="extend",
        nargs="+",
        default=[],
        metavar="BUCKET=ORIGIN",
        type=_origin,
        help="whose pages may upload to a bucket",
    )
    arguments = parser.parse_args()
    origins = dict(arguments.cors)
    try:
        app = storage_app(arguments.bucket, arguments.events, write_interval=arguments.write_interval, origins=origins)
    except ApiError as error:
        parser.error(f"--bucket: {error.message}")
    serve_process(lambda: app, arguments.port)


def _origin(text: str) -> tuple[str, str]:
    bucket, named, origin = text.partition("=")
    if not bucket or not named or "://" not in origin:
        raise argparse.ArgumentTypeError(f"{text!r} is not BUCKET=ORIGIN, such as drop=https://page.example")
    return bucket, origin


def _target(text: str) -> Target:
    try:
        return parse_target(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    main()
