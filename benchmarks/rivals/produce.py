"""Sends messages to a queue: `produce.py TO MESSAGES MS THREADS PAUSE`, where TO is huey, dbos, or the port of Oort.

Each thread sends one message at a time and waits until it is durable. It prints the CPU seconds that it has used.
"""

import socket
import sys
import threading
import time
from collections.abc import Callable

Send = Callable[
    [int, int], object
]  # the number of the message, and how many milliseconds its handler waits


def sender(to: str) -> Callable[[], Send]:
    """What makes the sender of a thread."""
    if to == "huey":
        from queue_huey import work

        return lambda: lambda number, ms: work(number, time.monotonic_ns(), ms)
    if to == "dbos":
        from queue_dbos import client

        one = client()
        options = {"queue_name": "jobs", "workflow_name": "work", "app_version": "1"}
        return lambda: lambda number, ms: one.enqueue(options, number, time.monotonic_ns(), ms)
    return lambda: http(int(to))


def http(port: int) -> Send:
    """A sender with a connection to Oort of its own."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b"POST /jobs HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: "

    def send(number: int, ms: int) -> None:
        body = b'{"number":%d,"at":%d,"ms":%d}' % (number, time.monotonic_ns(), ms)
        connection.sendall(b"%s%d\r\n\r\n%s" % (head, len(body), body))
        reply = connection.recv(65536)  # 202 without content: one segment
        if reply[9:12] != b"202":
            raise RuntimeError(reply.decode())

    return send


def main(to: str, messages: int, ms: int, threads: int, pause: float) -> None:
    """Send them all."""
    made = sender(to)
    used = time.process_time()

    def run(first: int) -> None:
        send = made()
        for number in range(first, messages, threads):
            send(number, ms)
            if pause:
                time.sleep(pause)

    running = [threading.Thread(target=run, args=(first,)) for first in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    print(time.process_time() - used)


if __name__ == "__main__":
    to, messages, ms, threads, pause = sys.argv[1:]
    main(to, int(messages), int(ms), int(threads), float(pause))
