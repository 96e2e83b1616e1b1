"""Native libraries are told by their headers."""

import sys
from pathlib import Path

from oort.delivery.binaries import machine, misfits
from oort.model.delivery.packages import Package, PackedFile
from oort.model.delivery.stages import Architecture
from tests.unit.delivery.installs import ELF_ARM, ELF_X86


def package(architecture: Architecture, *files: tuple[str, Path | bytes]) -> Package:
    packed = tuple(PackedFile(path, content, "") for path, content in files)
    return Package("orders", "python3.14", architecture, "", packed)


def test_the_machine_stands_in_the_header() -> None:
    assert (machine(ELF_ARM), machine(ELF_X86)) == (183, 62)
    assert machine(b"\x7fELF") is machine(b"not a library at all") is None
    assert machine(Path(sys.executable).read_bytes()[:20]) in {62, 183}


def test_libraries_of_another_machine_are_named(tmp_path: Path) -> None:
    (tmp_path / "b.so").write_bytes(ELF_X86)
    files: list[tuple[str, Path | bytes]] = [
        ("a.cpython-314-aarch64-linux-gnu.so", ELF_ARM), ("b.so", tmp_path / "b.so"), ("c.libs/c.so.1.2", ELF_X86),
        ("d.so", b"\xcf\xfa\xed\xfe of a Mac"), ("e.sound", ELF_X86), ("f.py", b""),
    ]  # fmt: skip
    assert misfits(package(Architecture.ARM64, *files)) == ("b.so", "c.libs/c.so.1.2", "d.so")
    assert misfits(package(Architecture.X86_64, *files)) == (
        "a.cpython-314-aarch64-linux-gnu.so",
        "d.so",
    )
