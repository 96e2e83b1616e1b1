"""The archive: the same to the byte, whole or not there, and not too large for Lambda."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from oort.delivery import archives
from oort.model.delivery.packages import Package, PackedFile, Wheel
from oort.model.delivery.stages import Architecture
from oort.model.errors import LimitExceeded, NotPackaged
from tests.unit.delivery.installs import ELF_ARM


def package(*files: tuple[str, Path | bytes]) -> Package:
    packed = [
        PackedFile(
            path,
            one,
            hashlib.sha256(one if isinstance(one, bytes) else one.read_bytes()).hexdigest(),
        )
        for path, one in files
    ]
    return Package("orders", "python3.14", Architecture.ARM64, "f" * 64, tuple(packed))


def test_an_entry_says_nothing_of_this_machine(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("a = 1\n" * 100)
    source.chmod(0o600)
    target = tmp_path / "out.zip"
    size = archives.write(
        package(("a.py", source), ("bin/run", b"#!/bin/sh"), ("lib.so", ELF_ARM)), target
    )
    with zipfile.ZipFile(target) as archive:
        entries = archive.infolist()
    assert [(one.filename, oct(one.external_attr >> 16)) for one in entries] == [
        ("a.py", "0o100644"), ("bin/run", "0o100755"), ("lib.so", "0o100755"),
    ]  # fmt: skip
    assert {(one.date_time, one.extra, one.create_system, one.comment) for one in entries} == {
        ((1980, 1, 1, 0, 0, 0), b"", 3, b"")
    }
    assert (
        archives.packed(package(("a.py", source), ("bin/run", b"#!/bin/sh"), ("lib.so", ELF_ARM)))
        == target.read_bytes()
    )
    assert size == target.stat().st_size < source.stat().st_size + 600  # it is compressed


def test_a_file_that_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("a = 1")
    planned = package(("a.py", source))
    source.write_text("a = 2")
    with pytest.raises(NotPackaged, match=r"a\.py changed while it was packaged\. Try again\."):
        archives.write(planned, tmp_path / "out.zip")
    source.unlink()
    with pytest.raises(NotPackaged, match=r"a\.py changed"):
        archives.write(planned, tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []  # no half archive


def test_an_archive_without_its_wheels_is_not_written(tmp_path: Path) -> None:
    planned = replace(package(), wheels=(Wheel("fast", "1.0"),))
    with pytest.raises(NotPackaged, match="The package of orders lacks the wheels of fast"):
        archives.write(planned, tmp_path / "out.zip")


def test_a_package_that_is_too_large_names_its_largest_parts() -> None:
    mib = 1024 * 1024
    files = [
        ("numbers/a", bytes(3 * mib)),
        ("numbers/b", bytes(2 * mib)),
        ("b.py", bytes(mib)),
        ("c.py", b""),
        ("d.py", b"1"),
    ]
    archives.check_size(package(*files))
    with pytest.raises(LimitExceeded) as caught:
        archives.check_size(package(*files), most=6 * mib)
    assert str(caught.value) == (
        "The package of orders has 6.0 MiB; Lambda takes 6 MiB. Its largest parts: numbers 5.0 MiB, b.py 1.0 MiB, "
        "d.py 0.0 MiB."
    )
