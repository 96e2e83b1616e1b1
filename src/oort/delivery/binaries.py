"""Find native libraries in a package that do not run on the package's architecture."""

import re

from oort.model.delivery.packages import Package, PackedFile
from oort.model.delivery.stages import Architecture

# e_machine, a half word at byte 18, little-endian on both. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_MACHINES = {Architecture.ARM64: 183, Architecture.X86_64: 62}
_MAGIC, _AT, _HEADER = b"\x7fELF", 18, 20
_LIBRARY = re.compile(r".*\.so(\.[^/]*)?")


def machine(header: bytes) -> int | None:
    """Return `e_machine` of an ELF header, or None for other files."""
    is_elf = header.startswith(_MAGIC) and len(header) >= _HEADER
    return int.from_bytes(header[_AT:_HEADER], "little") if is_elf else None


def misfits(package: Package) -> tuple[str, ...]:
    """Return the paths of the libraries that the package's architecture cannot load."""
    expected = _MACHINES[package.architecture]
    libraries = (file for file in package.files if _LIBRARY.fullmatch(file.path))
    return tuple(file.path for file in libraries if machine(_header(file)) != expected)


def _header(file: PackedFile) -> bytes:
    if isinstance(file.content, bytes):
        return file.content[:_HEADER]
    with file.content.open("rb") as opened:
        return opened.read(_HEADER)
