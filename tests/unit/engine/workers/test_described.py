"""The model of a version travels from the process that has loaded it."""

import socket
import struct

import msgspec
import pytest

from oort.engine.workers import described
from oort.engine.workers.described import Described, Refused
from oort.model.platform import PlatformModel
from tests.unit import programs
from tests.unit.engine.workers.shop import PROGRAM


def crossed(description: described.Description) -> described.Description | None:
    """Send the description through a socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        described.send(theirs, description)
        return described.receive(ours)


@pytest.mark.parametrize("platform", [PROGRAM.model, programs.sign_up()])
def test_a_model_is_the_same_afterwards(platform: PlatformModel) -> None:
    arrived = crossed(described.described(platform))
    assert isinstance(arrived, Described)
    for before, now in zip(platform.services, described.model(arrived).services, strict=True):
        assert (before.name, before.cors, before.functions) == (now.name, now.cors, now.functions)
        assert set(before.resources) == set(now.resources)


def test_a_reason_arrives() -> None:
    assert crossed(Refused(what="No.", instead="Yes.")) == Refused(what="No.", instead="Yes.")


def test_the_end_of_the_process_is_no_description() -> None:
    for sent in (b"", b"\1\0", struct.pack("<I", 9) + b"half"):
        ours, theirs = socket.socketpair()
        with ours:
            theirs.sendall(sent)
            theirs.close()
            assert described.receive(ours) is None


def test_other_bytes_are_refused() -> None:
    head = struct.Struct("<I")
    for sent in (head.pack(2**32 - 1), head.pack(3) + b"\xc1\xc1\xc1"):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(sent)
            with pytest.raises(ValueError, match=r"too long|malformed|MessagePack"):
                described.receive(ours)


def test_a_function_without_a_trigger_is_refused() -> None:
    data = msgspec.msgpack.encode(described.described(programs.sign_up()))
    document = msgspec.msgpack.decode(data)
    document["services"][0]["functions"][0]["http"] = None
    arrived = msgspec.msgpack.decode(msgspec.msgpack.encode(document), type=Described)
    with pytest.raises(ValueError, match="has no trigger"):
        described.model(arrived)
