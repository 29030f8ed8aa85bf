"""What both build scripts need: fetched sources, sums, shares of classes, packed arrays."""

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fetch(package: str, folder: Path, option: str) -> Path:
    """Let npm put the tarball of `package` into `folder`; `option` would give it by hand."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"`{' '.join(command)}` failed ({error}); give {option} FILE.") from error
    return folder / done.stdout.strip()


def read_tarball(tarball: Path, package: str, expected: str) -> bytes:
    """The bytes of a tarball, once their SHA-256 is seen to be `expected`."""
    raw = tarball.read_bytes()
    if sha256(raw) != expected:
        raise SystemExit(f"{tarball} is not the tarball of {package}; fetch it again.")
    return raw


def shares(labels: np.ndarray, n: int) -> np.ndarray:
    """How many of each class make a stratified set of n: exact shares, largest remainders up."""
    # Integers all the way: the remainder of count * n / total decides, with no rounding.
    counts, rest = np.divmod(np.bincount(labels).astype(np.int64) * n, len(labels))
    counts[np.argsort(-rest, kind="stable")[: n - counts.sum()]] += 1
    return counts


def pack(arrays: Arrays, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A .npz file whose bytes depend on the arrays and the compressing library alone: no dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, member.getvalue(), compresslevel=9)
    return buffer.getvalue()


def describe(arrays: Arrays) -> dict:
    """Shape and SHA-256 of each array's bytes: what stays the same under any compression."""
    return {
        name: {"shape": list(array.shape), "sha256": sha256(array.tobytes())}
        for name, array in arrays.items()
    }
