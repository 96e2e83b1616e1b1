"""Tell a supervisor such as systemd that the platform is ready or stops, as sd_notify(3) does."""

import os
import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"


def notify(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send the text to the socket in NOTIFY_SOCKET. False without a socket, or if nobody listens."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    name = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0)  # the end of the platform waits for nobody
        try:
            sender.sendto(text.encode(), name)
        except OSError:
            return False
    return True
