"""Starts an emulator on a port of this machine's own, and ends it by its process.

Nothing outside can reach one: it listens on the loopback address only, and what else it would listen on is turned off. Its
environment is `.tools/emulators`, which `make contracts TARGET=…` makes from `requirements.lock`.
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BIN = Path(__file__).resolve().parents[2] / ".tools" / "emulators" / "bin"
MOTO = Path(__file__).with_name("moto_server.py")
HOST = "127.0.0.1"
ACCOUNT = "123456789012"
REGION = "us-east-1"
STARTS = 60.0  # seconds: a cold start on a busy machine takes ten
ENDS = 10.0

# What botocore in this process is told: an account that does not exist, and no file of the user's.
CLIENT = {
    "AWS_ACCESS_KEY_ID": "contracts",
    "AWS_SECRET_ACCESS_KEY": "contracts",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one emulator is started, and where it says that it is ready."""

    command: tuple[str, ...]
    settings: dict[str, str]
    ready: str


def kinds(port: int, folder: Path) -> dict[str, Kind]:
    """The emulators, on this port, with their files in this folder."""
    return {
        "moto": Kind(
            (str(BIN / "python"), str(MOTO), HOST, str(port)),
            {"MOTO_ACCOUNT_ID": ACCOUNT},
            "/moto-api/",
        ),
        "ministack": Kind(
            (str(BIN / "ministack"),),
            {
                "BIND_HOST": HOST,  # by default all interfaces
                "GATEWAY_PORT": str(port),
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "MINISTACK_REGION": REGION,
                "IOT_MTLS_ENABLED": "0",  # port 8883, on all interfaces
                "SFTP_ENABLED": "0",  # port 2222
                "DOCKER_HOST": f"unix://{folder}/none.sock",  # no containers
                "S3_DATA_DIR": str(folder / "s3"),
                "LOG_LEVEL": "WARNING",
            },
            "/_ministack/ready",
        ),
    }


@contextmanager
def running(name: str, folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """The endpoint of an emulator that is ready; it ends with the block. Functions that it runs inherit the variables."""
    port = _free_port()
    kind, log = kinds(port, folder)[name], folder / f"{name}.log"
    if not Path(kind.command[0]).exists():
        raise RuntimeError(f"{kind.command[0]} is not there: run `make contracts TARGET={name}`.")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    settings = {
        "AWS_ACCESS_KEY_ID": "contracts",
        "AWS_SECRET_ACCESS_KEY": "contracts",
        "TMPDIR": str(folder),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            kind.command,
            env={**inherited, **settings, **kind.settings, **(variables or {})},
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    endpoint = f"http://{HOST}:{port}"
    try:
        _await(endpoint + kind.ready, process, log)
        yield endpoint
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _await(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + STARTS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(
        f"The emulator did not start within {STARTS:g} s:\n{log.read_text(errors='replace')[-3000:]}"
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(ENDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(ENDS)
