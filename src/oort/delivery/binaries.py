"""Which native libraries of a package do not run on its architecture, told from their ELF headers. Deployments ask first."""

import re

from oort.model.delivery.packages import Package, PackedFile
from oort.model.delivery.stages import Architecture

# e_machine, a half word at byte 18, little-endian on both. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_MACHINES = {Architecture.ARM64: 183, Architecture.X86_64: 62}
_MAGIC, _AT, _HEADER = b"\x7fELF", 18, 20
_LIBRARY = re.compile(r".*\.so(\.[^/]*)?")


def machine(header: bytes) -> int | None:
    """The machine that an ELF file is for, as its header numbers it; None if it is no ELF file."""
    whole = header.startswith(_MAGIC) and len(header) >= _HEADER
    return int.from_bytes(header[_AT:_HEADER], "little") if whole else None


def misfits(package: Package) -> tuple[str, ...]:
    """The paths of the libraries that the package's architecture cannot load."""
    wanted = _MACHINES[package.architecture]
    libraries = (one for one in package.files if _LIBRARY.fullmatch(one.path))
    return tuple(one.path for one in libraries if machine(_header(one)) != wanted)


def _header(file: PackedFile) -> bytes:
    if isinstance(file.content, bytes):
        return file.content[:_HEADER]
    with file.content.open("rb") as opened:
        return opened.read(_HEADER)
