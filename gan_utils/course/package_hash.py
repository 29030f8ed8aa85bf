"""The hash of what a run's results depend on in this package: a rule about folders, not a list."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gan_utils.data.bundle import data_dir

PACKAGE = Path(__file__).resolve().parent.parent
# Rooms that work outside of a run, or beside it: another report is no reason to train again.
OUTSIDE = ("course", "widgets")


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Give the package's modules as {path in it: file}; hidden and cached files are none."""
    paths = {path.relative_to(package): path for path in package.rglob("*.py")}
    return {
        name.as_posix(): path
        for name, path in paths.items()
        if not any(part.startswith(".") or part == "__pycache__" for part in name.parts)
    }


def package_hash(package: Path = PACKAGE, data: Path | None = None) -> str:
    """Give the SHA-256 over the modules, the bundled data's checksums and the judges' provenance.

    The modules are those of `package` but for the rooms `OUTSIDE`; the other files lie in `data`,
    by default the package's own. Two checkouts of one commit give one hash: line endings, hidden
    and cached files, and the order in which a disk lists its files do not count.
    """
    data = data or data_dir()
    files = {n: path for n, path in modules(package).items() if n.split("/")[0] not in OUTSIDE}
    bundled = (data / "checksums.json", *(data / "evaluators").glob("[!.]*.json"))
    files |= {f"bundled/{path.name}": path for path in bundled}
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()
