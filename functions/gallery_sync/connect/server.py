"""The server that the platform runs a function in, as far as a function has a say in it."""

from collections.abc import MutableMapping


def keep_thawed_workers(environ: MutableMapping[str, str]) -> None:
    """Let the server end no worker for having been silent: an idle instance gets no processor, and wakes with a stale heartbeat.

    functions-framework gives gunicorn the request's timeout as that of its workers (functions_framework/_http/gunicorn.py).
    Where a worker has several threads that bounds no request, and after a thaw it kills a worker with the requests in it. The
    platform's own timeout bounds requests all the same. Called while a function's file is loaded, before the server is made.
    """
    if int(environ.get("THREADS", "1")) > 1:
        environ["CLOUD_RUN_TIMEOUT_SECONDS"] = "0"
