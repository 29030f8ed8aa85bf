"""The hash of what a run's results depend on in this package: a rule about folders, not a list."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gan_utils.data.bundle import data_dir

PACKAGE = Path(__file__).resolve().parent.parent
# Rooms that work outside of a run, or beside it: another report is no reason to train again.
OUTSIDE = ("course", "widgets")


def package_hash(package: Path = PACKAGE, data: Path | None = None) -> str:
    """Give the SHA-256 over the modules, the bundled data's checksums and the judges' provenance.

    The modules are those of `package` but for the rooms `OUTSIDE`; the other files lie in `data`,
    by default the package's own. Two checkouts of one commit give one hash: line endings, hidden
    and cached files, and the order in which a disk lists its files do not count.
    """
    data = data or data_dir()
    found = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    found |= {
        f"bundled/{path.relative_to(data).as_posix()}": path
        for path in (data / "checksums.json", *(data / "evaluators").glob("*.json"))
    }
    digest = hashlib.sha256()
    for name in sorted(filter(_counts, found)):
        content = found[name].read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return digest.hexdigest()


def _counts(name: str) -> bool:
    """Whether results depend on a file, by its path in the package."""
    parts = name.split("/")
    return parts[0] not in OUTSIDE and not any(
        part.startswith(".") or part == "__pycache__" for part in parts
    )
