"""Write deployment packages as zip files with reproducible bytes."""

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

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_UNIX = 3
_FILE, _PROGRAM = 0o100644, 0o100755
_PROGRAMS = (b"#!", b"\x7fELF")
# zlib's own default; another level or another zlib changes the bytes and not the fingerprint
_LEVEL = 6
_FEW = 3


def packed(package: Package) -> bytes:
    """Return the archive.

    LimitExceeded if Lambda would refuse the size, NotPackaged if wheels are missing.
    """
    archive = io.BytesIO()
    _fill(archive, package)
    return archive.getvalue()


def write(package: Package, path: Path) -> int:
    """Write the archive to `path` atomically and return the number of bytes."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            _fill(file, package)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path.stat().st_size


def read(file: PackedFile) -> bytes:
    """Read the content of a file.

    NotPackaged if the file changed after planning: the fingerprint would be wrong.
    """
    try:
        content = file.content if isinstance(file.content, bytes) else file.content.read_bytes()
    except FileNotFoundError:
        content = b"gone"
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise NotPackaged(f"{file.path} changed while it was packaged.", "Try again.")
    return content


def check_size(package: Package, *, most: int = PACKAGE_BYTES) -> None:
    """Raise LimitExceeded, with the largest parts, if the package is too large for Lambda."""
    sizes = Counter[str]()
    for file in package.files:
        sizes[file.path.partition("/")[0]] += _size(file.content)
    if sizes.total() > most:
        parts = ", ".join(f"{name} {size / MIB:.1f} MiB" for name, size in sizes.most_common(_FEW))
        message = f"The package of {package.service} has {sizes.total() / MIB:.1f} MiB; Lambda takes {most / MIB:.0f} MiB."
        raise LimitExceeded(message, f"Its largest parts: {parts}.")


def _fill(output: BinaryIO, package: Package) -> None:
    if package.wheels:
        missing = ", ".join(wheel.name for wheel in package.wheels)
        raise NotPackaged(
            f"The package of {package.service} lacks the wheels of {missing}.", "Complete it first."
        )
    check_size(package)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for file in package.files:
            content = read(file)
            archive.writestr(_entry(file.path, content), content, zipfile.ZIP_DEFLATED, _LEVEL)


def _size(content: Path | bytes) -> int:
    if isinstance(content, bytes):
        return len(content)
    return content.stat().st_size if content.exists() else 0


def _entry(path: str, content: bytes) -> zipfile.ZipInfo:
    """Describe a zip entry without the time and file mode of this machine."""
    entry = zipfile.ZipInfo(path, _TIME)
    entry.create_system = _UNIX
    entry.external_attr = (_PROGRAM if content.startswith(_PROGRAMS) else _FILE) << 16
    return entry
