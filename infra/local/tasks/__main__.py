"""`python -m infra.local.tasks --queue projects/local/locations/local/queues/sync:max_concurrent=2,max_backoff=5`.

The first line on stdout is `{"address": "127.0.0.1:PORT", "control": "http://127.0.0.1:PORT"}`. SIGTERM and SIGINT
end it.
"""

import argparse
import json
import signal
import sys
import threading

from .config import QueueConfig, parse
from .queue import Settings
from .server import served_tasks


def main(arguments: list[str]) -> int:
    """Serve until a signal; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.tasks", description="A local Cloud Tasks.")
    parser.add_argument("--port", type=int, default=0, help="for gRPC; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="for the HTTP control; 0 takes a free one")
    parser.add_argument("--queue", action="append", default=[], metavar="NAME[:SETTING=NUMBER,...]")
    parser.add_argument("--deadline-scale", type=float, default=1.0, help="factor on every dispatch deadline")
    options = parser.parse_args(arguments)
    try:
        queues: list[QueueConfig] = [parse(text) for text in options.queue]
    except ValueError as error:
        parser.error(str(error))

    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    settings = Settings(deadline_scale=options.deadline_scale)
    with served_tasks(queues, settings=settings, port=options.port, control_port=options.control_port) as server:
        sys.stdout.write(json.dumps({"address": server.address, "control": server.control}) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


sys.exit(main(sys.argv[1:]))
