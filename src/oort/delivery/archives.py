"""Writes a package as a zip that is the same to the byte wherever and whenever it is written. Deployments upload it."""

import hashlib
import io
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from oort.model.delivery.packages import Package, PackedFile
from oort.model.errors import LimitExceeded, NotPackaged
from oort.model.limits import MIB, PACKAGE_BYTES

_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
_UNIX = 3
_FILE, _PROGRAM = 0o100644, 0o100755
_PROGRAMS = (b"#!", b"\x7fELF")
_LEVEL = (
    6  # zlib's own default; another level or another zlib changes the bytes and not the fingerprint
)
_FEW = 3


def packed(package: Package) -> bytes:
    """The archive. LimitExceeded if Lambda would refuse it, NotPackaged if it is not complete."""
    whole = io.BytesIO()
    _fill(whole, package)
    return whole.getvalue()


def write(package: Package, path: Path) -> int:
    """Write the archive as `packed` makes it; the number of its bytes. The file is there whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            _fill(file, package)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path.stat().st_size


def read(file: PackedFile) -> bytes:
    """A file's content. NotPackaged if it changed after it was planned: its fingerprint would be a lie."""
    try:
        content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
    except FileNotFoundError:
        content = b"gone"
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise NotPackaged(f"{file.path} changed while it was packaged.", "Try again.")
    return content


def check_size(package: Package, *, most: int = PACKAGE_BYTES) -> None:
    """LimitExceeded, naming the largest parts, if the package is too large for Lambda."""
    sizes = Counter[str]()
    for one in package.files:
        sizes[one.path.partition("/")[0]] += _size(one.content)
    if sizes.total() > most:
        parts = ", ".join(f"{name} {size / MIB:.1f} MiB" for name, size in sizes.most_common(_FEW))
        what = f"The package of {package.service} has {sizes.total() / MIB:.1f} MiB; Lambda takes {most / MIB:.0f} MiB."
        raise LimitExceeded(what, f"Its largest parts: {parts}.")


def _fill(file: BinaryIO, package: Package) -> None:
    if package.wheels:
        missing = ", ".join(one.name for one in package.wheels)
        raise NotPackaged(
            f"The package of {package.service} lacks the wheels of {missing}.", "Complete it first."
        )
    check_size(package)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for one in package.files:
            content = read(one)
            archive.writestr(_entry(one.path, content), content, zipfile.ZIP_DEFLATED, _LEVEL)


def _size(content: Path | bytes) -> int:
    """How large it is; a file that is gone is for `read` to refuse."""
    if isinstance(content, bytes):
        return len(content)
    return content.stat().st_size if content.exists() else 0


def _entry(path: str, content: bytes) -> zipfile.ZipInfo:
    """No time and no mode of this machine: what can be run is told from its content."""
    entry = zipfile.ZipInfo(path, _TIME)
    entry.create_system = _UNIX
    entry.external_attr = (_PROGRAM if content.startswith(_PROGRAMS) else _FILE) << 16
    return entry
