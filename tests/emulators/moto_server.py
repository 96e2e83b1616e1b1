"""moto's server, with requests to DynamoDB one after the other; run by the Python of `.tools/emulators`.

DynamoDB changes an item as one step. moto reads it, changes it and writes it without a lock, in a thread for each request, so
that two updates at once can lose one (moto 5.2, with plain botocore: 17 of 40 rounds of 40 updates, when threads switch every
10 µs; at the usual 5 ms hardly ever, which is worse). What is tested here is Oort, not that race.
"""

import sys
import threading
from typing import Any


class OneAtATime:
    """A WSGI application that answers requests to DynamoDB one after the other. Others may wait: a long poll of SQS does."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """The answer, whole before the next request has its turn."""
        if not environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            return self._application(environ, start_response)
        with self._turn:
            return list(self._application(environ, start_response))


def serve(host: str, port: int) -> None:
    """Serve until the process is ended. Imports what the tests' own environment does not have."""
    from moto.moto_server import werkzeug_app as moto  # type: ignore[import-not-found]
    from werkzeug.serving import run_simple

    application = OneAtATime(moto.DomainDispatcherApplication(moto.create_backend_app))
    run_simple(host, port, application, threaded=True, request_handler=moto.MotoRequestHandler)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
