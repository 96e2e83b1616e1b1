"""Made-up installs and wheels: what an installer leaves behind, without one."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from oort.delivery.installed import Environment

PURE = ("py3-none-any",)
ELF_X86 = b"\x7fELF" + bytes(14) + (62).to_bytes(2, "little")
ELF_ARM = b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little")


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def metadata(name: str, version: str, requires: Sequence[str] = (), python: str = "") -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    return "\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), "", "About it."])


def install(
    site: Path,
    name: str,
    files: Mapping[str, str | bytes],
    *,
    version: str = "1.0",
    requires: Sequence[str] = (),
    python: str = "",
    tags: Sequence[str] = PURE,
) -> Path:
    """Write a distribution's files and its `dist-info`; the latter's folder."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    noted = {
        f"{info}/METADATA": metadata(name, version, requires, python),
        f"{info}/WHEEL": "\n".join(["Wheel-Version: 1.0", *(f"Tag: {tag}" for tag in tags), ""]),
        f"{info}/INSTALLER": "pip\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, *noted, f"{info}/RECORD"])
    write(site, {**files, **noted, f"{info}/RECORD": record})
    return site / info


def wheel(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a wheel with these members."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def environment(site: Path) -> Environment:
    return Environment([str(site)])
